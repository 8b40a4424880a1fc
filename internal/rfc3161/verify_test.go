// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/sigbundle/sigbundle/internal/cms"
	"time"
)

func TestVerify(t *testing.T) {
	w := newWorld(t, nil, nil)
	der := newDraft(w).build(t)
	tok, err := Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	clear(der) // the token must not depend on the caller's bytes
	a := newAuthority(t, w.chain()...)
	got, err := a.Verify(tok, []byte("a signature"))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Time.Equal(stampTime) || got.Time.Location() != time.UTC || got.Signer != w.leaf.cert ||
		got.Policy != "1.3.6.1.4.1.57264.2" || got.Authority != a {
		t.Errorf("stamp %+v", got)
	}
	if tok.Fault() != nil || tok.Warnings() != nil || tok.Certificates() != nil || tok.Nonce() != nil {
		t.Errorf("fault %v, warnings %q, %d certificates, nonce %v", tok.Fault(), tok.Warnings(), len(tok.Certificates()), tok.Nonce())
	}
	if tok.ImprintHash() != crypto.SHA256 || tok.Serial().Int64() != 77 || !tok.GenTime().Equal(stampTime) || tok.Policy() != got.Policy {
		t.Errorf("token %v %v %v %v", tok.ImprintHash(), tok.Serial(), tok.GenTime(), tok.Policy())
	}
	tok.Serial().SetInt64(1)
	if tok.Serial().Int64() != 77 {
		t.Error("the serial number can be changed")
	}
}

// TestAccepted has what authorities may do differently.
func TestAccepted(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(d *draft)
	}{
		{"status text", func(d *draft) { d.afterStatus = seq(tlv(tUTF8, []byte("Operation Okay"))) }},
		{"imprint SHA-384", func(d *draft) { d.imprintOf(cms.OIDSHA384, crypto.SHA384, null) }},
		{"imprint SHA-512 without parameters", func(d *draft) { d.imprintOf(cms.OIDSHA512, crypto.SHA512) }},
		{"accuracy", func(d *draft) { d.options = seq(integer(1), tlv(tFixed, []byte{1}), tlv(tFixed|1, []byte{1})) }},
		{"all options", func(d *draft) {
			d.options = bytes.Join([][]byte{seq(integer(1)), {1, 1, 0xff}, integer(5), tlv(tContext, tlv(tContext|4, seq())),
				tlv(tContext|1, seq(tlv(tOID, []byte{0x2a, 3}), tlv(tOctets)))}, nil)
		}},
		{"signer by key id", func(d *draft) { d.signerID, d.signerVersion = tlv(tFixed, []byte("leaf key id")), 3 }},
		{"ecPublicKey", func(d *draft) { d.signatureOID = cms.OIDECPublicKey }},
		{"SHA-512 by a P-256 key", func(d *draft) {
			d.hash, d.digestOID, d.signatureOID = crypto.SHA512, cms.OIDSHA512, cms.OIDECDSAWithSHA512
		}},
		{"SHA-1 certificate id", func(d *draft) { d.attributes = withCertIDs(certIDV1(d.world.leaf.cert)) }},
		{"both certificate ids", func(d *draft) {
			d.attributes = withCertIDs(certIDV1(d.world.leaf.cert), signingCertV2(certIDV2(d.world.leaf.cert)))
		}},
		{"certificate id with issuer", func(d *draft) {
			c := d.world.leaf.cert
			d.attributes = withCertIDs(signingCertV2(certIDV2(c, issuerSerial(c.RawIssuer, c.SerialNumber))))
		}},
		{"certificate id with SHA-512", func(d *draft) {
			id := seq(algorithm(cms.OIDSHA512), tlv(tOctets, cms.Digest(crypto.SHA512, d.world.leaf.cert.Raw)))
			d.attributes = withCertIDs(signingCertV2(id, certIDV2(d.world.root.cert)))
		}},
		{"unknown attribute", func(d *draft) { d.attributes = withAttribute(attribute("\x2a\x03", null)) }},
		{"unsigned attributes", func(d *draft) { d.unsigned = tlv(tContext|1, attribute("\x2a\x03", null)) }},
		{"revocation lists", func(d *draft) { d.afterCertificates = tlv(tContext|1, seq()) }},
		{"leaf inside", func(d *draft) { d.certificates = [][]byte{d.world.leaf.cert.Raw} }},
		{"certificates inside", func(d *draft) { d.certificates = [][]byte{d.world.root.cert.Raw, d.world.leaf.cert.Raw} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil, nil)
			d := newDraft(w)
			c.edit(d)
			verifies(t, newAuthority(t, w.chain()...), d)
		})
	}
}

