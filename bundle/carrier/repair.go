// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"encoding/pem"
	"strconv"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// at replaces the value of a member, under whichever of its names it has.
func (o object) at(name string, edit func(raw []byte) ([]byte, error)) error {
	for i, m := range o {
		if fold(m.name) != fold(name) || isNull(m.raw) {
			continue
		}
		raw, err := edit(m.raw)
		if err != nil {
			return err
		}
		o[i].raw = raw
	}
	return nil
}

// json returns the object as JSON.
func (o object) json() []byte {
	var b bytes.Buffer
	for i, m := range o {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(strconv.Quote(m.name)) // the names that are written are of letters and digits
		b.WriteByte(':')
		b.Write(m.raw)
	}
	if len(o) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes()
}

// within edits an object that is a value.
func within(raw []byte, edit func(o object) (object, error)) ([]byte, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	for _, m := range o {
		if strconv.Quote(m.name) != `"`+m.name+`"` {
			return nil, refuse.New("carrier.malformed", "member %q: want a name of a bundle's member", clip(m.name))
		}
	}
	if o, err = edit(o); err != nil {
		return nil, err
	}
	return o.json(), nil
}

// each edits the elements of an array that is a value.
func each(raw []byte, edit func(i int, raw []byte) ([]byte, error)) ([]byte, error) {
	list, err := elements(raw, maxMembers)
	if err != nil {
		return nil, refuse.Wrap("carrier.limit", err, "")
	}
	var b bytes.Buffer
	b.WriteByte('[')
	for i, one := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if one, err = edit(i, one); err != nil {
			return nil, err
		}
		b.Write(one)
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}

// mendBundle returns the JSON of a bundle without the defects that are known.
func (c *conversion) mendBundle(raw []byte) ([]byte, error) {
	return within(raw, func(o object) (object, error) {
		return o, o.at("verificationMaterial", func(raw []byte) ([]byte, error) {
			return within(raw, func(o object) (object, error) {
				const path = "/verificationMaterial"
				err := o.at("certificate", func(raw []byte) ([]byte, error) {
					return c.mendCertificate(raw, path+"/certificate")
				})
				if err == nil {
					err = o.at("x509CertificateChain", func(raw []byte) ([]byte, error) { return c.mendChain(raw, path+"/x509CertificateChain") })
				}
				if err == nil {
					err = o.at("tlogEntries", func(raw []byte) ([]byte, error) {
						return each(raw, func(i int, raw []byte) ([]byte, error) {
							return c.mendEntry(raw, path+"/tlogEntries/"+strconv.Itoa(i))
						})
					})
				}
				return o, err
			})
		})
	})
}

func (c *conversion) mendChain(raw []byte, path string) ([]byte, error) {
	return within(raw, func(o object) (object, error) {
		return o, o.at("certificates", func(raw []byte) ([]byte, error) {
			return each(raw, func(i int, raw []byte) ([]byte, error) {
				return c.mendCertificate(raw, path+"/certificates/"+strconv.Itoa(i))
			})
		})
	})
}

// mendCertificate takes a certificate out of PEM.
func (c *conversion) mendCertificate(raw []byte, path string) ([]byte, error) {
	return within(raw, func(o object) (object, error) {
		return o, o.at("rawBytes", func(raw []byte) ([]byte, error) {
			d := strictjson.NewDecoder(raw)
			text, err := d.Bytes()
			if err != nil || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) {
				return raw, nil // refused by the parser of bundles
			}
			der, err := oneCertificate(text)
			if err != nil {
				return nil, err
			}
			c.changed("carrier.pem", path+"/rawBytes")
			return []byte(`"` + encode(der) + `"`), nil
		})
	})
}

// oneCertificate reads PEM that holds one certificate and nothing else.
func oneCertificate(text []byte) ([]byte, error) {
	block, rest := pem.Decode(text)
	switch {
	case !bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) || block == nil:
		return nil, refuse.New("carrier.pem", "certificate: malformed PEM, want one certificate")
	case len(bytes.TrimSpace(rest)) > 0 || bytes.Count(text, []byte("-----BEGIN")) != 1:
		return nil, refuse.New("carrier.pem", "certificate: text beside a PEM block, want one certificate and nothing else")
	case block.Type != "CERTIFICATE" || len(block.Headers) > 0:
		return nil, refuse.New("carrier.pem", "certificate: PEM block of type %q, want a certificate without headers", clip(block.Type))
	}
	return block.Bytes, nil
}

// mendEntry gives a log entry the kind that its body has. The log's proof covers
// the body.
func (c *conversion) mendEntry(raw []byte, path string) ([]byte, error) {
	return within(raw, func(o object) (object, error) {
		var rest object
		var body []byte
		for _, m := range o {
			switch fold(m.name) {
			case "kindversion":
				if !isNull(m.raw) && string(compact(m.raw)) != "{}" {
					return o, nil // it has a kind
				}
				continue
			case "canonicalizedbody":
				d := strictjson.NewDecoder(m.raw)
				body, _ = d.Bytes()
			}
			rest = append(rest, m)
		}
		kind := kindVersion(body)
		if kind == nil {
			return o, nil // refused by the parser of bundles
		}
		c.changed("carrier.kind_version", path+"/kindVersion")
		return append(rest, member{"kindVersion", kind}), nil
	})
}

// kindVersion returns the kind of a log entry as its body says it, nil if it
// does not.
func kindVersion(body []byte) []byte {
	o, err := parseObject(body)
	kind, version := o.raw("kind"), o.raw("apiVersion")
	if err != nil || o.text("kind") == "" || o.text("apiVersion") == "" {
		return nil
	}
	return []byte(`{"kind":` + string(kind) + `,"version":` + string(version) + `}`)
}
