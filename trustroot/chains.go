// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const (
	codeUntrusted = refuse.Code("chain.untrusted")
	codeExpired   = refuse.Code("chain.expired")
	codeOutside   = refuse.Code("chain.window")
	codeProfile   = refuse.Code("chain.profile")
)

// Chain is a valid path from a leaf to the anchor of one authority.
type Chain struct {
	Certificates []*x509.Certificate // leaf, issuer, …, anchor: two or more
	Authority    *CertificateAuthority
}

// Issuer returns the certificate that signed the leaf, nil for the zero Chain.
func (c *Chain) Issuer() *x509.Certificate {
	if len(c.Certificates) < 2 {
		return nil
	}
	return c.Certificates[1]
}

// IssuerName returns the subject of Issuer as text, which for certificates of
// the trust root was made when it was compiled.
func (c *Chain) IssuerName() string {
	if c.Authority != nil {
		if name, ok := c.Authority.names[c.Issuer()]; ok {
			return name
		}
	}
	if c.Issuer() == nil {
		return ""
	}
	return c.Issuer().Subject.String()
}

// Chains returns every path from leaf that is valid at the time at: for each
// authority whose validity period holds that time, RFC 5280 path validation to its
// anchor over its own intermediates, and where it lists only an anchor also
// over untrusted intermediates. Keep the validity period of an
// authority apart from the certificates of another: an intermediate with the
// same name in another entry has another period.
//
// There may be several paths, since intermediates can share a name. There is
// always at least one if the error is nil. Otherwise the code of the error is
// chain.profile (the leaf is no signing certificate, or the certificates
// above do not allow it), chain.untrusted (no path), chain.expired (a
// certificate is not valid at that time) or chain.window (the authority is
// not valid at that time).
func (r *Root) Chains(leaf *x509.Certificate, helpers []*x509.Certificate, at time.Time) ([]Chain, error) {
	if at.IsZero() { // crypto/x509 would take it for now
		return nil, refuse.New(codeExpired, "no time to check the certificate at")
	}
	if len(helpers) > maxChain {
		return nil, refuse.New(codeUntrusted, "more than %d extra certificates", maxChain)
	}
	if slices.ContainsFunc(helpers, tooLong) {
		return nil, refuse.New(codeUntrusted, "an extra certificate has an RSA key of more than %d bits", maxRSABits)
	}
	checked, err := checkLeaf(leaf)
	if err != nil {
		return nil, err
	}
	if err := checkDates(leaf, "signing certificate", at); err != nil {
		return nil, err
	}
	var chains []Chain
	var failures []error
	for _, ca := range r.cas {
		if !ca.ValidAt(at) {
			continue
		}
		paths, err := ca.paths(checked, helpers, at)
		if err != nil {
			failures = append(failures, err)
		}
		for _, path := range paths {
			path[0] = leaf
			chains = append(chains, Chain{path, ca})
		}
	}
	if len(chains) > 0 {
		return chains, nil
	}
	return nil, r.whyNot(checked, helpers, at, failures)
}

// whyNot finds the most telling reason for which no path was found: an
// authority that does lead to its anchor, but whose validity period or whose
// certificates do not hold the time, says more than the ones that never
// heard of the leaf.
func (r *Root) whyNot(leaf *x509.Certificate, helpers []*x509.Certificate, at time.Time, failures []error) error {
	for _, code := range []refuse.Code{codeProfile, codeExpired} {
		for _, err := range failures {
			if refuse.CodeOf(err) == code {
				return err
			}
		}
	}
	for _, ca := range r.cas {
		if ca.ValidAt(at) {
			continue
		}
		if paths, err := ca.paths(leaf, helpers, at); len(paths) > 0 || refuse.CodeOf(err) == codeExpired {
			return refuse.New(codeOutside, "the authority %q that issued the certificate counts %s, not at %s",
				ca.name(), span(ca.window.Start, ca.window.End), stamp(at))
		}
	}
	return refuse.New(codeUntrusted, "no certificate authority of the trust root issued the certificate (issuer %q)", clip(leaf.Issuer.String()))
}

