// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Flaws of the authorities themselves: a whole world is made in which one
// certificate of theirs is wrong, and everything under it is signed as ever.
// A trust root that lists the flawed certificate may be refused for it.

// authorityFlaw is one such flaw.
type authorityFlaw struct {
	name   string
	role   string // the certificate, as in virtual.Config.Authority
	want   string // codes
	change func(c *x509.Certificate)
}

var authorityFlaws = []authorityFlaw{
	{"purpose not critical", virtual.RoleTSALeaf + "/1", "timestamp.profile", purposes(false, oidTimeStamping)},
	{"no purpose", virtual.RoleTSALeaf + "/1", "timestamp.profile", func(c *x509.Certificate) { c.ExtraExtensions = nil }},
	{"one purpose more", virtual.RoleTSALeaf + "/1", "timestamp.profile", purposes(true, oidTimeStamping, oidCodeSigning)},
	{"any purpose as well", virtual.RoleTSALeaf + "/1", "timestamp.profile", purposes(true, oidTimeStamping, oidAnyPurpose)},
	{"another purpose", virtual.RoleTSALeaf + "/1", "timestamp.profile", purposes(true, oidCodeSigning)},
	{"the purpose twice", virtual.RoleTSALeaf + "/1", "timestamp.profile", purposes(true, oidTimeStamping, oidTimeStamping)},
	{"key may not sign", virtual.RoleTSALeaf + "/1", "timestamp.profile", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }},
	{"key may sign certificates", virtual.RoleTSALeaf + "/1", "timestamp.profile", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }},
	{"leaf is an authority", virtual.RoleTSALeaf + "/1", "timestamp.profile timestamp.signer", asAuthority},
	{"expired", virtual.RoleTSALeaf + "/1", "timestamp.chain", expired},
	{"unknown critical extension", virtual.RoleTSALeaf + "/1", "timestamp.chain", unknownCritical},
	{"expired", virtual.RoleTSAIntermediate + "/1", "timestamp.chain", expired},
	{"no authority", virtual.RoleTSAIntermediate + "/1", "timestamp.chain", asLeaf},
	{"key may not sign certificates", virtual.RoleTSAIntermediate + "/1", "timestamp.chain", noCertSign},
	{"for signing code", virtual.RoleTSAIntermediate + "/1", "timestamp.chain", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }},
	{"expired", virtual.RoleTSARoot + "/1", "timestamp.chain", expired},
	{"no path allowed", virtual.RoleTSARoot + "/1", "timestamp.chain", noPath},
	{"expired", virtual.RoleIntermediate, "chain.expired", expired},
	{"not yet valid", virtual.RoleIntermediate, "chain.expired", func(c *x509.Certificate) { c.NotBefore = c.NotAfter.Add(-time.Hour) }},
	{"no authority", virtual.RoleIntermediate, "chain.untrusted", asLeaf},
	{"key may not sign certificates", virtual.RoleIntermediate, "chain.untrusted", noCertSign},
	{"for servers", virtual.RoleIntermediate, "chain.profile", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
	{"names excluded", virtual.RoleIntermediate, "chain.profile", func(c *x509.Certificate) { c.ExcludedURIDomains = []string{"github.com"} }},
	{"unknown critical extension", virtual.RoleIntermediate, "chain.profile", unknownCritical},
	{"expired", virtual.RoleRoot, "chain.expired", expired},
	{"no path allowed", virtual.RoleRoot, "chain.profile", noPath},
}

var (
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidCodeSigning  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	oidAnyPurpose   = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

// purposes writes the extension itself: crypto/x509 never makes it critical.
func purposes(critical bool, list ...asn1.ObjectIdentifier) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		der, err := asn1.Marshal(list)
		if err != nil {
			der = nil
		}
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: der}}
	}
}

func expired(c *x509.Certificate)    { c.NotAfter = c.NotBefore.Add(time.Hour) }
func asLeaf(c *x509.Certificate)     { c.IsCA, c.MaxPathLen, c.MaxPathLenZero = false, 0, false }
func noCertSign(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }
func noPath(c *x509.Certificate)     { c.MaxPathLen, c.MaxPathLenZero = 0, true }
func asAuthority(c *x509.Certificate) {
	c.BasicConstraintsValid, c.IsCA, c.KeyUsage = true, true, c.KeyUsage|x509.KeyUsageCertSign
}

func unknownCritical(c *x509.Certificate) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}})
}

// authorityMutants emits each flaw twice: listed in the trust root, and, for a
// timestamp authority's leaf, brought along by the timestamp only.
func authorityMutants(s *subject, yield func(*Mutant)) {
	for _, f := range authorityFlaws {
		for _, r := range []virtual.Request{{Timestamps: 1, EmbedCertificates: true}, {Evidence: virtual.RekorV2}} {
			if strings.HasPrefix(f.role, virtual.RoleTSALeaf) && r.EmbedCertificates {
				yield(f.mutant(s, r, "token/", withoutLeaf))
			}
			yield(f.mutant(s, r, "root/"))
		}
	}
}

const authorityPlace = "(authority) "

func (f *authorityFlaw) mutant(s *subject, r virtual.Request, where string, changes ...func(*trustrootv1.TrustedRoot)) *Mutant {
	place := authorityPlace + where + strings.TrimSuffix(f.role, "/1")
	return &Mutant{Case: s, Operator: f.name, Place: place, fresh: true, other: func() (*subject, error) {
		c := worlds[0].config
		c.Authority = func(role string, template *x509.Certificate) {
			if role == f.role {
				f.change(template)
			}
		}
		w, err := virtual.New(c)
		if err != nil {
			return nil, err
		}
		r.Artifact = s.Artifact
		signed, err := w.Sign(r)
		if err != nil {
			return nil, err
		}
		data, err := w.TrustedRoot(changes...)
		if err != nil {
			return nil, err
		}
		root, err := trustroot.Parse(data)
		if err != nil {
			return nil, err
		}
		t, err := s.under(root, s.Policy)
		if err != nil {
			return nil, err
		}
		its := *s.Case
		its.Bundle = signed.Bundle
		t.Case = &its
		return t, nil
	}}
}

func withoutLeaf(r *trustrootv1.TrustedRoot) {
	for _, a := range r.TimestampAuthorities {
		a.CertChain.Certificates = a.CertChain.Certificates[1:]
	}
}

var authorityExpectations = func() (list []expectation) {
	for _, f := range authorityFlaws {
		list = append(list, expectation{f.name, authorityPlace + "*/" + strings.TrimSuffix(f.role, "/1"), f.want, nil})
	}
	return list
}()
