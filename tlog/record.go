// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto"
	"crypto/sha256"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// PublicKey is a key with the algorithm that its owner uses it with. A key of
// package sign is one.
type PublicKey interface {
	Public() crypto.PublicKey
	SPKI() []byte // DER SubjectPublicKeyInfo; not to be modified
	Algorithm() v1.PublicKeyDetails
	Hash() crypto.Hash // of the algorithm; 0 for pure Ed25519, which has none
}

// Record is the signature that an entry has to be about.
type Record struct {
	Signature   []byte         // of the message or of the envelope
	Certificate []byte         // DER of the leaf; empty: a managed key
	Key         PublicKey      // of the leaf, or the managed one
	Envelope    *dsse.Envelope // nil: the signature is over a message

	// Digests are those known of a signed message, by their hash. An entry
	// whose hash is not among them cannot be compared and is refused. They
	// mean nothing for an envelope, which brings its own bytes.
	Digests map[crypto.Hash][]byte
}

// digest returns the h hash of what was signed.
func (r Record) digest(h crypto.Hash) ([]byte, error) {
	digest := r.Digests[h]
	if r.Envelope != nil {
		digest = r.Envelope.Digest(h)
	}
	if len(digest) == 0 {
		return nil, refuse.New("artifact.not_comparable", "log entry has the %s of the artifact, which is not known", h)
	}
	return digest, nil
}

// VerifyRecord checks that the entry is about r: its signature, its key and
// what was signed. Without this check, an entry, its proof and its time prove
// something about the signature of someone else. It has to pass even where an entry
// only serves as a source of time.
//
// Refusals are tlog.entry.unsupported, .generation, .kind, .signature, .key,
// .digest and .payload_type, artifact.not_comparable and key.unsupported.
func (b *Body) VerifyRecord(g Generation, r Record) error {
	if err := b.follows(g); err != nil {
		return err
	}
	if b.Kind == HashedRekordV002() {
		// What the log holds for r is known to the byte.
		if built, err := BuildBody(r, b.Hash); err == nil && bytes.Equal(built, b.Raw) {
			return nil
		}
		// Something differs, and here it gets its name. A body that is only
		// spelled differently passes: it is read strictly, nothing hides in it.
	}
	if err := b.verifySigner(r); err != nil {
		return err
	}
	switch b.Kind {
	case HashedRekordV001():
		return b.verifyMessageV1(r)
	case DSSEV001(), IntotoV002():
		return b.verifyEnvelope(r)
	case HashedRekordV002():
		if err := b.verifyAlgorithm(r); err != nil {
			return err
		}
		return b.compareDigest(r)
	case DSSEV002():
		if err := b.verifyAlgorithm(r); err != nil {
			return err
		}
		return b.verifyEnvelope(r)
	}
	return refuse.New("tlog.entry.unsupported", "log entries of kind %q are not supported", b.Kind)
}

// verifySigner compares what all kinds of body hold.
func (b *Body) verifySigner(r Record) error {
	if r.Key == nil {
		return refuse.New("tlog.entry.key", "no key to compare the entry with")
	}
	if len(r.Signature) == 0 || !bytes.Equal(b.Signature, r.Signature) {
		return refuse.New("tlog.entry.signature", "log entry holds another signature")
	}
	// A certificate is compared with a certificate, a key with a key: an entry
	// of somebody's bare key proves nothing about a certificate for it.
	if len(r.Certificate) != 0 {
		if !bytes.Equal(b.Certificate, r.Certificate) {
			return refuse.New("tlog.entry.key", "log entry does not hold the certificate")
		}
		return nil
	}
	if len(b.PublicKey) == 0 || !bytes.Equal(b.PublicKey, r.Key.SPKI()) {
		return refuse.New("tlog.entry.key", "log entry does not hold the key")
	}
	return nil
}

// verifyMessageV1 compares the artifact's digest. Its hash may be any that the
// key is used with, SHA-256 with the larger curves included.
func (b *Body) verifyMessageV1(r Record) error {
	if r.Envelope != nil {
		return refuse.New("tlog.entry.kind", "entry of kind %q for an envelope", b.Kind)
	}
	if r.Key.Hash() != 0 { // pure Ed25519 signs no digest, so that any may name the artifact
		if _, err := sigkey.Over(r.Key.Algorithm(), b.Hash); err != nil {
			return refuse.Wrap("tlog.entry.digest", err, "log entry does not fit the key")
		}
	}
	return b.compareDigest(r)
}

// verifyEnvelope compares the payload. Its type is in intoto bodies only;
// the signature over the envelope covers it.
func (b *Body) verifyEnvelope(r Record) error {
	if r.Envelope == nil {
		return refuse.New("tlog.entry.kind", "entry of kind %q for a message", b.Kind)
	}
	if b.Kind == IntotoV002() && b.PayloadType != r.Envelope.PayloadType {
		return refuse.New("tlog.entry.payload_type", "log entry is for the payload type %q, the envelope has %q",
			clip(b.PayloadType), clip(r.Envelope.PayloadType))
	}
	if digest := sha256.Sum256(r.Envelope.Payload); !bytes.Equal(b.Digest, digest[:]) {
		return refuse.New("tlog.entry.digest", "log entry is about another payload")
	}
	return nil
}

// verifyAlgorithm compares what Rekor v2 verified the signature with.
func (b *Body) verifyAlgorithm(r Record) error {
	a, err := keyV2(r.Key)
	if err != nil {
		return err
	}
	if b.Algorithm != a.algorithm {
		return refuse.New("tlog.entry.key", "log entry has a signature with %s, the key is for %s", b.Algorithm, a.name)
	}
	return nil
}

// compareDigest compares the digest of the message or of the envelope's PAE.
func (b *Body) compareDigest(r Record) error {
	digest, err := r.digest(b.Hash)
	if err != nil {
		return err
	}
	if !bytes.Equal(b.Digest, digest) {
		return refuse.New("tlog.entry.digest", "log entry has the %s digest %x, the signature is over %x", b.Hash, b.Digest, digest)
	}
	return nil
}
