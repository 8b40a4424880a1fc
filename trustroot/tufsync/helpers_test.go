// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// bench is a client and the repository it follows.
type bench struct {
	*tuftest.Repo
	t      *testing.T
	url    string
	dir    string
	root   []byte
	now    time.Time
	config func(*Config) // changes the configuration of every refresh
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Repo: tuftest.New(), t: t, dir: filepath.Join(t.TempDir(), "cache"), now: tuftest.Start.Add(time.Hour)}
	srv := httptest.NewServer(b.Repo)
	t.Cleanup(srv.Close)
	b.url, b.root = srv.URL, b.File("1.root.json")
	return b
}

func (b *bench) cfg(targets ...string) Config {
	c := Config{
		Dir: b.dir, Root: b.root, URL: b.url, Now: b.now, Targets: targets,
		Attempts: 2, Backoff: time.Millisecond, Timeout: 30 * time.Second,
	}
	if b.config != nil {
		b.config(&c)
	}
	return c
}

func (b *bench) refresh(targets ...string) (*Result, error) {
	return Refresh(context.Background(), b.cfg(targets...))
}

// ok refreshes and wants that to succeed.
func (b *bench) ok(targets ...string) *Result {
	b.t.Helper()
	r, err := b.refresh(targets...)
	if err != nil {
		b.t.Fatalf("refresh: %v (%s)", err, refuse.CodeOf(err))
	}
	return r
}

// refused refreshes and wants that to fail with a code, and the cache to say
// afterwards what it said before.
func (b *bench) refused(code refuse.Code, targets ...string) {
	b.t.Helper()
	before := b.versions()
	_, err := b.refresh(targets...)
	if got := refuse.CodeOf(err); got != code {
		b.t.Fatalf("refresh: %v, code %q, want %q", err, got, code)
	}
	if after := b.versions(); !slices.Equal(before, after) {
		b.t.Fatalf("after a refresh that failed the cache proves %v, before it %v", after, before)
	}
}

// open proves the cache offline, whatever its age; nil if it holds nothing.
func (b *bench) open() *tufroot.Repository {
	b.t.Helper()
	r, err := tufroot.OpenCache(os.DirFS(b.dir), tufroot.Config{
		Roots: [][]byte{b.root}, Policy: tufroot.Policy{At: b.now, MaxAge: tufroot.AnyAge},
	})
	if code := refuse.CodeOf(err); code == "tuf.not_found" {
		return nil
	}
	if err != nil {
		b.t.Fatalf("cache: %v (%s)", err, refuse.CodeOf(err))
	}
	return r
}

// versions returns the versions of root, timestamp, snapshot and targets
// that the cache proves, none if it holds nothing.
func (b *bench) versions() []int64 {
	b.t.Helper()
	r := b.open()
	if r == nil {
		return nil
	}
	var v []int64
	for _, role := range r.Status().Roles {
		v = append(v, role.Version)
	}
	return v
}

func (b *bench) want(versions ...int64) {
	b.t.Helper()
	if got := b.versions(); !slices.Equal(got, versions) {
		b.t.Fatalf("cache proves versions %v, want %v", got, versions)
	}
}

// wantRequests compares what the client asked for since the last look.
func (b *bench) wantRequests(names ...string) {
	b.t.Helper()
	if got := b.Requests(); !slices.Equal(got, names) {
		b.t.Fatalf("requests\n%q, want\n%q", got, names)
	}
}

// relist puts hashes and lengths of the current files into what lists them.
func relist(b *bench) {
	info := func(role string) tuftest.Object {
		data := b.File(b.Name(role))
		return tuftest.Object{"version": b.Version(role), "length": len(data), "hashes": tuftest.Object{"sha256": sha(data)}}
	}
	b.Docs["snapshot"]["meta"].(tuftest.Object)["targets.json"] = info("targets")
	b.SetVersion("snapshot", b.Version("snapshot")+1)
	b.Put("snapshot")
	b.Docs["timestamp"]["meta"].(tuftest.Object)["snapshot.json"] = info("snapshot")
	b.SetVersion("timestamp", b.Version("timestamp")+1)
	b.Put("timestamp")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	return data
}
