// SPDX-License-Identifier: Apache-2.0

//go:build unix

package mutate

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"testing"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/verify"
)

// altered is a subject's bundle after a change.
func (s *subject) altered(edit func(doc *node)) []byte {
	c := s.doc.clone()
	edit(c)
	return c.write()
}

func repeated(n *node, times int) *node {
	l := &node{kind: '['}
	for range times {
		l.items = append(l.items, n)
	}
	return l
}

// entryOf returns the first log entry of a bundle, proofOf its proof.
func entryOf(doc *node) *node { return entriesOf(doc).items[0] }
func proofOf(doc *node) *node { return entryOf(doc).get("inclusionProof") }

// hostileBundle is a change to a bundle, and the code it is refused with.
type hostileBundle struct {
	name, want string
	edit       func(doc *node)
}

func runHostile(t *testing.T, list []hostileBundle) {
	s := house(t).subjects[0]
	for _, x := range list {
		t.Run(x.name, hostile{x.name, x.want, s.altered(x.edit), func(data []byte) error { _, err := s.judge(data); return err }}.run)
	}
}

// Lists that are right in every respect but their length: one more than the
// bound, or so many that reading them all would show.
func TestHostileCounts(t *testing.T) {
	hash := str(inBase64(strings.Repeat("h", 32)))
	chain := func(times int) func(doc *node) {
		return func(doc *node) {
			doc.set("mediaType", str("application/vnd.dev.sigstore.bundle+json;version=0.1"))
			m := doc.get("verificationMaterial")
			leaf := m.get("certificate")
			m.set("certificate", nil)
			m.set("x509CertificateChain", &node{kind: '{', members: []member{{"certificates", repeated(leaf, times)}}})
		}
	}
	signatures := func(times int) func(doc *node) {
		return func(doc *node) {
			doc.set("messageSignature", nil)
			doc.set("dsseEnvelope", raw(`{"payload":"e30=","payloadType":"t","signatures":[`+strings.TrimSuffix(strings.Repeat(`{"sig":"AA=="},`, times), ",")+`]}`))
		}
	}
	hashes := func(times int) func(doc *node) {
		return func(doc *node) { proofOf(doc).set("hashes", repeated(hash, times)) }
	}
	runHostile(t, []hostileBundle{
		{"33 entries", "bundle.limit", func(doc *node) { *entriesOf(doc) = *repeated(entryOf(doc), 33) }},
		{"33 timestamps", "bundle.limit", func(doc *node) {
			doc.get("verificationMaterial").set("timestampVerificationData", &node{kind: '{', members: []member{{"rfc3161Timestamps", repeated(raw(`{"signedTimestamp":"MAA="}`), 33)}}})
		}},
		{"11 certificates", "bundle.limit", chain(11)},
		{"two signatures", "bundle.signature_count", signatures(2)},
		{"a thousand signatures", "bundle.limit", signatures(1000)},
		{"65 hashes", "bundle.limit", hashes(65)},
		{"hashes for a larger tree", "tlog.inclusion", hashes(64)},
	})
}

