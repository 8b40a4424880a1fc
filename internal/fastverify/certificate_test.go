// SPDX-License-Identifier: Apache-2.0

package fastverify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// issue makes a certificate for child by parent's key.
func issue(t *testing.T, template, parent *x509.Certificate, child crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(7)
	template.NotAfter = template.NotBefore.Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, child, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every combination of key, algorithm and authority gets crypto/x509's answer.
func TestCheckSignatureFrom(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key        crypto.Signer
		algorithms []x509.SignatureAlgorithm
	}{
		{newKeyPair(t, elliptic.P256()), []x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512}},
		{newKeyPair(t, elliptic.P384()), []x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512}},
		{newKeyPair(t, elliptic.P521()), []x509.SignatureAlgorithm{x509.ECDSAWithSHA512}},
		{rsaKey, []x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSAPSS}},
		{edKey, []x509.SignatureAlgorithm{x509.PureEd25519}},
	} {
		tables := New()
		if pub, ok := c.key.Public().(*ecdsa.PublicKey); ok && pub.Curve != elliptic.P521() {
			tables = warm(t, pub)
		}
		for _, usage := range []x509.KeyUsage{0, x509.KeyUsageCertSign, x509.KeyUsageCRLSign} {
			for _, ca := range []bool{true, false} {
				template := &x509.Certificate{Subject: pkix.Name{CommonName: "ca"}, KeyUsage: usage, IsCA: ca, BasicConstraintsValid: true}
				parent := issue(t, template, template, c.key.Public(), c.key)
				for _, algorithm := range c.algorithms {
					signs := &x509.Certificate{Subject: pkix.Name{CommonName: "ca"}} // whom CreateCertificate lets sign
					leaf := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "leaf"}, SignatureAlgorithm: algorithm}, signs,
						newKeyPair(t, elliptic.P256()).Public(), c.key)
					forged := *leaf
					forged.RawTBSCertificate = append([]byte{}, leaf.RawTBSCertificate...)
					forged.RawTBSCertificate[9] ^= 1
					wrong := *leaf
					wrong.SignatureAlgorithm = x509.ECDSAWithSHA1
					for name, child := range map[string]*x509.Certificate{"good": leaf, "forged": &forged, "SHA-1": &wrong} {
						want := child.CheckSignatureFrom(parent) == nil
						if got := tables.CheckSignatureFrom(child, parent); got != want {
							t.Errorf("%s, %s, usage %d, CA %t: %t, crypto/x509 says %t", name, algorithm, usage, ca, got, want)
						}
						want = parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
						if got := tables.CheckSignature(parent, child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature); got != want {
							t.Errorf("%s, %s: %t, crypto/x509 says %t", name, algorithm, got, want)
						}
					}
				}
			}
		}
	}
}

// What is not as a key or a certificate should be goes to the library, whose
// answer is no.
func TestNothingFast(t *testing.T) {
	key := newKeyPair(t, elliptic.P256())
	for name, c := range map[string]struct {
		pub *ecdsa.PublicKey
		ok  bool
	}{
		"nothing": {nil, false}, "curve only": {&ecdsa.PublicKey{Curve: key.Curve}, false},
		"no y": {&ecdsa.PublicKey{Curve: key.Curve, X: key.X}, false}, "no x": {&ecdsa.PublicKey{Curve: key.Curve, Y: key.Y}, false},
		"whole": {&key.PublicKey, true}, "zeros": {&ecdsa.PublicKey{Curve: key.Curve, X: new(big.Int), Y: new(big.Int)}, true},
		"negative x":      {&ecdsa.PublicKey{Curve: key.Curve, X: big.NewInt(-1), Y: key.Y}, false},
		"negative y":      {&ecdsa.PublicKey{Curve: key.Curve, X: key.X, Y: big.NewInt(-1)}, false},
		"long x":          {&ecdsa.PublicKey{Curve: key.Curve, X: new(big.Int).Lsh(big.NewInt(1), 256), Y: key.Y}, false},
		"long y":          {&ecdsa.PublicKey{Curve: key.Curve, X: key.X, Y: new(big.Int).Lsh(big.NewInt(1), 256)}, false},
		"long x of P-384": {&ecdsa.PublicKey{Curve: elliptic.P384(), X: new(big.Int).Lsh(big.NewInt(1), 384), Y: key.Y}, false},
		"another curve":   {&newKeyPair(t, elliptic.P521()).PublicKey, false},
	} {
		if _, ok := identify(c.pub); ok != c.ok {
			t.Errorf("%s: %t", name, ok)
		}
	}

	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if New().CheckSignature(&x509.Certificate{PublicKey: rsaKey.Public(), PublicKeyAlgorithm: x509.RSA}, x509.ECDSAWithSHA256, []byte("m"), nil) {
		t.Error("an RSA key signed with ECDSA")
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "ca"}, KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true}
	parent := issue(t, template, template, key.Public(), key)
	if !New().CheckSignatureFrom(parent, parent) {
		t.Error("a CA did not sign itself")
	}
	unconstrained := *parent
	unconstrained.BasicConstraintsValid = false
	if want := parent.CheckSignatureFrom(&unconstrained) == nil; want || New().CheckSignatureFrom(parent, &unconstrained) {
		t.Error("a certificate without constraints signs")
	}
}
