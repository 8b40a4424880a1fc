// SPDX-License-Identifier: Apache-2.0

//go:build unix

package infile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Neither of these is a file that has an end, or is worth waiting for.
func TestNotRegular(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink("pipe", at("link")),
		os.Symlink("link", at("linked twice")),
		os.Symlink("/dev/zero", at("device")),
		os.Symlink("/dev/tty", at("terminal")),
		os.Symlink(dir, at("folder")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if l, err := net.Listen("unix", at("s")); err == nil {
		defer l.Close()
	}
	for _, name := range []string{"pipe", "link", "linked twice", "device", "terminal", "folder", "s"} {
		if _, err := os.Stat(at(name)); errors.Is(err, fs.ErrNotExist) {
			continue // no such device here
		}
		if _, err := Open(at(name)); !IsNotRegular(err) {
			t.Errorf("%s opened: %v", name, err)
		}
		if _, err := Read(at(name), 8); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s read: %v", name, err)
		}
		if name == "folder" {
			continue
		}
		var e *fs.PathError
		if _, err := fs.ReadFile(Dir(dir), name); !IsNotRegular(err) || !errors.As(err, &e) || e.Path != name {
			t.Errorf("%s read from a folder: %v", name, err)
		}
	}
}

// A name that becomes a pipe after the first look does not hold its reader up:
// the pipe is opened without waiting, and refused then.
func TestPipeOpensAtOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || plain(info) {
		t.Errorf("a pipe passes for a file: %v", err)
	}
}
