// SPDX-License-Identifier: Apache-2.0

//go:build unix

package outfile

import (
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

// A socket cannot be opened, whoever listens.
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
