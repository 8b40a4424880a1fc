// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/tlog"
)

// bundleMutants emits the mutants of a bundle. Donors are the other subjects
// of its pool, foreigners some of others.
func bundleMutants(s *subject, donors, foreigners []*subject, yield func(*Mutant)) {
	to := func(operator, place string, make func() []byte) {
		if !s.promised() && (strings.HasSuffix(place, "[].integratedTime") || strings.HasSuffix(place, "[].logIndex")) {
			place += " (no promise)" // which is what signs them
		}
		yield(&Mutant{Case: s, Operator: operator, Place: place, make: make})
	}
	var docs []*node
	for _, d := range donors {
		docs = append(docs, d.doc)
	}
	jsonMutants(s.doc, docs, "", func(place string) format { return s.inside(place, donors, foreigners) }, to)
	documentMutants(s.Bundle, to)
	partMutants(s.doc, donors, to)
	agreeingMutants(s, donors, to)
}

// promised reports whether any log promised to include its entry.
func (s *subject) promised() bool {
	return slices.ContainsFunc(s.parsed.Entries, func(e tlog.Entry) bool { return len(e.Promise) > 0 })
}

// inside returns what is in the strings at a place.
func (s *subject) inside(place string, donors, foreigners []*subject) format {
	switch {
	case strings.HasSuffix(place, ".rawBytes"):
		return structureMutants(certificateRegions, donorBytes(donors, foreigners, ".rawBytes"))
	case strings.HasSuffix(place, ".signedTimestamp"):
		return structureMutants(timestampRegions, donorBytes(donors, foreigners, ".signedTimestamp"))
	case strings.HasSuffix(place, ".signedEntryTimestamp"):
		return signatureMutants(s.promiseCurve())
	case strings.HasSuffix(place, ".sig"), strings.HasSuffix(place, ".signature"):
		return signatureMutants(s.signerCurve())
	case strings.HasSuffix(place, ".canonicalizedBody"):
		return both(byteMutants, inJSON(donorStrings(donors, "canonicalizedBody")))
	case strings.HasSuffix(place, ".payload"):
		return both(byteMutants, inJSON(donorStrings(donors, "payload")))
	case strings.HasSuffix(place, ".envelope"):
		return textMutants(donorBytes(donors, foreigners, ".envelope"))
	case strings.HasSuffix(place, ".rootHash"), strings.HasSuffix(place, ".hashes[]"), strings.HasSuffix(place, ".keyId"), strings.HasSuffix(place, ".digest"):
		return byteMutants
	}
	return nil
}

// signerCurve is the curve of the signer's key, nil if it has none.
func (s *subject) signerCurve() elliptic.Curve {
	if s.parsed.Leaf != nil {
		return curve(s.parsed.Leaf.PublicKey)
	}
	for _, k := range s.Policy.Keys {
		return curve(k.Public)
	}
	return nil
}

func (s *subject) promiseCurve() elliptic.Curve {
	for i := range s.parsed.Entries {
		e := &s.parsed.Entries[i]
		if l := s.root.Log(e.LogID); l != nil && len(e.Promise) > 0 {
			return curve(l.PublicKey())
		}
	}
	return nil
}

func curve(key any) elliptic.Curve {
	if k, ok := key.(*ecdsa.PublicKey); ok {
		return k.Curve
	}
	return nil
}

// inJSON emits the mutants of a JSON document inside a string.
func inJSON(donors []*node) format {
	return func(data []byte, place string, to emit) {
		if doc, err := parseNode(data); err == nil {
			jsonMutants(doc, donors, place, func(string) format { return nil }, to)
			documentMutants(data, func(op, _ string, make func() []byte) { to(op, place, make) })
		}
	}
}

// donorStrings parses the JSON inside the donors' strings of a name.
func donorStrings(donors []*subject, name string) []*node {
	var docs []*node
	for _, d := range donors {
		d.doc.walk(nil, "", func(_ route, place string, n *node) {
			if n.kind != '"' || !strings.HasSuffix(place, "."+name) {
				return
			}
			byteless := func(data []byte, _ string, _ emit) {
				if doc, err := parseNode(data); err == nil {
					docs = append(docs, doc)
				}
			}
			contentMutants(d.doc, nil, place, n.text, byteless, nil)
		})
	}
	return docs
}

