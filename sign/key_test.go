// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// TestParsePEM reads one key in every form that OpenSSL and cosign give it.
func TestParsePEM(t *testing.T) {
	secret := func() ([]byte, error) { return []byte("secret"), nil }
	plain, err := ParsePEM(read(t, "p256.pem"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ec.pem", "pbkdf2-sha1.pem", "pbkdf2-sha256.pem", "pbkdf2-sha512.pem", "scrypt.pem", "cosign.key"} {
		key, err := ParsePEM(read(t, name), "mine", secret)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(key.SPKI(), plain.SPKI()) || key.Hint() != "mine" || plain.Hint() == "" {
			t.Errorf("%s: another key", name)
		}
		if name == "ec.pem" {
			continue
		}
		for what, password := range map[string]func() ([]byte, error){
			"none": nil, "wrong": func() ([]byte, error) { return []byte("Secret"), nil }, "failed": func() ([]byte, error) { return nil, io.EOF },
		} {
			if _, err := ParsePEM(read(t, name), "", password); refuse.CodeOf(err) != "sign.key.password" && refuse.CodeOf(err) != "sign.key" {
				t.Errorf("%s, password %s: %v", name, what, err)
			}
		}
	}
	for name, algorithm := range map[string]Algorithm{"ed25519.pem": Ed25519ph, "rsa.pem": RSA2048} {
		if key, err := ParsePEM(read(t, name), "", nil); err != nil || key.Algorithm() != algorithm {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"pbes1.pem", "rfc1423.pem", "x25519.pem"} {
		if _, err := ParsePEM(read(t, name), "", secret); refuse.CodeOf(err) != "sign.key" {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := append(read(t, "p256.pem"), read(t, "ec.pem")...)
	for _, data := range [][]byte{nil, []byte("x"), twice, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")} {
		if _, err := ParsePEM(data, "", secret); refuse.CodeOf(err) != "sign.key" {
			t.Errorf("%.20q: %v", data, err)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// oddSigner is hardware that does not do what it should.
type oddSigner struct {
	crypto.Signer
	err error
}

func (s oddSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return []byte("nothing of the kind"), s.err
}

func TestOddKeys(t *testing.T) {
	good, err := generate(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []oddSigner{{good, nil}, {good, errors.New("no token in the slot")}} {
		key, err := NewKey(s, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.SignMessage([]byte("message")); refuse.CodeOf(err) != "sign.key" {
			t.Error(err)
		}
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []crypto.Signer{nil, p224} {
		if _, err := NewKey(k, ""); refuse.CodeOf(err) != "sign.key" {
			t.Error(err)
		}
	}
	if _, err := GenerateKey(0); refuse.CodeOf(err) != "sign.key" {
		t.Error(err)
	}
}

func TestAlgorithms(t *testing.T) {
	for _, name := range AlgorithmNames() {
		a, err := ParseAlgorithm(name)
		if err != nil {
			t.Fatal(err)
		}
		if a == RSA3072 || a == RSA4096 { // take long
			continue
		}
		key, err := GenerateKey(a)
		if err != nil || key.Algorithm() != a {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseAlgorithm("md5"); refuse.CodeOf(err) != "sign.key" {
		t.Error(err)
	}
}

// TestScryptBounds refuses parameters before anything is computed by them.
func TestScryptBounds(t *testing.T) {
	for _, c := range []struct {
		n, r, p int64
		want    error
	}{
		{1 << 14, 8, 1, nil}, // what OpenSSL writes: 16 MiB
		{1 << 16, 8, 1, nil}, // 64 MiB
		{1 << 17, 8, 1, errScrypt},
		{1 << 20, 64, 1, errScrypt}, // 8 GiB
		{1 << 14, 8, 17, errScrypt}, // 256 MiB of work and more
		{2, 1 << 20, 1, errScrypt},
		{2, 1, 1 << 40, errScrypt},
		{1 << 62, 1 << 62, 1 << 62, errScrypt},
		{1 << 14, 0, 1, errPBES2},
		{1 << 14, 8, 0, errPBES2},
		{0, 8, 1, errPBES2},
		{-1 << 14, 8, 1, errPBES2},
	} {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString([]byte("salt"))
			b.AddASN1Int64(c.n)
			b.AddASN1Int64(c.r)
			b.AddASN1Int64(c.p)
		})
		if _, err := scryptKey(b.BytesOrPanic(), []byte("password"), 32); !errors.Is(err, c.want) {
			t.Errorf("N=%d r=%d p=%d: %v, want %v", c.n, c.r, c.p, err, c.want)
		}
	}
}

// TestKeyPEM reads back what it writes, and nothing under another password.
func TestKeyPEM(t *testing.T) {
	for _, a := range []Algorithm{ECDSAP256, ECDSAP384, ECDSAP521, Ed25519ph, RSA2048} {
		key, err := GenerateKey(a)
		if err != nil {
			t.Fatal(err)
		}
		locked, err := key.EncryptPEM([]byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := key.PlainPEM()
		if err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]refuse.Code{"secret": "", "Secret": "sign.key.password", "": "sign.key.password"} {
			got, err := ParsePEM(locked, "", func() ([]byte, error) { return []byte(password), nil })
			if refuse.CodeOf(err) != want {
				t.Errorf("%s, password %q: %v", a, password, err)
			} else if err == nil && !bytes.Equal(got.SPKI(), key.SPKI()) {
				t.Errorf("%s: another key", a)
			}
		}
		if got, err := ParsePEM(plain, "", nil); err != nil || !bytes.Equal(got.SPKI(), key.SPKI()) {
			t.Errorf("%s: %v", a, err)
		}
		again, err := key.EncryptPEM([]byte("secret"))
		if err != nil || bytes.Equal(again, locked) {
			t.Errorf("%s: salt and vector are the same twice: %v", a, err)
		}
		block, rest := pem.Decode(key.PublicPEM())
		if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 || !bytes.Equal(block.Bytes, key.SPKI()) {
			t.Errorf("%s: public key %q", a, key.PublicPEM())
		}
	}
	key, err := GenerateKey(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.EncryptPEM(nil); refuse.CodeOf(err) != "sign.key.password" {
		t.Errorf("an empty password: %v", err)
	}
	elsewhere, err := NewKey(oddSigner{key.private, nil}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := elsewhere.EncryptPEM([]byte("secret")); refuse.CodeOf(err) != "sign.key" {
		t.Errorf("a key that is not in memory: %v", err)
	}
	if _, err := elsewhere.PlainPEM(); refuse.CodeOf(err) != "sign.key" {
		t.Errorf("a key that is not in memory: %v", err)
	}
}

// TestLargePEM reads no key file that is larger than any key.
func TestLargePEM(t *testing.T) {
	good := read(t, "p256.pem")
	if _, err := ParsePEM(append(make([]byte, maxPEM), good...), "", nil); refuse.CodeOf(err) != "sign.key" {
		t.Error(err)
	}
	if _, err := ParsePEM(append(bytes.Repeat([]byte("\n"), maxPEM-len(good)), good...), "", nil); err != nil {
		t.Error(err)
	}
}
