// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"math/big"
	"strings"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

const year = 365 * 24 * time.Hour

// certificate changes the signer's certificate before it is issued.
func certificate(change func(*virtual.CertificateInput)) func(*Setup) {
	return func(s *Setup) { s.Request.Certificate = change }
}

// oldCurve is a point of P-224, which the algorithm registry does not know.
func oldCurve() *ecdsa.PublicKey {
	p := elliptic.P224().Params()
	return &ecdsa.PublicKey{Curve: elliptic.P224(), X: new(big.Int).Set(p.Gx), Y: new(big.Int).Set(p.Gy)}
}

func signerStories() []Story {
	managed := func(s *Setup) { s.Manage(virtual.ECDSAP256) }
	return family("signer", []Story{
		{Name: "no key given", Code: "key.missing", Comment: "A managed key's bundle brings no key, and must not: the caller has to. Identities do not help.", Make: managed, Break: func(s *Setup) { s.Policy.Keys = nil }},
		{Name: "only a key given", Code: "key.unexpected", Comment: "The policy names a key, the bundle carries a certificate.", Break: func(s *Setup) {
			s.Policy.Keys = []Key{{SPKI: s.Stranger().SPKI()}}
		}},
		{Name: "another key", Code: "key.hint", Comment: "None of the keys given is called what the bundle calls its own.", Make: managed, Break: func(s *Setup) {
			s.Policy.Keys[0].Hint = "release key"
		}},
		{Name: "key of an old kind", Code: "key.unsupported", Comment: "P-224 is not in Sigstore's algorithm registry.", Break: certificate(func(c *virtual.CertificateInput) {
			c.PublicKey = oldCurve()
		})},
	})
}

func validityStories() []Story {
	type trusted = trustrootv1.TrustedRoot
	return family("validity", []Story{
		{Name: "certificate expired", Code: "chain.expired", Comment: "The signature was made outside the certificate's life (Sigstore client specification, 4.3).", Break: certificate(func(c *virtual.CertificateInput) {
			c.NotBefore, c.NotAfter = virtual.DefaultTime().Add(-2*time.Hour), virtual.DefaultTime().Add(-time.Hour)
		})},
		{Name: "integrated after the certificate", Code: "chain.expired", Comment: "One second after the certificate's life, though a timestamp lies in it. No skew of clocks is granted.", Make: stamped, Break: func(s *Setup) {
			s.Request.Promise = func(p *virtual.PromiseInput) { p.Integrated += 601 }
		}},
		{Name: "stamped after the certificate", Code: "chain.expired", Comment: "Of two verified times both must fit: a good one does not outvote a bad one.", Make: stamped, Break: func(s *Setup) {
			s.Request.Timestamp = func(t *virtual.TimestampInput) { t.Time = t.Time.Add(10*time.Minute + time.Millisecond) }
		}},
		{Name: "stamped before the certificate", Code: "chain.expired", Comment: "A millisecond before the certificate began.", Make: stamped, Break: func(s *Setup) {
			s.Request.Timestamp = func(t *virtual.TimestampInput) { t.Time = t.Time.Add(-time.Millisecond) }
		}},
		{Name: "intermediate expired", Code: "chain.expired", Comment: "Every certificate on the path must have been valid (CVE-2026-24122).", Rebuild: func(c *virtual.Config) {
			c.Authority = func(role string, t *x509.Certificate) {
				if role == virtual.RoleIntermediate {
					t.NotAfter = virtual.DefaultTime().Add(-time.Hour)
				}
			}
		}},
		{Name: "issued by a stranger", Code: "chain.untrusted", Comment: "The issuer's name is right, its key is not.", Break: func(s *Setup) {
			stranger := s.Stranger()
			s.Request.Certificate = func(c *virtual.CertificateInput) { c.Key = stranger }
		}},
		{Name: "authority not in the root", Code: "chain.untrusted", Comment: "The bundle is of another instance.", Break: root(func(r *trusted) { r.CertificateAuthorities = nil })},
		{Name: "authority ended", Code: "chain.window", Comment: "The trust root says until when the authority counted.", Break: root(func(r *trusted) {
			r.CertificateAuthorities[0].ValidFor.End = instant(-time.Millisecond)
		})},
		{Name: "certificate for servers", Code: "chain.profile", Comment: "The certificate is for TLS, not for signing code (RFC 5280, 4.2.1.12).", Break: certificate(func(c *virtual.CertificateInput) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		})},
		{Name: "certificate of an authority", Code: "chain.profile", Comment: "An authority does not sign artifacts.", Break: certificate(func(c *virtual.CertificateInput) {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, c.KeyUsage|x509.KeyUsageCertSign
		})},
		{Name: "managed key before its window", Code: "key.window", Comment: "The promise is from before the key counted (CVE-2026-54787).", Make: func(s *Setup) { s.Manage(virtual.ECDSAP256) }, Break: func(s *Setup) {
			s.Policy.Keys[0].Start = virtual.DefaultTime().Add(time.Millisecond)
		}},
		{Name: "managed key after its window", Code: "key.window", Comment: "A timestamp is from after the key counted, though the promise is not (CVE-2026-54787).", Make: with(stamped, attest, func(s *Setup) {
			s.Manage(virtual.ECDSAP256)
			s.Policy.Keys[0].End = virtual.DefaultTime()
		}), Break: func(s *Setup) {
			s.Request.Timestamp = func(t *virtual.TimestampInput) { t.Time = t.Time.Add(time.Millisecond) }
		}},
		{Name: "managed key integrated after its window", Code: "key.window", Comment: "The promise is from after the key counted, though a timestamp is not (CVE-2026-54787).", Make: with(stamped, func(s *Setup) {
			s.Manage(virtual.ECDSAP256)
			s.Policy.Keys[0].End = virtual.DefaultTime()
		}), Break: func(s *Setup) {
			s.Request.Promise = func(p *virtual.PromiseInput) { p.Integrated++ }
		}},
	})
}

