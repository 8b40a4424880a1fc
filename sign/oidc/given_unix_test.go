// SPDX-License-Identifier: Apache-2.0

//go:build unix

package oidc

import (
	"os"
	"syscall"
	"testing"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// TestTokenFiles follows links, as Kubernetes makes them, and waits for no one
// who may write to a pipe.
func TestTokenFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"token": "..data/token", "..data": "..1", "to a pipe": "pipe", "to nothing": "nothing", "to itself": "to itself"} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("..1", 0o700); err != nil {
		t.Fatal(err)
	}
	raw := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
	if err := os.WriteFile("..1/token", []byte(raw+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if token, err := FromFile("token"); err != nil || token.Raw() != raw {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"pipe", "to a pipe", "..1", "/dev/zero"} {
		if _, err := FromFile(name); refuse.CodeOf(err) != "sign.token.missing" || !infile.IsNotRegular(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"to nothing", "to itself", "nowhere"} {
		if _, err := FromFile(name); refuse.CodeOf(err) != "sign.token.missing" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
