// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"cmp"
	"fmt"
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
		_, err = p.Target("no such file") // of which expired metadata says nothing
		wantCode(t, err, cmp.Or(c.code, "tuf.not_found"))
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

// The replay starts at the newest root given that the repository holds, or at
// the newest of all, and takes 256 more.
func TestStart(t *testing.T) {
	r := repo()
	for range 3 {
		r.Publish("root")
	}
	roots := map[int][]byte{}
	for v := 1; v <= 4; v++ {
		roots[v] = r.File(fmt.Sprintf("%d.root.json", v))
	}
	for name, c := range map[string]struct {
		held, given   []int
		start, newest int64
		last          int64
		behind        bool
	}{
		"the newest held":           {[]int{1, 2, 3, 4}, []int{1, 3, 2}, 3, 3, 4, false},
		"the newest given not held": {[]int{1, 2, 3}, []int{2, 4, 1}, 2, 4, 3, true},
		"none held":                 {nil, []int{2, 3}, 3, 3, 3, true},
		"only a newer one held":     {[]int{4}, []int{3}, 3, 3, 4, false},
		"older and newer ones held": {[]int{1, 2, 3, 4}, []int{4, 1}, 4, 4, 4, false},
		"one between is missing":    {[]int{1, 3, 4}, []int{1}, 1, 1, 1, false},
	} {
		for v := range roots {
			r.SetFile(fmt.Sprintf("%d.root.json", v), nil)
		}
		for _, v := range c.held {
			r.SetFile(fmt.Sprintf("%d.root.json", v), roots[v])
		}
		given := Config{Policy: Policy{At: at}}
		for _, v := range c.given {
			given.Roots = append(given.Roots, roots[v])
		}
		p, err := Open(r.FS(), given)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s := p.Status(); s.Start != c.start || s.Newest != c.newest || s.Behind != c.behind || s.Roles[0].Version != c.last || p.Files()[0].Version != c.start {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestBoundsOfRoots(t *testing.T) {
	r := repo()
	root := r.File("1.root.json")
	for n, code := range map[int]refuse.Code{64: "", 65: "tuf.root"} {
		_, err := Open(r.FS(), config(Policy{At: at}, slices.Repeat([][]byte{root}, n)...))
		wantCode(t, err, code)
	}
	for range 256 {
		r.Publish("root")
	}
	p, err := Open(r.FS(), config(Policy{At: at}, root))
	if err != nil || p.Status().Roles[0].Version != 257 {
		t.Errorf("256 roots after the one trusted: %v", err)
	}
	r.Publish("root")
	_, err = Open(r.FS(), config(Policy{At: at}, root))
	wantCode(t, err, "tuf.limit")
}

// A root that cannot be read is not one that is not there, and a root that
// does not follow is refused.
func TestUnreadableRoots(t *testing.T) {
	r := repo()
	r.Publish("root")
	root := r.File("1.root.json")
	for _, name := range []string{"1.root.json", "2.root.json"} {
		_, err := Open(unreadable{r.FS(), name}, config(Policy{At: at}, root))
		wantCode(t, err, "tuf.read")
	}
	r.Signers["root"] = []string{"stranger"}
	r.Publish("root")
	_, err := Open(r.FS(), config(Policy{At: at}, root))
	wantCode(t, err, "tuf.signature")
	_, err = Open(r.FS(), config(Policy{At: at}, root, r.File("3.root.json")))
	wantCode(t, err, "tuf.signature")
}

// unreadable has a file that no one may read.
type unreadable struct {
	fs.FS
	name string
}

func (u unreadable) Open(name string) (fs.File, error) {
	if name == u.name {
		return nil, fs.ErrPermission
	}
	return u.FS.Open(name)
}

// The file of a target is what its role lists, or it is not handed out.
func TestTargetFiles(t *testing.T) {
	r := repo()
	r.Publish("root")
	root := r.File("1.root.json")
	name := ""
	for file := range r.FS().(fstest.MapFS) {
		if strings.HasSuffix(file, ".file") && !strings.Contains(file, "dir/") {
			name = file
		}
	}
	for data, code := range map[string]refuse.Code{"contents": "", "Contents": "tuf.hash", "content": "tuf.length", "contents ": "tuf.length", "": "tuf.length"} {
		r.SetFile(name, []byte(data))
		p, err := Open(r.FS(), config(Policy{At: at}, root))
		if err != nil {
			t.Fatal(err)
		}
		f, err := p.Target("file")
		if wantCode(t, err, code); err == nil && (string(f.Data) != data || len(f.Files) != 0 || len(f.Status.Roles) != 4) {
			t.Errorf("%+v", f)
		}
	}
	r.SetFile(name, nil)
	p, err := Open(r.FS(), config(Policy{At: at}, root))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Target("file")
	wantCode(t, err, "tuf.not_found")
	r.SetFile("1.delegated.json", nil)
	p, err = Open(r.FS(), config(Policy{At: at}, root))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Target("dir/file")
	wantCode(t, err, "tuf.not_found")
	delete(r.Docs["snapshot"]["meta"].(tuftest.Object), "delegated.json")
	r.Publish("snapshot")
	r.SetFile("delegated.json", r.Sign("delegated"))
	p, err = Open(r.FS(), config(Policy{At: at}, root))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Target("dir/file") // by a role that the snapshot does not list
	wantCode(t, err, "tuf.not_found")
}
