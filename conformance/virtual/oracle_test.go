// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"testing"

	ct "github.com/google/certificate-transparency-go"
	cttls "github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"google.golang.org/protobuf/encoding/protojson"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// What this package writes by hand is judged here by code that shares none
// with the rest of this module.

func TestCertificateOracle(t *testing.T) {
	for _, k := range []virtual.KeyType{virtual.ECDSAP256, virtual.ECDSAP384, virtual.RSA2048, virtual.Ed25519} {
		w := newWorld(t, virtual.Config{CAKey: k})
		chain := rootOf(t, w).CertificateAuthorities()[0].Chain()
		s := sign(t, w, virtual.Request{SAN: "https://example.test/Some%2fThing"})
		leaf, err := x509.ParseCertificate(s.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		opts := x509.VerifyOptions{
			Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: w.Time(),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		}
		opts.Intermediates.AddCert(chain[0])
		opts.Roots.AddCert(chain[1])
		if _, err := leaf.Verify(opts); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if !bytes.Contains(leaf.Raw, []byte("https://example.test/Some%2fThing")) {
			t.Errorf("%s: the name was respelled", k)
		}
	}
}

func TestSCTOracle(t *testing.T) {
	for _, k := range []virtual.KeyType{virtual.ECDSAP256, virtual.RSA2048} {
		w := newWorld(t, virtual.Config{CTKey: k, CTExtensions: []byte("\x00\x00\x05\x00\x00\x00\x00\x70")})
		root := rootOf(t, w)
		s := sign(t, w, virtual.Request{})
		var chain []*ctx509.Certificate
		for _, der := range [][]byte{s.Certificate, root.CertificateAuthorities()[0].Chain()[0].Raw} {
			cert, err := ctx509.ParseCertificate(der)
			if ctx509.IsFatal(err) {
				t.Fatal(err)
			}
			chain = append(chain, cert)
		}
		list := chain[0].SCTList.SCTList
		if len(list) != 1 {
			t.Fatalf("%d SCTs", len(list))
		}
		var sct ct.SignedCertificateTimestamp
		if rest, err := cttls.Unmarshal(list[0].Val, &sct); err != nil || len(rest) != 0 {
			t.Fatalf("%d bytes left over, %v", len(rest), err)
		}
		entry, err := ct.MerkleTreeLeafForEmbeddedSCT(chain, sct.Timestamp)
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := ct.NewSignatureVerifier(root.CTLogs()[0].PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.VerifySCTSignature(sct, ct.LogEntry{Leaf: *entry}); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func TestTreeOracle(t *testing.T) {
	w := newWorld(t, virtual.Config{})
	var leaves [][]byte // all that is in the tree, as far as it is known
	for i := range 70 {
		s := sign(t, w, numbered(i*3))
		p := s.Message.VerificationMaterial.TlogEntries[0].InclusionProof
		leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(s.Message.VerificationMaterial.TlogEntries[0].CanonicalizedBody))
		if !bytes.Equal(p.RootHash, slowRoot(leaves)) {
			t.Fatalf("root of %d entries differs", len(leaves))
		}
	}
	w = newWorld(t, virtual.Config{RekorV2Size: 1<<40 + 12345})
	for later := range 20 {
		s := sign(t, w, virtual.Request{Evidence: virtual.RekorV2, Later: later})
		e := s.Message.VerificationMaterial.TlogEntries[0]
		p := e.InclusionProof
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.LogIndex), uint64(p.TreeSize),
			rfc6962.DefaultHasher.HashLeaf(e.CanonicalizedBody), p.Hashes, p.RootHash); err != nil {
			t.Errorf("%d later: %v", later, err)
		}
	}
}

// slowRoot is RFC 6962, Section 2.1, to the letter.
func slowRoot(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return rfc6962.DefaultHasher.HashChildren(slowRoot(leaves[:k]), slowRoot(leaves[k:]))
}

func TestBundleOracle(t *testing.T) {
	s := sign(t, newWorld(t, virtual.Config{}), virtual.Request{PredicateType: predicate, Predicate: []byte(`{"a":"<&>"}`)})
	if err := protojson.Unmarshal(s.Bundle, new(bundlev1.Bundle)); err != nil {
		t.Error(err)
	}
	body := s.Message.VerificationMaterial.TlogEntries[0].CanonicalizedBody
	for _, text := range [][]byte{s.Bundle, s.Payload, body} {
		if !json.Valid(text) {
			t.Errorf("not JSON: %s", text)
		}
	}
}

func TestRSAKeys(t *testing.T) {
	w := newWorld(t, virtual.Config{})
	for want, k := range map[int]virtual.KeyType{2048: virtual.RSA2048, 3072: virtual.RSA3072} {
		key, err := w.Key("rsa", k)
		if err != nil {
			t.Fatal(err)
		}
		if n := key.Public().(*rsa.PublicKey).N.BitLen(); n != want {
			t.Errorf("%d bits, want %d", n, want)
		}
		if again, err := newWorld(t, virtual.Config{}).Key("rsa", k); err != nil || !bytes.Equal(again.SPKI(), key.SPKI()) {
			t.Errorf("not the same key twice: %v", err)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	for _, c := range []virtual.Config{
		{CAKey: 99}, {CTKey: virtual.Ed25519ph}, {RekorV1Key: 99}, {RekorV2Key: virtual.Ed25519ph}, {TSAKey: -1},
	} {
		if _, err := virtual.New(c); err == nil {
			t.Errorf("%+v is a world", c)
		}
	}
	w := newWorld(t, virtual.Config{})
	for name, r := range map[string]virtual.Request{
		"key":       {LeafKey: 99},
		"timestamp": {Timestamps: 2},
		"predicate": {PredicateType: predicate, Predicate: []byte("{")},
		"no key":    hooks(virtual.Hooks{Signature: func(s *virtual.SignatureInput) { s.Key = nil }}),
		"no issuer": hooks(virtual.Hooks{Certificate: func(c *virtual.CertificateInput) { c.Key = nil }}),
		"no signer": hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) { s.Signer = nil }}),
		"no serial": hooks(virtual.Hooks{Certificate: func(c *virtual.CertificateInput) { c.SerialNumber = nil }}),
		"kind":      hooks(virtual.Hooks{Entry: func(e *virtual.EntryInput) { e.Kind.Name = "jar" }}),
	} {
		if _, err := w.Sign(r); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
