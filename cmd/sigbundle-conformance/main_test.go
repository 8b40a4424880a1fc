// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot/instances"
)

// Help that is asked for is no error, and goes to standard output.
func TestHelp(t *testing.T) {
	for _, line := range []string{"help", "-h", "--help", "verify-bundle --help", "verify-bundle -h", "sign-bundle --help"} {
		var out, errs strings.Builder
		if code := command(strings.Fields(line), &out, &errs); code != exitOK || !strings.Contains(out.String(), "-bundle") || errs.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, %q", line, code, out.String(), errs.String())
		}
	}
	var out, errs strings.Builder
	if code := command([]string{"verify-bundle", "--nosuch"}, &out, &errs); code != exitUsage || out.Len() > 0 || errs.Len() == 0 {
		t.Errorf("unknown flag: exit code %d, %q, %q", code, out.String(), errs.String())
	}
}

// What cannot be read is no verdict about it.
func TestUnreadable(t *testing.T) {
	bundle := filepath.Join("..", "..", "testdata", "public", "dsse.sigstore.json")
	for _, artifact := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		args := []string{"verify-bundle", "--bundle", bundle, "--certificate-identity", "a", "--certificate-oidc-issuer", "b", artifact}
		if code := command(args, io.Discard, io.Discard); code != exitUsage {
			t.Errorf("%s: exit code %d", artifact, code)
		}
	}
}

// runs runs a command, and returns what it says on standard error.
func runs(t *testing.T, want int, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	if code := command(args, io.Discard, &stderr); code != want {
		t.Errorf("%q: exit code %d, want %d: %s", args, code, want, &stderr)
	}
	return stderr.String()
}

func write(t *testing.T, data []byte, err error) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err == nil {
		err = os.WriteFile(name, data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// A bundle of a managed key: what is asked for beside the key is not ignored,
// and an artifact is a digest only where nothing has its name.
func TestVerifyBundle(t *testing.T) {
	w, err := virtual.New(virtual.Config{Seed: "client"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Sign(virtual.Request{ManagedKey: key, Artifact: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.TrustedRoot()
	root := write(t, data, err)
	public := write(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: key.SPKI()}), nil)
	verify := []string{"verify-bundle", "--bundle", write(t, signed.Bundle, nil), "--key", public, "--trusted-root", root}
	artifact := write(t, signed.Artifact, nil)
	runs(t, exitOK, append(verify, artifact)...)

	runs(t, exitRefused, append(verify, "--certificate-identity", "a", "--certificate-oidc-issuer", "b", artifact)...)
	for _, flag := range []string{"--certificate-identity", "--certificate-oidc-issuer"} {
		if says := runs(t, exitRefused, append(verify, flag, "https://example.test", artifact)...); !strings.Contains(says, "exclude each other") {
			t.Errorf("%s: %s", flag, says)
		}
		runs(t, exitUsage, append(verify, flag, "", artifact)...)
	}
	runs(t, exitUsage, append(verify, "--trusted-root", "", artifact)...)

	t.Chdir(t.TempDir())
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(signed.Artifact))
	runs(t, exitOK, append(verify, digest)...)
	if err := os.Symlink("nowhere", digest); err != nil {
		t.Fatal(err)
	}
	runs(t, exitUsage, append(verify, digest)...)
	for malformed, words := range map[string]string{
		"sha256:": "0 digits", "sha256:abc": "an odd number of digits, 3", digest[:len(digest)-1]: "an odd number of digits, 63",
		digest + "00": "66 digits", digest[:len(digest)-1] + "g": "the character at 71 is not hexadecimal",
		"sha256:0x" + digest[9:]: "the character at 9 is not hexadecimal", "sha256: " + digest[8:]: "the character at 8 is not hexadecimal",
		"SHA256:" + digest[7:]: `algorithm "SHA256"`, "sha-256:" + digest[7:]: `algorithm "sha-256"`, "sha512:" + digest[7:]: `algorithm "sha512"`,
		"md5:00": `algorithm "md5"`, "sha256=" + digest[7:]: "no algorithm", digest[7:]: "no algorithm", digest[8:]: "no algorithm",
	} {
		if says := runs(t, exitUsage, append(verify, malformed)...); !strings.Contains(says, words) || !strings.Contains(says, "want sha256: and 64") || strings.Contains(says, "no such file") {
			t.Errorf("%s: %s", malformed, says)
		}
	}
	for _, file := range []string{"nothing", "shared.txt", "dir/sha.txt", "C:\\file", "release:1"} {
		if says := runs(t, exitUsage, append(verify, file)...); !strings.Contains(says, "no such file") {
			t.Errorf("%s: %s", file, says)
		}
	}
}

// Without a signing configuration the services are the instance's.
func TestSignBundleServices(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SIGBUNDLE_TRUST_DIR", dir)
	for _, staging := range []string{"--staging=false", "--staging"} {
		says := runs(t, exitUsage, "sign-bundle", staging, "--identity-token", "x.y.z", "--bundle", filepath.Join(dir, "out"), write(t, nil, nil))
		if !strings.Contains(says, "trust refresh") || strings.Contains(says, "staging") != (staging == "--staging") {
			t.Error(says)
		}
	}
	trust, err := os.ReadFile(filepath.Join("..", "..", "cmd", "sigbundle", "testdata", "acme", "client_trust_config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := instances.At(dir).Add(instances.Instance{Name: "lab", ClientTrust: trust}); err != nil {
		t.Fatal(err)
	}
	of, config, err := (&signRequest{}).trust("lab")
	if err != nil || config == nil {
		t.Fatal(err)
	}
	given, _, err := (&signRequest{root: filepath.Join("..", "..", "trustroot", "embedded", "data", "staging", "trusted_root.json")}).trust("lab")
	if err != nil || given.SHA256() == of.SHA256() {
		t.Error("the root given is not the one that judges:", err)
	}
}
