// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"testing"
	"testing/fstest"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

func TestHasCache(t *testing.T) {
	whole := tuf.State{Set: 1, Refreshed: tuftest.Start, Seen: tuf.Floors{Root: 7}}
	none := tuf.State{}
	for name, c := range map[string]struct {
		state []byte
		has   bool
		fails bool
	}{
		"no state":                {nil, false, false},
		"never refreshed":         {none.Encode(), false, false},
		"refreshed":               {whole.Encode(), true, false},
		"damaged: no fresh start": {[]byte("{"), false, true},
	} {
		fsys := fstest.MapFS{}
		if c.state != nil {
			fsys[tuf.StateName] = &fstest.MapFile{Data: c.state}
		}
		if has, err := HasCache(fsys); has != c.has || (err != nil) != c.fails {
			t.Errorf("%s: %t, %v", name, has, err)
		}
		if f, err := CacheFloors(fsys); (f.Root == 7) != c.has || (err != nil) != c.fails {
			t.Errorf("%s: floors %+v, %v", name, f, err)
		}
	}
}

// With its state a cache has lost its floors: that is no fresh start either.
func TestCacheWithoutItsState(t *testing.T) {
	fsys := fstest.MapFS{"sets/1/timestamp.json": &fstest.MapFile{}}
	if has, err := HasCache(fsys); has || refuse.CodeOf(err) != "tuf.cache" {
		t.Errorf("%t, %v", has, err)
	}
}

// A state that cannot be read is no cache that is not there.
func TestUnreadableState(t *testing.T) {
	fsys := unreadable{fstest.MapFS{}, tuf.StateName}
	has, err := HasCache(fsys)
	if wantCode(t, err, "tuf.read"); has {
		t.Error("has a cache all the same")
	}
	_, err = CacheFloors(fsys)
	wantCode(t, err, "tuf.read")
	for n, code := range map[int]refuse.Code{4 << 20: "tuf.cache", 4<<20 + 1: "tuf.too_large"} {
		_, err = HasCache(fstest.MapFS{tuf.StateName: {Data: make([]byte, n)}})
		wantCode(t, err, code)
	}
}

func TestCheckRoot(t *testing.T) {
	r := tuftest.New()
	r.Publish("root")
	if v, err := CheckRoot(r.File("2.root.json")); err != nil || v != 2 {
		t.Errorf("version %d, %v", v, err)
	}
	r.Edit("root", func(file tuftest.Object) { file["signatures"] = []any{} })
	for name, data := range map[string][]byte{"unsigned": r.File("2.root.json"), "another role": r.File("timestamp.json"), "nothing": nil} {
		if _, err := CheckRoot(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
