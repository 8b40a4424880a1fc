// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto/x509"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Config describes a trust root to make with [New].
type Config struct {
	Logs                   []LogConfig
	CTLogs                 []LogConfig
	CertificateAuthorities []AuthorityConfig
	TimestampAuthorities   []AuthorityConfig
}

// LogConfig describes a transparency log or a CT log.
type LogConfig struct {
	// ID names the log: SHA-256 of its SPKI for CT logs and Rekor v1, which
	// is also what the zero ID means; the full note key hash for Rekor v2.
	ID [32]byte
	// Key is DER: a SubjectPublicKeyInfo, or an RSAPublicKey where Algorithm
	// is one of PKCS1_*.
	Key       []byte
	Algorithm v1.PublicKeyDetails
	// BaseURL, for a Rekor log, names the origin of its checkpoints.
	BaseURL string
	// Operator is counted one time in thresholds; empty means unknown.
	Operator string
	// CheckpointKeyID is the hint in the log's checkpoints, 4 bytes; nil means
	// that it is computed.
	CheckpointKeyID []byte
	// Start and End bound the key's validity, both included. Start is
	// required; a zero End means that the key is still in use.
	Start, End time.Time
}

// AuthorityConfig describes a certificate or timestamp authority.
type AuthorityConfig struct {
	// Chain is ordered from the issuer of leaves (for timestamp authorities
	// possibly the leaf itself) to the trust anchor, which comes last.
	Chain []*x509.Certificate
	// Subject, URI and Operator are descriptive and may be empty, except that
	// an operator is counted one time in thresholds.
	Subject  Subject
	URI      string
	Operator string
	// Start and End bound the authority's validity in addition to that of its
	// certificates, both included. Start is required; a zero End is open.
	Start, End time.Time
}

// Subject is the name of an authority as its trust root gives it.
type Subject struct {
	Organization, CommonName string
}

// document is what all sources of a trust root are turned into first, and
// what it is written back from.
type document struct {
	tlogs, ctlogs []instance
	cas, tsas     []AuthorityConfig
}

// instance is a log as a document names it.
type instance struct {
	LogConfig
	id   []byte           // as declared; nil: derived from the key
	hash v1.HashAlgorithm // of the Merkle tree
	// The names of enum values that this version has no number for, "" if it
	// has. Such an instance is unusable.
	unknownKey, unknownHash string
}

// New makes a trust root. Its source bytes, for [Root.SHA256], are those of
// MarshalJSON.
func New(c Config) (*Root, error) {
	doc := document{
		tlogs: instances(c.Logs), ctlogs: instances(c.CTLogs),
		cas: c.CertificateAuthorities, tsas: c.TimestampAuthorities,
	}
	if err := doc.bounds(); err != nil {
		return nil, err
	}
	return compileWritten(doc)
}

func instances(configs []LogConfig) []instance {
	list := make([]instance, 0, len(configs))
	for _, c := range configs {
		in := instance{LogConfig: c, hash: v1.HashAlgorithm_SHA2_256}
		if c.ID != [32]byte{} {
			in.id = c.ID[:]
		}
		list = append(list, in)
	}
	return list
}

// Limits on trust roots. The largest one in public use has 12 authorities,
// 5 logs and 31 kB.
const (
	maxBytes     = 4 << 20
	maxInstances = 256 // in each of the four lists
	maxChain     = 10  // certificates of one authority
	maxText      = 2048
	maxRaw       = 64 << 10 // bytes of one certificate or key
	maxRSABits   = 8192     // longer keys are a way to burn CPU
)

// bounds refuses a document that Parse would have refused while reading.
func (d *document) bounds() error {
	for _, n := range []int{len(d.tlogs), len(d.ctlogs), len(d.cas), len(d.tsas)} {
		if n > maxInstances {
			return refuse.New(codeLimit, "more than %d instances in one list", maxInstances)
		}
	}
	for _, list := range [][]instance{d.tlogs, d.ctlogs} {
		for i := range list {
			if err := checkText(list[i].BaseURL, list[i].Operator); err != nil {
				return err
			}
			if len(list[i].Key) > maxRaw || len(list[i].id) > maxText || len(list[i].CheckpointKeyID) > maxText {
				return refuse.New(codeLimit, "key or ID of a log is too long")
			}
		}
	}
	for _, list := range [][]AuthorityConfig{d.cas, d.tsas} {
		for i := range list {
			a := &list[i]
			if err := checkText(a.URI, a.Operator, a.Subject.Organization, a.Subject.CommonName); err != nil {
				return err
			}
			if len(a.Chain) > maxChain {
				return refuse.New(codeLimit, "more than %d certificates in one chain", maxChain)
			}
		}
	}
	return nil
}
