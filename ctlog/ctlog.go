// SPDX-License-Identifier: Apache-2.0

// Package ctlog judges signed certificate timestamps (SCTs, RFC 6962): the
// promise of a certificate transparency log that a certificate is in the log,
// or will be soon. Without it a certificate authority could issue a
// certificate that is never published.
//
// An SCT is 1 byte of version, 32 of log ID, 8 of time in milliseconds since
// 1970, extensions, and a signature over the certificate without its SCTs:
//
//	list, err := ctlog.ParseList(leaf)
//	precert, err := ctlog.NewPrecert(leaf, issuer)
//	at, err := root.CTLog(list[0].LogID).Verify(&list[0], precert)
//
// The zero Log refuses every SCT.
//
// Parsing and judging are apart: [ParseList] and [ParseDetached] read SCTs, a
// [Log] of the trust root judges them. The messages are put together here,
// byte by byte: certificate-transparency-go re-encodes certificates with a
// lenient parser of its own, takes the hash from the signature and knows two
// types of keys.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package ctlog

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/google/certificate-transparency-go/tls"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/window"
)

// Window is the closed range of time in which a log's key is valid: both ends
// belong to it. A zero End means that the range is open. The zero Window
// contains no time, and no log can be made with it.
type Window struct{ Start, End time.Time }

// ID names a log: SHA-256 over its SPKI (RFC 6962, Section 3.2).
type ID [32]byte

// String returns the ID as trust roots write it, in padded base64.
func (id ID) String() string { return base64.StdEncoding.EncodeToString(id[:]) }

// LogConfig is what a trust root says about a log.
type LogConfig struct {
	ID        ID                  // as declared; SCTs are matched with it
	Key       []byte              // DER, in the form that Algorithm demands
	Algorithm v1.PublicKeyDetails // never taken from an SCT
	BaseURL   string              // for reports; may be empty
	Operator  string              // whom thresholds count; empty if unknown
	Windows   []Window            // validity periods of the key; if empty, the key is never valid
}

// Log is a CT log of a trust root. It is immutable and safe for concurrent
// use; the zero value refuses every SCT.
type Log struct {
	id        ID
	key       *sigkey.Key
	algorithm tls.SignatureAndHashAlgorithm
	baseURL   string
	operator  string
	windows   []Window
}

// ed25519Intrinsic stands where TLS has a hash, for Ed25519, which brings its
// own: SignatureScheme ed25519(0x0807), RFC 8446, Section 4.2.3.
var ed25519Intrinsic = tls.SignatureAndHashAlgorithm{Hash: 8, Signature: 7}

// NewLog returns a log. Refusals are trust.key and trust.window.
func NewLog(cfg LogConfig) (*Log, error) {
	if cfg.ID == (ID{}) {
		return nil, refuse.New("trust.key", "CT log without an ID")
	}
	key, err := sigkey.Parse(cfg.Algorithm, cfg.Key)
	if err != nil {
		return nil, refuse.Wrap("trust.key", err, "CT log %s", cfg.ID)
	}
	key, algorithm, err := scheme(key)
	if err != nil {
		return nil, refuse.Wrap("trust.key", err, "CT log %s", cfg.ID)
	}
	for _, w := range cfg.Windows {
		if err := window.Window(w).Check(); err != nil {
			return nil, refuse.Wrap("trust.window", err, "CT log %s", cfg.ID)
		}
	}
	return &Log{
		id:        cfg.ID,
		key:       key.Accelerated(fastverify.New()),
		algorithm: algorithm,
		baseURL:   cfg.BaseURL,
		operator:  cfg.Operator,
		windows:   slices.Clone(cfg.Windows),
	}, nil
}

// scheme ties a key to what a log signs with it. RFC 6962, Section 2.1.4,
// knows ECDSA and RSASSA-PKCS1-v1_5, both over SHA-256; logs with a P-384 key
// sign SHA-256 as well, whatever the algorithm registry has for that curve.
func scheme(key *sigkey.Key) (*sigkey.Key, tls.SignatureAndHashAlgorithm, error) {
	switch key.Public().(type) {
	case *ecdsa.PublicKey:
		k, err := key.WithHash(crypto.SHA256)
		return k, tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA}, err
	case *rsa.PublicKey:
		if !pss(key.Algorithm()) {
			return key, tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.RSA}, nil
		}
	case ed25519.PublicKey:
		if key.Algorithm() == v1.PublicKeyDetails_PKIX_ED25519 {
			return key, ed25519Intrinsic, nil
		}
	}
	return nil, tls.SignatureAndHashAlgorithm{}, &sigkey.UnsupportedError{
		What: "a CT log with key algorithm " + key.Algorithm().String(),
	}
}

