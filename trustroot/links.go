// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/window"
)

// Half of the work in a path check is the part above the leaf, and it is the
// same for every leaf. It is done once, at construction, for authorities
// whose certificates are plain: no name or policy constraints, nothing
// critical that crypto/x509 does not know, no alternative names. What remains per leaf is one
// signature and the dates. All others, and leaves that are not plain, go
// through x509.Verify; TestFastPathAgrees holds the two together.

// link is a path from a possible issuer of leaves to the anchor in which
// everything but the dates has been proved: names, signatures, CA bits, key
// usages, path lengths and extended key usages.
type link struct {
	certs []*x509.Certificate // issuer, …, anchor
	dates window.Window       // in which all of them are valid
}

// maxLinks bounds the paths of one authority; certificates that all sign each
// other would make for millions. Above, x509.Verify with its own bound decides.
const maxLinks = 32

func newCA(c AuthorityConfig) *CertificateAuthority {
	a := &CertificateAuthority{
		chain: slices.Clone(c.Chain), subject: c.Subject, uri: c.URI, operator: c.Operator,
		window: window.Window{Start: c.Start, End: c.End},
	}
	if !slices.ContainsFunc(a.chain, func(c *x509.Certificate) bool { return !plain(c) || has(c, oidSAN) }) {
		a.prove()
	}
	a.names = make(map[*x509.Certificate]string, len(a.chain))
	for _, c := range a.chain {
		a.names[c] = c.Subject.String()
	}
	a.special = len(a.links) == 0 || len(a.links) > maxLinks
	return a
}

// prove fills a.links.
func (a *CertificateAuthority) prove() {
	anchor := a.Anchor()
	if allowed(anchor, 0) {
		a.links = append(a.links, newLink([]*x509.Certificate{anchor}))
	}
	var above []*x509.Certificate // listed once each
	for _, c := range a.chain[:len(a.chain)-1] {
		if !slices.ContainsFunc(above, c.Equal) {
			above = append(above, c)
		}
	}
	for _, c := range above {
		if allowed(c, 0) {
			a.climb([]*x509.Certificate{c}, above)
		}
	}
}

// climb extends path, which begins with an issuer, towards the anchor and
// records each way to reach it.
func (a *CertificateAuthority) climb(path, above []*x509.Certificate) {
	if len(a.links) > maxLinks {
		return
	}
	if anchor := a.Anchor(); extends(path, anchor) {
		a.links = append(a.links, newLink(append(slices.Clone(path), anchor)))
	}
	for _, c := range above {
		if extends(path, c) {
			a.climb(append(slices.Clone(path), c), above)
		}
	}
}

// extends reports whether parent may stand above the last certificate of path.
func extends(path []*x509.Certificate, parent *x509.Certificate) bool {
	child := path[len(path)-1]
	return bytes.Equal(child.RawIssuer, parent.RawSubject) && allowed(parent, len(path)) &&
		!slices.ContainsFunc(path, func(c *x509.Certificate) bool { return sameEntity(c, parent) }) &&
		child.CheckSignatureFrom(parent) == nil
}

// sameEntity keeps one CA from standing twice in a path.
func sameEntity(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}

// allowed reports whether c may be a CA with below other CAs beneath it on
// the way to a code signing leaf (RFC 5280, Sections 4.2.1.9 and 4.2.1.12).
// The key usage is left to CheckSignatureFrom.
func allowed(c *x509.Certificate, below int) bool {
	if !c.BasicConstraintsValid || !c.IsCA || c.MaxPathLen >= 0 && below > c.MaxPathLen {
		return false
	}
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageCodeSigning)
}

func newLink(certs []*x509.Certificate) link {
	l := link{certs: certs, dates: window.Window{Start: certs[0].NotBefore, End: certs[0].NotAfter}}
	for _, c := range certs[1:] {
		if c.NotBefore.After(l.dates.Start) {
			l.dates.Start = c.NotBefore
		}
		if c.NotAfter.Before(l.dates.End) {
			l.dates.End = c.NotAfter
		}
	}
	return l
}

// plain reports whether c has nothing that only a full path check judges.
func plain(c *x509.Certificate) bool {
	return len(c.UnhandledCriticalExtensions) == 0 && !has(c, oidNameConstraints) &&
		!c.NotAfter.IsZero() && // in a link's dates the zero time is no end at all
		len(c.PolicyMappings) == 0 && c.RequireExplicitPolicy <= 0 && !c.RequireExplicitPolicyZero &&
		c.InhibitPolicyMapping <= 0 && !c.InhibitPolicyMappingZero && c.InhibitAnyPolicy <= 0 && !c.InhibitAnyPolicyZero
}

var (
	oidSAN             = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidNameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}
)

func has(c *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oid) })
}

// holdsName reports whether one of the authority's certificates has the
// leaf's own name: the rule that no CA occurs twice in a path then matters.
func (a *CertificateAuthority) holdsName(leaf *x509.Certificate) bool {
	return slices.ContainsFunc(a.chain, func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, leaf.RawSubject) })
}

// fastPaths checks the dates first, since they cost nothing, and then the one
// signature that has not been proved.
func (a *CertificateAuthority) fastPaths(leaf *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	var paths [][]*x509.Certificate
	var issuer *x509.Certificate // of the link before: links of one issuer follow each other
	var signed bool
	for _, l := range a.links {
		if !l.dates.Contains(at) || !bytes.Equal(leaf.RawIssuer, l.certs[0].RawSubject) {
			continue
		}
		if l.certs[0] != issuer {
			issuer = l.certs[0]
			signed = a.fast.CheckSignatureFrom(leaf, issuer)
		}
		if signed {
			paths = append(paths, append([]*x509.Certificate{leaf}, l.certs...))
		}
	}
	if len(paths) > 0 {
		return paths, nil
	}
	return nil, a.explain(leaf, a.chain, nil, at)
}

// checkLeaf refuses a leaf that is no signing certificate. It returns the
// certificate to check the path of: leaf itself, or a copy of it in which a
// name that crypto/x509 does not know is taken as handled.
func checkLeaf(leaf *x509.Certificate) (*x509.Certificate, error) {
	switch {
	case leaf == nil || len(leaf.Raw) == 0:
		return nil, refuse.New(codeProfile, "no certificate")
	case leaf.BasicConstraintsValid && leaf.IsCA:
		return nil, refuse.New(codeProfile, "signing certificate is that of a CA")
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return nil, refuse.New(codeProfile, "signing certificate is not for digital signatures")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageCodeSigning):
		return nil, refuse.New(codeProfile, "signing certificate is not for code signing")
	case slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny):
		return nil, refuse.New(codeProfile, "signing certificate is for any purpose at all")
	case len(leaf.UnhandledCriticalExtensions) == 0:
		return leaf, nil
	}
	for _, oid := range leaf.UnhandledCriticalExtensions {
		if !oid.Equal(oidSAN) {
			return nil, refuse.New(codeProfile, "signing certificate has an unknown critical extension %s", oid)
		}
	}
	// Only a name of our own making may pass, else unknown kinds of names
	// would slip through with it.
	if _, err := fulcio.SubjectAltName(leaf); err != nil {
		return nil, refuse.Wrap(codeProfile, err, "signing certificate")
	}
	handled := *leaf
	handled.UnhandledCriticalExtensions = nil
	return &handled, nil
}
