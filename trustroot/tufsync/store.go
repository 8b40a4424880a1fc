// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// store writes a cache directory. The process that has one holds its lock.
type store struct {
	dir  string
	lock *fileLock

	// fault, in tests, fails before a step is taken: "write", "sync",
	// "rename" or "remove" of a file.
	fault func(step, name string) error
}

const tmpDir = "tmp" // what is being written; of no meaning after a crash

func (s *store) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *store) fail(step, name string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(step, name)
}

// read returns a file, nil if there is none.
func (s *store) read(name string, limit int64) ([]byte, error) {
	data, err := tuf.ReadFile(infile.Dir(s.dir), name, limit)
	if refuse.CodeOf(err) == "tuf.not_found" {
		return nil, nil
	}
	return data, err
}

// write puts a file in its place at once: readers see the old one or the new
// one, and after a power cut there is the one or the other.
func (s *store) write(name string, data []byte) error {
	if err := s.replace(name, data); err != nil {
		return refuse.Wrap("tuf.cache", err, "cannot write %q to the cache", name)
	}
	return nil
}

func (s *store) replace(name string, data []byte) (err error) {
	target := s.path(name)
	for _, dir := range []string{filepath.Dir(target), s.path(tmpDir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(s.path(tmpDir), "new-") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err = s.fail("write", name); err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		if err = s.fail("sync", name); err == nil {
			err = f.Sync()
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = s.fail("rename", name); err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err == nil {
		syncDir(filepath.Dir(target))
	}
	return err
}

// syncDir makes a rename last. Not every system can sync a directory, and
// none can do better when it cannot.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// put writes a file unless it exists with the same bytes.
func (s *store) put(name string, data []byte) error {
	if old, err := s.read(name, int64(len(data))); err == nil && old != nil && bytes.Equal(old, data) {
		return nil
	}
	return s.write(name, data)
}

// state reads the state, the zero state if there is none yet.
func (s *store) state() (*tuf.State, error) {
	data, err := s.read(tuf.StateName, tuf.MaxStateSize)
	if err != nil {
		return nil, err
	}
	if data == nil {
		return &tuf.State{}, tuf.CheckNoSets(infile.Dir(s.dir))
	}
	return tuf.ParseState(data)
}

// clear removes what a refresh that did not end has left, and old sets: all
// but the current one and the one before, which someone may still be reading.
func (s *store) clear(current int64) error {
	if err := s.fail("remove", tmpDir); err != nil {
		return refuse.Wrap("tuf.cache", err, "cannot clear the cache")
	}
	err := os.RemoveAll(s.path(tmpDir))
	sets, readErr := os.ReadDir(s.path(tuf.SetsDir))
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		err = errors.Join(err, readErr)
	}
	for _, e := range sets {
		n, numErr := strconv.ParseInt(e.Name(), 10, 64)
		if numErr != nil || n != current && n != current-1 {
			err = errors.Join(err, os.RemoveAll(s.path(tuf.SetsDir+"/"+e.Name())))
		}
	}
	if err != nil {
		return refuse.Wrap("tuf.cache", err, "cannot clear the cache")
	}
	return nil
}
