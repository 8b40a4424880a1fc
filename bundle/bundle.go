// SPDX-License-Identifier: Apache-2.0

// Package bundle reads Sigstore bundles: bytes in, an immutable [Bundle] out.
//
// Nothing is verified here. What [Parse] returns has the structure that its
// version demands, within bounds, and every part of it has been parsed
// strictly; whether any of it is true is for package verify to find out.
//
// All versions that exist are read: 0.1, 0.2 and 0.3, the last in both its
// spellings. Only 0.3 is written.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package bundle

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"strconv"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
)

// Bounds on a bundle. The largest ever seen in public is 1.9 MB, with 2
// entries, 2 timestamps, a chain of 3 and a proof of 27 hashes.
const (
	MaxSize         = 64 << 20 // bytes of a bundle
	MaxEntries      = 32       // log entries
	MaxTimestamps   = 32       // RFC 3161 timestamps
	MaxCertificates = 10       // certificates of a chain
	MaxProofHashes  = 64       // a tree has at most 2⁶³ leaves
	MaxCheckpoint   = 64 << 10 // bytes of a checkpoint
)

// maxRSABits bounds a certificate's key, as trust roots do: checking a
// signature by a longer one takes whatever time its author likes.
const maxRSABits = 8192

// Version is a version of the bundle format. The zero value is not a version.
type Version int

// The versions that exist.
const (
	V01 Version = iota + 1 // 0.1: every entry has a promise
	V02                    // 0.2: every entry has a proof
	V03                    // 0.3: as 0.2, with a lone certificate
)

// String returns the version as the specification writes it, such as "0.3".
func (v Version) String() string {
	switch v {
	case V01:
		return "0.1"
	case V02:
		return "0.2"
	case V03:
		return "0.3"
	}
	return "Version(" + strconv.Itoa(int(v)) + ")"
}

// MediaType is the media type of the bundles this package writes.
const MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// versions is the complete list of media types that are read. They are
// compared as they are: no producer uses MIME parameters in another form.
var versions = map[string]Version{
	"application/vnd.dev.sigstore.bundle+json;version=0.1": V01,
	"application/vnd.dev.sigstore.bundle+json;version=0.2": V02,
	"application/vnd.dev.sigstore.bundle+json;version=0.3": V03,
	MediaType: V03,
}

// Bundle is a parsed bundle, unverified. It is data, as [x509.Certificate]
// is: its fields and all that they lead to must not be modified, and then it
// may be shared between goroutines freely. The zero Bundle is not one and
// never verifies.
type Bundle struct {
	MediaType string // as written, one of the four known ones
	Version   Version

	// Signature is the raw signature over the artifact or over the PAE of
	// Envelope. It is never empty.
	Signature []byte
	// Envelope is the signed envelope, nil if the signature is over the
	// artifact itself. Its Signature is the bundle's.
	Envelope *dsse.Envelope
	// MessageDigest is the digest that the signer claims for the artifact, nil
	// if absent and for envelopes. A hint: compare it, never use it instead of
	// the real digest.
	MessageDigest *Digest

	// Leaf is the signer's certificate, nil if the signer has a managed key.
	Leaf *x509.Certificate
	// Intermediates holds the further certificates of a chain, in order: untrusted
	// intermediates for building a path. Self-issued ones are not among
	// them, since a bundle can bring no anchor.
	Intermediates []*x509.Certificate
	// DroppedRoot says that the chain held a self-issued certificate beyond
	// the leaf. Worth a warning.
	DroppedRoot bool
	// LooseChain says that a bundle of version 0.3 carries its certificate in a
	// chain. The specification forbids that for the public-good instance alone,
	// so the trust root decides whether the bundle is acceptable.
	LooseChain bool
	// KeyHint names a managed key, "" if there is a certificate; it may be ""
	// for a managed key too. A hint for choosing the key, never its proof.
	KeyHint string

	Entries    []tlog.Entry // may be empty; no two of one log have one index
	Timestamps [][]byte     // DER TimeStampResp each, never empty, all different; nil if none

	// SHA256 is the hash of the bytes that were parsed, Size their number.
	SHA256 [sha256.Size]byte
	Size   int
}

// Digest is a digest and how it was computed.
type Digest struct {
	Algorithm crypto.Hash // SHA256, SHA384 or SHA512
	Value     []byte      // Algorithm.Size() bytes
}

// Parse reads one bundle in JSON. It accepts what protobuf's JSON mapping lets
// a reader accept, under stricter rules wherever two readers could differ.
// The result shares no memory with data.
//
// Refusals are of the family "bundle", and of "tlog.entry" for the body of a
// log entry. Rules: Sigstore client spec §5, sigstore_bundle.proto.
func Parse(data []byte) (*Bundle, error) {
	m, err := decodeBundle(data)
	if err != nil {
		return nil, foreign(data, err)
	}
	return build(m, data)
}

// ParseEntry reads one log entry in JSON, as a log of the second generation
// answers with it, under the rules for entries of a 0.3 bundle. The result
// shares no memory with data.
func ParseEntry(data []byte) (tlog.Entry, error) {
	m, err := decodeEntry(data)
	if err != nil {
		return tlog.Entry{}, err
	}
	return buildEntry(m, V03)
}
