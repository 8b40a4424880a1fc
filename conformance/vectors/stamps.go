// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

func timestampStories() []Story {
	type input = virtual.TimestampInput
	stamp := func(change func(*input)) func(*Setup) { return func(s *Setup) { s.Request.Timestamp = change } }
	list := []Story{
		{Name: "timestamp by a stranger", Code: "timestamp.signature", Comment: "The token names the authority and is signed by another key.", Break: func(s *Setup) {
			stranger := s.Stranger()
			s.Request.Timestamp = func(t *input) { t.Key = stranger }
		}},
		{Name: "timestamp corrupt", Code: "timestamp.signature", Comment: "One bit of the token's signature is wrong (CVE-2025-52556).", Break: stamp(func(t *input) { t.Corrupt = true })},
		{Name: "timestamp of something else", Code: "timestamp.imprint", Comment: "What is stamped is the signature, and nothing else (Sigstore client specification, 4.2.1).", Break: stamp(func(t *input) { t.Message = []byte("something else") })},
		{Name: "timestamp of the artifact", Code: "timestamp.imprint", Comment: "The artifact may be older than its signature.", Break: stamp(func(t *input) { t.Message = []byte(Content) })},
		{Name: "timestamp refused", Code: "timestamp.status", Comment: "The authority did not grant it (RFC 3161, 2.4.2).", Break: stamp(func(t *input) { t.Status = 2 })},
		{Name: "timestamp granted otherwise", Code: "timestamp.status", Comment: "Granted with modifications is not what was asked for.", Break: stamp(func(t *input) { t.Status = 1 })},
		{Name: "timestamp with a stray byte", Code: "timestamp.malformed", Comment: "DER ends where it says.", Break: stamp(func(t *input) {
			t.Info = func(der []byte) []byte { return append(der, 0) }
		})},
		{Name: "timestamp over SHA-1", Code: "timestamp.profile", Comment: "SHA-1 binds a timestamp to nothing.", Break: stamp(func(t *input) { t.Hash = crypto.SHA1 })},
		{Name: "timestamp without its signer's identity", Code: "timestamp.profile", Comment: "The certificate that signed is part of what is signed (RFC 5816).", Break: stamp(func(t *input) {
			t.Attributes = func(list *[][]byte) { *list = (*list)[:2] }
		})},
		{Name: "timestamp of another certificate", Code: "timestamp.signer", Comment: "The token was signed under another certificate than it names (RFC 5816).", Break: stamp(func(t *input) {
			t.Attributes = func(list *[][]byte) {
				certID := (*list)[2]
				certID[len(certID)-1] ^= 1
			}
		})},
	}
	for i := range list {
		list[i].Make = stamped
	}
	return family("timestamps", list)
}

// timestampAuthorityStories are about who stamps.
func timestampAuthorityStories() []Story {
	type trusted = trustrootv1.TrustedRoot
	profile := func(change func(*x509.Certificate)) func(*virtual.Config) {
		return func(c *virtual.Config) {
			c.Authority = func(role string, t *x509.Certificate) {
				if strings.HasPrefix(role, virtual.RoleTSALeaf) {
					change(t)
				}
			}
		}
	}
	return family("timestamps", []Story{
		{Name: "authority for signing code as well", Code: "timestamp.profile", Comment: "The one purpose of an authority's key is to stamp (RFC 3161, 2.3).", Make: stamped, Rebuild: profile(func(t *x509.Certificate) {
			t.ExtraExtensions, t.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageCodeSigning}
		})},
		{Name: "purpose not critical", Code: "timestamp.profile", Comment: "That purpose must be critical (RFC 3161, 2.3).", Make: stamped, Rebuild: profile(func(t *x509.Certificate) {
			t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: t.ExtraExtensions[0].Value}}
		})},
		{Name: "authority expired", Code: "timestamp.chain", Comment: "The authority's certificate had expired when it stamped.", Make: stamped, Rebuild: profile(func(t *x509.Certificate) {
			t.NotAfter = virtual.DefaultTime().Add(-time.Second)
		})},
		{Name: "anchor of another authority", Code: "timestamp.chain", Comment: "Anchor and signer are taken from one and the same authority: what two of them say together counts for neither.", World: virtual.Config{TSAs: 2}, Make: stamped, Break: root(func(r *trusted) {
			a, b := r.TimestampAuthorities[0].CertChain, r.TimestampAuthorities[1].CertChain
			a.Certificates[1], a.Certificates[2] = b.Certificates[1], b.Certificates[2]
		})},
		{Name: "authority ended", Code: "timestamp.window", Comment: "A millisecond after the authority counted, says the trust root.", Make: stamped, Break: root(func(r *trusted) {
			r.TimestampAuthorities[0].ValidFor.End = instant(-time.Millisecond)
		})},
		{Name: "signer in neither place", Code: "timestamp.signer", Comment: "Neither token nor trust root has the certificate that signed.", Make: func(s *Setup) {
			stamped(s)
			s.Request.EmbedCertificates = true
			s.Root = func(r *trusted) {
				chain := r.TimestampAuthorities[0].CertChain
				chain.Certificates = chain.Certificates[1:]
			}
		}, Break: func(s *Setup) { s.Request.EmbedCertificates = false }},
		{Name: "forged signer in the token", Code: "timestamp.signer", Comment: "A second certificate under the signer's name. The one in the trust root is meant (CVE-2026-39984).", Make: stamped, Break: func(s *Setup) {
			s.Request.Timestamp = func(t *virtual.TimestampInput) { t.Certificates = []*x509.Certificate{forged(t)} }
		}},
		{Name: "one authority of two", Code: "timestamp.threshold", Comment: "One authority, two wanted.", Make: stamped, Break: func(s *Setup) { s.Policy.Require.Timestamps = 2 }},
		{Name: "one authority twice", Code: "timestamp.threshold", Comment: "An authority under two keys of one operator counts once (CVE-2026-49834).", World: virtual.Config{TSAs: 2}, Make: func(s *Setup) {
			s.Request.Timestamps, s.Policy.Require.Timestamps = 2, 2
		}, Break: root(func(r *trusted) {
			for i := range r.TimestampAuthorities {
				r.TimestampAuthorities[i].Operator = "sigstore.test"
			}
		})},
		{Name: "unknown authority", Code: "timestamp.threshold", Notes: []string{"timestamp.unknown_authority"}, Comment: "A timestamp that no known authority can have made is no evidence.", Make: func(s *Setup) {
			stamped(s)
			s.Policy.Require.Timestamps = 1
		}, Break: root(func(r *trusted) { r.TimestampAuthorities = nil })},
	})
}

// forged returns a certificate with the name and the number of the signer's,
// signed by no one who counts.
func forged(t *virtual.TimestampInput) *x509.Certificate {
	template := *t.Signer
	template.RawSubject, template.ExtraExtensions = nil, nil
	parent := &x509.Certificate{RawSubject: t.Signer.RawIssuer}
	der, err := x509.CreateCertificate(nil, &template, parent, t.Key.Public(), t.Key.Signer())
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c
}
