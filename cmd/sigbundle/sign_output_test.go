// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSignAgain replaces a signature by a signature, and loses no statement.
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
		if out := s.run(2, "", "sigbundle", args...); !strings.Contains(out, "app.sigstore.json is there already") {
			t.Errorf("%q", out)
		}
		if read() != before || s.Called("fulcio") != asked {
			t.Error("it was replaced, or a certificate asked for")
		}
	}
	s.run(0, "", "sigbundle", sign...)
	first := read()
	s.run(0, "", "sigbundle", sign...)
	if read() == first {
		t.Error("the first signature is there still")
	}
	refuses(attest)
	s.run(0, "", "sigbundle", append(attest, "--bundle", "app.sigstore.json")...)
	refuses(attest)
	refuses(sign)
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
