// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
)

// Evidence says which logs a signature is entered into.
type Evidence int

// The choices of logs.
const (
	RekorV1   Evidence = iota // the default; in a GitHub world none
	RekorV2                   // together with a timestamp, as v2 has no times
	RekorBoth                 // v1 first
	NoLog                     // a timestamp only
)

func (e Evidence) v1() bool { return e == RekorV1 || e == RekorBoth }
func (e Evidence) v2() bool { return e == RekorV2 || e == RekorBoth }

// Request says what to sign and how. The zero Request signs an empty message
// as DefaultSAN, and gets a 0.3 bundle with an entry in Rekor v1.
type Request struct {
	// SAN is the signer's name: an email address if it has an @ and no colon,
	// else a URI. Empty means DefaultSAN, or GitHubSAN in a GitHub world.
	SAN string
	// Names, if not nil, are the certificate's names instead of SAN.
	Names []Name
	// Issuer is who vouched for the signer. Empty means DefaultIssuer, and in
	// a GitHub world none.
	Issuer string
	// Extensions are further Fulcio extensions by number, 1 to 24. They may
	// override the two of the issuer, 1 and 8; an empty value omits those.
	Extensions map[int]string
	// LeafKey is the kind of the signer's key. Zero means ECDSA P-256. RSA
	// keys take long to make, so that all signers of a world share one of
	// each size; other keys are used once.
	LeafKey KeyType
	// ManagedKey, if not nil, signs instead of a key with a certificate. Its
	// hint is the base64 of the SHA-256 of its SPKI.
	ManagedKey *Key
	// SCTs is the number of times that the CT log's timestamp is in the
	// certificate. Zero means once, negative not at all.
	SCTs int

	// Artifact is the message, or what the statement is about.
	Artifact []byte
	// PredicateType, if not empty, makes the signature one over a statement
	// in an envelope, with Artifact's SHA-256 as its one subject.
	PredicateType string
	// Predicate is JSON. Nil means an empty object.
	Predicate []byte
	// Hash is what the signer hashes with. Zero means the hash that goes with
	// the key. Rekor v2 has no entries for any other.
	Hash crypto.Hash

	// Version is that of the bundle. Zero means 0.3.
	Version bundle.Version
	// Evidence chooses the logs.
	Evidence Evidence
	// WithoutPromise and WithoutProof leave those parts out of v1 entries.
	WithoutPromise, WithoutProof bool
	// Kind is that of the entry for an envelope in the log of its generation.
	// Zero means dsse 0.0.1 in Rekor v1 and hashedrekord 0.0.2 in v2, which
	// once took dsse 0.0.2 as well.
	Kind tlog.Kind
	// Later is the number of entries that others make in the log before its
	// checkpoint. Zero means that the entry is the tree's last.
	Later int
	// Timestamps is the number of authorities that stamp the signature. Zero
	// means one where there is no promise to prove the time, else none;
	// negative means none.
	Timestamps int
	// EmbedCertificates puts the authority's leaf and intermediates into each
	// timestamp.
	EmbedCertificates bool
	// Time is when it all happens. Zero means the world's time.
	Time time.Time

	Hooks
}

// Hooks are called just before an artefact is signed, in the order of this
// list, with what is right; what they change gets signed. Those that are nil
// change nothing.
type Hooks struct {
	// Certificate may change the signer's certificate.
	Certificate func(*CertificateInput)
	// SCT may change the certificate's timestamp of the CT log. It is called
	// once for each, the i-th time with Number i, from 0.
	SCT func(*SCTInput)
	// SCTList may change the TLS encoding of the list of them. Returning nil
	// leaves the extension out.
	SCTList func([]byte) []byte
	// Statement and Envelope may change what is attested, before and after it
	// has been encoded. The envelope has no signature yet.
	Statement func(*Statement)
	Envelope  func(*dsse.Envelope)
	// Signature may change the signer's own signature.
	Signature func(*SignatureInput)
	// Timestamp may change a timestamp over the signature. It is called once
	// for each authority.
	Timestamp func(*TimestampInput)
	// Entry may change what a log says about the signature, and Body the
	// bytes of that.
	Entry func(*EntryInput)
	Body  func([]byte) []byte
	// Promise may change the signed entry timestamp of an entry in Rekor v1.
	Promise func(*PromiseInput)
	// Checkpoint may change the tree head that an entry is proved under.
	Checkpoint func(*CheckpointInput)
	// Bundle may change all that no one signs.
	Bundle func(*bundlev1.Bundle)
}