// certificateStories are of certificates that lead to the authority and do
// not say clearly whose they are.
func certificateStories() []Story {
	anybody := func(s *Setup) { s.Policy.AnyIdentity = true }
	return family("validity", []Story{
		{Name: "two names", Code: "certificate.san", Comment: "With two names it is a matter of taste whose certificate it is.", Make: anybody, Break: func(s *Setup) {
			s.Request.Names = []virtual.Name{{Value: "https://a.test"}, {Value: "https://b.test"}}
		}},
		{Name: "two issuers", Code: "certificate.issuer", Comment: "The old extension for the issuer and the new one disagree.", Make: anybody, Break: func(s *Setup) {
			s.Request.Extensions = map[int]string{1: "https://evil.test"}
		}},
		{Name: "extension of another type", Code: "certificate.extension", Comment: "Extensions from .8 on are exactly one UTF8String; this is a PrintableString.", Make: anybody, Break: certificate(func(c *virtual.CertificateInput) {
			e := virtual.Extension(20, "push")
			e.Value[0] = 0x13
			c.ExtraExtensions = append(c.ExtraExtensions, e)
		})},
	})
}

func sctStories() []Story {
	type input = virtual.SCTInput
	sct := func(change func(*input)) func(*Setup) { return func(s *Setup) { s.Request.SCT = change } }
	return family("scts", []Story{
		{Name: "no sct", Code: "sct.missing", Comment: "Where the trust root lists a CT log, a certificate has to be promised to one.", Break: func(s *Setup) { s.Request.SCTs = -1 }},
		{Name: "sct list cut off", Code: "sct.malformed", Comment: "The list is not as long as it says (RFC 6962, 3.3).", Break: func(s *Setup) {
			s.Request.SCTList = func(list []byte) []byte { return list[:len(list)-1] }
		}},
		{Name: "sct by a stranger", Code: "sct.signature", Comment: "The timestamp names the log and is signed by another key.", Break: func(s *Setup) {
			stranger := s.Stranger()
			s.Request.SCT = func(in *input) { in.Key = stranger }
		}},
		{Name: "sct for another issuer", Code: "sct.signature", Comment: "The issuer's key is part of what the log signs (RFC 6962, 3.2).", Break: sct(func(in *input) { in.IssuerKeyHash[0] ^= 1 })},
		{Name: "sct for another certificate", Code: "sct.signature", Comment: "The log signed another certificate.", Break: sct(func(in *input) {
			in.TBS = append([]byte(nil), in.TBS...)
			in.TBS[len(in.TBS)-1] ^= 1
		})},
		{Name: "sct before the log began", Code: "sct.window", Comment: "A millisecond before the log's key counted.", Break: sct(func(in *input) {
			in.Timestamp = uint64(virtual.DefaultTime().AddDate(-1, 0, 0).UnixMilli() - 1)
		})},
		{Name: "sct of an unknown log", Code: "sct.unknown_log", Notes: []string{"sct.unknown_log"}, Comment: "A promise of a CT log that the trust root does not list is ignored.", Break: sct(func(in *input) { in.LogID[0] ^= 1 })},
		{Name: "one log twice", Code: "sct.threshold", Comment: "Two timestamps of one log are one log's (CVE-2026-49834).", Make: func(s *Setup) { s.Request.SCTs = 2 }, Break: func(s *Setup) {
			s.Policy.Require.SCTs = 2
		}},
		{Name: "sct required of a key", Code: "sct.missing", Comment: "A managed key has no certificate that could have been published.", Make: func(s *Setup) { s.Manage(virtual.ECDSAP256) }, Break: func(s *Setup) {
			s.Policy.Require.SCTs = 1
		}},
	})
}

