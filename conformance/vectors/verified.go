// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha512"
	"fmt"
	"strings"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
)

// verifiedStories has every shape of bundle that signers make.
func verifiedStories() []Story {
	require := func(r Require) func(*Setup) { return func(s *Setup) { s.Policy.Require = r } }
	byDigest := func(s *Setup) { s.Digest = "sha256:" + digestOf() }
	return verified([]Story{
		{Name: "v03 message", Comment: "A message signature in a 0.3 bundle, entered into Rekor v1."},
		{Name: "v03 message by digest", Comment: "The same, of an artifact of which the digest is known.", Make: byDigest},
		{Name: "chain in 03", Notes: []string{"bundle.loose_chain"}, Comment: "A chain in place of the lone certificate, as signers with a private authority write it in 0.3.", Make: func(s *Setup) {
			s.Request.Bundle = func(m *bundlev1.Bundle) {
				leaf := m.GetVerificationMaterial().GetCertificate()
				m.VerificationMaterial.Content = &bundlev1.VerificationMaterial_X509CertificateChain{
					X509CertificateChain: &commonv1.X509CertificateChain{Certificates: []*commonv1.X509Certificate{leaf}},
				}
			}
		}},
		{Name: "v02 message", Comment: "Version 0.2 carries the certificate in a chain.", Make: version(bundle.V02)},
		{Name: "v01 message", Comment: "Version 0.1 demands a promise.", Make: version(bundle.V01)},
		{Name: "v01 promise only", Comment: "A promise alone is enough for 0.1, which proves inclusion by trust in the log's key.", Make: with(version(bundle.V01), func(s *Setup) { s.Request.WithoutProof = true })},
		{Name: "rekor v1 without a tree", Comment: "A Rekor v1 log leaves out the number of its tree, as Rekor v2 does. The entry is of a kind that only v1 has.", Make: with(attest, bareOrigin, func(s *Setup) { s.Request.Kind = tlog.IntotoV002() })},
		{Name: "rekor v1 without a tree or a promise", Comment: "The same, and an authority proves the time.", Make: with(attest, bareOrigin, func(s *Setup) { s.Request.Kind, s.Request.WithoutPromise = tlog.IntotoV002(), true })},
		{Name: "rekor v2 envelope as dsse", Comment: "Rekor v2 took entries of kind dsse 0.0.2 until 2026; the production log holds some.", Make: with(attest, rekorV2, func(s *Setup) { s.Request.Kind = tlog.DSSEV002() })},
		{Name: "rekor v2 envelope of a managed key as dsse", Comment: "The same with a bare key.", Make: with(attest, rekorV2, func(s *Setup) { s.Request.Kind = tlog.DSSEV002(); s.Manage(virtual.ECDSAP256) })},
		{Name: "rekor v2 envelope of P-384 as dsse", Comment: "The payload is hashed with SHA-256, whatever the signature is over.", Make: with(attest, rekorV2, func(s *Setup) { s.Request.Kind = tlog.DSSEV002(); s.Request.LeafKey = virtual.ECDSAP384 })},
		{Name: "v03 envelope", Comment: "A statement in an envelope, entered into Rekor v1 as dsse 0.0.1.", Make: attest},
		{Name: "v02 envelope", Comment: "The same in a 0.2 bundle.", Make: with(attest, version(bundle.V02))},
		{Name: "v01 envelope of intoto", Comment: "The oldest kind of entry for envelopes that is verified, intoto 0.0.2.", Make: with(attest, version(bundle.V01), func(s *Setup) { s.Request.Kind = tlog.IntotoV002() })},
		{Name: "rekor v2 message", Comment: "Rekor v2: the body is rebuilt from the bundle, the time comes from a timestamp.", Make: rekorV2},
		{Name: "rekor v2 envelope", Comment: "Rekor v2 logs envelopes as hashedrekord 0.0.2 over their encoding.", Make: with(rekorV2, attest)},
		{Name: "rekor v2 in a grown tree", Comment: "An inclusion proof of many hashes.", World: virtual.Config{RekorV2Size: 1<<32 + 12345}, Make: with(rekorV2, later)},
		{Name: "rekor v1 and v2", Comment: "Two logs and two times count as two.", Make: with(stamped, func(s *Setup) {
			s.Request.Evidence, s.Policy.Require = virtual.RekorBoth, Require{Logs: 2, Times: 2}
		})},
		{Name: "rekor v1 proof and timestamp", Comment: "Without a promise Rekor v1 proves no time; a timestamp does.", Make: func(s *Setup) { s.Request.WithoutPromise = true }},
		{Name: "timestamp only", Comment: "No log, because the policy asks for none. The report says that less was required than the trust root suggests.", Make: func(s *Setup) {
			s.Request.Evidence, s.Policy.Require = virtual.NoLog, Require{Logs: -1}
		}},
		{Name: "three authorities", Comment: "Three timestamp authorities and a log make four sources of time.", World: virtual.Config{TSAs: 3}, Make: with(
			func(s *Setup) { s.Request.Timestamps = 3 }, require(Require{Timestamps: 3, Times: 4}))},
		{Name: "timestamp with certificates", Comment: "The authority's certificates stand in the token as well.", Make: with(stamped, func(s *Setup) { s.Request.EmbedCertificates = true })},
		{Name: "timestamp of a bare anchor", Comment: "The trust root has no more of the authority than its anchor; the token brings the rest.", Make: with(stamped, func(s *Setup) {
			s.Request.EmbedCertificates, s.Root = true, func(r *trustrootv1.TrustedRoot) {
				chain := r.TimestampAuthorities[0].CertChain
				chain.Certificates = chain.Certificates[2:]
			}
		}, require(Require{Timestamps: 1}))},
		{Name: "timestamp of a lone authority", Comment: "An authority of one self-signed certificate.", World: virtual.Config{LoneTSA: true}, Make: with(stamped, require(Require{Timestamps: 1}))},
		{Name: "github", Comment: "GitHub's instance has no logs, and its certificates name no issuer.", World: virtual.Config{GitHub: true}, Make: attest},
		{Name: "cosigned checkpoint", Comment: "Lines of witnesses on a checkpoint are read and ignored.", World: virtual.Config{Witnesses: []string{"witness.test/one", "witness.test/two"}}, Make: rekorV2},
		{Name: "sct with extensions", Comment: "Static CT logs sign extensions, which are part of what is signed (RFC 6962, 3.2).", World: virtual.Config{CTExtensions: []byte("\x00\x00\x05\x00\x00\x00\x00\x70")}},
		{Name: "issued by the root", Comment: "An authority without intermediates.", World: virtual.Config{BareRoot: true}},
	})
}

