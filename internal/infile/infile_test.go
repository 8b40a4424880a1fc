// SPDX-License-Identifier: Apache-2.0

package infile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("12345678"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("file", link); err != nil {
		link = name // a system without links
	}
	for _, name := range []string{name, link} {
		if data, err := Read(name, 8); err != nil || string(data) != "12345678" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		if _, err := Read(name, 7); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(dir, 8); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"top", "a/one", "a/b/two"} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fstest.TestFS(Dir(dir), "top", "a/one", "a/b/two"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "/top", "../x", "a/../top", "./top"} {
		if _, err := Dir(dir).Open(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q opened: %v", name, err)
		}
		if _, err := Dir(dir).Stat(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q described: %v", name, err)
		}
	}
	if _, err := Dir("").Open("etc/passwd"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("the zero folder opens files: %v", err)
	}
}

func TestHanded(t *testing.T) {
	for name, want := range map[string]bool{
		"/dev/stdin": true, "/dev/fd/0": true, "/dev/fd/63": true,
		"/dev/fd/": false, "/dev/fd/x": false, "/dev/fd/0/..": false, "/dev/fd/../null": false, "/dev/fd/99999999": false,
		"dev/fd/0": false, "/dev/null": false, "./dev/stdin": false, strings.ToUpper("/dev/stdin"): false,
	} {
		if got := handed(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
