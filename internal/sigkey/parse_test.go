// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

func TestParse(t *testing.T) {
	r := rsaKey(t, 2048)
	spki, err := x509.MarshalPKIXPublicKey(r.Public())
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(&r.PublicKey)
	for _, c := range []struct {
		name string
		alg  Algorithm
		raw  []byte
		ok   bool
	}{
		{"PKIX", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, spki, true},
		{"PKIX by PKCS1", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, pkcs1, false},
		{"PKCS1", v1.PublicKeyDetails_PKCS1_RSA_PKCS1V5, pkcs1, true},
		{"PKCS1 by PKIX", v1.PublicKeyDetails_PKCS1_RSA_PKCS1V5, spki, false},
		{"trailing byte", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, append(bytes.Clone(spki), 0), false},
		{"PKCS1 trailing byte", v1.PublicKeyDetails_PKCS1_RSA_PKCS1V5, append(bytes.Clone(pkcs1), 0), false},
		{"empty", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, nil, false},
		{"other size", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, spki, false},
	} {
		k, err := Parse(c.alg, c.raw)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && (!bytes.Equal(k.SPKI(), spki) || k.ID() != sha256.Sum256(spki) || !r.PublicKey.Equal(k.Public())) {
			t.Errorf("%s: not the key that was parsed", c.name)
		}
	}
}

func TestParsePEM(t *testing.T) {
	spki, err := x509.MarshalPKIXPublicKey(ecKey(t, elliptic.P256()).Public())
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	good := block("PUBLIC KEY", spki)
	r := rsaKey(t, 2048)
	for _, c := range []struct {
		name, data string
		ok         bool
	}{
		{"one key", good, true},
		{"RSA PUBLIC KEY", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&r.PublicKey)), true},
		{"white space around", "\n" + good + "\n\n", true},
		{"two keys", good + good, false},
		{"key and another block", good + block("CERTIFICATE", []byte{0}), false},
		{"text before", "Public Key Information:\n" + good, true},
		{"text after", good + "and so on\n", true},
		{"second key cut short", good + good[:len(good)-30], false},
		{"headers", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: map[string]string{"A": "b"}, Bytes: spki})), false},
		{"certificate", block("CERTIFICATE", spki), false},
		{"private key", block("PRIVATE KEY", spki), false},
		{"PKCS1 as PKIX", block("PUBLIC KEY", x509.MarshalPKCS1PublicKey(&r.PublicKey)), false},
		{"PKIX as PKCS1", block("RSA PUBLIC KEY", spki), false},
		{"trailing byte", block("PUBLIC KEY", append(bytes.Clone(spki), 0)), false},
		{"empty", "", false},
		{"no PEM", "hello", false},
		{"cut", good[:len(good)-10], false},
	} {
		_, err := ParsePEM([]byte(c.data))
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		// What cannot be read is not merely of an unknown kind.
		var unsupported *UnsupportedError
		if errors.As(err, &unsupported) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
