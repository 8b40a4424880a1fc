// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// public reads a copy of a public repository out of the folder that
// SIGBUNDLE_TUF names, nil if it names none.
func public(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	dir := os.Getenv("SIGBUNDLE_TUF")
	if dir == "" {
		t.Skip("SIGBUNDLE_TUF names no folder with copies of the public repositories")
	}
	files, err := tuftest.Unpack(filepath.Join(dir, name+".tar.gz"), name+"/")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The whole history of the public instance from version 5 on, the first that
// has keys in PEM, and of staging, judged before they were issued, while they
// are in force, and a year after their timestamps have expired.
func TestPublicRepositories(t *testing.T) {
	for name, c := range map[string]struct {
		first    string
		versions [4]int64
		fresh    time.Time // within the week that the timestamp lasts
	}{
		"production": {"5.root.json", [4]int64{15, 762, 165, 14}, time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)},
		"staging":    {"1.root.json", [4]int64{14, 0, 25, 28}, time.Date(2026, 8, 23, 0, 0, 0, 0, time.UTC)},
	} {
		files := public(t, name)
		if files == nil {
			return
		}
		root := files[c.first].Data
		if sum := sha256.Sum256(root); name == "production" &&
			hex.EncodeToString(sum[:]) != "e2a930b2d1d4053dd56e8faf66fd113658545d522e35d222ccf58fea87ccccf4" {
			t.Fatalf("root version 5 is another one: %x", sum)
		}
		p := threeClocks(t, c.fresh, rootTarget, func(p Policy) (*Repository, error) {
			return Open(files, Config{Roots: [][]byte{root}, Policy: p})
		})
		s := p.Status()
		t.Logf("%s: valid until %s, %d roots", name, s.ValidUntil.Format(time.RFC3339), len(p.Files())-3)
		for i, r := range s.Roles {
			if c.versions[i] != 0 && r.Version != c.versions[i] {
				t.Errorf("%s: %s has version %d", name, r.Name, r.Version)
			}
		}
		targets(t, name, files, root, c.fresh.AddDate(1, 0, 0))
	}
}

// targets proves the targets that a verifier needs, whatever their age.
func targets(t *testing.T, name string, files fstest.MapFS, root []byte, at time.Time) {
	t.Helper()
	p, err := Open(files, Config{Roots: [][]byte{root}, Policy: Policy{At: at, MaxAge: AnyAge}})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{rootTarget, "signing_config.v0.2.json"}
	for file := range files { // the one that a delegated role lists
		if dir, base := filepath.Split(file); strings.HasSuffix(base, ".keys.json") {
			names = append(names, strings.TrimPrefix(dir, "targets/")+"keys.json")
		}
	}
	for _, n := range names {
		f, err := p.Target(n)
		if err != nil {
			t.Errorf("%s: %s: %v", name, n, err)
			continue
		}
		if strings.HasSuffix(n, "/keys.json") && len(f.Roles) != 2 {
			t.Errorf("%s: keys by roles %q", name, f.Roles)
		}
	}
	if len(names) != 3 {
		t.Errorf("%s: no delegated target", name)
	}
}