func verifies(t *testing.T, a *Authority, d *draft) Stamp {
	t.Helper()
	tok, err := Parse(d.build(t))
	if err != nil {
		t.Fatal(err)
	}
	stamp, err := a.Verify(tok, d.message)
	if err != nil {
		t.Fatal(err)
	}
	return stamp
}

func certIDV1(cert *x509.Certificate) []byte {
	return attribute(oidSigningCertificate, seq(seq(seq(tlv(tOctets, cms.Digest(crypto.SHA1, cert.Raw))))))
}

// withCertIDs has the attributes ids in place of the signing certificate.
func withCertIDs(ids ...[]byte) func(*draft) [][]byte {
	return func(d *draft) [][]byte { return append(ids, contentTypeAttribute(), d.digestAttribute()) }
}

// withAttribute has one more attribute.
func withAttribute(attribute []byte) func(*draft) [][]byte {
	return func(d *draft) [][]byte { return append(defaultAttributes(d), attribute) }
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name         string
		key          crypto.Signer
		hash         crypto.Hash
		digestOID    string
		signatureOID string
	}{
		{"P-256", ecKey(t, elliptic.P256(), 3), crypto.SHA256, cms.OIDSHA256, cms.OIDECDSAWithSHA256},
		{"P-384 over SHA-256", ecKey(t, elliptic.P384(), 3), crypto.SHA256, cms.OIDSHA256, cms.OIDECDSAWithSHA256},
		{"P-384", ecKey(t, elliptic.P384(), 3), crypto.SHA384, cms.OIDSHA384, cms.OIDECDSAWithSHA384},
		{"P-521", ecKey(t, elliptic.P521(), 3), crypto.SHA512, cms.OIDSHA512, cms.OIDECDSAWithSHA512},
		{"RSA SHA-256", rsaKey(t), crypto.SHA256, cms.OIDSHA256, cms.OIDSHA256WithRSA},
		{"RSA SHA-384", rsaKey(t), crypto.SHA384, cms.OIDSHA384, cms.OIDSHA384WithRSA},
		{"RSA SHA-512", rsaKey(t), crypto.SHA512, cms.OIDSHA512, cms.OIDSHA512WithRSA},
		{"rsaEncryption SHA-256", rsaKey(t), crypto.SHA256, cms.OIDSHA256, cms.OIDRSAEncryption},
		{"rsaEncryption SHA-512", rsaKey(t), crypto.SHA512, cms.OIDSHA512, cms.OIDRSAEncryption},
		{"Ed25519 SHA-256", edKey(), crypto.SHA256, cms.OIDSHA256, cms.OIDEd25519},
		{"Ed25519 SHA-512", edKey(), crypto.SHA512, cms.OIDSHA512, cms.OIDEd25519},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.key, nil)
			d := newDraft(w)
			d.hash, d.digestOID, d.signatureOID = c.hash, c.digestOID, c.signatureOID
			a := newAuthority(t, w.chain()...)
			verifies(t, a, d)
			d.spoil = func(sig []byte) { sig[len(sig)-1] ^= 1 }
			wantRefusal(t, a, d, codeSignature)
		})
	}
}

// SignedData of version 1 is what Sigstore's authority wrote once.
func TestVersion1Warns(t *testing.T) {
	w := newWorld(t, nil, nil)
	d := newDraft(w)
	d.version = 1
	verifies(t, newAuthority(t, w.chain()...), d)
	tok, err := Parse(d.build(t))
	if err != nil || len(tok.Warnings()) != 1 {
		t.Errorf("warnings %q, %v", tok.Warnings(), err)
	}
}

