// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/pem"
	"testing"

	"github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/strictcert"
)

// The encodings of the eight points of small order, the forms of them that are
// not canonical, and other encodings that no key has.
var weakEdwards = map[string]string{
	"order 1":                        "0100000000000000000000000000000000000000000000000000000000000000",
	"order 2":                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 4":                        "0000000000000000000000000000000000000000000000000000000000000000",
	"order 4, negative":              "0000000000000000000000000000000000000000000000000000000000000080",
	"order 8":                        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"order 8, negative":              "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"order 8, other":                 "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"order 8, other, negative":       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"order 1, x is -0":               "0100000000000000000000000000000000000000000000000000000000000080",
	"order 2, x is -0":               "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 4, y is p":                "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 4, y is p, negative":      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 1, y is p+1":              "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 1, y is p+1, x is -0":     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"not canonical, order not small": "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"not on the curve":               "0200000000000000000000000000000000000000000000000000000000000000",
}

func TestWeakEdwardsKeys(t *testing.T) {
	for name, text := range weakEdwards {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		key := ed25519.PublicKey(raw)
		if strictcert.CheckEd25519(key) == nil {
			t.Errorf("%s: the key passes", name)
		}
		spki := append([]byte("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"), raw...)
		for _, alg := range []Algorithm{v1.PublicKeyDetails_PKIX_ED25519, v1.PublicKeyDetails_PKIX_ED25519_PH} {
			if k, err := New(alg, key); err == nil || k != nil {
				t.Errorf("%s: New ties it to %s", name, alg)
			}
			if _, err := Parse(alg, spki); err == nil {
				t.Errorf("%s: Parse ties it to %s", name, alg)
			}
		}
		if _, err := ParseSPKI(spki); err == nil {
			t.Errorf("%s: ParseSPKI accepts it", name)
		}
		if _, err := ParsePEM(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})); err == nil {
			t.Errorf("%s: ParsePEM accepts it", name)
		}
	}
	if err := strictcert.CheckEd25519(edKey().Public().(ed25519.PublicKey)); err != nil {
		t.Errorf("a good key: %v", err)
	}
	if strictcert.CheckEd25519(nil) == nil {
		t.Error("no key passes")
	}
}
