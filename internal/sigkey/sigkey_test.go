// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Test keys are fixed, so that a failure is the same failure twice.

func ecKey(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	scalar := bytes.Repeat([]byte{0x01}, (c.Params().BitSize+7)/8)
	k, err := ecdsa.ParseRawPrivateKey(c, scalar)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("testdata/rsa-%d.pem", bits))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func edKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

// pssSalt is a source of salt; PSS has no deterministic form without one.
type pssSalt struct{}

func (pssSalt) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{9}, len(p))), nil }

// algorithms has every algorithm of the registry that verifies, with a key and
// the way in which a signer would use it.
func algorithms(t testing.TB) map[Algorithm]struct {
	key  crypto.Signer
	opts crypto.SignerOpts
} {
	type row = struct {
		key  crypto.Signer
		opts crypto.SignerOpts
	}
	pss := &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}
	r2, r3, r4 := rsaKey(t, 2048), rsaKey(t, 3072), rsaKey(t, 4096)
	p256, p384, p521 := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), ecKey(t, elliptic.P521())
	return map[Algorithm]row{
		v1.PublicKeyDetails_PKCS1_RSA_PKCS1V5:             {r2, crypto.SHA256},
		v1.PublicKeyDetails_PKCS1_RSA_PSS:                 {r2, pss},
		v1.PublicKeyDetails_PKIX_RSA_PKCS1V5:              {r3, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_RSA_PSS:                  {r3, pss},
		v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256: {r2, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256: {r3, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256: {r4, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_RSA_PSS_2048_SHA256:      {r2, pss},
		v1.PublicKeyDetails_PKIX_RSA_PSS_3072_SHA256:      {r3, pss},
		v1.PublicKeyDetails_PKIX_RSA_PSS_4096_SHA256:      {r4, pss},
		v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256:       {p256, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384:       {p384, crypto.SHA384},
		v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256:       {p384, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512:       {p521, crypto.SHA512},
		v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_256:       {p521, crypto.SHA256},
		v1.PublicKeyDetails_PKIX_ED25519:                  {edKey(), crypto.Hash(0)},
		v1.PublicKeyDetails_PKIX_ED25519_PH:               {edKey(), &ed25519.Options{Hash: crypto.SHA512}},
	}
}

// sign signs message the way opts say, for tests.
func sign(t testing.TB, key crypto.Signer, message []byte, opts crypto.SignerOpts) []byte {
	t.Helper()
	input := message
	if h := opts.HashFunc(); h != 0 {
		input = sum(nil, h, message)
	}
	sig, err := key.Sign(pssSalt{}, input, opts)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestEveryAlgorithm(t *testing.T) {
	message := []byte("the bytes that were signed")
	for alg, row := range algorithms(t) {
		t.Run(alg.String(), func(t *testing.T) {
			k, err := New(alg, row.key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if k.Algorithm() != alg || k.Hash() != row.opts.HashFunc() {
				t.Errorf("algorithm %s over %s", k.Algorithm(), k.Hash())
			}
			sig := sign(t, row.key, message, row.opts)
			if err := k.Verify(message, sig); err != nil {
				t.Errorf("good signature: %v", err)
			}
			if err := k.Verify([]byte("other bytes"), sig); !errors.Is(err, ErrSignature) {
				t.Errorf("other message: %v", err)
			}
			for _, bad := range [][]byte{nil, {}, {0x30}, sig[:len(sig)-1], append(bytes.Clone(sig), 0), flip(sig)} {
				if err := k.Verify(message, bad); !errors.Is(err, ErrSignature) {
					t.Errorf("bad signature of %d bytes: %v", len(bad), err)
				}
			}
			checkDigest(t, k, message, sig)
		})
	}
}

// checkDigest checks that VerifyDigest agrees with Verify.
func checkDigest(t *testing.T, k *Key, message, sig []byte) {
	t.Helper()
	if k.Hash() == 0 {
		var unsupported *UnsupportedError
		if err := k.VerifyDigest(make([]byte, 64), sig); !errors.As(err, &unsupported) {
			t.Errorf("digest without a hash: %v", err)
		}
		return
	}
	d := sum(nil, k.Hash(), message)
	if err := k.VerifyDigest(d, sig); err != nil {
		t.Errorf("good digest: %v", err)
	}
	for _, bad := range [][]byte{nil, d[:len(d)-1], append(bytes.Clone(d), 0), flip(d)} {
		if err := k.VerifyDigest(bad, sig); !errors.Is(err, ErrSignature) {
			t.Errorf("bad digest of %d bytes: %v", len(bad), err)
		}
	}
}

func flip(b []byte) []byte {
	c := bytes.Clone(b)
	c[len(c)/2] ^= 1
	return c
}

// A signature counts under the algorithm it was made with and under no other.
func TestAlgorithmsAreDistinct(t *testing.T) {
	message := []byte("message")
	rows := algorithms(t)
	for signed, row := range rows {
		sig := sign(t, row.key, message, row.opts)
		for asked := range rows {
			k, err := New(asked, row.key.Public())
			if err != nil {
				continue // of another type or size
			}
			same := schemes[asked].hash == schemes[signed].hash && schemes[asked].pss == schemes[signed].pss
			if got := k.Verify(message, sig) == nil; got != same {
				t.Errorf("signed as %s, verified as %s: %v", signed, asked, got)
			}
		}
	}
}

func TestPSSSaltLength(t *testing.T) {
	key := rsaKey(t, 2048)
	k, err := New(v1.PublicKeyDetails_PKIX_RSA_PSS_2048_SHA256, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	sig := sign(t, key, []byte("m"), &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256})
	if err := k.Verify([]byte("m"), sig); !errors.Is(err, ErrSignature) {
		t.Errorf("salt of 20 bytes: %v", err)
	}
}

// The table and the enum must be looked at together when either changes.
func TestTableAgainstEnum(t *testing.T) {
	left := map[Algorithm]bool{
		v1.PublicKeyDetails_PUBLIC_KEY_DETAILS_UNSPECIFIED: true,
		v1.PublicKeyDetails_PKIX_ECDSA_P256_HMAC_SHA_256:   true,
		v1.PublicKeyDetails_LMS_SHA256:                     true,
		v1.PublicKeyDetails_LMOTS_SHA256:                   true,
		v1.PublicKeyDetails_ML_DSA_44:                      true,
		v1.PublicKeyDetails_ML_DSA_65:                      true,
		v1.PublicKeyDetails_ML_DSA_87:                      true,
	}
	for n := range v1.PublicKeyDetails_name {
		alg := Algorithm(n)
		if _, ok := schemes[alg]; ok == left[alg] {
			t.Errorf("%s: in the table %v, left out %v", alg, ok, left[alg])
		}
	}
	if got, want := len(schemes)+len(left), len(v1.PublicKeyDetails_name); got != want {
		t.Errorf("%d algorithms, the enum has %d", got, want)
	}
	if got, want := len(algorithms(t)), len(schemes); got != want {
		t.Errorf("%d algorithms tested, the table has %d", got, want)
	}
	for alg := range left {
		var unsupported *UnsupportedError
		if _, err := New(alg, ecKey(t, elliptic.P256()).Public()); !errors.As(err, &unsupported) {
			t.Errorf("New(%s): %v", alg, err)
		}
		if _, err := Parse(alg, nil); !errors.As(err, &unsupported) {
			t.Errorf("Parse(%s): %v", alg, err)
		}
	}
	var unsupported *UnsupportedError
	if _, err := New(Algorithm(999), edKey().Public()); !errors.As(err, &unsupported) {
		t.Errorf("New(999): %v", err)
	}
}

func TestKeysThatDoNotFit(t *testing.T) {
	sized := func(bits, e int) *rsa.PublicKey {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e}
	}
	any5, fixed := v1.PublicKeyDetails_PKIX_RSA_PKCS1V5, v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256 //nolint:staticcheck // deprecated, and verified
	for _, c := range []struct {
		name string
		alg  Algorithm
		pub  crypto.PublicKey
		ok   bool
	}{
		{"P-384 as P-256", v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, ecKey(t, elliptic.P384()).Public(), false},
		{"P-256 as P-384", v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256, ecKey(t, elliptic.P256()).Public(), false},
		{"ECDSA as Ed25519", v1.PublicKeyDetails_PKIX_ED25519, ecKey(t, elliptic.P256()).Public(), false},
		{"Ed25519 as ECDSA", v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, edKey().Public(), false},
		{"Ed25519 as RSA", any5, edKey().Public(), false},
		{"RSA as Ed25519", v1.PublicKeyDetails_PKIX_ED25519_PH, sized(2048, 65537), false},
		{"short Ed25519", v1.PublicKeyDetails_PKIX_ED25519, ed25519.PublicKey{1, 2, 3}, false},
		{"nil", v1.PublicKeyDetails_PKIX_ED25519, nil, false},
		{"ECDSA off its curve", v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, offCurve(ecKey(t, elliptic.P256())), false},
		{"2048 by name", fixed, sized(2048, 65537), true},
		{"2047 by name", fixed, sized(2047, 65537), false},
		{"2049 by name", fixed, sized(2049, 65537), false},
		{"3072 as 2048", fixed, sized(3072, 65537), false},
		{"2048", any5, sized(2048, 65537), true},
		{"2047", any5, sized(2047, 65537), false},
		{"8192", any5, sized(8192, 65537), true},
		{"8193", any5, sized(8193, 65537), false},
		{"exponent 3", any5, sized(2048, 3), false},
		{"exponent 3 by name", fixed, sized(2048, 3), false},
		{"exponent 65539", any5, sized(2048, 65539), false},
	} {
		if _, err := New(c.alg, c.pub); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// offCurve moves a point off its curve.
func offCurve(k *ecdsa.PrivateKey) *ecdsa.PublicKey {
	return &ecdsa.PublicKey{Curve: k.Curve, X: k.X, Y: new(big.Int).Add(k.Y, big.NewInt(1))}
}

func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		pub  crypto.PublicKey
		want Algorithm // 0: none
	}{
		{ecKey(t, elliptic.P256()).Public(), v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256},
		{ecKey(t, elliptic.P384()).Public(), v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384},
		{ecKey(t, elliptic.P521()).Public(), v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512},
		{rsaKey(t, 2048).Public(), v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256},
		{rsaKey(t, 3072).Public(), v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256},
		{rsaKey(t, 4096).Public(), v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256},
		{edKey().Public(), v1.PublicKeyDetails_PKIX_ED25519_PH},
		{ecKey(t, elliptic.P224()).Public(), 0},
		{&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}, 0},
		{nil, 0},
		{"key", 0},
	} {
		k, err := ForPublicKey(c.pub)
		if c.want == 0 {
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) {
				t.Errorf("%T: %v", c.pub, err)
			}
			continue
		}
		if err != nil || k.Algorithm() != c.want {
			t.Errorf("%T: %v, %v, want %s", c.pub, k, err, c.want)
			continue
		}
		again, err := ParseSPKI(k.SPKI())
		if err != nil || again.Algorithm() != c.want || again.ID() != k.ID() {
			t.Errorf("%T: ParseSPKI: %v", c.pub, err)
		}
	}
	// What cannot be read is not merely of an unknown kind.
	var unsupported *UnsupportedError
	if _, err := ParseSPKI([]byte{0x30, 0}); err == nil || errors.As(err, &unsupported) {
		t.Errorf("an empty SEQUENCE: %v", err)
	}
}

func TestWithHash(t *testing.T) {
	for _, c := range []struct {
		pub  crypto.PublicKey
		hash crypto.Hash
		want Algorithm // 0: refused
	}{
		{ecKey(t, elliptic.P256()).Public(), crypto.SHA256, v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256},
		{ecKey(t, elliptic.P256()).Public(), crypto.SHA384, 0},
		{ecKey(t, elliptic.P384()).Public(), crypto.SHA256, v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256},
		{ecKey(t, elliptic.P384()).Public(), crypto.SHA384, v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384},
		{ecKey(t, elliptic.P384()).Public(), crypto.SHA512, 0},
		{ecKey(t, elliptic.P521()).Public(), crypto.SHA256, v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_256},
		{ecKey(t, elliptic.P521()).Public(), crypto.SHA384, 0},
		{rsaKey(t, 2048).Public(), crypto.SHA512, 0},
		{edKey().Public(), crypto.SHA512, v1.PublicKeyDetails_PKIX_ED25519_PH},
		{edKey().Public(), crypto.SHA256, 0},
		{edKey().Public(), 0, 0},
	} {
		k, err := ForPublicKey(c.pub)
		if err != nil {
			t.Fatal(err)
		}
		before := k.Algorithm()
		got, err := k.WithHash(c.hash)
		if (err == nil) != (c.want != 0) || err == nil && (got.Algorithm() != c.want || got.ID() != k.ID()) {
			t.Errorf("%s over %s: %v", before, c.hash, err)
		}
		if k.Algorithm() != before {
			t.Errorf("%s was changed", before)
		}
	}
}

func TestWith(t *testing.T) {
	k, err := ForPublicKey(edKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	pure, err := k.With(v1.PublicKeyDetails_PKIX_ED25519)
	if err != nil || pure.Verify([]byte("m"), ed25519.Sign(edKey(), []byte("m"))) != nil {
		t.Errorf("pure Ed25519: %v", err)
	}
	if _, err := k.With(v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256); err == nil {
		t.Error("an Ed25519 key is an ECDSA key")
	}
	var unsupported *UnsupportedError
	if _, err := k.With(v1.PublicKeyDetails_ML_DSA_65); !errors.As(err, &unsupported) {
		t.Errorf("ML-DSA: %v", err)
	}
}

// Keys of which a part is missing are refused, not dereferenced.
func TestIncompleteKeys(t *testing.T) {
	for _, pub := range []crypto.PublicKey{
		nil, (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}, &ecdsa.PublicKey{Curve: elliptic.P256()},
		(*rsa.PublicKey)(nil), &rsa.PublicKey{}, &rsa.PublicKey{E: 65537}, ed25519.PublicKey(nil),
	} {
		if _, err := ForPublicKey(pub); err == nil {
			t.Errorf("%#v has a default", pub)
		}
		for alg := range schemes {
			if _, err := New(alg, pub); err == nil {
				t.Errorf("%#v fits %s", pub, alg)
			}
		}
	}
}
