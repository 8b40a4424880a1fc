// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/verify"
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
		if out := s.run(2, "", "sigbundle", args...); !strings.Contains(out, "app.sigstore.json already exists") {
			t.Errorf("%q", out)
		}
		if read() != before || s.Called("fulcio") != asked {
			t.Error("it was replaced, or a certificate asked for")
		}
	}
	out := s.run(0, "", "sigbundle", sign...)
	for _, want := range []string{"signed app: app.sigstore.json\n", "  as      dev@example.test\n", "  issuer  https://accounts.example.test\n", "  in      transparency log http://127.0.0.1:",
		"  verify  sigbundle verify app --identity dev@example.test --issuer https://accounts.example.test --trusted-root TRUSTED_ROOT_FILE\n"} {
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

// TestSignIntoLayout does not take a file of the image for the bundle's.
func TestSignIntoLayout(t *testing.T) {
	i := newImages(t)
	for _, layout := range []string{"img", "img:v1", "img@" + i.digest} {
		for _, name := range []string{"img/index.json", "img/blobs/" + strings.Replace(i.digest, ":", "/", 1)} {
			i.says(2, append([]string{"sign", "--oci-layout", layout, "--bundle", name}, i.signer...), "--bundle is "+name+", a file of --oci-layout")
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
		return judged{Referrer: digest, Report: &verify.Report{Verified: verified}}
	}
	got := ""
	for _, b := range verifiedFirst([]judged{report("a", false), report("b", true), report("c", false), report("d", true)}) {
		got += string(b.Referrer)
	}
	if got != "bdac" {
		t.Errorf("%s", got)
	}
}
