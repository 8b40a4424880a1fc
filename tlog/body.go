// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto"
	"encoding/hex"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// maxBody is the size of the largest bundle: a body cannot be longer.
const maxBody = 64 << 20

// Body is a parsed entry body: what a log says about one signature. It is
// immutable. What it means for a bundle is judged by [Body.VerifyRecord]. Only
// [ParseBody] makes one that is valid: all checks refuse the zero value, a
// value made by hand and a copy, since what is judged must be what was hashed.
type Body struct {
	Raw         []byte // the bytes that the log hashed
	Kind        Kind
	Hash        crypto.Hash // of Digest
	Digest      []byte      // of the data or PAE; for dsse and intoto of the payload
	Signature   []byte
	Certificate []byte              // DER; nil if the body holds a bare key
	PublicKey   []byte              // DER SubjectPublicKeyInfo; nil if it holds a certificate
	PayloadType string              // intoto only
	Algorithm   v1.PublicKeyDetails // Rekor v2 only: what the log verified with

	self *Body // set by ParseBody to the body itself
}

// bodyFormat is how a kind of body is read and which Rekor writes it.
type bodyFormat struct {
	generation Generation
	read       func(*strictjson.Decoder, *Body) error
}

func (k Kind) format() (bodyFormat, bool) {
	switch k {
	case HashedRekordV001():
		return bodyFormat{generation: V1, read: readHashedRekordV001}, true
	case DSSEV001():
		return bodyFormat{generation: V1, read: readDSSEV001}, true
	case IntotoV002():
		return bodyFormat{generation: V1, read: readIntotoV002}, true
	case HashedRekordV002():
		return bodyFormat{generation: V2, read: readHashedRekordV002}, true
	case DSSEV002():
		return bodyFormat{generation: V2, read: readDSSEV002}, true
	}
	return bodyFormat{}, false
}

// ParseBody reads a body, which must be of kind k. A body of a kind that is
// not supported gets Raw and Kind only. The result keeps raw, which must not
// be modified.
//
// Refusals are tlog.entry.malformed, tlog.entry.kind and, for a body with
// several signatures, tlog.entry.signature.
func ParseBody(raw []byte, k Kind) (*Body, error) {
	if len(raw) > maxBody {
		return nil, refuse.New("tlog.entry.malformed", "entry body is longer than %d bytes", maxBody)
	}
	b := &Body{Raw: raw, Kind: k}
	if err := b.parse(raw); err != nil {
		return nil, refuse.Wrap("tlog.entry.malformed", err, "entry body of kind %q", k)
	}
	b.self = b
	return b, nil
}

// parsed reports whether ParseBody made the body.
func (b *Body) parsed() bool { return b != nil && b.self == b }

func (b *Body) parse(raw []byte) error {
	var got Kind
	var spec []byte
	d := strictjson.NewDecoder(raw)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "apiVersion":
			got.Version, err = d.String()
		case "kind":
			got.Name, err = d.String()
		case "spec":
			// Canonical bodies have it last, but not all logs kept to that.
			spec, err = d.Raw()
		default:
			err = refuse.New("tlog.entry.malformed", "unknown member %q", clip(key))
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return err
	case got != b.Kind:
		return refuse.New("tlog.entry.kind", "body says it is %q, its entry says %q", got, b.Kind)
	case spec == nil:
		return refuse.New("tlog.entry.malformed", "no spec")
	}
	format, ok := b.Kind.format()
	if !ok {
		return nil
	}
	if err := format.read(strictjson.NewDecoder(spec), b); err != nil {
		return err
	}
	return b.complete()
}

// complete refuses bodies that leave out what a log entry is made for.
func (b *Body) complete() error {
	switch {
	case len(b.Digest) == 0:
		return refuse.New("tlog.entry.malformed", "no digest")
	case len(b.Signature) == 0:
		return refuse.New("tlog.entry.malformed", "no signature")
	case (len(b.Certificate) == 0) == (len(b.PublicKey) == 0):
		return refuse.New("tlog.entry.malformed", "want one certificate or one key")
	}
	return nil
}