//nolint:staticcheck // deprecated names are refused here, not used
func pss(a sigkey.Algorithm) bool {
	switch a {
	case v1.PublicKeyDetails_PKCS1_RSA_PSS, v1.PublicKeyDetails_PKIX_RSA_PSS,
		v1.PublicKeyDetails_PKIX_RSA_PSS_2048_SHA256,
		v1.PublicKeyDetails_PKIX_RSA_PSS_3072_SHA256,
		v1.PublicKeyDetails_PKIX_RSA_PSS_4096_SHA256:
		return true
	}
	return false
}

// ID returns the log's ID as the trust root declares it.
func (l *Log) ID() ID { return l.id }

// IDMatchesKey reports whether the declared ID is the one that the key has. A
// declared ID that does not fit deserves a warning.
func (l *Log) IDMatchesKey() bool { return l.key != nil && l.id == l.key.ID() }

// PublicKey returns the log's key, nil for the zero Log. It must not be
// modified.
func (l *Log) PublicKey() crypto.PublicKey {
	if l.key == nil {
		return nil
	}
	return l.key.Public()
}

// Algorithm returns the algorithm that the log's SCTs are signed with, 0 for
// the zero Log.
func (l *Log) Algorithm() v1.PublicKeyDetails {
	if l.key == nil {
		return 0
	}
	return l.key.Algorithm()
}

// KeyID returns SHA-256 over the key's SPKI, which names the key in reports,
// whatever ID the trust root declares. That of the zero Log is zero.
func (l *Log) KeyID() [sha256.Size]byte {
	if l.key == nil {
		return [sha256.Size]byte{}
	}
	return l.key.ID()
}

// BaseURL returns the log's URL as the trust root has it.
func (l *Log) BaseURL() string { return l.baseURL }

// Operator returns who runs the log, "" if the trust root does not say.
func (l *Log) Operator() string { return l.operator }

// Windows returns the validity periods of the key.
func (l *Log) Windows() []Window { return slices.Clone(l.windows) }

// ValidAt reports whether the key is valid at t.
func (l *Log) ValidAt(t time.Time) bool { return window.Any(l.windows, t) }

// Verify checks an SCT that was embedded in the certificate p was made of. It
// returns the time at which the log promised to have seen it, which is no
// evidence of when anything was signed. Refusals are sct.unknown_log,
// sct.signature and sct.window.
func (l *Log) Verify(s *SCT, p *Precert) (time.Time, error) {
	if p == nil || len(p.TBS) == 0 {
		return time.Time{}, refuse.New("sct.signature", "no precertificate to check the SCT with")
	}
	return l.verify(s, precertEntry, p.IssuerKeyHash[:], p.TBS)
}

// VerifyCertificate checks a detached SCT, which was issued for the
// certificate as it is. Results are those of [Log.Verify].
func (l *Log) VerifyCertificate(s *SCT, leafDER []byte) (time.Time, error) {
	if len(leafDER) == 0 {
		return time.Time{}, refuse.New("sct.signature", "no certificate to check the SCT with")
	}
	return l.verify(s, x509Entry, nil, leafDER)
}

func (l *Log) verify(s *SCT, entryType uint16, issuer, data []byte) (time.Time, error) {
	switch {
	case l == nil || l.key == nil || s == nil:
		return time.Time{}, refuse.New("sct.signature", "no log or no SCT to check")
	case s.LogID != l.id:
		return time.Time{}, refuse.New("sct.unknown_log", "SCT is from log %s, not from log %s", s.LogID, l.id)
	case s.Algorithm != l.algorithm:
		// RFC 6962 leaves a log no choice: letting the SCT choose would let
		// MD5 in.
		return time.Time{}, refuse.New("sct.signature", "SCT of log %s is signed with hash %d and signature algorithm %d, its key signs with %d and %d",
			l.id, s.Algorithm.Hash, s.Algorithm.Signature, l.algorithm.Hash, l.algorithm.Signature)
	case len(data) > maxCertificate || len(s.Extensions) > maxExtensions || s.Timestamp > maxTimestamp:
		return time.Time{}, refuse.New("sct.malformed", "SCT or certificate is too large to have been signed")
	}
	if err := l.key.Verify(s.message(entryType, issuer, data), s.Signature); err != nil {
		return time.Time{}, refuse.Wrap("sct.signature", err, "SCT of log %s", l.id)
	}
	t := s.Time()
	if !l.ValidAt(t) {
		return time.Time{}, refuse.New("sct.window", "signed certificate timestamp of log %s: from %s, outside the validity period of the log's key",
			l.id, t.Format(time.RFC3339Nano))
	}
	return t, nil
}