// The signer may stand in the token, with as much of the chain as is missing.
func TestEmbeddedSigner(t *testing.T) {
	w := newWorld(t, nil, nil)
	root, intermediate, leaf := w.root.cert, w.intermediate.cert, w.leaf.cert
	for _, c := range []struct {
		name  string
		chain []*x509.Certificate
		bag   []*x509.Certificate
		ok    bool
	}{
		{"leaf", []*x509.Certificate{intermediate, root}, []*x509.Certificate{leaf}, true},
		{"leaf, anchor is not self-signed", []*x509.Certificate{intermediate}, []*x509.Certificate{leaf}, true},
		{"leaf and intermediate", []*x509.Certificate{root}, []*x509.Certificate{intermediate, leaf}, true},
		{"intermediate missing", []*x509.Certificate{root}, []*x509.Certificate{leaf}, false},
		{"leaf missing", []*x509.Certificate{intermediate, root}, []*x509.Certificate{intermediate}, false},
		{"nothing", []*x509.Certificate{intermediate, root}, nil, false},
		{"leaf twice", []*x509.Certificate{intermediate, root}, []*x509.Certificate{leaf, leaf}, false},
	} {
		d := newDraft(w)
		for _, cert := range c.bag {
			d.certificates = append(d.certificates, cert.Raw)
		}
		tok, err := Parse(d.build(t))
		if err != nil {
			t.Fatal(err)
		}
		a := newAuthority(t, c.chain...)
		stamp, err := a.Verify(tok, d.message)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && !stamp.Signer.Equal(leaf) {
			t.Errorf("%s: wrong signer", c.name)
		}
		if a.Leaf() != nil {
			t.Errorf("%s: a CA is a leaf", c.name)
		}
	}
}

// A single certificate may be signer and anchor at once.
func TestSelfSigned(t *testing.T) {
	self := newCert(t, leafTemplate(t), ecKey(t, elliptic.P256(), 3), ca{})
	w := &world{leaf: self}
	a := newAuthority(t, self.cert)
	verifies(t, a, newDraft(w))
	late := newDraft(w)
	late.genTime = "20260101000001Z"
	wantRefusal(t, a, late, codeChain)
}

