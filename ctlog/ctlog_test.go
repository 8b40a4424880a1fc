// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/certificate-transparency-go/tls"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// stamp is when every test SCT was made: in the middle of window.
const stamp = 1710869186470

var (
	start = time.Date(2024, 3, 19, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2024, 3, 20, 0, 0, 0, 0, time.UTC)

	sha256ECDSA = tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA}
	sha256RSA   = tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.RSA}
)

// ecKey returns the same key for the same seed.
func ecKey(t testing.TB, curve elliptic.Curve, seed byte) *ecdsa.PrivateKey {
	t.Helper()
	raw := make([]byte, (curve.Params().BitSize+7)/8)
	raw[len(raw)-1], raw[len(raw)-2] = seed, 1
	key, err := ecdsa.ParseRawPrivateKey(curve, raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func spki(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// newLog returns the log of a key whose window holds stamp.
func newLog(t testing.TB, key crypto.Signer, alg sigkey.Algorithm) *Log {
	t.Helper()
	der := spki(t, key)
	l, err := NewLog(LogConfig{
		ID: sha256.Sum256(der), Key: der, Algorithm: alg,
		BaseURL: "https://ct.example/2024", Operator: "example", Windows: []Window{{Start: start, End: end}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// issue returns a CA certificate and a leaf that it signed, with the list of
// SCTs (none if nil) at position at of its extensions.
func issue(t testing.TB, list []byte, at int) (leaf, issuer *x509.Certificate) {
	t.Helper()
	caKey := ecKey(t, elliptic.P384(), 1)
	create := func(template, parent *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
		der, err := x509.CreateCertificate(nil, template, parent, pub, caKey)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: start, NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{1},
	}
	issuer = create(ca, ca, caKey.Public())
	u, _ := url.Parse("https://example.org/workflow")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: start, NotAfter: end, URIs: []*url.URL{u},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	// Certificates place ExtraExtensions last, in the order given.
	for i := range 3 {
		if i == at && list != nil {
			template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidSCTList, Value: list})
		}
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{
			Id: []int{1, 3, 6, 1, 4, 1, 57264, 1, i + 1}, Value: bytes.Repeat([]byte{'x'}, 40),
		})
	}
	return create(template, issuer, ecKey(t, elliptic.P256(), 2).Public()), issuer
}

// sign returns an SCT over a message put together without the package.
func sign(t testing.TB, key crypto.Signer, entryType byte, entry, extensions []byte) *SCT {
	t.Helper()
	der := spki(t, key)
	s := &SCT{LogID: sha256.Sum256(der), Timestamp: stamp, Extensions: extensions}
	var b cryptobyte.Builder
	b.AddBytes([]byte{0, 0})
	b.AddUint64(stamp)
	b.AddBytes([]byte{0, entryType})
	b.AddBytes(entry)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
	m := b.BytesOrPanic()
	digest := sha256.Sum256(m)
	var err error
	switch key.(type) {
	case ed25519.PrivateKey:
		s.Algorithm = ed25519Intrinsic
		s.Signature, err = key.Sign(nil, m, crypto.Hash(0))
	case *rsa.PrivateKey:
		s.Algorithm = sha256RSA
		s.Signature, err = key.Sign(nil, digest[:], crypto.SHA256)
	default:
		s.Algorithm = sha256ECDSA
		s.Signature, err = key.Sign(nil, digest[:], crypto.SHA256)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// precertBytes is the signed_entry of a precertificate.
func precertBytes(issuer *x509.Certificate, tbs []byte) []byte {
	hash := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
	n := binary.BigEndian.AppendUint32(nil, uint32(len(tbs)))
	return append(append(hash[:], n[1:]...), tbs...)
}

// encode returns the extension value that holds scts.
func encode(scts ...*SCT) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range scts {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(encodeOne(s)) })
			}
		})
	})
	return b.BytesOrPanic()
}

func encodeOne(s *SCT) []byte {
	var b cryptobyte.Builder
	b.AddUint8(0)
	b.AddBytes(s.LogID[:])
	b.AddUint64(s.Timestamp)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Extensions) })
	b.AddBytes(digitallySigned(s))
	return b.BytesOrPanic()
}