// donorBytes returns what is in the strings of a name of a few donors and all
// foreigners.
func donorBytes(donors, foreigners []*subject, name string) (list [][]byte) {
	const few = 3
	for _, d := range slices.Concat(donors, foreigners) {
		if len(list) == few && slices.Contains(donors, d) {
			continue
		}
		d.doc.walk(nil, "", func(_ route, place string, n *node) {
			if n.kind != '"' || !strings.HasSuffix(place, name) {
				return
			}
			if b, err := base64.StdEncoding.DecodeString(n.text); err == nil {
				list = append(list, b)
			} else {
				list = append(list, []byte(n.text))
			}
		})
	}
	return list
}

// documentMutants changes a document as a text.
func documentMutants(data []byte, to emit) {
	const place = "(document)"
	with := func(operator string, make func() []byte) { to(operator, place, make) }
	const cuts = 24
	for i := range cuts {
		with("truncate", func() []byte { return data[:len(data)*i/cuts] })
	}
	with("truncate", func() []byte { return data[:len(data)-1] })
	for _, tail := range []string{"x", "{}", "\x00", ",", "]", "null", "\n{}"} {
		with("data behind", func() []byte { return append(bytes.Clone(data), tail...) })
	}
	with("byte order mark", func() []byte { return append([]byte("\xef\xbb\xbf"), data...) })
	with("white space", func() []byte { return append(append([]byte(" \r\n\t"), data...), ' ', '\n') })
	with("indent", func() []byte {
		var b bytes.Buffer
		if err := json.Indent(&b, data, "\t", "  "); err != nil {
			return nil
		}
		return b.Bytes()
	})
	with("comma behind the last", func() []byte { return append(bytes.Clone(data[:len(data)-1]), ",}"...) })
	with("comment", func() []byte { return append([]byte("/**/"), data...) })
	with("single quotes", func() []byte { return bytes.ReplaceAll(data, []byte(`"`), []byte(`'`)) })
	with("in a list", func() []byte { return append(append([]byte("["), data...), ']') })
	with("twice", func() []byte { return append(bytes.Clone(data), data...) })
}

// parts are what a bundle can be cut into for splicing.
var parts = []struct {
	name string
	in   string // the member that holds it, empty: the document
	all  []string
}{
	{"content", "", []string{"messageSignature", "dsseEnvelope"}},
	{"signer", "verificationMaterial", []string{"certificate", "x509CertificateChain", "publicKey"}},
	{"entries", "verificationMaterial", []string{"tlogEntries"}},
	{"timestamps", "verificationMaterial", []string{"timestampVerificationData"}},
	{"version", "", []string{"mediaType"}},
}

// partMutants puts every proper selection of another bundle's parts in the
// place of the same parts, present or not.
func partMutants(doc *node, donors []*subject, to emit) {
	for _, d := range donors {
		for set := 1; set < 1<<len(parts)-1; set++ {
			name, change := splice(doc, d.doc, set)
			if change != nil {
				to("splice parts", name, change)
			}
		}
	}
}

// samePart reports whether two bundles agree in a part.
func samePart(a, b *node, i int) bool {
	p := parts[i]
	if p.in != "" {
		a, b = a.get(p.in), b.get(p.in)
	}
	for _, member := range p.all {
		x, y := a.get(member), b.get(member)
		if (x == nil) != (y == nil) || x != nil && !bytes.Equal(x.write(), y.write()) {
			return false
		}
	}
	return true
}

// splice puts a set of parts into a bundle. A bundle made of nothing but the
// donor's parts is the donor, and no mutant.
func splice(doc, donor *node, set int) (string, func() []byte) {
	c := doc.clone()
	var names []string
	whole := true // nothing would be left of doc
	for i, p := range parts {
		if set&(1<<i) == 0 {
			whole = whole && samePart(doc, donor, i)
			continue
		}
		names = append(names, p.name)
		into, from := c, donor
		if p.in != "" {
			into, from = c.get(p.in), donor.get(p.in)
		}
		if into == nil || from == nil {
			return "", nil
		}
		for _, member := range p.all {
			into.set(member, from.get(member))
		}
	}
	out := c.write()
	if whole || bytes.Equal(out, doc.write()) {
		return "", nil
	}
	return strings.Join(names, "+"), func() []byte { return out }
}