// Rounding would move a time across the edge of a window.
func TestFractions(t *testing.T) {
	w := newWorld(t, nil, nil)
	end := time.Date(2025, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	a, err := NewAuthority(AuthorityConfig{Chain: w.chain(), Start: stampTime, End: end})
	if err != nil {
		t.Fatal(err)
	}
	for genTime, code := range map[string]string{
		"20250612120220Z":            "",
		"20250612120220.000000001Z":  "",
		"20250612120219.999999999Z":  string(codeWindow),
		"20251231235959.999Z":        "",
		"20251231235959.999000001Z":  string(codeWindow),
		"20251231235959.9990000001Z": string(codeMalformed),
	} {
		d := newDraft(w)
		d.genTime = genTime
		if code == "" {
			if got := verifies(t, a, d).Time.Format("20060102150405.999999999Z"); got != genTime {
				t.Errorf("%s became %s", genTime, got)
			}
			continue
		}
		wantRefusal(t, a, d, refusalCode(code))
	}
}

func TestAuthority(t *testing.T) {
	w := newWorld(t, nil, nil)
	start, end := stampTime, stampTime.Add(time.Hour)
	a, err := NewAuthority(AuthorityConfig{Chain: w.chain(), URI: "u", Operator: "o", Start: start, End: end})
	if err != nil {
		t.Fatal(err)
	}
	if s, e := a.Window(); s != start || e != end || a.URI() != "u" || a.Operator() != "o" || a.Leaf() != w.leaf.cert || len(a.Chain()) != 3 {
		t.Errorf("authority %+v", a)
	}
	for at, want := range map[time.Time]bool{
		start: true, start.Add(-1): false, end: true, end.Add(1): false, {}: false,
	} {
		if a.ValidAt(at) != want {
			t.Errorf("covers %s: %v", at, !want)
		}
	}
	if a.KeyID() != sha256.Sum256(w.leaf.cert.RawSubjectPublicKeyInfo) {
		t.Error("key id is not the leaf's")
	}
	if newAuthority(t, w.intermediate.cert, w.root.cert).KeyID() != sha256.Sum256(w.root.cert.RawSubjectPublicKeyInfo) {
		t.Error("key id is not the anchor's")
	}
}

func TestAuthorityConfig(t *testing.T) {
	w := newWorld(t, nil, nil)
	many := make([]*x509.Certificate, cms.MaxCertificates+1)
	for i := range many {
		many[i] = w.root.cert
	}
	long := newWorld(t, nil, nil).root.cert
	copied := *long
	copied.PublicKey = longKey()
	for code, c := range map[string][]AuthorityConfig{
		"trust.malformed": {{Start: rootStart}, {Chain: []*x509.Certificate{nil}, Start: rootStart}},
		"trust.limit":     {{Chain: many, Start: rootStart}, {Chain: []*x509.Certificate{&copied}, Start: rootStart}},
		"trust.window":    {{Chain: w.chain()}, {Chain: w.chain(), Start: rootEnd, End: rootStart}},
	} {
		for i, config := range c {
			_, err := NewAuthority(config)
			wantCode(t, err, refusalCode(code), "config", code, i)
		}
	}
}

func TestZeroValuesRefuse(t *testing.T) {
	w := newWorld(t, nil, nil)
	tok, err := Parse(newDraft(w).build(t))
	if err != nil {
		t.Fatal(err)
	}
	var zero Authority
	if zero.Knows(tok) || zero.Knows(nil) || zero.ValidAt(stampTime) || zero.KeyID() != [32]byte{} {
		t.Error("the zero authority knows something")
	}
	_, err = zero.Verify(tok, []byte("a signature"))
	wantCode(t, err, codeSigner)
	for _, empty := range []*Token{nil, {}} {
		_, err = newAuthority(t, w.chain()...).Verify(empty, nil)
		wantCode(t, err, codeMalformed)
	}
}

// TestKnows: an authority is found by the SignerIdentifier alone.
func TestKnows(t *testing.T) {
	w := newWorld(t, nil, nil)
	leafAuthority := newAuthority(t, w.chain()...)
	caAuthority := newAuthority(t, w.intermediate.cert, w.root.cert)
	rootAuthority := newAuthority(t, w.root.cert)
	leaf := w.leaf.cert.Raw
	for _, c := range []struct {
		name              string
		edit              func(*draft)
		leafy, caly, root bool
	}{
		{"plain", func(*draft) {}, true, true, false},
		{"another serial", func(d *draft) { d.signerID = seq(w.leaf.cert.RawIssuer, integer(1001)) }, false, true, false},
		{"another issuer", func(d *draft) {
			d.signerID = seq(seq(), bigInteger(big.NewInt(1000)))
			d.certificates = [][]byte{leaf}
		}, false, false, false},
		{"issuer inside", func(d *draft) { d.certificates = [][]byte{w.intermediate.cert.Raw} }, true, true, true},
		{"key id", func(d *draft) { d.signerID, d.signerVersion = tlv(tFixed, []byte("leaf key id")), 3 }, true, false, false},
		{"key id and certificate", func(d *draft) {
			d.signerID, d.signerVersion = tlv(tFixed, []byte("leaf key id")), 3
			d.certificates = [][]byte{leaf}
		}, true, true, false},
		{"another key id", func(d *draft) {
			d.signerID, d.signerVersion = tlv(tFixed, []byte("other key id")), 3
			d.certificates = [][]byte{leaf}
		}, false, false, false},
		{"faulty, and known all the same", func(d *draft) { d.tstVersion = 2 }, true, true, false},
	} {
		d := newDraft(w)
		c.edit(d)
		tok, err := Parse(d.build(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]bool{leafAuthority.Knows(tok), caAuthority.Knows(tok), rootAuthority.Knows(tok)}; got != [3]bool{c.leafy, c.caly, c.root} {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
