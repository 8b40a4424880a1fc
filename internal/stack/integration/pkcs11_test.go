// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/internal/stack"
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
	b.Write(t, "softhsm2.conf", []byte("directories.tokendir = "+string(b.Folder)+"\nlog.level = ERROR\n"))
	for _, args := range [][]string{
		{"--init-token", "--free", "--label", "a token", "--pin", pin, "--so-pin", pin},
		{"--import", b.File("key.pem"), "--token", "a token", "--label", "release", "--id", "01", "--pin", pin},
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
	if err := os.Remove(b.File("bundle.json")); err != nil {
		t.Fatal(err)
	}
	b.refused(t, "sigbundle-pkcs11", "sign artifact"+key+" --bundle bundle.json --signing-config "+b.SigningConfig(stack.RekorV2)+
		" --trusted-root "+b.TrustedRoot(), "sign.key.password")
	if _, err := os.Stat(b.File("bundle.json")); err == nil {
		t.Error("a bundle was written without a PIN")
	}
}
