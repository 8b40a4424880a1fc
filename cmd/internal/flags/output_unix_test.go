// SPDX-License-Identifier: Apache-2.0

//go:build unix

package flags

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
)

// signature is a bundle that is a signature of a file.
const signature = "../../sigbundle/testdata/acme/hello.txt.sigstore.json"

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// planted are what another user can put at the name of a bundle that the
// command writes without being told to.
var planted = map[string]func(name string) error{
	"a link to a file":      func(name string) error { return os.Symlink("victim", name) },
	"a link to nothing":     func(name string) error { return os.Symlink("nothing", name) },
	"a link to a signature": func(name string) error { return os.Symlink("signature", name) },
	"a link by its path": func(name string) error {
		p, err := filepath.Abs("victim")
		return errors.Join(err, os.Symlink(p, name))
	},
	"a hard link": func(name string) error { return os.Link("victim", name) },
	"a pipe":      func(name string) error { return syscall.Mkfifo(name, 0o600) },
	"a file":      func(name string) error { return os.WriteFile(name, []byte("theirs"), 0o600) },
}

// TestPlanted has nothing written through what was planted, before the look at
// the name or after it.
func TestPlanted(t *testing.T) {
	valid := content(t, signature)
	for what, plant := range planted {
		for _, replace := range []bool{false, true} {
			for _, late := range []bool{false, true} {
				t.Chdir(t.TempDir())
				write(t, "victim", "keep")
				write(t, "signature", valid)
				write(t, "a", "artifact")
				const name = "a" + BundleSuffix
				if !late {
					if err := plant(name); err != nil {
						t.Fatal(err)
					}
				}
				targets, err := Targets(new(outfile.Set), "", []string{"a"}, replace)
				if !late {
					if err == nil {
						t.Errorf("%s, replace %t: accepted", what, replace)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := plant(name); err != nil {
					t.Fatal(err)
				}
				err = targets[0].Write([]byte("ours"))
				if (err == nil) != replace || err != nil && refuse.CodeOf(err) != "sign.write" {
					t.Errorf("%s, replace %t, late: %v", what, replace, err)
				}
				if content(t, "victim") != "keep" || content(t, "signature") != valid {
					t.Errorf("%s, replace %t, late: written through", what, replace)
				}
				if _, err := os.Lstat("nothing"); err == nil {
					t.Errorf("%s, replace %t, late: a link to nothing was followed", what, replace)
				}
				if replace && content(t, name) != "ours" {
					t.Errorf("%s: not replaced", what)
				}
			}
		}
	}
}

// TestReplaceSignature replaces a signature and leaves no other file.
func TestReplaceSignature(t *testing.T) {
	valid := content(t, signature)
	t.Chdir(t.TempDir())
	write(t, "a", "artifact")
	write(t, "a"+BundleSuffix, valid)
	if _, err := Targets(new(outfile.Set), "", []string{"a"}, false); err == nil {
		t.Error("it is replaced without being asked for")
	}
	targets, err := Targets(new(outfile.Set), "", []string{"a"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := targets[0].Write([]byte("ours")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) != 2 || content(t, "a"+BundleSuffix) != "ours" {
		t.Errorf("%v, %v", entries, err)
	}
	if err := (Target{}).Write([]byte("ours")); err == nil {
		t.Error("the zero Target is a file")
	}
}

// TestOneFileEach has no two bundles of one command go to one file.
func TestOneFileEach(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a", "artifact")
	if err := errors.Join(os.Mkdir("d", 0o700), os.Symlink("d", "e"), os.Symlink("a", "b")); err != nil {
		t.Fatal(err)
	}
	write(t, "d/a", "artifact")
	for _, files := range [][]string{{"a", "a"}, {"a", "./a"}, {"d/a", "d/../d/a"}, {"d/a", "e/a"}, {"a", "b", "d/a", "a"}} {
		if _, err := Targets(new(outfile.Set), "", files, false); err == nil {
			t.Errorf("%q: accepted", files)
		}
	}
	if _, err := Targets(new(outfile.Set), "", []string{"a", "b", "d/a"}, false); err != nil {
		t.Error(err)
	}
	if _, err := NewTarget(new(outfile.Set), "-", "a"); err == nil {
		t.Error("- is a file")
	}
}

// TestInputPipes waits for no one who may write to a pipe.
func TestInputPipes(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, "p", "{}")
	_, err := ReadFile("pipe")
	if !infile.IsNotRegular(err) {
		t.Errorf("a file: %v", err)
	}
	if _, err := CAs("pipe"); !infile.IsNotRegular(err) {
		t.Errorf("authorities: %v", err)
	}
	for _, s := range []Statement{{File: "pipe"}, {Predicate: "pipe", Type: "x:y", Digests: []string{"sha256"}}} {
		if _, err := s.Payload([]string{"p"}); !infile.IsNotRegular(err) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	s := Statement{Predicate: "p", Type: "x:y", Digests: []string{"sha256"}}
	if _, err := s.Payload([]string{"p", "pipe"}); !infile.IsNotRegular(err) {
		t.Errorf("an artifact: %v", err)
	}
	for _, s := range []Services{{SigningConfig: "pipe"}, {TrustConfig: "pipe"}} {
		if _, _, err := s.Load(Source{Root: func() (*trustroot.Root, error) { return nil, nil }}); !infile.IsNotRegular(err) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
