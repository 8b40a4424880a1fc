// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"slices"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssev1 "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// This file turns JSON into the messages of protobuf-specs by hand, one
// method for each message, without reflection. protojson is its oracle in the
// tests: what passes here gives the same message there. The other way round
// does not hold, because [strictjson] is stricter about numbers and base64.

// maxSignatures bounds the signatures of an envelope. They are read to be
// counted: only one is allowed.
const maxSignatures = 32

// snake maps the second spelling that protobuf's JSON mapping has for a
// member to the first. No name occurs with two meanings.
var snake = map[string]string{
	"canonicalized_body":          "canonicalizedBody",
	"dsse_envelope":               "dsseEnvelope",
	"inclusion_promise":           "inclusionPromise",
	"inclusion_proof":             "inclusionProof",
	"integrated_time":             "integratedTime",
	"key_id":                      "keyId",
	"kind_version":                "kindVersion",
	"log_id":                      "logId",
	"log_index":                   "logIndex",
	"media_type":                  "mediaType",
	"message_digest":              "messageDigest",
	"message_signature":           "messageSignature",
	"public_key":                  "publicKey",
	"raw_bytes":                   "rawBytes",
	"rfc3161_timestamps":          "rfc3161Timestamps",
	"root_hash":                   "rootHash",
	"signed_entry_timestamp":      "signedEntryTimestamp",
	"signed_timestamp":            "signedTimestamp",
	"timestamp_verification_data": "timestampVerificationData",
	"tlog_entries":                "tlogEntries",
	"tree_size":                   "treeSize",
	"verification_material":       "verificationMaterial",
	"x509_certificate_chain":      "x509CertificateChain",
}

func decodeBundle(data []byte) (*bundlev1.Bundle, error) {
	if len(data) > MaxSize {
		return nil, refuse.New("bundle.limit", "bundle of more than %d bytes", MaxSize)
	}
	r := reader{d: strictjson.NewDecoder(data)}
	m := r.bundle()
	return m, r.end(m != nil)
}

func decodeEntry(data []byte) (*rekorv1.TransparencyLogEntry, error) {
	if len(data) > MaxSize {
		return nil, refuse.New("bundle.limit", "log entry of %d bytes, more than %d", len(data), MaxSize)
	}
	r := reader{d: strictjson.NewDecoder(data)}
	m := r.entry()
	return m, r.end(m != nil)
}

// reader reads messages. Its methods return zero values once err is set, so
// that one look at err at the end is enough.
type reader struct {
	d   *strictjson.Decoder
	err error

	lenient bool    // unknown members are skipped
	skipped []error // and kept here
}

// end returns the refusal of the whole document, nil if there is none. A
// document that is null holds no message, unlike a member that is null.
func (r *reader) end(present bool) error {
	r.check(r.d.End())
	if !present {
		r.check(refuse.New("bundle.malformed", "null instead of an object"))
	}
	if strictjson.IsLimit(r.err) {
		return refuse.Wrap("bundle.limit", r.err, "bundle")
	}
	return refuse.Wrap("bundle.malformed", r.err, "bundle")
}

// check keeps the first error.
func (r *reader) check(err error) {
	if r.err == nil {
		r.err = err
	}
}

// message reads an object into a new M, nil for a null. member gets each
// member's name in its first spelling, reads the value and reports whether it
// knows the name.
func message[M any](r *reader, member func(m *M, name string) bool) *M {
	if r.err != nil || r.d.Null() {
		return nil
	}
	m := new(M)
	var known [8]string // no message has more members
	seen := known[:0]
	r.check(r.d.Object(func(key string) error {
		name := key
		if first, ok := snake[key]; ok {
			name = first
		}
		if slices.Contains(seen, name) {
			return refuse.New("bundle.malformed", "member %q occurs in both its spellings", name)
		}
		if !member(m, name) {
			unknown := refuse.New("bundle.malformed", "unknown member %.40q", key)
			if !r.lenient || r.err != nil {
				return unknown
			}
			if len(r.skipped) < maxDeviations {
				r.skipped = append(r.skipped, unknown)
			}
			return r.d.Skip()
		}
		seen = append(seen, name)
		return r.err
	}))
	return m
}

// list reads an array of at most most elements. An array may be null, its
// elements may not.
func (r *reader) list(most int, element func()) {
	if r.err != nil || r.d.Null() {
		return
	}
	r.check(r.d.Array(most, func(int) error {
		if r.d.Kind() == 'n' {
			return refuse.New("bundle.malformed", "null in an array")
		}
		element()
		return r.err
	}))
}

// read reads a value that may be null, which leaves the zero value.
func read[T any](r *reader, value func() (T, error)) (v T) {
	if r.err != nil || r.d.Null() {
		return v
	}
	v, err := value()
	r.check(err)
	return v
}

