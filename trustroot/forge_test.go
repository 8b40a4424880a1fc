// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Everything in these tests is made from names: keys are Ed25519 keys whose
// seed is the digest of a name, so that the same test makes the same bytes.

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func spkiOf(t testing.TB, name string) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(keyOf(name).Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

var (
	day0 = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	hour = time.Hour
)

func at(hours int) time.Time { return day0.Add(time.Duration(hours) * hour) }

// caTemplate is a CA valid for the first 1000 hours.
func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: at(0), NotAfter: at(1000),
		BasicConstraintsValid: true, IsCA: true, MaxPathLen: -1,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name),
	}
}

// leafTemplate is a leaf as Fulcio issues it, valid from hour 10 to 11.
func leafTemplate() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: at(10), NotAfter: at(11),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs: []*url.URL{{Scheme: "https", Host: "example.com", Path: "/signer"}},
	}
}

// issue makes the certificate of template for the key of that name, signed by
// parent with the key of that name. A nil parent makes it self-signed.
func issue(t testing.TB, template *x509.Certificate, key string, parent *x509.Certificate, signer string) *x509.Certificate {
	t.Helper()
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(nil, template, parent, keyOf(key).Public(), crypto.Signer(keyOf(signer)))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// pki is an ordinary three-level instance.
type pki struct{ anchor, issuer, leaf *x509.Certificate }

func ordinary(t testing.TB) pki {
	t.Helper()
	var p pki
	p.anchor = issue(t, caTemplate("root"), "root", nil, "root")
	intermediate := caTemplate("issuer")
	intermediate.MaxPathLen, intermediate.MaxPathLenZero = 0, true
	intermediate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	p.issuer = issue(t, intermediate, "issuer", p.anchor, "root")
	p.leaf = issue(t, leafTemplate(), "leaf", p.issuer, "issuer")
	return p
}

func authority(start, end time.Time, chain ...*x509.Certificate) AuthorityConfig {
	return AuthorityConfig{Chain: chain, URI: "https://ca.example", Start: start, End: end}
}

func mustNew(t testing.TB, c Config) *Root {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rootOf(t testing.TB, cas ...AuthorityConfig) *Root {
	t.Helper()
	return mustNew(t, Config{CertificateAuthorities: cas})
}

func logConfig(t testing.TB, name string, start, end time.Time) LogConfig {
	return LogConfig{
		Key: spkiOf(t, name), Algorithm: v1.PublicKeyDetails_PKIX_ED25519,
		BaseURL: "https://" + name + ".example", Start: start, End: end,
	}
}

// sample is a root with everything in it.
func sample(t testing.TB) *Root {
	t.Helper()
	p := ordinary(t)
	tsa := authority(at(1), time.Time{}, p.issuer, p.anchor)
	tsa.URI = ""
	ca := authority(at(0), at(900).Add(999*time.Millisecond), p.issuer, p.anchor)
	ca.Subject = Subject{"example \"org\" <&>", "line\nbreak ü"}
	return mustNew(t, Config{
		Logs:                   []LogConfig{logConfig(t, "log1", at(0), at(5)), logConfig(t, "log2", at(4), time.Time{})},
		CTLogs:                 []LogConfig{logConfig(t, "ct", at(0), time.Time{})},
		CertificateAuthorities: []AuthorityConfig{ca, authority(at(0), at(1), p.anchor)},
		TimestampAuthorities:   []AuthorityConfig{tsa},
	})
}

func wantCode(t testing.TB, what string, err error, code refuse.Code) {
	t.Helper()
	if refuse.CodeOf(err) != code || err == nil {
		t.Errorf("%s: %v (code %q), want %s", what, err, refuse.CodeOf(err), code)
	}
}

func extension(oid asn1.ObjectIdentifier, critical bool, value ...byte) pkix.Extension {
	return pkix.Extension{Id: oid, Critical: critical, Value: value}
}
