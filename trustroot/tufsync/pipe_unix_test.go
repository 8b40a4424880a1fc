// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tufsync

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A named pipe in the place of a file, of the cache or of a mirror on disk,
// is an error or another file, and never something to wait for.
func TestPipes(t *testing.T) {
	pipe := func(name string) {
		t.Helper()
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		code refuse.Code // of a refresh; "" where the file is fetched again
	}{
		{"state", "tuf.read"},
		{"root_history/1.root.json", ""},
		{"root_history/2.root.json", ""},
		{"sets/1/timestamp.json", ""},
		{"sets/1/snapshot.json", ""},
		{"sets/1/targets.json", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.Publish("root")
			b.ok()
			pipe(filepath.Join(b.dir, c.name))
			_, err := b.refresh()
			if got := refuse.CodeOf(err); got != c.code {
				t.Errorf("%v, code %q, want %q", err, got, c.code)
			}
		})
	}
	for _, name := range []string{"timestamp.json", "1.snapshot.json", "1.targets.json", "2.root.json"} {
		t.Run("mirror "+name, func(t *testing.T) {
			b := newBench(t)
			b.Publish("root")
			dir := t.TempDir()
			if err := os.CopyFS(dir, b.FS()); err != nil {
				t.Fatal(err)
			}
			pipe(filepath.Join(dir, name))
			c := b.cfg()
			c.URL = (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
			_, err := Refresh(context.Background(), c)
			if got := refuse.CodeOf(err); got != "tuf.read" {
				t.Errorf("%v, code %q", err, got)
			}
		})
	}
}
