// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

var at = tuftest.Start.Add(time.Hour)

func config(p Policy, roots ...[]byte) Config { return Config{Roots: roots, Policy: p} }

func wantCode(t *testing.T, err error, code refuse.Code) {
	t.Helper()
	if got := refuse.CodeOf(err); got != code {
		t.Errorf("%v, code %q, want %q", err, got, code)
	}
}

func repo() *tuftest.Repo {
	r := tuftest.New()
	r.Delegate("targets", "delegated", true, "dir/*")
	r.AddTarget("targets", "file", []byte("contents"))
	r.AddTarget("delegated", "dir/file", []byte("more"))
	r.Expire("timestamp", tuftest.Start.Add(7*24*time.Hour))
	r.Expire("delegated", tuftest.Start.Add(3*24*time.Hour))
	r.Publish("delegated", "targets")
	return r
}

func TestOpen(t *testing.T) {
	r := repo()
	r.Publish("root")
	p, err := Open(r.FS(), config(Policy{At: at}, r.File("1.root.json")))
	if err != nil {
		t.Fatal(err)
	}
	s := p.Status()
	if s.Start != 1 || s.Behind || s.Expired || s.Age != 0 || !s.ProvedAt.Equal(at) || len(s.Roles) != 4 || s.Roles[0].Version != 2 {
		t.Errorf("status %+v", s)
	}
	if f := p.Files(); len(f) != 5 || string(f[1].Data) != string(r.File("2.root.json")) {
		t.Errorf("%d files", len(f))
	}
	f, err := p.Target("dir/file")
	if err != nil || string(f.Data) != "more" || len(f.Status.Roles) != 5 || len(f.Files) != 1 || !slices.Equal(f.Roles, []string{"targets", "delegated"}) {
		t.Errorf("%+v, %v", f, err)
	}
	_, err = p.Target("no such")
	wantCode(t, err, "tuf.not_found")
}

// Expired trust neither passes nor blocks silently: the status says when it
// was last known to be in force, and the policy decides.
func TestExpiry(t *testing.T) {
	r := repo()
	root := r.File("1.root.json")
	week := tuftest.Start.Add(7 * 24 * time.Hour)
	for _, c := range []struct {
		name string
		p    Policy
		code refuse.Code
		age  time.Duration
	}{
		{"in force", Policy{At: week.Add(-time.Second)}, "", 0},
		{"the instant of expiry", Policy{At: week}, "tuf.expired", 0},
		{"after, strictly", Policy{At: week.Add(time.Hour)}, "tuf.expired", time.Hour},
		{"after, within the age", Policy{At: week.Add(time.Hour), MaxAge: time.Hour}, "", time.Hour},
		{"after, beyond the age", Policy{At: week.Add(time.Hour + 1), MaxAge: time.Hour}, "tuf.age", time.Hour + 1},
		{"years after, any age", Policy{At: week.Add(10 * tuftest.Year), MaxAge: AnyAge}, "", 10 * tuftest.Year},
	} {
		p, err := Open(r.FS(), config(c.p, root))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s := p.Status()
		if s.Age != c.age || s.Expired != !c.p.At.Before(week) || !s.ValidUntil.Equal(week) || s.Expired && !s.ProvedAt.Equal(week) {
			t.Errorf("%s: status %+v", c.name, s)
		}
		wantCode(t, p.Judge(), c.code)
		_, err = p.Target("file")
		wantCode(t, err, c.code)
	}
	// a delegated role may expire before what stands above it
	p, err := Open(r.FS(), config(Policy{At: tuftest.Start.Add(4 * 24 * time.Hour)}, root))
	if err != nil || p.Judge() != nil {
		t.Fatal(err)
	}
	_, err = p.Target("dir/file")
	wantCode(t, err, "tuf.expired")
}

func TestPolicyZeroRefuses(t *testing.T) {
	r := repo()
	_, err := Open(r.FS(), config(Policy{}, r.File("1.root.json")))
	wantCode(t, err, "tuf.policy")
	_, err = Open(r.FS(), config(Policy{At: at, MaxAge: -2}, r.File("1.root.json")))
	wantCode(t, err, "tuf.policy")
	_, err = Open(r.FS(), config(Policy{At: at}))
	wantCode(t, err, "tuf.root")
	_, err = Open(nil, config(Policy{At: at}, r.File("1.root.json")))
	wantCode(t, err, "tuf.read")
	wantCode(t, Policy{At: at}.Judge(Status{}), "tuf.policy")
}

