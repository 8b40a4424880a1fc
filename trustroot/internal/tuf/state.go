// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"encoding/json"
	"io/fs"
	"strconv"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// A cache consists of files that never change once they exist, and of
// the state, which names the set that is current. Replacing the state is the
// one step that makes a refresh valid, so that whatever else a refresh that
// was cut short has left behind, the set before it stays whole:
//
//	state                          which set, since when, and the floors
//	root_history/N.root.json       every root seen
//	sets/N/timestamp.json …        the other metadata of one refresh
//	targets/HASH.NAME              target files
//	lock                           held by the process that refreshes
//
// No name of a metadata file lacks its ".json", so no role can be called so
// that its file becomes the state.
const (
	StateName    = "state"
	LockName     = "lock"
	RootsDir     = "root_history"
	SetsDir      = "sets"
	TargetsDir   = "targets"
	MaxStateSize = 4 << 20
)

// SetDir returns the folder of a set.
func SetDir(set int64) string { return SetsDir + "/" + strconv.FormatInt(set, 10) }

// State is what a cache knows about itself. The zero value is that of a
// cache never refreshed to the end.
type State struct {
	Set       int64     // 0: none
	Refreshed time.Time // when Set was last found to be all there is
	Proved    Floors    // what Set itself holds
	Seen      Floors    // what was seen with good signatures, by failed refreshes too
}

// Encode returns the state as a file.
func (s *State) Encode() []byte {
	type floors struct {
		Root      int64            `json:"root"`
		Keys      string           `json:"keys"`
		Timestamp int64            `json:"timestamp"`
		Snapshot  int64            `json:"snapshot"`
		Meta      map[string]int64 `json:"meta"`
	}
	meta := func(f Floors) floors {
		if f.Meta == nil {
			f.Meta = map[string]int64{}
		}
		return floors(f)
	}
	// Numbers and strings only: it does not fail.
	data, _ := json.MarshalIndent(struct {
		Set       int64  `json:"set"`
		Refreshed string `json:"refreshed"`
		Proved    floors `json:"proved"`
		Seen      floors `json:"seen"`
	}{s.Set, s.Refreshed.UTC().Format(time.RFC3339), meta(s.Proved), meta(s.Seen)}, "", " ")
	return append(data, '\n')
}

// ParseState reads the state. A damaged one is refused: the floors in it
// cannot be had from anywhere else.
func ParseState(data []byte) (*State, error) {
	s := &State{}
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "set":
			s.Set, err = integer(d, 0)
		case "refreshed":
			err = checkText(d, "date", func(v string) bool {
				s.Refreshed, err = time.Parse(time.RFC3339, v)
				return err == nil
			})
		case "proved":
			err = parseFloors(d, &s.Proved)
		case "seen":
			err = parseFloors(d, &s.Seen)
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, refuse.New("tuf.cache", "the state of the cache is damaged: %v", err)
	}
	return s, nil
}

// CheckNoSets refuses a cache that has sets but no state, which is written
// before any set is: with it the floors are gone.
func CheckNoSets(fsys fs.FS) error {
	if _, err := fs.Stat(fsys, SetsDir); err == nil {
		return refuse.New("tuf.cache", "the cache has lost its state, and with it which versions were seen")
	}
	return nil
}

func parseFloors(d *strictjson.Decoder, f *Floors) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "root":
			f.Root, err = integer(d, 0)
		case "keys":
			f.Keys, err = d.String()
		case "timestamp":
			f.Timestamp, err = integer(d, 0)
		case "snapshot":
			f.Snapshot, err = integer(d, 0)
		case "meta":
			f.Meta = map[string]int64{}
			err = d.Object(func(name string) error {
				v, err := integer(d, 0)
				f.Meta[string([]byte(name))] = v // the decoder's key is a view
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
}
