// SPDX-License-Identifier: Apache-2.0

//go:build unix

package outfile

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe is written to, and is one afterwards.
func TestWritePipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(name); err != nil { // without a reader
		t.Fatal(err)
	}
	alias := link(t, name, name+".link")
	got := make(chan string)
	go func() {
		f, err := os.Open(name)
		if err != nil {
			got <- err.Error()
			return
		}
		defer f.Close()
		data, _ := io.ReadAll(f)
		got <- string(data)
	}()
	if err := Write(alias, []byte("content")); err != nil {
		t.Fatal(err)
	}
	if data := <-got; data != "content" {
		t.Errorf("%q", data)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("it is %v, %v", info, err)
	}
}

// A socket cannot be opened, by any process.
func TestCheckSocket(t *testing.T) {
	t.Chdir(t.TempDir()) // names of sockets are short
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if Check("socket") == nil || Write("socket", nil) == nil {
		t.Error("it was written")
	}
}

// A new file has the mode that the umask leaves.
func TestWriteUmask(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new")
	defer syscall.Umask(syscall.Umask(0o027))
	if err := Write(name, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestCreate replaces nothing and follows no link.
func TestCreate(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("file", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(string) error{
		"file itself":     func(n string) error { return os.WriteFile(n, []byte("old"), 0o600) },
		"link to a file":  func(n string) error { return os.Symlink("file", n) },
		"link to nothing": func(n string) error { return os.Symlink("nothing", n) },
		"link to itself":  func(n string) error { return os.Symlink(n, n) },
		"hard link":       func(n string) error { return os.Link("file", n) },
		"folder":          func(n string) error { return os.Mkdir(n, 0o700) },
		"pipe":            func(n string) error { return syscall.Mkfifo(n, 0o600) },
	} {
		if err := plant(name); err != nil {
			t.Fatal(err)
		}
		if err := CheckNew(name); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: CheckNew says %v", name, err)
		}
		for how, create := range map[string]func(string, []byte, fs.FileMode) error{"Create": Create, "createHere": createHere} {
			if err := create(name, []byte("new"), 0o600); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s: %s says %v", name, how, err)
			}
		}
		if _, err := os.Lstat(name); err != nil {
			t.Errorf("%s was removed", name)
		}
	}
	if _, err := os.Lstat("nothing"); err == nil {
		t.Error("a link was followed")
	}
	if data, err := os.ReadFile("file"); err != nil || string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
	if CheckNew("nowhere/x") == nil || Create("nowhere/x", nil, 0o600) == nil {
		t.Error("a file in no folder")
	}
	if err := CheckNew("new"); err != nil {
		t.Error(err)
	}
	if err := Create("new", []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := createHere("here", []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"new", "here"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 3 {
			t.Errorf("%v, %v", info, err)
		}
	}
	if left, err := filepath.Glob(".sigbundle-*"); err != nil || left != nil {
		t.Errorf("%q stay, %v", left, err)
	}
}

// TestReplace follows no link.
func TestReplace(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.WriteFile("file", []byte("old"), 0o600), os.Symlink("file", "link"), os.Mkdir("folder", 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "new"} {
		if err := Replace(name, []byte("new")); err != nil {
			t.Error(err)
		}
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s is %v, %v", name, info, err)
		}
	}
	if data, err := os.ReadFile("file"); err != nil || string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
	if Replace("folder", nil) == nil || Replace("nowhere/x", nil) == nil {
		t.Error("it was written")
	}
	if left, err := filepath.Glob(".sigbundle-*"); err != nil || left != nil {
		t.Errorf("%q stay, %v", left, err)
	}
}