// satisfiedStories has every way to say what is wanted.
func satisfiedStories() []Story {
	return verified([]Story{
		{Name: "anyone of any issuer", Notes: []string{"identity.any"}, Comment: "Patterns that match everything accept anyone, and the report notes it.",
			Make: func(s *Setup) {
				s.Policy = Policy{Identities: []Identity{{SAN: Match{Regexp: ".*"}, Issuer: Match{Regexp: ".*"}}}}
			}},
		{Name: "signed after the time asked about", Notes: []string{"time.later"}, Comment: "The time asked about decides nothing; the report notes that every proved time is later.",
			Make: func(s *Setup) { s.Policy.AsOf = virtual.DefaultTime().AddDate(-1, 0, 0) }},
		{Name: "sha1 subject", Comment: "A weak digest matches because the caller names it, and the report says that it is weak.", Make: with(attest, subject("sha1", fmt.Sprintf("%x", sha1.Sum([]byte(Content)))), func(s *Setup) {
			s.Digest = fmt.Sprintf("sha1:%x", sha1.Sum([]byte(Content)))
		})},
		{Name: "gitCommit subject", Comment: "A commit is named by its digest in its repository.", Make: with(attest, subject("gitCommit", strings.Repeat("5a", 20)), func(s *Setup) {
			s.Digest = "gitCommit:" + strings.Repeat("5a", 20)
		})},
		{Name: "sha512 subject", Comment: "A subject with SHA-512 alone.", Make: with(attest, subject("sha512", fmt.Sprintf("%x", sha512.Sum512([]byte(Content)))))},
		{Name: "sha384 subject", Comment: "A subject with SHA-384 alone.", Make: with(attest, subject("sha384", fmt.Sprintf("%x", sha512.Sum384([]byte(Content)))))},
		{Name: "third of three subjects", Comment: "Any subject may match; the report says which one did.", Make: with(attest, func(s *Setup) {
			s.Request.Statement = func(m *virtual.Statement) {
				other := virtual.Subject{Name: "other", Digest: map[string]string{"sha256": strings.Repeat("00", 32)}}
				m.Subjects = append([]virtual.Subject{other, other}, m.Subjects...)
			}
		})},
		{Name: "second of two identities", Comment: "One identity has to match in full; it need not be the first.", Make: func(s *Setup) {
			issuer := Match{Exact: virtual.DefaultIssuer}
			s.Policy.Identities = []Identity{{SAN: Match{Exact: "https://other.test"}, Issuer: issuer},
				{Name: "release workflow", SAN: Match{Regexp: `https://github\.com/example/project/.*`}, Issuer: issuer}}
		}},
		{Name: "extension", Comment: "The policy asks for an extension of the certificate by its name.", Make: func(s *Setup) {
			s.Request.Extensions = map[int]string{23: "production"}
			s.Policy.Identities = []Identity{{SAN: Match{Exact: virtual.DefaultSAN}, Issuer: Match{Exact: virtual.DefaultIssuer},
				Extensions: map[string]Match{"deploymentEnvironment": {Exact: "production"}}}}
		}},
		{Name: "email", Comment: "A signer with an email address.", Make: func(s *Setup) { s.Request.SAN = "someone@example.test" }},
		{Name: "other name", Comment: "A signer with a user name, which certificates have as otherName.", Make: func(s *Setup) {
			s.Request.SAN = "someone!example.test"
			s.Request.Names = []virtual.Name{{Type: virtual.OtherName, Value: "someone!example.test"}}
		}},
		{Name: "any identity", Comment: "The check is skipped where the policy accepts anyone, and the report says so.", Make: func(s *Setup) { s.Policy.AnyIdentity = true }},
		{Name: "rule agrees", Comment: "A rule of the policy that has no objection.", Make: func(s *Setup) { s.Policy.Rules = []string{"agree"} }},
		{Name: "last instant of the certificate", Comment: "Both ends of a certificate's life belong to it (RFC 5280, 4.1.2.5).", Make: func(s *Setup) {
			s.Request.Promise = func(p *virtual.PromiseInput) { p.Integrated += int64((10 * time.Minute).Seconds()) }
		}},
		{Name: "last instant of the log", Comment: "Both ends of a key's window belong to it.", Make: root(func(r *trustrootv1.TrustedRoot) {
			r.Tlogs[0].PublicKey.ValidFor.End = instant(0)
		})},
		{Name: "unsupported key in the root", Comment: "A log with a kind of key that is not known is set aside; the rest of the trust root counts.", Make: root(func(r *trustrootv1.TrustedRoot) {
			other := proto.Clone(r.Tlogs[0]).(*trustrootv1.TransparencyLogInstance)
			other.PublicKey.KeyDetails = commonv1.PublicKeyDetails_LMS_SHA256
			other.LogId.KeyId = []byte(strings.Repeat("x", 32))
			r.Tlogs = append(r.Tlogs, other)
		})},
		{Name: "log without a declared ID", Comment: "The log's ID is one that its key has: the checkpoint key ID says which.", Make: func(s *Setup) {
			s.Request.Evidence = virtual.RekorV2
			root(func(r *trustrootv1.TrustedRoot) {
				r.MediaType = "application/vnd.dev.sigstore.trustedroot.v0.2+json"
				r.Tlogs[1].CheckpointKeyId = &commonv1.LogId{KeyId: r.Tlogs[1].LogId.KeyId[:4]}
				r.Tlogs[1].LogId = nil
			})(s)
		}},
		{Name: "origin without the port", Comment: "A Rekor v2 log may sign under the bare host of its URL.", World: virtual.Config{RekorV2Key: virtual.ECDSAP256}, Make: func(s *Setup) {
			s.Request.Evidence = virtual.RekorV2
			root(func(r *trustrootv1.TrustedRoot) { r.Tlogs[1].BaseUrl += ":8443" })(s)
		}},
		{Name: "log listed twice", Comment: "The same log twice is that log.", Make: root(func(r *trustrootv1.TrustedRoot) {
			r.Tlogs = append(r.Tlogs, proto.Clone(r.Tlogs[0]).(*trustrootv1.TransparencyLogInstance))
		})},
		{Name: "unsupported curve in the root", Comment: "An authority with a key on a curve that is not known is set aside; the rest of the trust root counts.", Make: root(func(r *trustrootv1.TrustedRoot) {
			other := proto.Clone(r.CertificateAuthorities[0]).(*trustrootv1.CertificateAuthority)
			other.Uri = "https://unknown.example"
			first := other.CertChain.Certificates[0]
			first.RawBytes = bytes.Replace(first.RawBytes, []byte{6, 5, 0x2b, 0x81, 4, 0, 34}, []byte{6, 5, 0x2b, 0x81, 4, 0, 10}, 1) // secp256k1
			r.CertificateAuthorities = append(r.CertificateAuthorities, other)
		})},
	})
}

