// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Parse reads a trusted_root.json: protobuf's JSON mapping of
// dev.sigstore.trustroot.v1.TrustedRoot, except that unknown members are
// ignored and a byte order mark is skipped. Refusals are trust.malformed, trust.media_type, trust.window,
// trust.limit, trust.duplicate and trust.key.
func Parse(data []byte) (*Root, error) {
	if len(data) > maxBytes {
		return nil, refuse.New(codeLimit, "trust root is larger than %d bytes", maxBytes)
	}
	p := &parser{d: strictjson.NewDecoder(strictjson.TrimMark(data))}
	doc, mediaType, err := p.root()
	if err == nil {
		err = p.d.End()
	}
	if err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "trust root")
	}
	if err := checkMediaType(mediaType); err != nil {
		return nil, err
	}
	return compile(doc, mediaType, sha256.Sum256(data))
}

func checkMediaType(s string) error {
	switch s {
	case MediaTypeV01, MediaTypeV01New, MediaTypeV02:
		return nil
	case "":
		return refuse.New(codeMediaType, "trust root without a media type")
	}
	return refuse.New(codeMediaType, "media type %q is not that of a trust root", s)
}

// parser walks one document. Its methods are named after the messages.
type parser struct{ d *strictjson.Decoder }

// message reads an object whose members are fields.
func (p *parser) message(fields ...strictjson.Field) error {
	err := p.d.Message(fields...)
	return refuse.Wrap(codeOf(err), err, "")
}

var field = strictjson.NewField

func codeOf(err error) refuse.Code {
	if strictjson.IsLimit(err) {
		return codeLimit
	}
	return codeMalformed
}

func (p *parser) root() (doc document, mediaType string, err error) {
	err = p.message(
		field("mediaType", "media_type", p.text(&mediaType)),
		field("tlogs", "", list(p, &doc.tlogs, p.instance)),
		field("certificateAuthorities", "certificate_authorities", list(p, &doc.cas, p.authority)),
		field("ctlogs", "", list(p, &doc.ctlogs, p.instance)),
		field("timestampAuthorities", "timestamp_authorities", list(p, &doc.tsas, p.authority)),
	)
	return doc, mediaType, err
}

func list[T any](p *parser, into *[]T, element func(*T) error) func() error {
	return func() error {
		return p.d.Array(maxInstances, func(i int) error {
			var v T
			if err := element(&v); err != nil {
				return refuse.Wrap(codeOf(err), err, "number %d", i+1)
			}
			*into = append(*into, v)
			return nil
		})
	}
}

// instance reads a TransparencyLogInstance.
func (p *parser) instance(in *instance) error {
	var details, hash int32
	window := p.window(&in.Start, &in.End)
	publicKey := func() error {
		return p.message(
			field("rawBytes", "raw_bytes", p.bytes(&in.Key, maxRaw)),
			field("keyDetails", "key_details", p.enum(&details, &in.unknownKey, v1.PublicKeyDetails_value)),
			field("validFor", "valid_for", window),
		)
	}
	err := p.message(
		field("baseUrl", "base_url", p.text(&in.BaseURL)),
		field("hashAlgorithm", "hash_algorithm", p.enum(&hash, &in.unknownHash, v1.HashAlgorithm_value)),
		field("publicKey", "public_key", publicKey),
		field("logId", "log_id", p.keyID(&in.id)),
		field("checkpointKeyId", "checkpoint_key_id", p.keyID(&in.CheckpointKeyID)),
		field("operator", "", p.text(&in.Operator)),
	)
	in.Algorithm, in.hash = sigkey.Algorithm(details), v1.HashAlgorithm(hash)
	return err
}

// authority reads a CertificateAuthority, which is also the message for
// timestamp authorities.
func (p *parser) authority(a *AuthorityConfig) error {
	subject := func() error {
		return p.message(
			field("organization", "", p.text(&a.Subject.Organization)),
			field("commonName", "common_name", p.text(&a.Subject.CommonName)),
		)
	}
	certificates := func() error {
		return p.d.Array(maxChain, func(i int) error {
			cert, err := p.certificate()
			if err != nil {
				return refuse.Wrap(codeOf(err), err, "certificate %d", i+1)
			}
			a.Chain = append(a.Chain, cert)
			return nil
		})
	}
	return p.message(
		field("subject", "", subject),
		field("uri", "", p.text(&a.URI)),
		field("certChain", "cert_chain", func() error {
			return p.message(field("certificates", "", certificates))
		}),
		field("validFor", "valid_for", p.window(&a.Start, &a.End)),
		field("operator", "", p.text(&a.Operator)),
	)
}