// paths returns the paths from leaf to the authority's anchor that are valid
// at that time, whatever the validity period of the authority is.
func (a *CertificateAuthority) paths(leaf *x509.Certificate, helpers []*x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	bare := len(a.chain) == 1 && len(helpers) > 0
	if a.special || bare || !plain(leaf) || a.holdsName(leaf) {
		return a.slowPaths(leaf, helpers, at)
	}
	return a.fastPaths(leaf, at)
}

// slowPaths leaves everything to crypto/x509.
func (a *CertificateAuthority) slowPaths(leaf *x509.Certificate, helpers []*x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	opts := x509.VerifyOptions{
		Roots:         x509.NewCertPool(), // nil would mean the system's
		Intermediates: x509.NewCertPool(),
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	opts.Roots.AddCert(a.Anchor())
	certs := a.chain
	if len(certs) == 1 {
		certs = append(slices.Clone(helpers), a.Anchor())
		certs = slices.DeleteFunc(certs, func(c *x509.Certificate) bool { return c == nil })
	}
	for _, c := range certs[:len(certs)-1] {
		opts.Intermediates.AddCert(c)
	}
	paths, err := leaf.Verify(opts)
	// A leaf that is itself an anchor has no issuer, and no SCT could be checked.
	paths = slices.DeleteFunc(paths, func(p []*x509.Certificate) bool { return len(p) < 2 })
	if err == nil && len(paths) > 0 {
		return paths, nil
	}
	return nil, a.explain(leaf, certs, err, at)
}

// explain says why no path leads from leaf over certs to the anchor; err is
// what crypto/x509 said, nil if it was not asked. UnknownAuthorityError hides
// why a candidate was turned down: the certificates tell.
func (a *CertificateAuthority) explain(leaf *x509.Certificate, certs []*x509.Certificate, err error, at time.Time) error {
	var invalid x509.CertificateInvalidError
	var unhandled x509.UnhandledCriticalExtension
	expired := errors.As(err, &invalid) && invalid.Reason == x509.Expired
	if !expired && (errors.As(err, &invalid) || errors.As(err, &unhandled)) {
		return refuse.Wrap(codeProfile, err, "certificate path to the authority %q", a.name())
	}
	issued := slices.ContainsFunc(certs, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawSubject, leaf.RawIssuer) && leaf.CheckSignatureFrom(c) == nil
	})
	if !issued && !expired {
		return refuse.New(codeUntrusted, "the authority %q did not issue the certificate (issuer %q)", a.name(), clip(leaf.Issuer.String()))
	}
	for _, c := range certs {
		if err := checkDates(c, "issuing certificate", at); err != nil {
			return err
		}
	}
	return refuse.New(codeProfile, "the certificates of the authority %q make no valid path from the certificate to its anchor", a.name())
}

// name is how messages call the authority.
func (a *CertificateAuthority) name() string {
	if a.uri != "" {
		return a.uri
	}
	return clip(a.Anchor().Subject.String())
}

// checkDates refuses a certificate that is not valid at the time. Dates have
// whole seconds and fractions are not rounded: a time within the second after
// NotAfter is too late, as crypto/x509 has it.
func checkDates(c *x509.Certificate, what string, at time.Time) error {
	if at.Before(c.NotBefore) || at.After(c.NotAfter) {
		return refuse.New(codeExpired, "the %s of %q is valid %s, not at %s",
			what, clip(subjectOf(c)), span(c.NotBefore, c.NotAfter), stamp(at))
	}
	return nil
}

// subjectOf names a certificate; leaves of Fulcio have no subject.
func subjectOf(c *x509.Certificate) string {
	if s := c.Subject.String(); s != "" {
		return s
	}
	return "serial " + c.SerialNumber.Text(16) + ", issued by " + c.Issuer.String()
}

func span(from, to time.Time) string {
	if to.IsZero() {
		return "from " + stamp(from) + " on"
	}
	return "from " + stamp(from) + " to " + stamp(to)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