// acceptedKeyStories has every kind of key that signs.
func acceptedKeyStories() []Story {
	var list []Story
	for _, k := range []struct {
		t    virtual.KeyType
		hash crypto.Hash
	}{
		{virtual.ECDSAP256, 0}, {virtual.ECDSAP384, 0}, {virtual.ECDSAP521, 0}, {virtual.RSA2048, 0},
		{virtual.RSA3072, 0}, {virtual.RSA4096, 0}, {virtual.Ed25519, 0}, {virtual.Ed25519ph, 0},
		{virtual.ECDSAP384, crypto.SHA256},
	} {
		manage := func(s *Setup) { s.Manage(k.t); s.Request.Hash = k.hash }
		name, notes := "managed "+k.t.String(), []string(nil)
		if k.hash != 0 {
			name, notes = name+" over SHA-256", []string{"signature.sha256"}
		}
		list = append(list,
			Story{Name: name, Comment: "A managed key signs the artifact, which the bundle names by a hint.", Notes: notes, Make: manage},
			Story{Name: name + " envelope", Comment: "A managed key signs a statement.", Notes: notes, Make: with(attest, manage)})
	}
	for _, t := range []virtual.KeyType{virtual.ECDSAP384, virtual.ECDSAP521, virtual.RSA2048, virtual.Ed25519ph} {
		leaf := func(s *Setup) { s.Request.LeafKey = t }
		list = append(list, Story{Name: "certified " + t.String(), Comment: "A certificate for another kind of key than usual.", Make: leaf},
			Story{Name: "certified " + t.String() + " in rekor v2", Comment: "The same in Rekor v2, whose entries follow the key's own hash.", Make: with(rekorV2, leaf)})
	}
	list = append(list,
		Story{Name: "managed in rekor v2", Comment: "Rekor v2 holds a bare key.", Make: with(rekorV2, func(s *Setup) { s.Manage(virtual.ECDSAP256) })},
		Story{Name: "managed with a window", Comment: "A key with a window of validity needs a proven time inside it.", Make: func(s *Setup) {
			s.Manage(virtual.ECDSAP256)
			s.Policy.Keys[0].Start, s.Policy.Keys[0].End = virtual.DefaultTime(), virtual.DefaultTime()
		}},
		Story{Name: "managed without a time", Comment: "A key without a window needs no time, and where the trust root lists no log, no entry.", World: virtual.Config{GitHub: true}, Make: func(s *Setup) {
			s.Manage(virtual.ECDSAP256)
			s.Request.Timestamps = -1
		}},
		Story{Name: "second of two managed keys", Comment: "Of several keys the bundle's hint names one.", Make: func(s *Setup) {
			k := s.Manage(virtual.ECDSAP256)
			s.Policy.Keys = []Key{{SPKI: s.Stranger().SPKI(), Hint: "other"}, {SPKI: k.SPKI(), Hint: k.Hint()}}
		}},
	)
	return verified(list)
}

// verified completes stories that end well.
func verified(list []Story) []Story {
	for i := range list {
		list[i].Check = "verified"
	}
	return list
}

// bareOrigin leaves the number of the tree out of checkpoints of Rekor v1.
func bareOrigin(s *Setup) {
	s.Request.Checkpoint = func(c *virtual.CheckpointInput) { c.Origin = c.Name }
}

// subject has a statement of one subject with one digest.
func subject(algorithm, value string) func(*Setup) {
	return func(s *Setup) {
		s.Request.Statement = func(m *virtual.Statement) {
			m.Subjects = []virtual.Subject{{Name: "artifact", Digest: map[string]string{algorithm: value}}}
		}
	}
}

func version(v bundle.Version) func(*Setup) {
	return func(s *Setup) { s.Request.Version = v }
}
