// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
)

const (
	softHSM = "/usr/lib/softhsm/libsofthsm2.so"
	pin     = "not-1234"
)

// newTokenBench is a bench whose key is on a token of SoftHSM too, under the
// label "release", beside the command that signs with it. Without SoftHSM or a
// C compiler it says so, loudly, and is nil: the test does not run.
func newTokenBench(t *testing.T) *bench {
	t.Helper()
	_, noModule := os.Stat(softHSM)
	_, noCompiler := exec.LookPath("cc")
	if err := errors.Join(noModule, noCompiler); err != nil {
		fmt.Printf("NOT RUN: %s needs SoftHSM (package softhsm2) and a C compiler: %v\n", t.Name(), err)
		return nil
	}
	b := newBench(t)
	b.own = t.TempDir() // the command is built with cgo, unlike all others
	build := exec.Command("go", "build", "-mod=readonly", "-o", b.own+"/", "./cmd/sigbundle-pkcs11")
	build.Dir = filepath.Join(repository(t), "internal", "pkcs11")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, second, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(second)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(t, "ed25519.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	b.Write(t, "softhsm2.conf", []byte("directories.tokendir = "+string(b.Folder)+"\nlog.level = ERROR\n"))
	for _, args := range [][]string{
		{"--init-token", "--free", "--label", "a token", "--pin", pin, "--so-pin", pin},
		{"--import", b.File("key.pem"), "--token", "a token", "--label", "release", "--id", "01", "--pin", pin},
		{"--import", b.File("ed25519.pem"), "--token", "a token", "--label", "ed25519", "--id", "02", "--pin", pin},
	} {
		cmd := exec.Command("softhsm2-util", args...)
		cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+b.File("softhsm2.conf"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return b
}

// TestPKCS11 signs with a key on a token, and everybody verifies it with the
// public key.
func TestPKCS11(t *testing.T) {
	t.Parallel()
	b := newTokenBench(t)
	if b == nil {
		return
	}
	other := newBench(t)
	other.Folder = b.Folder
	key := " --pkcs11 pkcs11:token=a%20token;object=release?module-path=" + softHSM
	env := []string{"SOFTHSM2_CONF=" + b.File("softhsm2.conf"), "SIGBUNDLE_PIN=" + pin}
	for _, config := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
		use := key + " --bundle bundle.json --signing-config " + b.SigningConfig(config) + " --trusted-root " + b.TrustedRoot()
		for _, c := range []cell{{false, config, true}, {true, config, true}} {
			args := "sign artifact" + use
			if c.attest {
				args = "attest artifact --predicate predicate --type " + predicateType + use
			}
			b.ok(t, "sigbundle-pkcs11", args, env...)
			for _, client := range clients {
				if err := other.verify(t, client, c, "bundle.json", "artifact"); err != nil {
					t.Error(err)
				}
				if other.verify(t, client, c, "bundle.json", "other") == nil {
					t.Errorf("%s accepts another artifact", client)
				}
			}
		}
	}
	b.tokenEd25519(t, other, env)
	b.tokenInstance(t, other, key, env)
	if err := os.Remove(b.File("bundle.json")); err != nil {
		t.Fatal(err)
	}
	b.refused(t, "sigbundle-pkcs11", "sign artifact"+key+" --bundle bundle.json --signing-config "+b.SigningConfig(stack.RekorV2)+
		" --trusted-root "+b.TrustedRoot(), "sign.key.password")
	if _, err := os.Stat(b.File("bundle.json")); err == nil {
		t.Error("a bundle was written without a PIN")
	}
}

// tokenEd25519 signs with the other key of the token what such a key can sign:
// statements, for logs of Rekor v1.
func (b *bench) tokenEd25519(t *testing.T, other *bench, env []string) {
	t.Helper()
	key := " --pkcs11 pkcs11:token=a%20token;object=ed25519?module-path=" + softHSM
	public, err := b.output(t, "sigbundle-pkcs11", "public-key"+key, env...)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(t, "ed25519.pub", public)
	use := func(c stack.Signing) string {
		return key + " --signing-config " + b.SigningConfig(c) + " --trusted-root " + b.TrustedRoot()
	}
	attest := "attest artifact --predicate predicate --type " + predicateType + " --bundle ed25519.json"
	b.ok(t, "sigbundle-pkcs11", attest+use(stack.RekorV1), env...)
	verify := "verify --bundle ed25519.json --key ed25519.pub --trusted-root " + b.TrustedRoot()
	other.ok(t, "sigbundle", verify+" artifact")
	other.refused(t, "sigbundle", verify+" other", "artifact.mismatch")
	for _, args := range []string{attest + use(stack.RekorV2), "sign artifact --bundle none.json" + use(stack.RekorV1), "sign artifact --bundle none.json" + use(stack.RekorV2)} {
		b.refused(t, "sigbundle-pkcs11", args, "sign.key", env...)
	}
	if _, err := os.Stat(b.File("none.json")); err == nil {
		t.Error("a bundle was written of a signature that cannot be")
	}
}

// tokenInstance takes the services from a proved cache, and signs a statement
// that exists.
func (b *bench) tokenInstance(t *testing.T, other *bench, key string, env []string) {
	t.Helper()
	other.ok(t, "sigbundle", "trust add stack --trust-dir trust --root "+b.TUFRoot()+" --mirror "+b.URLs.TUF)
	b.Write(t, "statement", statementAbout(b.Read(t, "artifact")))
	args := "attest --statement statement --bundle statement.json --trust-dir trust --instance stack" + key
	b.refused(t, "sigbundle-pkcs11", args, "trust.instance", env...)
	other.ok(t, "sigbundle", "trust refresh stack --trust-dir trust")
	b.ok(t, "sigbundle-pkcs11", args, env...)
	other.ok(t, "sigbundle", "verify artifact --bundle statement.json --key key.pub --trust-dir trust --instance stack")
}