// Strings, numbers and certificates of any length.
func TestHostileLengths(t *testing.T) {
	long := size(30 << 20)
	text, bytes := str(strings.Repeat("t", long)), str(strings.Repeat("AAAA", long/4))
	runHostile(t, []hostileBundle{
		{"a hash", "bundle.malformed", func(doc *node) { proofOf(doc).set("hashes", repeated(bytes, 1)) }},
		{"a root", "bundle.malformed", func(doc *node) { proofOf(doc).set("rootHash", bytes) }},
		{"a log ID", "bundle.log_id", func(doc *node) { entryOf(doc).get("logId").set("keyId", bytes) }},
		{"a kind", "tlog.entry.kind", func(doc *node) { entryOf(doc).get("kindVersion").set("kind", text) }},
		{"a version", "tlog.entry.kind", func(doc *node) { entryOf(doc).get("kindVersion").set("version", text) }},
		{"a key hint", "key.missing", func(doc *node) {
			doc.get("verificationMaterial").set("certificate", nil)
			doc.get("verificationMaterial").set("publicKey", &node{kind: '{', members: []member{{"hint", text}}})
		}},
		{"an algorithm", "bundle.digest", func(doc *node) { doc.get("messageSignature").get("messageDigest").set("algorithm", text) }},
		{"a member", "bundle.malformed", func(doc *node) { doc.set(text.text, raw("1")) }},
		{"a key ID and a payload type", "tlog.entry.signature", func(doc *node) {
			doc.set("messageSignature", nil)
			third := text.text[:long/3]
			doc.set("dsseEnvelope", raw(`{"payload":"e30=","payloadType":"`+third+`","signatures":[{"sig":"AA==","keyid":"`+third+`"}]}`))
		}},
		{"a media type", "bundle.version", func(doc *node) { doc.set("mediaType", text) }},
		{"a checkpoint", "bundle.limit", func(doc *node) { proofOf(doc).get("checkpoint").set("envelope", text) }},
		{"a checkpoint of line ends", "tlog.checkpoint.malformed", func(doc *node) {
			proofOf(doc).get("checkpoint").set("envelope", str(strings.Repeat("\n", 64<<10)))
		}},
		{"a certificate", "bundle.limit", func(doc *node) { doc.get("verificationMaterial").get("certificate").set("rawBytes", bytes) }},
		{"a promise", "tlog.promise.signature", func(doc *node) {
			entryOf(doc).get("inclusionPromise").set("signedEntryTimestamp", str(bytes.text[:long/4*2/4*4]))
		}},
		{"a time", "bundle.number", func(doc *node) { entryOf(doc).set("integratedTime", str(strings.Repeat("9", 1000))) }},
		{"a digest", "bundle.digest", func(doc *node) { doc.get("messageSignature").get("messageDigest").set("digest", bytes) }},
		{"a signature", "tlog.entry.signature", func(doc *node) { doc.get("messageSignature").set("signature", bytes) }},
	})
}

// size is that of a hostile text: less where there is little time.
func size(n int) int {
	if testing.Short() {
		return n >> 5
	}
	return n
}

// Evidence that is too much of a good thing, all of it signed.
func TestHostileBags(t *testing.T) {
	leaf, err := x509.ParseCertificate(certificate(t, "one of many", "somebody", true, nil))
	if err != nil {
		t.Fatal(err)
	}
	bag := func(n int) virtual.Request {
		return virtual.Request{Evidence: virtual.RekorV2, Hooks: virtual.Hooks{Timestamp: func(in *virtual.TimestampInput) {
			for range n {
				in.Certificates = append(in.Certificates, leaf)
			}
		}}}
	}
	rsaBits := func(bits uint) virtual.Request {
		return virtual.Request{Hooks: virtual.Hooks{Bundle: func(m *bundlev1.Bundle) { m.VerificationMaterial.GetCertificate().RawBytes = hugeRSA(t, bits) }}}
	}
	helpers := func(n int) virtual.Request {
		return virtual.Request{Version: bundle.V01, Hooks: virtual.Hooks{Bundle: func(m *bundlev1.Bundle) {
			chain := m.VerificationMaterial.GetX509CertificateChain()
			for i := range n {
				helper := &commonv1.X509Certificate{RawBytes: certificate(t, fmt.Sprintf("helper %d", i), fmt.Sprintf("helper %d", i+1), true, nil)}
				chain.Certificates = append(chain.Certificates, helper)
			}
		}}}
	}
	for _, x := range []struct {
		name, want string
		request    virtual.Request
	}{
		{"11 certificates in a timestamp", "timestamp.malformed", bag(11)},
		{"40 certificates in a timestamp", "timestamp.malformed", bag(40)},
		{"an RSA key of 8,193 bits", "bundle.limit", rsaBits(8193)},
		{"an RSA key of 200,000 bits", "bundle.limit", rsaBits(200_000)},
		{"9 helpers", "", helpers(9)},
		{"10 helpers", "bundle.limit", helpers(10)},
	} {
		data, judge := signedHostile(t, virtual.Config{}, x.request)
		t.Run(x.name, hostile{x.name, x.want, data, judge}.run)
	}
}