// A repository that was copied before the newest trusted root was made is
// replayed from an older one, and the status says so.
func TestOlderThanNewestRoot(t *testing.T) {
	r := repo()
	copied := r.FS()
	r.SetKeys("timestamp", 1, "other")
	r.Publish("root")
	one, two := r.File("1.root.json"), r.File("2.root.json")
	p, err := Open(copied, config(Policy{At: at}, two, one))
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Status(); !s.Behind || s.Start != 1 || s.Newest != 2 || s.Roles[0].Version != 1 {
		t.Errorf("status %+v", s)
	}
	_, err = Open(copied, config(Policy{At: at}, two))
	wantCode(t, err, "tuf.signature") // the newest root has taken the key away

	r = repo() // with the same keys the newest root does by itself
	copied = r.FS()
	r.Publish("root")
	p, err = Open(copied, config(Policy{At: at}, r.File("2.root.json")))
	if err != nil || !p.Status().Behind || p.Status().Start != 2 {
		t.Errorf("%v", err)
	}
}

func TestFloors(t *testing.T) {
	r := repo()
	old := r.FS()
	r.Publish("targets")
	open := func(f fs.FS, floors Floors) (*Repository, error) {
		return Open(f, Config{Roots: [][]byte{r.File("1.root.json")}, Policy: Policy{At: at.Add(10 * tuftest.Year), MaxAge: AnyAge}, Floors: floors})
	}
	p, err := open(r.FS(), Floors{})
	if err != nil {
		t.Fatal(err)
	}
	floors := p.Floors()
	_, err = open(old, floors) // long expired, and still a rollback
	wantCode(t, err, "tuf.rollback")
	_, err = open(r.FS(), floors)
	wantCode(t, err, "")
	floors.Root = 2
	_, err = open(r.FS(), floors)
	wantCode(t, err, "tuf.rollback")
	p.Floors().Meta["targets.json"] = 99
	if p.Floors().Meta["targets.json"] == 99 {
		t.Error("floors are shared")
	}
}

func TestBrokenCopies(t *testing.T) {
	for name, code := range map[string]refuse.Code{
		"timestamp.json": "tuf.not_found", "2.snapshot.json": "tuf.not_found", "2.targets.json": "tuf.not_found", "2.root.json": "",
	} {
		r := repo()
		r.Publish("root")
		root := r.File("1.root.json")
		r.SetFile(name, nil)
		_, err := Open(r.FS(), config(Policy{At: at}, root))
		wantCode(t, err, code)
	}
	// every byte of every file counts
	r := repo()
	r.Publish("root")
	root := r.File("1.root.json")
	for _, name := range []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "1.delegated.json"} {
		data := r.File(name)
		for i := 0; i < len(data); i += 7 {
			bad := slices.Clone(data)
			bad[i] ^= 0x01
			r.SetFile(name, bad)
			p, err := Open(r.FS(), config(Policy{At: at}, root))
			if err == nil {
				_, err = p.Target("dir/file")
			}
			if err == nil && strings.TrimSpace(string(data[i:i+1])) != "" {
				t.Errorf("%s: byte %d (%q) changed and accepted", name, i, data[i])
			}
		}
		r.SetFile(name, data)
	}
}

func TestDirectoryInPlaceOfFile(t *testing.T) {
	_, err := Open(fstest.MapFS{"1.root.json": {Mode: fs.ModeDir}}, config(Policy{At: at}, repo().File("1.root.json")))
	wantCode(t, err, "tuf.read")
}

// A repository can be proved by many at once.
func TestConcurrentTargets(t *testing.T) {
	r := repo()
	p, err := Open(r.FS(), config(Policy{At: at}, r.File("1.root.json")))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := p.Target("dir/file")
			p.Floors()
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Nothing that this package is made of can open a connection to a server or
// start a program.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range strings.Fields(string(out)) {
		if p == "net/http" || p == "os/exec" || strings.HasSuffix(p, "/metadata/updater") || strings.HasSuffix(p, "trustroot/tufsync") {
			t.Errorf("depends on %s", p)
		}
	}
}