func digitallySigned(s *SCT) []byte {
	var b cryptobyte.Builder
	b.AddUint8(uint8(s.Algorithm.Hash))
	b.AddUint8(uint8(s.Algorithm.Signature))
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Signature) })
	return b.BytesOrPanic()
}

func wantCode(t testing.TB, err error, want refuse.Code) {
	t.Helper()
	if got := refuse.CodeOf(err); got != want {
		t.Errorf("got code %q (%v), want %q", got, err, want)
	}
}

// TestKeyTypes takes an SCT all the way from a certificate to its time, for
// every type of key, with and without the extensions of a static log.
func TestKeyTypes(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	keys := []struct {
		key crypto.Signer
		alg sigkey.Algorithm
	}{
		{ecKey(t, elliptic.P256(), 3), v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256},
		{ecKey(t, elliptic.P384(), 3), v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384},
		{ecKey(t, elliptic.P521(), 3), v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512},
		{rsaKey(t), v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256},
		{ed25519.NewKeyFromSeed(seed), v1.PublicKeyDetails_PKIX_ED25519},
	}
	for _, k := range keys {
		for _, ext := range [][]byte{{}, {0, 0, 5, 0, 0, 0, 0, 112}} {
			bare, issuer := issue(t, nil, 0)
			made := sign(t, k.key, 1, precertBytes(issuer, bare.RawTBSCertificate), ext)
			leaf, _ := issue(t, encode(made), 1)
			scts, err := ParseList(leaf)
			if err != nil || len(scts) != 1 {
				t.Fatalf("%s: %d SCTs, %v", k.alg, len(scts), err)
			}
			p, err := NewPrecert(leaf, issuer)
			if err != nil {
				t.Fatalf("%s: %v", k.alg, err)
			}
			at, err := newLog(t, k.key, k.alg).Verify(&scts[0], p)
			if err != nil || at.UnixMilli() != stamp {
				t.Errorf("%s: %v, %v", k.alg, at, err)
			}
			scts[0].Extensions = []byte{1}
			_, err = newLog(t, k.key, k.alg).Verify(&scts[0], p)
			wantCode(t, err, "sct.signature")
		}
	}
}

// TestVerifyRefuses changes one thing at a time.
func TestVerifyRefuses(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 3)
	leaf, issuer := issue(t, encode(&SCT{Algorithm: sha256ECDSA, Signature: []byte{1}}), 2)
	p, err := NewPrecert(leaf, issuer)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, key, 1, precertBytes(issuer, p.TBS), nil)
	l := newLog(t, key, v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	if _, err := l.Verify(good, p); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		code   refuse.Code
		change func(*SCT, *Precert)
	}{
		{"another log", "sct.unknown_log", func(s *SCT, _ *Precert) { s.LogID[0] ^= 1 }},
		{"signature bit", "sct.signature", func(s *SCT, _ *Precert) { s.Signature[9] ^= 1 }},
		{"byte after the signature", "sct.signature", func(s *SCT, _ *Precert) { s.Signature = append(s.Signature, 0) }},
		{"timestamp", "sct.signature", func(s *SCT, _ *Precert) { s.Timestamp++ }},
		{"extension", "sct.signature", func(s *SCT, _ *Precert) { s.Extensions = []byte{0} }},
		{"issuer", "sct.signature", func(_ *SCT, p *Precert) { p.IssuerKeyHash[0] ^= 1 }},
		{"certificate", "sct.signature", func(_ *SCT, p *Precert) { p.TBS[20] ^= 1 }},
		{"algorithm", "sct.signature", func(s *SCT, _ *Precert) { s.Algorithm = sha256RSA }},
		{"hash", "sct.signature", func(s *SCT, _ *Precert) { s.Algorithm.Hash = tls.SHA1 }},
		{"no certificate", "sct.signature", func(_ *SCT, p *Precert) { *p = Precert{} }},
		{"too late to be a time", "sct.malformed", func(s *SCT, _ *Precert) { s.Timestamp = 1 << 63 }},
		{"too long", "sct.malformed", func(s *SCT, _ *Precert) { s.Extensions = make([]byte, 1<<16) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, q := *good, *p
			s.Signature, q.TBS = bytes.Clone(s.Signature), bytes.Clone(q.TBS)
			c.change(&s, &q)
			_, err := l.Verify(&s, &q)
			wantCode(t, err, c.code)
		})
	}
	_, err = new(Log).Verify(good, p)
	wantCode(t, err, "sct.signature")
	_, err = l.Verify(good, nil)
	wantCode(t, err, "sct.signature")
	_, err = l.VerifyCertificate(good, nil)
	wantCode(t, err, "sct.signature")
}

