// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/fastverify"
)

// wycheproof lists the files of the suite that are about algorithms of the
// registry, and the SHA-256 of what is kept of each in testdata/wycheproof.
var wycheproof = []struct {
	file      string
	algorithm Algorithm
	kept      string
}{
	{"ed25519_test.json", v1.PublicKeyDetails_PKIX_ED25519, "bc03341622b2e413b65de7e81ad19817900f4487aae978af249efb4924bb399b"},
	{"ecdsa_secp256r1_sha256_test.json", v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, "7d29641bf5889cd2ecb3e11931d78d18df1bb2d2735e6216c7a131ea5300577d"},
	{"ecdsa_secp384r1_sha384_test.json", v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, "49716cf051bc6cec96b598ff01ee0c76f6ac7315f99ffa6a5126c4818e2164f4"},
	{"ecdsa_secp384r1_sha256_test.json", v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256, "4e30ce0a9e834a0758d5f187d1b1c211856645e9e45d4995db4c547d6be37117"},
	{"ecdsa_secp521r1_sha512_test.json", v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, "b784da4aa20c80e1f807a725fc186cb901b10e7df8f22fce0a1c3f3d3c967f86"},
	{"rsa_signature_2048_sha256_test.json", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, "a7ea052570b2ea33f84a7fadf3271567fc1de4fa761041c93c1f98ba9cfc4214"},
	{"rsa_signature_3072_sha256_test.json", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, "6d4ad27c6a0ed2fc341caabfe22b55f72210e13ffa24290b85241ff3334c4550"},
	{"rsa_signature_4096_sha256_test.json", v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, "70dccf61ce4473fd1f9107324210ced7c52f46877761d1e8b9a890583e37be01"},
	{"rsa_pss_2048_sha256_mgf1_32_test.json", v1.PublicKeyDetails_PKIX_RSA_PSS_2048_SHA256, "6a8a423cc1ff02884bd40791f97f67026ff1ec5b311d621b3ff2a8a91933168e"},
	{"rsa_pss_3072_sha256_mgf1_32_test.json", v1.PublicKeyDetails_PKIX_RSA_PSS_3072_SHA256, "eb90af36baf43476d9bafcd8fcf630f08fc4f493b289c8bf657bc3990a6f8adf"},
	{"rsa_pss_4096_sha256_mgf1_32_test.json", v1.PublicKeyDetails_PKIX_RSA_PSS_4096_SHA256, "8f37759d3176a0556f98f79846784bb9842de4258eb288e7dfe9437fce30e2c5"},
}

// TestWycheproof runs the vectors in testdata, or all of the folder that
// SIGBUNDLE_WYCHEPROOF names.
func TestWycheproof(t *testing.T) {
	total := 0
	for _, w := range wycheproof {
		n := 0
		for _, g := range readVectors(t, w.file, w.kept) {
			tables := fastverify.New()
			pub, _ := x509.ParsePKIXPublicKey(g.Key)
			rsaKey, _ := pub.(*rsa.PublicKey)
			odd := rsaKey != nil && rsaKey.E != 65537 // other exponents are not in the registry
			for _, v := range g.Tests {
				n++
				key, err := Parse(w.algorithm, g.Key)
				ok := err == nil && verifies(t, key, tables, v.Msg, v.Sig)
				// What is acceptable to some is a signature of a form that a
				// strict verifier refuses, as this one does.
				if want := v.Result == "valid" && !odd; ok != want {
					t.Errorf("%s, %d (%s): %v, want %s; key: %v", w.file, v.ID, v.Comment, ok, v.Result, err)
				}
			}
		}
		if n < 10 {
			t.Errorf("%s: %d vectors", w.file, n)
		}
		total += n
	}
	t.Logf("%d vectors", total)
}

// verifies asks all ways to check a signature, which must agree.
func verifies(t *testing.T, k *Key, tables *fastverify.Tables, msg, sig []byte) bool {
	ok := k.Verify(msg, sig) == nil
	if h := k.Hash(); h != 0 {
		digest := sum(nil, h, msg)
		// Twice, for the tables that a key gets when it recurs.
		if (k.VerifyDigest(digest, sig) == nil) != ok || (k.Accelerated(tables).Verify(msg, sig) == nil) != ok || (k.Accelerated(tables).Verify(msg, sig) == nil) != ok {
			t.Errorf("%x: two ways to verify differ", sig)
		}
		return ok
	}
	streamed := false
	if h := k.PureHash(sig); h != nil {
		h.Write(msg)
		streamed = k.VerifyPure(h.Sum(nil), sig) == nil
	}
	if streamed != ok {
		t.Errorf("%x: streamed %v, whole %v", sig, streamed, ok)
	}
	return ok
}

type vectorGroup struct {
	Key   digits `json:"publicKeyDer"`
	Tests []struct {
		ID      int `json:"tcId"`
		Comment string
		Msg     digits
		Sig     digits
		Result  string
	}
}

// digits are bytes in hexadecimal.
type digits []byte

func (d *digits) UnmarshalText(text []byte) (err error) {
	*d, err = hex.DecodeString(string(text))
	return err
}

func readVectors(t *testing.T, file, kept string) []vectorGroup {
	t.Helper()
	dir := os.Getenv("SIGBUNDLE_WYCHEPROOF")
	whole := dir != ""
	if !whole {
		dir, file = filepath.Join("testdata", "wycheproof"), kept+".json"
	}
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); !whole && hex.EncodeToString(sum[:]) != kept {
		t.Fatalf("%s was changed", file)
	}
	var v struct {
		TestGroups []vectorGroup
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(file, err)
	}
	return v.TestGroups
}
