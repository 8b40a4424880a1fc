// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// Under which names a file is looked for, and in which order.
func TestNamesOfFiles(t *testing.T) {
	hash := map[string][]byte{"sha256": {0xab}}
	for want, read := range map[string]func(Dir) ([]byte, error){
		"root_history/12.root.json 12.root.json": func(d Dir) ([]byte, error) { return d.Root(12) },
		"m/timestamp.json":                       func(d Dir) ([]byte, error) { return d.Timestamp() },
		"m/12.Role.json m/%52ole.json m/12.Role.json m/Role.json": func(d Dir) ([]byte, error) {
			return d.Role("Role", Want{Version: 12, Limit: 9})
		},
		"m/2.a%2Fb.json m/a%2Fb.json":                   func(d Dir) ([]byte, error) { return d.Role("a/b", Want{Version: 2, Limit: 9}) },
		"targets/ab.a%2F%42 targets/a/ab.B targets/a/B": func(d Dir) ([]byte, error) { return d.Target(&Target{Name: "a/B", Hashes: hash, Consistent: true}) },
		"targets/ab.a%2F%42 targets/a/B targets/a/B":    func(d Dir) ([]byte, error) { return d.Target(&Target{Name: "a/B", Hashes: hash}) },
		"targets/ab.targets%2Fx targets/targets/ab.x targets/targets/x": func(d Dir) ([]byte, error) {
			return d.Target(&Target{Name: "targets/x", Hashes: hash, Consistent: true})
		},
	} {
		f := &opened{}
		_, err := read(Dir{FS: f, Meta: "m"})
		wantCode(t, want, err, "tuf.not_found")
		if got := strings.Join(f.names, " "); got != want {
			t.Errorf("looked for %s, want %s", got, want)
		}
	}
}

// failing fails to open or to read every file.
type failing struct{ open error }

func (f failing) Open(string) (fs.File, error) {
	if f.open != nil {
		return nil, f.open
	}
	return f, nil
}
func (failing) Stat() (fs.FileInfo, error) { return nil, errors.New("damaged") }
func (failing) Read([]byte) (int, error)   { return 0, errors.New("damaged") }
func (failing) Close() error               { return nil }

func TestReadFile(t *testing.T) {
	files := fstest.MapFS{"file": {Data: []byte("12345")}, "empty": {}, "folder/x": {}}
	for name, c := range map[string]struct {
		fsys  fs.FS
		file  string
		limit int64
		code  refuse.Code
	}{
		"as long as it may be": {files, "file", 5, ""},
		"shorter":              {files, "file", 6, ""},
		"longer":               {files, "file", 4, "tuf.too_large"},
		"empty":                {files, "empty", 0, ""},
		"not there":            {files, "none", 5, "tuf.not_found"},
		"no name":              {files, "../file", 5, "tuf.not_found"},
		"no name for any file": {failing{}, "../file", 5, "tuf.not_found"},
		"a folder":             {files, "folder", 5, "tuf.read"},
		"not a name here":      {failing{fs.ErrInvalid}, "file", 5, "tuf.not_found"},
		"forbidden":            {failing{fs.ErrPermission}, "file", 5, "tuf.read"},
		"damaged":              {failing{}, "file", 5, "tuf.read"},
	} {
		data, err := ReadFile(c.fsys, c.file, c.limit)
		wantCode(t, name, err, c.code)
		if c.code == "" && string(data) != string(files[c.file].Data) {
			t.Errorf("%s: %q", name, data)
		}
	}
	// a file that exists and cannot be read is not passed over
	_, err := Dir{FS: failing{fs.ErrPermission}}.Root(1)
	wantCode(t, "a root that is forbidden", err, "tuf.read")
	_, err = Dir{FS: fstest.MapFS{"targets/a": {Data: []byte("12")}}}.Target(&Target{Name: "a", Length: 1})
	wantCode(t, "a target that is too long", err, "tuf.length")
	_, err = Dir{FS: fstest.MapFS{}}.Target(&Target{Name: "a", Length: 1})
	wantCode(t, "a target that is not there", err, "tuf.not_found")
	if err := TooLong(nil); err != nil {
		t.Error(err)
	}
	for file, most := range map[string]int{"1.root.json": 512_000, "timestamp.json": 16_384} {
		for more, code := range []refuse.Code{"", "tuf.too_large"} {
			d := Dir{FS: fstest.MapFS{file: {Data: make([]byte, most+more)}}}
			_, err := d.Root(1)
			if file == "timestamp.json" {
				_, err = d.Timestamp()
			}
			wantCode(t, file, err, code)
		}
	}
}

func TestStateIsWhole(t *testing.T) {
	zero := State{}
	const none = `{"root":0,"keys":"","timestamp":0,"snapshot":0,"meta":{}}`
	text := strings.Join(strings.Fields(string(zero.Encode())), "")
	if text != `{"set":0,"refreshed":"0001-01-01T00:00:00Z","proved":`+none+`,"seen":`+none+`}` || SetDir(12) != "sets/12" {
		t.Errorf("encoded as %s", text)
	}
	s := State{Set: 9, Refreshed: tuftest.Start, Proved: Floors{Root: 1, Keys: "p", Timestamp: 2, Snapshot: 3, Meta: map[string]int64{"a": 4, "b": 5}},
		Seen: Floors{Root: 6, Keys: "s", Timestamp: 7, Snapshot: 8}}
	for _, state := range []State{zero, s} {
		got, err := ParseState(state.Encode())
		if err != nil || string(got.Encode()) != string(state.Encode()) {
			t.Errorf("%s: %+v, %v", state.Encode(), got, err)
		}
	}
	for _, part := range []string{`"set": 9`, `"root": 1`, `"timestamp": 2`, `"snapshot": 3`, `"a": 4`, `"root": 6`} {
		name, _, _ := strings.Cut(part, ":")
		bad := strings.Replace(string(s.Encode()), part, name+": -1", 1)
		_, err := ParseState([]byte(bad))
		if wantCode(t, part, err, "tuf.cache"); bad == string(s.Encode()) {
			t.Errorf("no %s in %s", part, bad)
		}
	}
	for _, bad := range []string{`{"proved":{"keys":1}}`, `{"seen":1}`, `{"proved":1}`, `{"refreshed":"2026-01-01"}`, `{"refreshed":1}`} {
		_, err := ParseState([]byte(bad))
		wantCode(t, bad, err, "tuf.cache")
	}
	got, err := ParseState([]byte(`{"other":[{}],"seen":{"other":[{}],"root":7,"meta":{"a":0}}}`))
	if err != nil || got.Seen.Root != 7 || got.Set != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	wantCode(t, "no sets", CheckNoSets(fstest.MapFS{}), "")
	wantCode(t, "sets", CheckNoSets(fstest.MapFS{"sets/1/x": {}}), "tuf.cache")
}

// Bounds that other packages keep, spelled out.
func TestBounds(t *testing.T) {
	got := []int{MaxTargetSize, MaxRotations, MaxStateSize, MaxSignatures, MaxDelegations}
	if want := []int{67_108_864, 256, 4_194_304, 256, 32}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
