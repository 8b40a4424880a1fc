// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"bytes"
	"io/fs"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// maxTries bounds how often a cache is read again because it was replaced
// meanwhile. It keeps the set before the current one, so that one retry is
// enough unless the reader sleeps through two refreshes.
const maxTries = 5

// OpenCache proves a cache that package tufsync keeps, which may be replaced
// by other processes at any time. The last complete refresh is used: what a
// refresh has left that failed or was killed halfway is not looked at.
//
// A cache knows when it was last refreshed and what it has seen; a directory
// from elsewhere that claims to is not to be opened by this function.
func OpenCache(fsys fs.FS, c Config) (*Repository, error) {
	if fsys == nil {
		return nil, refuse.New("tuf.read", "no file system given")
	}
	var failed error
	for range maxTries {
		raw, err := tuf.ReadFile(fsys, tuf.StateName, tuf.MaxStateSize)
		if err != nil {
			return nil, err
		}
		s, err := tuf.ParseState(raw)
		if err != nil {
			return nil, err
		}
		if s.Set == 0 {
			return nil, refuse.New("tuf.not_found", "the cache was never refreshed to the end")
		}
		r, err := openSet(fsys, s, c)
		if err == nil {
			return r, nil
		}
		failed = err
		again, err := tuf.ReadFile(fsys, tuf.StateName, tuf.MaxStateSize)
		if err != nil || bytes.Equal(again, raw) {
			break
		}
	}
	return nil, failed
}

// HasCache reports whether a cache was ever refreshed to the end, so that
// OpenCache has something to prove. A state that exists and cannot be read
// is an error: damage must not look like a fresh start.
func HasCache(fsys fs.FS) (bool, error) {
	raw, err := tuf.ReadFile(fsys, tuf.StateName, tuf.MaxStateSize)
	if refuse.CodeOf(err) == "tuf.not_found" {
		return false, tuf.CheckNoSets(fsys)
	}
	if err != nil {
		return false, err
	}
	s, err := tuf.ParseState(raw)
	return err == nil && s.Set != 0, err
}

// CacheFloors returns the versions that a cache has seen with good signatures,
// by refreshes that failed later too: what a copy from elsewhere, a kit for
// one, has to reach. They are zero for a cache never used. A state that is
// there and cannot be read is an error.
func CacheFloors(fsys fs.FS) (Floors, error) {
	raw, err := tuf.ReadFile(fsys, tuf.StateName, tuf.MaxStateSize)
	if refuse.CodeOf(err) == "tuf.not_found" {
		return Floors{}, tuf.CheckNoSets(fsys)
	}
	if err != nil {
		return Floors{}, err
	}
	s, err := tuf.ParseState(raw)
	if err != nil {
		return Floors{}, err
	}
	return Floors(s.Seen.Clone()), nil
}

// openSet proves one complete set of a cache.
func openSet(fsys fs.FS, s *tuf.State, c Config) (*Repository, error) {
	c.Floors = higher(c.Floors, Floors(s.Proved))
	c.Refreshed = s.Refreshed
	return open(tuf.Dir{FS: fsys, Meta: tuf.SetDir(s.Set)}, c, s.Proved.Root)
}

// higher returns the stricter of two floors. Those of the cache itself were
// seen last, so they win where the keys have changed.
func higher(given, cached Floors) Floors {
	if given.Root > cached.Root {
		return given
	}
	f := Floors(tuf.Floors(cached).Clone())
	if given.Keys != cached.Keys {
		return f
	}
	f.Timestamp = max(f.Timestamp, given.Timestamp)
	f.Snapshot = max(f.Snapshot, given.Snapshot)
	if f.Meta == nil {
		f.Meta = map[string]int64{}
	}
	for name, v := range given.Meta {
		f.Meta[name] = max(f.Meta[name], v)
	}
	return f
}
