// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"fmt"
	"io/fs"
	"maps"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// cache lays a repository out as package tufsync does, as its one set.
func cache(t *testing.T, r *tuftest.Repo, s tuf.State) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{tuf.StateName: {Data: s.Encode()}}
	for v := 1; r.File(fmt.Sprintf("%d.root.json", v)) != nil; v++ {
		files[fmt.Sprintf("root_history/%d.root.json", v)] = &fstest.MapFile{Data: r.File(fmt.Sprintf("%d.root.json", v))}
	}
	for _, role := range []string{"timestamp", "snapshot", "targets"} {
		files[fmt.Sprintf("%s/%s.json", tuf.SetDir(s.Set), role)] = &fstest.MapFile{Data: r.File(r.Name(role))}
	}
	return files
}

// replaced is a cache that is replaced each time its state has been read.
type replaced struct {
	fs.FS
	states [][]byte // in turn, the last one again and again
	read   int
}

func (r *replaced) Open(name string) (fs.File, error) {
	if name != tuf.StateName {
		return r.FS.Open(name)
	}
	state := r.states[min(r.read, len(r.states)-1)]
	r.read++
	if state == nil {
		return nil, fs.ErrNotExist
	}
	return fstest.MapFS{name: {Data: state}}.Open(name)
}

// A set that is gone by the time it is read is looked for anew, unless the
// state still names it, and not for ever.
func TestReplacedCache(t *testing.T) {
	r := repo()
	var states [][]byte
	for i := range 12 {
		states = append(states, (&tuf.State{Set: int64(i + 100), Refreshed: tuftest.Start}).Encode())
	}
	good := tuf.State{Set: 1, Refreshed: tuftest.Start}
	for name, c := range map[string]struct {
		states [][]byte
		code   refuse.Code
		reads  int
	}{
		"whole":                   {[][]byte{good.Encode()}, "", 1},
		"replaced once":           {[][]byte{states[0], states[1], good.Encode()}, "", 3},
		"replaced at the fifth":   {append(states[:8:8], good.Encode()), "", 9},
		"replaced all the time":   {states, "tuf.not_found", 10},
		"names a set that is not": {states[:1], "tuf.not_found", 2},
		"gone meanwhile":          {[][]byte{states[0], nil}, "tuf.not_found", 2},
		"damaged":                 {[][]byte{[]byte("{")}, "tuf.cache", 1},
		"no state":                {[][]byte{nil}, "tuf.not_found", 1},
		"never refreshed":         {[][]byte{(&tuf.State{}).Encode()}, "tuf.not_found", 1},
	} {
		fsys := &replaced{cache(t, r, good), c.states, 0}
		p, err := OpenCache(fsys, config(Policy{At: at}, r.File("1.root.json")))
		wantCode(t, err, c.code)
		if fsys.read != c.reads || (err == nil) != (c.code == "") || err == nil && len(p.Files()) != 4 {
			t.Errorf("%s: the state was read %d times, want %d; %v", name, fsys.read, c.reads, err)
		}
	}
	_, err := OpenCache(nil, config(Policy{At: at}, r.File("1.root.json")))
	wantCode(t, err, "tuf.read")
}

// What a cache proves is dated by its last refresh; if that was after the time
// of judgement it has no date.
func TestRefreshed(t *testing.T) {
	r := repo()
	for d, dated := range map[time.Duration]time.Time{0: at, time.Second: {}, -time.Hour: at.Add(-time.Hour)} {
		files := cache(t, r, tuf.State{Set: 1, Refreshed: at.Add(d)})
		c := config(Policy{At: at}, r.File("1.root.json"))
		p, err := OpenCache(files, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Refreshed = at.Add(d) // as somebody says of a copy
		copied, err := Open(r.FS(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Status{p.Status(), copied.Status()} {
			if !s.Refreshed.Equal(at.Add(d)) || !s.ProvedAt.Equal(dated) || s.Age != at.Sub(dated) {
				t.Errorf("refreshed %v after: %+v", d, s)
			}
		}
	}
}

// Roots that a later refresh has left are not part of what was proved, and
// the floors of what was proved hold.
func TestProvedFloors(t *testing.T) {
	r := repo()
	r.Publish("root")
	r.Publish("root")
	root := r.File("1.root.json")
	for last, want := range map[int64]int64{0: 3, 1: 1, 2: 2, 3: 3} {
		files := cache(t, r, tuf.State{Set: 1, Refreshed: tuftest.Start, Proved: tuf.Floors{Root: last}})
		p, err := OpenCache(files, config(Policy{At: at}, root))
		if err != nil || p.Status().Roles[0].Version != want {
			t.Errorf("up to root %d: %v, %v", last, p, err)
		}
		p, err = OpenCache(files, config(Policy{At: at}, root, r.File("3.root.json"), r.File("2.root.json")))
		if s := p.Status(); err != nil || s.Start != want || s.Newest != 3 || s.Behind != (want != 3) {
			t.Errorf("up to root %d, from newer ones: %+v, %v", last, s, err)
		}
	}
	files := cache(t, r, tuf.State{Set: 1, Refreshed: tuftest.Start, Proved: tuf.Floors{Root: 4}})
	_, err := OpenCache(files, config(Policy{At: at}, root))
	wantCode(t, err, "tuf.rollback")
}

func TestHigher(t *testing.T) {
	meta := func(a, b int64) map[string]int64 { return map[string]int64{"a": a, "b": b} }
	cached := Floors{Root: 2, Keys: "k", Timestamp: 5, Snapshot: 6, Meta: meta(7, 8)}
	for name, c := range map[string]struct{ given, cached, want Floors }{
		"nothing given":           {Floors{}, cached, cached},
		"a newer root given":      {Floors{Root: 3, Timestamp: 1}, cached, Floors{Root: 3, Timestamp: 1}},
		"other keys given":        {Floors{Root: 2, Keys: "other", Timestamp: 9}, cached, cached},
		"the same keys given":     {Floors{Root: 2, Keys: "k", Timestamp: 9, Snapshot: 1, Meta: meta(1, 9)}, cached, Floors{Root: 2, Keys: "k", Timestamp: 9, Snapshot: 6, Meta: meta(7, 9)}},
		"an older root given":     {Floors{Root: 1, Keys: "k", Timestamp: 1, Snapshot: 9}, cached, Floors{Root: 2, Keys: "k", Timestamp: 5, Snapshot: 9, Meta: meta(7, 8)}},
		"no files in the cache":   {Floors{Root: 2, Keys: "k", Meta: meta(1, 2)}, Floors{Root: 2, Keys: "k"}, Floors{Root: 2, Keys: "k", Meta: meta(1, 2)}},
		"a file that was dropped": {Floors{Root: 2, Keys: "k", Meta: map[string]int64{"c": 1}}, Floors{Root: 2, Keys: "k", Meta: meta(1, 2)}, Floors{Root: 2, Keys: "k", Meta: map[string]int64{"a": 1, "b": 2, "c": 1}}},
	} {
		got := higher(c.given, c.cached)
		if got.Root != c.want.Root || got.Keys != c.want.Keys || got.Timestamp != c.want.Timestamp || got.Snapshot != c.want.Snapshot || !maps.Equal(got.Meta, c.want.Meta) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if higher(Floors{Keys: "k", Meta: meta(9, 9)}, cached); cached.Meta["a"] != 7 {
		t.Error("the floors of the cache were changed")
	}
}