// The hint of a key, which nothing signs.
func TestHostileHint(t *testing.T) {
	s := find(t, "public: managed key, v1")
	data := s.altered(func(doc *node) {
		doc.get("verificationMaterial").get("publicKey").set("hint", str(strings.Repeat("h", size(30<<20))))
	})
	hostile{"a hint of 30 MB", "key.hint", data, func(data []byte) error { _, err := s.judge(data); return err }}.run(t)
}

// Texts of a statement, which its signer chose.
func TestHostileStatements(t *testing.T) {
	text := strings.Repeat("t", 10<<20)
	for name, x := range map[string][2]string{
		"_type":          {"statement.type", `{"_type":"` + text + `","subject":[{"digest":{"sha256":"00"}}]}`},
		"a member":       {"", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"` + text + `":1}`},
		"an algorithm":   {"", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"` + text + `":"00"}}]}`},
		"a digest":       {"", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + text + `"}}]}`},
		"a subject":      {"", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"` + text + `","digest":{"sha256":"00"}}]}`},
		"a member twice": {"statement.malformed", `{"_type":"https://in-toto.io/Statement/v1","` + text + `":1,"` + text + `":1}`},
	} {
		t.Run(name, hostile{name, x[0], []byte(x[1]), parseStatement}.run)
	}
	p := virtual.Request{PredicateType: strings.Repeat("p", 1<<20)}
	data, _ := signedHostile(t, virtual.Config{}, p)
	h := hostile{"another predicate type of 1 MB", "statement.predicate_type", data, func(data []byte) error {
		b, err := bundle.Parse(data)
		if err != nil {
			return err
		}
		w, err := virtual.New(virtual.Config{})
		if err != nil {
			return err
		}
		text, err := w.TrustedRoot()
		if err != nil {
			return err
		}
		root, err := trustroot.Parse(text)
		if err != nil {
			return err
		}
		v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true, PredicateTypes: []string{"wanted"}}})
		if err != nil {
			return err
		}
		_, err = v.Verify(b, verify.NoArtifact())
		return err
	}}
	t.Run(h.name, h.run)
}

// Configuration is trusted, and bounded all the same.
func TestHostileConfiguration(t *testing.T) {
	services := `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[` + strings.TrimSuffix(strings.Repeat(`{"url":"https://a.test","majorApiVersion":1},`, 5000), ",") + `]}`
	h := hostile{"5,000 services", "signingconfig.limit", []byte(services), func(data []byte) error {
		_, err := signingconfig.Parse(data)
		return err
	}}
	t.Run(h.name, h.run)
	s := house(t).subjects[0]
	n := new(big.Int).Lsh(big.NewInt(1), 100_000)
	key := &rsa.PublicKey{N: n.Sub(n, big.NewInt(1)), E: 65537}
	for name, p := range map[string]verify.Policy{
		"policy.key":    {Keys: []verify.Key{{Public: key}}},
		"policy.regexp": {Identities: []verify.Identity{{SAN: verify.Matching(strings.Repeat("(a{1000}){1000}", 1000)), Issuer: verify.Exactly("x")}}},
	} {
		h := hostile{name, name, nil, func([]byte) error {
			_, err := verify.New(verify.Config{Root: s.root, Policy: p})
			return err
		}}
		t.Run(name, h.run)
	}
	// A log with a key that takes minutes is set aside, and the others serve.
	root, err := parseNode(s.Root)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	log := root.get("tlogs").items[0].get("publicKey")
	log.set("rawBytes", str(inBase64(string(der))))
	log.set("keyDetails", str("PKIX_RSA_PKCS1V15_4096_SHA256"))
	h = hostile{"a log's RSA key of 100,000 bits", "trust.key", root.write(), parseRoot}
	t.Run(h.name, h.run)
}
