// SPDX-License-Identifier: Apache-2.0

package pkcs11

import (
	"crypto"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/sign"
)

const pin = "not-1234"

// softHSM is where Debian has the module, if SOFTHSM2_MODULE names no other.
const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

// newToken makes a token of SoftHSM. Without one it says so, loudly, and
// returns false: the rest of the test does not run.
func newToken(t *testing.T) (module string, ok bool) {
	t.Helper()
	module = softHSM
	if m := os.Getenv("SOFTHSM2_MODULE"); m != "" {
		module = m
	}
	if _, err := os.Stat(module); err != nil {
		fmt.Printf("NOT RUN: %s needs SoftHSM (package softhsm2): %v\n", t.Name(), err)
		return "", false
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(config, []byte("directories.tokendir = "+dir+"\nlog.level = ERROR\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", config)
	out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "a token", "--pin", pin, "--so-pin", pin).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return module, true
}

// derParams are what a token is told of a curve.
var derParams = map[string]string{
	"P-256": "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-384": "\x06\x05\x2b\x81\x04\x00\x22", "P-521": "\x06\x05\x2b\x81\x04\x00\x23",
	"Ed25519": "\x13\x0cedwards25519", "secp256k1": "\x06\x05\x2b\x81\x04\x00\x0a",
}

// generate has the token make keys: of every kind, of one that no one takes,
// two that share a label, one without an id, and one without its public half.
func generate(t *testing.T, module string) {
	t.Helper()
	s, err := login(parse(t, "pkcs11:token=a%20token;object=o?module-path="+module), pin)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	pair := func(label string, id []byte, mechanism uint, more ...*pkcs11.Attribute) (public pkcs11.ObjectHandle) {
		name := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true)}
		session, err := s.module.OpenSession(mustSlot(t, s), pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		if err != nil {
			t.Fatal(err)
		}
		public, _, err = s.module.GenerateKeyPair(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)},
			append(name, more...), append(name, pkcs11.NewAttribute(pkcs11.CKA_SIGN, true)))
		if err != nil {
			t.Fatalf("%s: %v", label, err)
		}
		return public
	}
	params := func(curve string) *pkcs11.Attribute {
		return pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, []byte(derParams[curve]))
	}
	for i, curve := range []string{"P-256", "P-384", "P-521", "secp256k1"} {
		pair(curve, []byte{byte(i), 0xff}, pkcs11.CKM_EC_KEY_PAIR_GEN, params(curve))
	}
	pair("Ed25519", []byte{8}, keyGenEdwards, params("Ed25519"))
	pair("RSA", []byte{9}, pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 2048), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
	pair("no id", nil, pkcs11.CKM_EC_KEY_PAIR_GEN, params("P-256"))
	for _, id := range []byte{20, 21} {
		pair("twin", []byte{id}, pkcs11.CKM_EC_KEY_PAIR_GEN, params("P-256"))
	}
	half := pair("half", []byte{30}, pkcs11.CKM_EC_KEY_PAIR_GEN, params("P-256"))
	session, err := s.module.OpenSession(mustSlot(t, s), pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.module.DestroyObject(session, half); err != nil {
		t.Fatal(err)
	}
}

// keyGenEdwards is CKM_EC_EDWARDS_KEY_PAIR_GEN of PKCS #11 3.0.
const keyGenEdwards = 0x1055

