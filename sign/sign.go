// SPDX-License-Identifier: Apache-2.0

// Package sign makes Sigstore bundles.
//
// It holds the order of things and the checks, and no network: the service that issues
// certificates, stamps signatures and logs them is behind three small
// interfaces, which package sign/sigstore implements over HTTP.
//
// Nothing that a service answers is used unseen. Each answer is judged as it
// arrives, by the code and the trust root that will judge the bundle later;
// the finished bundle is then judged as a whole by package verify, and is
// returned only if it verifies.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package sign

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// Algorithm names a key type, a signature scheme and a hash: an entry of the
// Sigstore algorithm registry (protobuf-specs, common.PublicKeyDetails).
type Algorithm = v1.PublicKeyDetails

// An Issuer certifies keys. Its String names it in errors.
type Issuer interface {
	// Issue returns a certificate for key.
	Issue(ctx context.Context, key *Key) (*Issued, error)
	fmt.Stringer
}

// Issued is what an Issuer answers. The zero Issued is refused.
type Issued struct {
	Certificate *x509.Certificate
	// Identity is whose certificate it has to be: the signer refuses one that
	// names anyone else.
	Identity verify.Identity
	// DetachedSCT, if not nil, is a signed certificate timestamp that came
	// beside the certificate: the JSON object of RFC 6962, Section 4.1.
	DetachedSCT []byte
}

// A TimestampAuthority answers with timestamps (RFC 3161). Its String names it in
// errors.
type TimestampAuthority interface {
	// Stamp returns a DER TimeStampResp over a signature. What only the one
	// who asked can check, the nonce, is the implementation's to check.
	Stamp(ctx context.Context, signature []byte) ([]byte, error)
	fmt.Stringer
}

// A Log is a transparency log. Its String names it in errors.
type Log interface {
	// Append enters a signature and returns the entry. A log that already has
	// it and cannot prove it says so with the code sign.rekor.duplicate; the
	// signer then signs again.
	Append(ctx context.Context, r tlog.Record) (*tlog.Entry, error)
	// Generation is that of Rekor that the log follows.
	Generation() tlog.Generation
	fmt.Stringer
}

// Bounds on one signing.
const (
	// maxServices is how many logs, and how many stampers, one signature may
	// be sent to.
	maxServices = 16
	// maxAttempts is how often is signed where a log knows a signature
	// already. Signatures that differ every time collide only after an answer
	// got lost.
	maxAttempts = 3
	// lifetime bounds the time from the certificate to the last log's answer.
	// Certificates are good for ten minutes, and a signature has to be stamped
	// within them. One that is good for less has nine tenths of that.
	lifetime = 9 * time.Minute
	// maxCertificates is how many certificates one signature may take: when
	// the first one has expired before everybody answered, it starts anew.
	maxCertificates = 2
)

// Config is what a Signer is made of.
type Config struct {
	// Root judges every answer and the finished bundle. Required.
	Root *trustroot.Root
	// Issuer certifies a fresh key for each signature. With nil, Key signs
	// under its own name.
	Issuer Issuer
	// Key signs. It is required without an Issuer. With an Issuer, nil means
	// a fresh key of Algorithm for each signature.
	Key *Key
	// KeyID has envelopes name Key by its hint, too. By default they do not:
	// the format asks for it, and sigstore-go refuses such an envelope unless
	// the hint is the SSH fingerprint of the key.
	KeyID bool
	// Algorithm is that of fresh keys; zero means ECDSA P-256 with SHA-256.
	Algorithm Algorithm
	// TimestampAuthorities stamp each signature, all of them. None: no timestamp.
	TimestampAuthorities []TimestampAuthority
	// Logs enter each signature, all of them.
	Logs []Log
	// Require is what the finished bundle has to come up to. Zero values
	// follow what Root lists, as for any verifier.
	Require verify.Requirements
	// AllowDetachedSCT accepts certificates without a signed certificate
	// timestamp in them, if one came beside. It is verified and cannot be put
	// into the bundle, which then verifies only where none is required.
	AllowDetachedSCT bool
	// Note, if not nil, receives what the holder of a finished bundle should
	// know about it.
	Note func(string)
}

// Signer makes bundles. It is immutable, and safe for concurrent use if its
// services and its Key are.
type Signer struct{ c Config }

// New checks the configuration. Refusals are sign.config.
func New(c Config) (*Signer, error) {
	switch {
	case c.Root == nil:
		return nil, refuse.New("sign.config", "trust root: missing, want one to judge the services by")
	case c.Issuer == nil && c.Key == nil:
		return nil, refuse.New("sign.config", "no key and no certificate authority given")
	case c.Issuer != nil && c.KeyID:
		return nil, refuse.New("sign.config", "key ID: an envelope does not name a certified key")
	case len(c.Logs) > maxServices || len(c.TimestampAuthorities) > maxServices:
		return nil, refuse.New("sign.config", "%d logs and %d timestamp authorities, want at most %d of each", len(c.Logs), len(c.TimestampAuthorities), maxServices)
	}
	if c.Algorithm == 0 {
		c.Algorithm = ECDSAP256
	}
	// Rekor v2 has no time of its own: without a timestamp the certificate
	// would be worth nothing, which is better said before one is issued.
	timed := len(c.TimestampAuthorities) > 0
	for _, l := range c.Logs {
		timed = timed || l.Generation() == tlog.V1
	}
	if c.Issuer != nil && !timed {
		return nil, refuse.New("sign.config", "time of the signature: nothing proves it, want a timestamp authority or a log of Rekor v1")
	}
	return &Signer{c}, nil
}

// Signed is a bundle that verified.
type Signed struct {
	Bundle []byte // JSON, on one line
	// Report is what verify has to say of it.
	Report *report.Report
	// DetachedSCT says that the bundle lacks a signed certificate timestamp,
	// under Config.AllowDetachedSCT.
	DetachedSCT bool
}

// Sign signs content and returns the bundle once it has verified. On error
// there is no bundle; what services have seen by then they have seen.
//
// Refusals are those of the services, those of the packages that judge their
// answers, sign.key and sign.content.
func (s *Signer) Sign(ctx context.Context, content Content) (*Signed, error) {
	j := job{Config: s.c, content: content}
	if err := j.prepare(); err != nil {
		return nil, err
	}
	for certificates := 1; ; certificates++ {
		expired, err := j.attempt(ctx)
		if err == nil {
			return j.finish()
		}
		if !expired || certificates == maxCertificates || ctx.Err() != nil {
			return nil, err
		}
		if err := j.freshKey(); err != nil {
			return nil, err
		}
	}
}

// attempt signs within the life of one certificate. It reports whether that
// is over, so that another one is worth while.
func (j *job) attempt(ctx context.Context) (expired bool, err error) {
	start := time.Now() // to measure with; no certificate is held against this clock
	ctx, cancel := context.WithDeadline(ctx, start.Add(lifetime))
	defer cancel()
	if err := j.identify(ctx); err != nil {
		return false, err
	}
	if j.leaf != nil {
		life := j.leaf.NotAfter.Sub(j.leaf.NotBefore)
		ctx, cancel = context.WithDeadline(ctx, start.Add(life-life/10))
		defer cancel()
	}
	for attempt := 1; ; attempt++ {
		err := j.attest(ctx)
		if err == nil {
			return false, nil
		}
		if refuse.CodeOf(err) != "sign.rekor.duplicate" || attempt == maxAttempts || !j.key.Randomized() {
			return j.leaf != nil && (ctx.Err() != nil || refuse.CodeOf(err) == "chain.expired"), err
		}
	}
}