func identityStories() []Story {
	identities := func(list ...Identity) func(*Setup) { return func(s *Setup) { s.Policy.Identities = list } }
	san, issuer := Match{Exact: virtual.DefaultSAN}, Match{Exact: virtual.DefaultIssuer}
	return family("identity", []Story{
		{Name: "another signer", Code: "identity.san", Comment: "Somebody else signed, though everything about it is in order (CVE-2022-36056).", Break: identities(Identity{SAN: Match{Exact: "https://example.test/me"}, Issuer: issuer})},
		{Name: "expression matches a part", Code: "identity.san", Comment: "Expressions are anchored at both ends: what only begins like the signer does not match.", Break: identities(Identity{SAN: Match{Regexp: `https://github\.com/example/pro`}, Issuer: issuer})},
		{Name: "another issuer", Code: "identity.issuer", Comment: "The name is right, and somebody else vouched for it.", Break: identities(Identity{SAN: san, Issuer: Match{Exact: "https://accounts.example.test"}})},
		{Name: "issuer where none is wanted", Code: "identity.issuer", Comment: "A policy for certificates without an issuer does not take those with one.", Break: identities(Identity{SAN: san, Issuer: Match{Absent: true}})},
		{Name: "no issuer", Code: "identity.issuer", Comment: "Even an expression that matches everything wants an issuer to match.", World: virtual.Config{GitHub: true}, Break: identities(Identity{SAN: Match{Exact: virtual.GitHubSAN}, Issuer: Match{Regexp: `.*`}})},
		{Name: "email that reads as a uri", Code: "identity.kind", Comment: "The name is the one wanted, in the field for email addresses, which a constraint on URIs does not cover.", Break: func(s *Setup) {
			s.Request.Names = []virtual.Name{{Type: virtual.Email, Value: virtual.DefaultSAN}}
		}},
		{Name: "parts of two identities", Code: "identity.issuer", Comment: "The name of one identity and the issuer of another do not add up to one. The report names the nearest.", Break: identities(
			Identity{SAN: Match{Exact: "https://other.test"}, Issuer: Match{Exact: "https://other.test"}},
			Identity{Name: "ours elsewhere", SAN: san, Issuer: Match{Exact: "https://other.test"}})},
		{Name: "another extension", Code: "identity.extension", Comment: "The certificate is for another environment than the policy wants.", Make: func(s *Setup) {
			s.Request.Extensions = map[int]string{23: "staging"}
		}, Break: identities(Identity{SAN: san, Issuer: issuer, Extensions: map[string]Match{"deploymentEnvironment": {Exact: "production"}}})},
		{Name: "absent extension", Code: "identity.extension", Comment: "An extension that is absent does not match, not even everything.", Break: identities(Identity{SAN: san, Issuer: issuer,
			Extensions: map[string]Match{"buildTrigger": {Regexp: `.*`}}})},
	})
}

func ruleStories() []Story {
	return family("rules", []Story{
		{Name: "rule objects", Code: "rule.refused", Comment: "The caller's own rules come last, and can only refuse.", Break: func(s *Setup) { s.Policy.Rules = []string{"agree", "object"} }},
	})
}

func digestStories() []Story {
	type message = bundlev1.Bundle
	digest := func(change func(*message)) func(*Setup) { return func(s *Setup) { s.Request.Bundle = change } }
	return family("digest", []Story{
		{Name: "digest of something else", Code: "artifact.mismatch", Comment: "The bundle's own digest is a hint; if it is not the artifact's, the two do not belong together.", Break: digest(func(m *message) {
			m.GetMessageSignature().MessageDigest.Digest[0] ^= 1
		})},
		{Name: "digest that is not known", Code: "artifact.not_comparable", Comment: "The bundle speaks of SHA-512, the caller knows SHA-256.", Make: func(s *Setup) { s.Digest = "sha256:" + digestOf() }, Break: digest(func(m *message) {
			d := m.GetMessageSignature().MessageDigest
			d.Algorithm, d.Digest = 3, []byte(strings.Repeat("x", 64))
		})},
	})
}