func mustSlot(t *testing.T, s *session) uint {
	t.Helper()
	slot, err := s.slot(&URI{Token: "a token"})
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

func noEnv(string) string { return "" }

func wantCode(t *testing.T, err error, code refuse.Code) {
	t.Helper()
	if refuse.CodeOf(err) != code {
		t.Errorf("error %v, want %s", err, code)
	}
	if err != nil && strings.Contains(err.Error(), pin) {
		t.Errorf("the PIN is in the error: %v", err)
	}
}

func TestSoftHSM(t *testing.T) {
	module, ok := newToken(t)
	if !ok {
		return
	}
	generate(t, module)
	query := "?module-path=" + module
	for name, algorithm := range map[string]sign.Algorithm{
		"object=P-256": sign.ECDSAP256, "object=P-384": sign.ECDSAP384, "object=P-521": sign.ECDSAP521, "object=RSA": sign.RSA2048,
		"id=%00%ff": sign.ECDSAP256, "object=twin;id=%14;type=private": sign.ECDSAP256,
	} {
		u := parse(t, "pkcs11:token=a%20token;"+name+query+"&pin-value="+pin)
		token, err := Open(u, noEnv)
		if err != nil {
			t.Fatal(err)
		}
		signs(t, token, algorithm)
		if err := token.Close(); err != nil {
			t.Error(err)
		}
		if _, err := token.Sign(nil, make([]byte, 32), crypto.SHA256); err == nil {
			t.Error("a closed key signs")
		}
	}
	for _, uri := range []string{
		"pkcs11:token=a%20token;object=none" + query + "&pin-value=" + pin,
		"pkcs11:token=a%20token;object=P-256;id=%14" + query + "&pin-value=" + pin,
		"pkcs11:token=a%20token;object=twin" + query + "&pin-value=" + pin,
		"pkcs11:token=a%20token;object=half" + query + "&pin-value=" + pin,
		"pkcs11:token=a%20token;object=secp256k1" + query + "&pin-value=" + pin,
		"pkcs11:serial=0;object=P-256" + query + "&pin-value=" + pin,
		"pkcs11:token=another;object=P-256" + query + "&pin-value=" + pin,
		"pkcs11:token=a%20token;object=P-256" + query + "&pin-value=wrong-" + pin,
		"pkcs11:token=a%20token;object=P-256?module-path=/nonexistent.so&pin-value=" + pin,
	} {
		_, err := Open(parse(t, uri), noEnv)
		wantCode(t, err, "sign.key")
	}
}

// TestEd25519 signs messages as they are, and refuses Ed25519ph by name.
func TestEd25519(t *testing.T) {
	module, ok := newToken(t)
	if !ok {
		return
	}
	generate(t, module)
	token, err := Open(parse(t, "pkcs11:token=a%20token;object=Ed25519?module-path="+module+"&pin-value="+pin), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer token.Close()
	key, err := sign.NewKey(token, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.SignMessage([]byte("hello")); err != nil { // it is verified there
		t.Error(err)
	}
	_, err = key.SignDigest(make([]byte, 64))
	wantCode(t, err, "sign.key")
	if err != nil && !strings.Contains(err.Error(), "no Ed25519ph") {
		t.Error(err)
	}
}

// TestForms reads what other modules than SoftHSM give.
func TestForms(t *testing.T) {
	if _, err := derSignature(make([]byte, 63), 32); err == nil {
		t.Error("a signature of the wrong length passes")
	}
	for want, b := range map[uint64][]byte{7: {7, 0, 0, 0}, 8: {8, 0, 0, 0, 0, 0, 0, 0}, math.MaxUint64: {1}} {
		slices.Reverse(b) // and back, if this machine is a little-endian one
		if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
			slices.Reverse(b)
		}
		if got := number(b); got != want {
			t.Errorf("number %x: %d", b, got)
		}
	}
}

func parse(t *testing.T, s string) *URI {
	t.Helper()
	u, err := ParseURI(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// signs wants signatures that verify without the token.
func signs(t *testing.T, token *Key, algorithm sign.Algorithm) {
	t.Helper()
	key, err := sign.NewKey(token, "")
	if err != nil {
		t.Fatal(err)
	}
	if key.Algorithm() != algorithm {
		t.Errorf("algorithm %s, want %s", key.Algorithm(), algorithm)
	}
	h := key.Hash().New()
	h.Write([]byte("hello"))
	sig, err := key.SignDigest(h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	public, err := sigkey.ForPublicKey(token.Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := public.Verify([]byte("hello"), sig); err != nil {
		t.Error(err)
	}
}

func TestPIN(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte(pin+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const key = "pkcs11:token=t;object=o?module-path=/m"
	for uri, want := range map[string]string{
		key + "&pin-value=a%26b+c":         "a&b+c",
		key + "&pin-source=" + file:        pin,
		key + "&pin-source=file:" + file:   pin,
		key + "&pin-source=file://" + file: pin,
		key:                                "from the environment",
	} {
		got, err := parse(t, uri).pin(func(name string) string {
			return map[string]string{PINVariable: "from the environment"}[name]
		})
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", uri, got, err)
		}
	}
	_, err := parse(t, key).pin(noEnv)
	wantCode(t, err, "sign.key.password")
	_, err = parse(t, key+"&pin-source=/nonexistent").pin(noEnv)
	wantCode(t, err, "sign.key.password")
	for _, content := range []string{"", "\n", strings.Repeat(pin, maxPIN)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = parse(t, key+"&pin-source="+file).pin(noEnv)
		wantCode(t, err, "sign.key.password")
	}
}

func TestParseURI(t *testing.T) {
	u := parse(t, "pkcs11:id=%00%2B;object=a%3Bb+c;serial=12?pin-source=file:/p&module-path=/m%20m.so")
	if u.Serial != "12" || u.Object != "a;b+c" || string(u.ID) != "\x00+" || u.ModulePath != "/m m.so" || u.PINSource != "file:/p" {
		t.Errorf("%+v", *u)
	}
	if got := u.String(); got != "token number 12, object a;b+c, id 002b" {
		t.Error(got)
	}
	for _, s := range []string{
		"", "pkcs11", "PKCS11:token=t;object=o?module-path=/m", "pkcs11:", "pkcs11:?module-path=/m",
		"pkcs11:token=t;object=o",                                         // no module
		"pkcs11:object=o?module-path=/m",                                  // no token
		"pkcs11:token=t;serial=1;object=o?module-path=/m",                 // two
		"pkcs11:token=t?module-path=/m",                                   // no key
		"pkcs11:token=t;token=t;object=o?module-path=/m",                  // twice
		"pkcs11:token=t;object=?module-path=/m",                           // empty
		"pkcs11:token=t;object=%zz?module-path=/m",                        // not hexadecimal
		"pkcs11:token=t;object=a%00?module-path=/m",                       // a zero byte in a label
		"pkcs11:token=t;object=o;slot-id=1?module-path=/m",                // not supported
		"pkcs11:token=t;object=o;type=cert?module-path=/m",                // no private key
		"pkcs11:token=t;object=o;module-path=/m",                          // in the wrong place
		"pkcs11:token=t;object=o?module-path=/m&pin-source=%7Ccat",        // a command
		"pkcs11:token=t;object=o?module-path=/m&pin-value=p&pin-source=f", // both
		"pkcs11:token=t;object=o?module-path=/m&pin-value=" + pin + "%",
		"pkcs11:token=t;object=o?module-path=/m&x-pin=" + pin,
		"pkcs11:token=t;object=" + strings.Repeat("o", maxURI) + "?module-path=/m",
	} {
		_, err := ParseURI(s)
		wantCode(t, err, "sign.key")
	}
}