// Supported reports whether the body's kind is one that is verified. All
// checks refuse other bodies with tlog.entry.unsupported.
func (b *Body) Supported() bool {
	_, ok := b.Kind.format()
	return ok && b.parsed()
}

// SignatureHash returns the hash that the signature is over, 0 for none. It
// reports false if the log does not say: entries of Rekor v1 for envelopes
// have the hash of the payload alone. For pure Ed25519, hashedrekord 0.0.1 has
// a hash that names the artifact.
func (b *Body) SignatureHash() (crypto.Hash, bool) {
	if !b.parsed() {
		return 0, false
	}
	if b.Kind == HashedRekordV001() {
		return b.Hash, true
	}
	return b.algorithmHash()
}

// algorithmHash returns the hash that goes with Algorithm, which Rekor v2 has.
func (b *Body) algorithmHash() (crypto.Hash, bool) {
	for _, a := range algorithmsV2 {
		if a.algorithm == b.Algorithm {
			return a.hash, true
		}
	}
	return 0, false
}

// follows refuses bodies that a log of generation g does not hold.
func (b *Body) follows(g Generation) error {
	if !b.parsed() {
		return refuse.New("tlog.entry.malformed", "entry body: not read from what the log hashed, want one of ParseBody")
	}
	format, ok := b.Kind.format()
	switch {
	case !ok:
		return refuse.New("tlog.entry.unsupported", "log entries of kind %q are not supported", b.Kind)
	case g == 0:
		return refuse.New("tlog.entry.generation", "neither log ID, checkpoint nor promise tell which version of Rekor made the entry")
	case g != format.generation:
		return refuse.New("tlog.entry.generation", "entry of kind %q in a log that is %s", b.Kind, g)
	}
	return nil
}

// LeafHash returns the hash by which the body is in the tree, which for Rekor
// v1 is the entry's UUID.
func (b *Body) LeafHash() Hash { return Hash(rfc6962.DefaultHasher.HashLeaf(b.Raw)) }

// field is a member of a JSON object and its reader.
type field struct {
	name string
	read func() error
}

// pick reads an object and skips the members it was not asked for: Rekor v1
// wrote more into its bodies over time.
func pick(d *strictjson.Decoder, fields ...field) error {
	return d.Object(func(key string) error {
		for i := range fields {
			if fields[i].name == key {
				return fields[i].read()
			}
		}
		return d.Skip()
	})
}

// only reads an object and refuses members it was not asked for.
func only(d *strictjson.Decoder, fields ...field) error {
	return d.Object(func(key string) error {
		for i := range fields {
			if fields[i].name == key {
				return fields[i].read()
			}
		}
		return refuse.New("tlog.entry.malformed", "unknown member %q", clip(key))
	})
}

// text reads a string into s.
func text(d *strictjson.Decoder, s *string) func() error {
	return func() (err error) {
		*s, err = d.String()
		return err
	}
}

// octets reads a string of base64 into b.
func octets(d *strictjson.Decoder, b *[]byte) func() error {
	return func() (err error) {
		*b, err = d.Bytes()
		return err
	}
}

// setDigest takes a digest whose length must be that of its hash.
func (b *Body) setDigest(h crypto.Hash, digest []byte) error {
	if h == 0 {
		return refuse.New("tlog.entry.malformed", "unknown hash algorithm")
	}
	if len(digest) != h.Size() {
		return refuse.New("tlog.entry.malformed", "%s digest of %d bytes", h, len(digest))
	}
	b.Hash, b.Digest = h, digest
	return nil
}

// wantSHA256 refuses hashes of payloads that no log writes.
func (b *Body) wantSHA256() error {
	if b.Hash != 0 && b.Hash != crypto.SHA256 {
		return refuse.New("tlog.entry.malformed", "payload hash is %s, want SHA-256", b.Hash)
	}
	return nil
}

// setHexDigest is setDigest with the spelling of Rekor v1.
func (b *Body) setHexDigest(h crypto.Hash, value string) error {
	digest, err := hex.DecodeString(value)
	if err != nil {
		return refuse.New("tlog.entry.malformed", "digest %q is not hex", clip(value))
	}
	return b.setDigest(h, digest)
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
