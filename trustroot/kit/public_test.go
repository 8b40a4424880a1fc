// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// A kit of each public repository, from the copies in the folder that
// SIGBUNDLE_TUF names: made, proved before and a year after expiry, and for a
// program that only knows the oldest root that can be read.
func TestPublicKits(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_TUF")
	if dir == "" {
		t.Skip("SIGBUNDLE_TUF names no folder with copies of the public repositories")
	}
	fresh := time.Date(2026, 8, 23, 0, 0, 0, 0, time.UTC)
	for name, first := range map[string]string{"production": "5.root.json", "staging": "1.root.json"} {
		files, err := tuftest.Unpack(filepath.Join(dir, name+".tar.gz"), name+"/")
		if err != nil {
			t.Fatal(err)
		}
		keys := delegated(t, files)
		proof := func(root string, at time.Time) tufroot.Config {
			return tufroot.Config{Roots: [][]byte{files[root].Data}, Policy: tufroot.Policy{At: at, MaxAge: tufroot.AnyAge}}
		}
		g, err := Gather(Source{FS: files, Config: proof("14.root.json", fresh)}, []string{"trusted_root.json", keys}, []string{"signing_config.v0.2.json"})
		if err != nil {
			t.Fatal(err)
		}
		k, err := New(Contents{Instance: name, AsOf: Moment(g.Status), Files: g.Files})
		if err != nil {
			t.Fatal(err)
		}
		data := k.Encode(nil)
		t.Logf("%s: a kit of %d bytes", name, len(data))
		if k, err = Open(data, nil); err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{fresh, fresh.AddDate(1, 0, 0)} {
			p, err := k.Prove(proof(first, at))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := trustroot.Parse(p.Targets["trusted_root.json"].Data); err != nil || p.Targets[keys] == nil || p.Status().Expired != (at != fresh) {
				t.Errorf("%s at %s: %v, %+v", name, at, err, p.Status())
			}
		}
		strict := proof(first, fresh.AddDate(1, 0, 0))
		strict.Policy.MaxAge = 0
		if _, err := k.Prove(strict); refuse.CodeOf(err) != "tuf.expired" {
			t.Errorf("%s, a year later: %v", name, err)
		}
	}
}

// delegated returns the target that the repository delegates: the keys of a
// registry, under the registry's own name.
func delegated(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	found, err := fs.Glob(files, "targets/*/*.keys.json")
	if err != nil || len(found) == 0 {
		t.Fatalf("no delegated keys: %v", err)
	}
	return path.Base(path.Dir(found[0])) + "/keys.json"
}