// TestWindow knows that both ends of a window belong to it.
func TestWindow(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 3)
	der := spki(t, key)
	made := sign(t, key, 0, append([]byte{0, 0, 1}, 'c'), nil)
	ms := func(n int64) time.Time { return time.UnixMilli(n) }
	for _, c := range []struct {
		name    string
		windows []Window
		code    refuse.Code
	}{
		{"starts now", []Window{{Start: ms(stamp)}}, ""},
		{"ends now", []Window{{Start: ms(0), End: ms(stamp)}}, ""},
		{"second window", []Window{{Start: ms(0), End: ms(1)}, {Start: ms(stamp - 1)}}, ""},
		{"starts later", []Window{{Start: ms(stamp + 1)}}, "sct.window"},
		{"ended", []Window{{Start: ms(0), End: ms(stamp - 1)}}, "sct.window"},
		{"none", nil, "sct.window"},
	} {
		l, err := NewLog(LogConfig{ID: sha256.Sum256(der), Key: der, Windows: c.windows,
			Algorithm: v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256})
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.VerifyCertificate(made, []byte("c"))
		t.Run(c.name, func(t *testing.T) { wantCode(t, err, c.code) })
	}
}

func TestNewLog(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 3)
	good := LogConfig{ID: sha256.Sum256(spki(t, key)), Key: spki(t, key), Windows: []Window{{Start: start}},
		Algorithm: v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256}
	for _, c := range []struct {
		name        string
		code        refuse.Code
		unsupported bool
		change      func(*LogConfig)
	}{
		{"no ID", "trust.key", false, func(c *LogConfig) { c.ID = ID{} }},
		{"no key", "trust.key", false, func(c *LogConfig) { c.Key = nil }},
		{"wrong curve", "trust.key", false, func(c *LogConfig) { c.Algorithm = v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384 }},
		{"unknown algorithm", "trust.key", true, func(c *LogConfig) { c.Algorithm = v1.PublicKeyDetails_ML_DSA_65 }},
		{"PSS", "trust.key", true, func(c *LogConfig) {
			c.Key, c.Algorithm = spki(t, rsaKey(t)), v1.PublicKeyDetails_PKIX_RSA_PSS_2048_SHA256
		}},
		{"prehashed Ed25519", "trust.key", true, func(c *LogConfig) {
			c.Key, c.Algorithm = spki(t, ed25519.NewKeyFromSeed(make([]byte, 32))), v1.PublicKeyDetails_PKIX_ED25519_PH
		}},
		{"window without start", "trust.window", false, func(c *LogConfig) { c.Windows = []Window{{End: end}} }},
		{"window backwards", "trust.window", false, func(c *LogConfig) { c.Windows = []Window{{Start: end, End: start}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			_, err := NewLog(cfg)
			wantCode(t, err, c.code)
			var u *sigkey.UnsupportedError
			if errors.As(err, &u) != c.unsupported {
				t.Errorf("%v", err)
			}
		})
	}
	l := newLog(t, key, v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	if !l.IDMatchesKey() || l.BaseURL() != "https://ct.example/2024" || l.Operator() != "example" ||
		len(l.Windows()) != 1 || l.ID() != l.KeyID() || l.ID().String() == "" {
		t.Error("accessors do not return what the log was made of")
	}
	good.ID[0] ^= 1
	if l, err := NewLog(good); err != nil || l.IDMatchesKey() {
		t.Errorf("a declared ID that does not fit: %v", err)
	}
}

// rsaKey returns a key that was made once for these tests.
func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(strings.ReplaceAll(rsaPEM, "TESTING KEY", "PRIVATE KEY")))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}
