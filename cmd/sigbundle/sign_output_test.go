// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle/oci"
)

// TestSignAgain replaces a signature only where it is told to, and loses no
// statement.
func TestSignAgain(t *testing.T) {
	s := newShell(t)
	bundle := filepath.Join(s.dir, "app.sigstore.json")
	s.write("predicate.json", `{"made": "by hand"}`)
	signer := []string{"--trust-config", s.config, "--identity-token-file", s.write("token", jwt(t, nil))}
	sign := append([]string{"sign", "app"}, signer...)
	attest := append([]string{"attest", "app", "--predicate", "predicate.json", "--type", "x:y"}, signer...)
	read := func() string {
		t.Helper()
		data, err := os.ReadFile(bundle)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	refuses := func(args []string) {
		t.Helper()
		before, asked := read(), s.Called("fulcio")
		if out := s.run(2, "", "sigbundle", args...); !strings.Contains(out, "app.sigstore.json: already exists") {
			t.Errorf("%q", out)
		}
		if read() != before || s.Called("fulcio") != asked {
			t.Error("it was replaced, or a certificate asked for")
		}
	}
	out := s.run(0, "", "sigbundle", sign...)
	for _, want := range []string{"signed app: app.sigstore.json\n", "  as      dev@example.test\n", "  issuer  https://accounts.example.test\n", "  in      transparency log ",
		"  verify  sigbundle verify app --identity dev@example.test --issuer https://accounts.example.test --trusted-root " + s.config + "\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q does not say %q", out, want)
		}
	}
	first := read()
	refuses(sign)
	s.run(0, "", "sigbundle", append(sign, "--replace")...)
	if read() == first {
		t.Error("the first signature is there still")
	}
	refuses(attest)
	s.run(0, "", "sigbundle", append(attest, "--bundle", "app.sigstore.json")...)
	refuses(attest)
	refuses(sign)
	refuses(append(sign, "--replace"))
}

// TestSignSaysHow prints a command that verifies, to be run as it is.
func TestSignSaysHow(t *testing.T) {
	i := newImages(t)
	i.run(0, "", "sigbundle", "keygen", "--output", "own.key", "--no-passphrase")
	i.run(0, "", "sigbundle", "keygen", "--output", "lost.key", "--no-passphrase")
	if err := os.Rename(filepath.Join(i.dir, "lost.pub"), filepath.Join(i.dir, "found.pub")); err != nil {
		t.Fatal(err)
	}
	i.run(0, "", "cp", "own.key", "renamed.key")
	i.run(0, "", "cp", "found.pub", "renamed.pub")
	odd := "sha256:" + strings.Repeat("0", 64)
	for _, name := range []string{"-app", odd, "it's", "b", "c"} {
		i.write(name, name)
	}
	owner := []string{"--trust-config", i.config, "--key", "own.key"}
	how := regexp.MustCompile(`(?m)^  verify  (sigbundle verify .*)$`)
	for _, c := range []struct {
		args   []string
		signer []string
		want   string
	}{
		{[]string{"sign", "app"}, i.signer, "signed app"},
		{[]string{"sign", "b", "c"}, i.signer, "signed c"},
		{[]string{"sign", "./-app"}, owner, "own.pub"},
		{[]string{"sign", odd}, owner, "verify ./sha256:"},
		{[]string{"sign", "it's", "--bundle", "a bundle"}, owner, "--bundle 'a bundle'"},
		{[]string{"attest", "app", "--predicate", "predicate.json", "--type", "x:y", "--bundle", "app.attest"}, i.signer, "attested app"},
		{[]string{"sign", "--oci-layout", "img:v1"}, i.signer, "signed img"},
		{[]string{"attest", "--oci-layout", "img:v1", "--predicate", "predicate.json", "--type", "spdx"}, i.signer, "attested img"},
		{[]string{"attest", "--oci-layout", "img:v1", "--predicate", "predicate.json", "--type", "spdx", "--bundle", "img.attest"}, owner, "attested img"},
	} {
		out := i.says(0, append(c.args, c.signer...), c.want, "  in      transparency log ", ", entry ")
		found := how.FindStringSubmatch(out)
		if found == nil {
			t.Errorf("%q does not say how to verify: %s", c.args, out)
			continue
		}
		i.run(0, "", "sh", "-c", found[1])
	}
	// A public key beside the private one that belongs to another key is not named.
	for _, key := range []string{"lost.key", "renamed.key"} {
		i.says(0, []string{"sign", "app", "--replace", "--trust-config", i.config, "--key", key}, "  as      the holder of "+key, "--key PUBLIC_KEY_FILE")
	}
	if out := i.run(1, "", "sigbundle", "sign", "app", "--replace", "--trust-config", i.config); !strings.Contains(out, "--oidc-flow browser or --oidc-flow device") {
		t.Errorf("%q", out)
	}
}

// TestSignIntoLayout does not take a file of the image for the bundle's.
func TestSignIntoLayout(t *testing.T) {
	i := newImages(t)
	for _, layout := range []string{"img", "img:v1", "img@" + i.digest} {
		for _, name := range []string{"img/index.json", "img/blobs/" + strings.Replace(i.digest, ":", "/", 1)} {
			i.says(2, append([]string{"sign", "--oci-layout", layout, "--bundle", name}, i.signer...), "--bundle: "+name+" is a file of --oci-layout")
		}
	}
	i.says(2, append([]string{"attest", "--oci-layout", "img", "--predicate", "predicate.json", "--type", "x:y", "--bundle", "predicate.json"}, i.signer...), "--predicate and --bundle")
	i.says(0, append([]string{"sign", "--oci-layout", "img:v1", "--bundle", "img.sigstore.json"}, i.signer...), "img.sigstore.json")
}

// TestShellWord has a shell give back every word.
func TestShellWord(t *testing.T) {
	for _, word := range []string{"", "a b", "it's", "$(touch x)", "`x`", "a;b", "*", "#", "https://h/a@refs/heads/x", "\n"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+shellWord(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q: %q, %v", word, out, err)
		}
	}
}

// TestVerifiedFirst puts the bundles that verify before the others.
func TestVerifiedFirst(t *testing.T) {
	report := func(digest oci.Digest, verified bool) judged {
		return judged{Referrer: digest, Report: &report.Report{Verified: verified}}
	}
	got := ""
	for _, b := range verifiedFirst([]judged{report("a", false), report("b", true), report("c", false), report("d", true)}) {
		got += string(b.Referrer)
	}
	if got != "bdac" {
		t.Errorf("%s", got)
	}
}