func (r *reader) bytes() []byte { return read(r, r.d.Bytes) }
func (r *reader) text() string  { return read(r, r.d.String) }

// int64 reads an integer. One that is not an integer of 64 bits has a code of
// its own, as a negative one has later.
func (r *reader) int64() int64 {
	kind := r.d.Kind()
	return read(r, func() (int64, error) {
		n, err := r.d.Int64()
		if err != nil && (kind == '"' || kind == '-' || kind >= '0' && kind <= '9') {
			err = refuse.Wrap("bundle.number", err, "")
		}
		return n, err
	})
}

func (r *reader) bundle() *bundlev1.Bundle {
	const two = "bundle with two contents"
	return message(r, func(m *bundlev1.Bundle, name string) bool {
		switch name {
		case "mediaType":
			m.MediaType = r.text()
		case "verificationMaterial":
			m.VerificationMaterial = r.material()
		case "messageSignature":
			if v := r.messageSignature(); v != nil {
				r.only(m.Content == nil, "bundle.content", two)
				m.Content = &bundlev1.Bundle_MessageSignature{MessageSignature: v}
			}
		case "dsseEnvelope":
			if v := r.envelope(); v != nil {
				r.only(m.Content == nil, "bundle.content", two)
				m.Content = &bundlev1.Bundle_DsseEnvelope{DsseEnvelope: v}
			}
		default:
			return false
		}
		return true
	})
}

// only refuses the second member of a oneof.
func (r *reader) only(first bool, code refuse.Code, what string) {
	if !first {
		r.check(refuse.New(code, "%s", what))
	}
}

func (r *reader) material() *bundlev1.VerificationMaterial {
	const two = "bundle with two kinds of verification material"
	return message(r, func(m *bundlev1.VerificationMaterial, name string) bool {
		switch name {
		case "publicKey":
			if v := r.publicKey(); v != nil {
				r.only(m.Content == nil, "bundle.material", two)
				m.Content = &bundlev1.VerificationMaterial_PublicKey{PublicKey: v}
			}
		case "x509CertificateChain":
			if v := r.chain(); v != nil {
				r.only(m.Content == nil, "bundle.material", two)
				m.Content = &bundlev1.VerificationMaterial_X509CertificateChain{X509CertificateChain: v}
			}
		case "certificate":
			if v := r.certificate(); v != nil {
				r.only(m.Content == nil, "bundle.material", two)
				m.Content = &bundlev1.VerificationMaterial_Certificate{Certificate: v}
			}
		case "tlogEntries":
			r.list(MaxEntries, func() { m.TlogEntries = append(m.TlogEntries, r.entry()) })
		case "timestampVerificationData":
			m.TimestampVerificationData = r.timestamps()
		default:
			return false
		}
		return true
	})
}

func (r *reader) messageSignature() *commonv1.MessageSignature {
	return message(r, func(m *commonv1.MessageSignature, name string) bool {
		switch name {
		case "messageDigest":
			m.MessageDigest = r.digest()
		case "signature":
			m.Signature = r.bytes()
		default:
			return false
		}
		return true
	})
}

func (r *reader) digest() *commonv1.HashOutput {
	return message(r, func(m *commonv1.HashOutput, name string) bool {
		switch name {
		case "algorithm":
			m.Algorithm = r.hashAlgorithm()
		case "digest":
			m.Digest = r.bytes()
		default:
			return false
		}
		return true
	})
}

// hashAlgorithm reads an enum: a name, or its number.
func (r *reader) hashAlgorithm() commonv1.HashAlgorithm {
	if r.d.Kind() != '"' {
		n := r.int64()
		if n != int64(int32(n)) {
			r.check(refuse.New("bundle.digest", "unknown hash algorithm %d", n))
		}
		return commonv1.HashAlgorithm(n)
	}
	name := r.text()
	n, ok := commonv1.HashAlgorithm_value[name]
	if !ok {
		r.check(refuse.New("bundle.digest", "unknown hash algorithm %.40q", name))
	}
	return commonv1.HashAlgorithm(n)
}

func (r *reader) envelope() *dssev1.Envelope {
	return message(r, func(m *dssev1.Envelope, name string) bool {
		switch name {
		case "payload":
			m.Payload = r.bytes()
		case "payloadType":
			m.PayloadType = r.text()
		case "signatures":
			r.list(maxSignatures, func() { m.Signatures = append(m.Signatures, r.signature()) })
		default:
			return false
		}
		return true
	})
}

func (r *reader) signature() *dssev1.Signature {
	return message(r, func(m *dssev1.Signature, name string) bool {
		switch name {
		case "sig":
			m.Sig = r.bytes()
		case "keyid":
			m.Keyid = r.text()
		default:
			return false
		}
		return true
	})
}
