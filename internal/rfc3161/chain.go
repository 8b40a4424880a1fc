// SPDX-License-Identifier: Apache-2.0

// Path validation of the signer, at the time of the timestamp.

package rfc3161

import (
	"bytes"
	"crypto/x509"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// prove validates the path from the configured leaf to the anchor once, at an
// instant at which all of the configured certificates are valid. Nothing but
// dates can make it fail at another instant: x509 consults the time only to
// compare it with the dates of each certificate of a path.
func (a *Authority) prove() {
	at := a.chain[0].NotBefore
	for _, c := range a.chain[1:] {
		if c.NotBefore.After(at) {
			at = c.NotBefore
		}
	}
	if at.IsZero() || !validAt(a.chain, at) {
		return // no such instant (and to x509, zero means now)
	}
	paths, err := a.paths(a.leaf, a.intermediates, at)
	if err != nil {
		return
	}
	a.proved = paths[0]
}

// checkChain checks that signer chains to the anchor at that time. The
// intermediates are untrusted.
func (a *Authority) checkChain(signer *x509.Certificate, untrusted []*x509.Certificate, at time.Time) error {
	if a.proved != nil && bytes.Equal(signer.Raw, a.leaf.Raw) && validAt(a.proved, at) {
		return nil
	}
	if at.IsZero() {
		return refuse.New(codeChain, "timestamp has the zero time")
	}
	intermediates := a.intermediates
	if len(untrusted) > 0 {
		intermediates = intermediates.Clone()
		for _, c := range untrusted {
			intermediates.AddCert(c)
		}
	}
	if _, err := a.paths(signer, intermediates, at); err != nil {
		return refuse.Wrap(codeChain, err, "timestamp's signer at %s", at.Format(time.RFC3339Nano))
	}
	return nil
}

// paths runs the full path validation (RFC 5280, Section 6), with all dates
// and purposes, at a time that is not zero.
func (a *Authority) paths(signer *x509.Certificate, intermediates *x509.CertPool, at time.Time) ([][]*x509.Certificate, error) {
	return signer.Verify(x509.VerifyOptions{
		Roots:         a.roots,
		Intermediates: intermediates,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
}

// validAt reports whether all certs are valid at that time. Dates have whole
// seconds: a fraction after the last one is too late, as it is for x509.
func validAt(certs []*x509.Certificate, at time.Time) bool {
	for _, c := range certs {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return false
		}
	}
	return true
}