// Name is one subject alternative name.
type Name struct {
	Type  NameType
	Value string
}

// NameType is a kind of subject alternative name.
type NameType int

// The kinds of names that Fulcio issues.
const (
	URI NameType = iota
	Email
	OtherName // Fulcio's own, 1.3.6.1.4.1.57264.1.7
)

// CertificateInput is a certificate before it is issued. The template has no
// SCTs yet; all its other extensions, if not in fields of their own, are in
// ExtraExtensions. It may have a key only in PublicKey, which is the leaf's.
type CertificateInput struct {
	*x509.Certificate
	Signing // the authority's intermediate or bare root
}

// SCTInput is a timestamp of the CT log before it is signed.
type SCTInput struct {
	Number          int // which of several, from 0
	Version         byte
	LogID           [32]byte
	Timestamp       uint64 // milliseconds since 1970
	Extensions      []byte
	IssuerKeyHash   [32]byte
	TBS             []byte // the certificate without SCTs
	Hash, Algorithm byte   // TLS numbers; they do not change how it is signed
	Signing
}

// SignatureInput is what the signer signs: the artifact, or the PAE of the
// envelope.
type SignatureInput struct {
	Message []byte
	Hash    crypto.Hash // zero: the one that goes with the key
	Signing
}

// TimestampInput is a timestamp before it is signed.
type TimestampInput struct {
	Authority    int                   // which one, from 1
	Status       int                   // PKIStatus, 0 is granted
	Policy       asn1.ObjectIdentifier // that of Sigstore's public authority
	Hash         crypto.Hash           // of the message imprint
	Message      []byte                // what is stamped: the signature
	Serial       *big.Int
	Time         time.Time
	Nonce        *big.Int            // nil: none
	Signer       *x509.Certificate   // whom the token names as its signer
	Certificates []*x509.Certificate // the ones in the token
	Info         func([]byte) []byte // if not nil, may change the DER of TSTInfo
	Attributes   func(*[][]byte)     // if not nil, may change the DER of each signed attribute
	Signing
}

// EntryInput is what a log is told about a signature.
type EntryInput struct {
	Kind        tlog.Kind
	Hash        crypto.Hash // of Digest
	Digest      []byte      // of the artifact or PAE; for dsse and intoto of the payload
	Signature   []byte
	Certificate []byte // DER; nil: PublicKey
	PublicKey   []byte // DER SubjectPublicKeyInfo
	PayloadType string // intoto only
	KeyDetails  string // Rekor v2 only, a name of PublicKeyDetails
	Envelope    []byte // JSON; dsse 0.0.1 and intoto only, which log its hash
}

// PromiseInput is a signed entry timestamp before it is signed.
type PromiseInput struct {
	Body       []byte
	Integrated int64 // seconds since 1970, also in the bundle
	LogID      [32]byte
	Index      int64 // in the log, also in the bundle
	Signing
}

// CheckpointInput is a tree head before it is signed.
type CheckpointInput struct {
	Generation tlog.Generation
	Origin     string
	Size       uint64
	Root       []byte
	Extensions []string
	Edit       func(text string) string // if not nil, may change the text
	Name       string                   // on the log's signature line
	Hint       [4]byte                  // of the log's key
	Witnesses  []string                 // who sign as well, after the log
	Time       time.Time                // at which the witnesses sign
	Signing
}

// Signed is a bundle and what went into it.
type Signed struct {
	Bundle      []byte // JSON
	Message     *bundlev1.Bundle
	Artifact    []byte
	Certificate []byte // DER of the signer's certificate, nil for a managed key
	Key         *Key   // the signer's
	Signature   []byte
	Payload     []byte // of the envelope, nil if there is none
}
