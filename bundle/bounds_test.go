// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// One certificate is bounded wherever it stands: a chain whose second
// certificate has an RSA key of a megabit would keep path validation busy for
// minutes, and a name in it without a bound the garbage collector.
func TestCertificateBounds(t *testing.T) {
	const most = 60 << 10
	base := len(withExtension(t, most))
	sized := func(size int) []byte { return withExtension(t, most+size-base) }
	for _, c := range []struct {
		name string
		der  []byte
		code refuse.Code
	}{
		{"64 KiB", sized(65536), ""},
		{"a byte more", sized(65537), "bundle.limit"},
		{"8192 bits", withRSA(t, 8192), ""},
		{"a bit more", withRSA(t, 8193), "bundle.limit"},
	} {
		for place, doc := range map[string]object{
			"verificationMaterial.certificate.rawBytes":                         messageV03(t),
			"verificationMaterial.x509CertificateChain.certificates.0.rawBytes": messageOld(t, "0.1"),
			"verificationMaterial.x509CertificateChain.certificates.1.rawBytes": messageOld(t, "0.2"),
		} {
			set(t, doc, place, b64(c.der))
			data, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(data); refuse.CodeOf(err) != c.code {
				t.Errorf("%s at %s: %v", c.name, place, err)
			}
		}
	}
}

// withExtension returns a certificate with an unknown extension of that size.
func withExtension(t testing.TB, size int) []byte {
	t.Helper()
	return create(t, &x509.Certificate{
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, size)}},
	}, nil)
}

// withRSA returns a certificate with a modulus of so many bits.
func withRSA(t testing.TB, bits int) []byte {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return create(t, new(x509.Certificate), &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 1<<31 - 1})
}

// create returns a certificate by no one, for pub or for no one either.
func create(t testing.TB, template *x509.Certificate, pub any) []byte {
	t.Helper()
	issuer := ed25519.NewKeyFromSeed(fill('k', ed25519.SeedSize))
	if pub == nil {
		pub = issuer.Public()
	}
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(nil, template, &x509.Certificate{Subject: pkix.Name{CommonName: "issuer"}}, pub, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
