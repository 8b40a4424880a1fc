// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// AuthorityConfig describes one timestamp authority of a trust root.
type AuthorityConfig struct {
	// Chain begins with the certificate nearest to the tokens, which may be
	// the one that signs them, and ends with the trust anchor, which need not
	// be self-signed. At least one, at most ten.
	Chain []*x509.Certificate
	// URI and Operator are names for reports and for counting; both may be
	// empty.
	URI, Operator string
	// Start and End bound the times that the authority may state, both
	// included. Start is required; the zero End is open.
	Start, End time.Time
}

// Authority is a timestamp authority, ready to judge tokens. It is immutable
// and safe for concurrent use. The zero Authority knows no token.
type Authority struct {
	chain         []*x509.Certificate
	leaf          *x509.Certificate // nil: tokens bring their signer
	roots         *x509.CertPool
	intermediates *x509.CertPool
	proved        []*x509.Certificate // leaf…anchor, linked; nil: no such proof
	uri, operator string
	start, end    time.Time
	fast          *fastverify.Tables // nil: none
}

// NewAuthority checks config, and proves once that the configured leaf, if
// there is one, chains to the anchor. A chain that does not link up is no
// error here: its tokens are refused with timestamp.chain. Errors are
// trust.malformed, trust.limit and trust.window.
func NewAuthority(config AuthorityConfig) (*Authority, error) {
	if len(config.Chain) == 0 || slices.Contains(config.Chain, nil) {
		return nil, refuse.New("trust.malformed", "timestamp authority %q has no certificate, or a nil one", config.URI)
	}
	if len(config.Chain) > cms.MaxCertificates {
		return nil, refuse.New("trust.limit", "timestamp authority %q has more than %d certificates", config.URI, cms.MaxCertificates)
	}
	if slices.ContainsFunc(config.Chain, tooLong) {
		return nil, refuse.New("trust.limit", "timestamp authority %q has an RSA key of more than %d bits", config.URI, maxRSABits)
	}
	if config.Start.IsZero() {
		return nil, refuse.New("trust.window", "timestamp authority %q has no start of validity", config.URI)
	}
	if !config.End.IsZero() && config.End.Before(config.Start) {
		return nil, refuse.New("trust.window", "timestamp authority %q ends before it starts", config.URI)
	}
	a := &Authority{
		chain: slices.Clone(config.Chain),
		roots: x509.NewCertPool(), intermediates: x509.NewCertPool(),
		uri: config.URI, operator: config.Operator,
		start: config.Start, end: config.End,
	}
	last := len(a.chain) - 1
	a.roots.AddCert(a.chain[last])
	for _, c := range a.chain[:last] {
		a.intermediates.AddCert(c)
	}
	if !a.chain[0].IsCA {
		a.leaf = a.chain[0]
		a.prove()
	}
	return a, nil
}

// Accelerated returns the same authority with tables to check the signatures
// of its configured leaf by: it gives the same answers. Keys that tokens bring
// are checked as before.
func (a *Authority) Accelerated(t *fastverify.Tables) *Authority {
	c := *a
	c.fast = t
	return &c
}

// Behind returns the authority that a package hands out by an interface; nil,
// which knows no token, for anything else.
func Behind(a any) *Authority {
	authority, _ := a.(*Authority)
	return authority
}

// Chain returns the configured certificates, which must not be modified.
func (a *Authority) Chain() []*x509.Certificate { return slices.Clone(a.chain) }

// URI returns the configured URI, for reports only: two authorities may have
// the same.
func (a *Authority) URI() string { return a.uri }

// Operator returns the configured operator, "" if it has none.
func (a *Authority) Operator() string { return a.operator }

// Window returns the first and the last instant of validity; the zero end is
// open.
func (a *Authority) Window() (start, end time.Time) { return a.start, a.end }

// ValidAt reports whether t lies in the validity period, both ends included.
func (a *Authority) ValidAt(t time.Time) bool {
	return !a.start.IsZero() && !t.Before(a.start) && (a.end.IsZero() || !t.After(a.end))
}

// Leaf returns the certificate that signs the authority's tokens, nil if the
// trust root does not name one. It must not be modified.
func (a *Authority) Leaf() *x509.Certificate { return a.leaf }

// KeyID names the authority in reports: the SHA-256 of the leaf's SPKI, or of
// the anchor's if the leaf is not known.
func (a *Authority) KeyID() [sha256.Size]byte {
	switch {
	case a.leaf != nil:
		return sha256.Sum256(a.leaf.RawSubjectPublicKeyInfo)
	case len(a.chain) > 0:
		return sha256.Sum256(a.chain[len(a.chain)-1].RawSubjectPublicKeyInfo)
	}
	return [sha256.Size]byte{}
}

// Knows reports whether t names this authority as its signer: its leaf if the
// trust root has it, otherwise a certificate that one of its certificates
// issued, directly or through certificates inside the token. It goes by names
// only, and proves nothing.
func (a *Authority) Knows(t *Token) bool {
	if a == nil || t == nil || !t.parsed {
		return false
	}
	if a.leaf != nil {
		return t.signer.Names(a.leaf)
	}
	issuer := t.signer.Issuer
	if issuer == nil {
		cert, err := t.embeddedSigner()
		if err != nil {
			return false
		}
		issuer = cert.RawIssuer
	}
	for range cms.MaxCertificates + 1 {
		if slices.ContainsFunc(a.chain, func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, issuer) }) {
			return true
		}
		i := slices.IndexFunc(t.certs, func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, issuer) })
		if i < 0 {
			return false
		}
		issuer = t.certs[i].RawIssuer
	}
	return false
}