func (p *parser) certificate() (*x509.Certificate, error) {
	var der []byte
	if err := p.message(field("rawBytes", "raw_bytes", p.bytes(&der, maxRaw))); err != nil {
		return nil, err
	}
	return parseCertificate(der)
}

// parseCertificate reads a certificate of an authority. One whose key is of a
// kind that Go does not read is kept as it is: its authority is set aside.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	if strictcert.UnsupportedKey(der) != "" {
		return &x509.Certificate{Raw: slices.Clone(der)}, nil
	}
	cert, err := strictcert.Parse(der)
	if err != nil {
		return nil, refuse.New(codeMalformed, "certificate: %v", err)
	}
	return cert, nil
}

// window reads a TimeRange.
func (p *parser) window(start, end *time.Time) func() error {
	return func() error {
		return p.message(field("start", "", p.time(start)), field("end", "", p.time(end)))
	}
}

func (p *parser) time(into *time.Time) func() error {
	return func() error {
		s, err := p.d.String()
		if err == nil {
			*into, err = parseTime(s)
		}
		return err
	}
}

// parseTime reads a time of protobuf's JSON mapping: RFC 3339 with up to nine
// digits of a second. Nothing is rounded, and nothing malformed ever means
// "no bound".
func parseTime(s string) (time.Time, error) {
	// Package time lets one-digit hours and decimal commas pass (Go issue 54580).
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || len(s) < len("2006-01-02T15:04:05Z") || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return time.Time{}, refuse.New(codeMalformed, "%q is not a time of RFC 3339", clip(s))
	}
	if _, fraction, ok := strings.Cut(s, "."); ok {
		if len(fraction)-len(strings.TrimLeft(fraction, "0123456789")) > 9 {
			return time.Time{}, refuse.New(codeMalformed, "%q is finer than a nanosecond", clip(s))
		}
	}
	// An offset can lead out of the years that JSON can write.
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return time.Time{}, refuse.New(codeMalformed, "%q is outside the years 0 to 9999 in UTC", clip(s))
	}
	return checkTime(t.UTC())
}

// checkTime keeps the zero time, which means an absent bound, and what
// protobuf cannot express out of documents.
func checkTime(t time.Time) (time.Time, error) {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, refuse.New(codeMalformed, "a time out of range")
	}
	return t, nil
}

func (p *parser) keyID(into *[]byte) func() error {
	return func() error { return p.message(field("keyId", "key_id", p.bytes(into, maxText))) }
}

func (p *parser) text(into *string) func() error {
	return func() (err error) {
		if *into, err = p.d.String(); err == nil {
			err = checkText(*into)
		}
		return err
	}
}

func checkText(texts ...string) error {
	for _, s := range texts {
		if len(s) > maxText {
			return refuse.New(codeLimit, "text of more than %d bytes", maxText)
		}
	}
	return nil
}

func (p *parser) bytes(into *[]byte, most int) func() error {
	return func() (err error) {
		if *into, err = p.d.Bytes(); err == nil && len(*into) > most {
			err = refuse.New(codeLimit, "more than %d bytes", most)
		}
		return err
	}
}

// maxEnumName is far above the names of enum values there are.
const maxEnumName = 100

// enum reads the name or the number of an enum value. A name that the schema
// at hand does not have is kept in unknown: later versions add names.
func (p *parser) enum(into *int32, unknown *string, values map[string]int32) func() error {
	return func() error {
		if p.d.Kind() != '"' {
			digits, err := p.d.Number()
			if err != nil {
				return err
			}
			n, err := strconv.ParseInt(digits, 10, 32)
			if err != nil {
				return refuse.New(codeMalformed, "%q is not a number of an enum", clip(digits))
			}
			*into = int32(n)
			return nil
		}
		name, err := p.d.String()
		if err != nil {
			return err
		}
		n, ok := values[name]
		if !ok {
			if name == "" || len(name) > maxEnumName {
				return refuse.New(codeMalformed, "%q is not a name of an enum's value", clip(name))
			}
			*unknown = name
		}
		*into = n
		return nil
	}
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
