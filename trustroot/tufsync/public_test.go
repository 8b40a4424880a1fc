// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A copy of the public repository, refreshed over HTTP and from a directory,
// from root version 5 on, before it was issued, within the week that its
// timestamp lasts, a week later and a year after.
func TestPublicRepository(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_TUF")
	if dir == "" {
		t.Skip("SIGBUNDLE_TUF names no folder with copies of the public repositories")
	}
	mirror := t.TempDir()
	unpack(t, filepath.Join(dir, "production.tar.gz"), mirror)
	srv := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(mirror, "production"))))
	defer srv.Close()
	root, err := os.ReadFile(filepath.Join(mirror, "production", "5.root.json"))
	must(t, err)
	for _, url := range []string{srv.URL, "file://" + filepath.ToSlash(filepath.Join(mirror, "production"))} {
		c := Config{
			Dir: t.TempDir(), Root: root, URL: url, Now: time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC),
			Targets: []string{"trusted_root.json", "signing_config.v0.2.json"}, Optional: []string{"none.json"},
		}
		r, err := Refresh(context.Background(), c)
		must(t, err)
		if v := r.Status().Roles[0].Version; v != 15 || len(r.Missing) != 1 {
			t.Errorf("root version %d, missing %v", v, r.Missing)
		}
		c.Now = c.Now.AddDate(0, 0, 7)
		if _, err := Refresh(context.Background(), c); refuse.CodeOf(err) != "tuf.expired" {
			t.Errorf("a week later: %v", err)
		}
		c.Dir, c.Optional = t.TempDir(), nil
		threeClocks(t, c, time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC))
	}
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		must(t, err)
		if h.Typeflag != tar.TypeReg || strings.Contains(h.Name, "..") {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		must(t, os.MkdirAll(filepath.Dir(name), 0o700))
		data, err := io.ReadAll(r)
		must(t, err)
		must(t, os.WriteFile(name, data, 0o600))
	}
}
