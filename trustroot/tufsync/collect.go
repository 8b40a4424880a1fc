// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// Empty clears a cache of all that it holds, but keeps what it has seen: the
// versions below which the next refresh must not fall. kept is false if there
// was nothing to keep, or if the state is damaged and cannot say: then the
// directory is gone.
func Empty(ctx context.Context, dir string) (kept bool, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	st, err := openStore(ctx, dir)
	if err != nil {
		return false, err
	}
	kept, err = st.empty()
	st.lock.release()
	if err == nil && !kept {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return kept, refuse.Wrap("tuf.cache", err, "cannot empty the cache")
	}
	return kept, nil
}

// empty removes everything that the state does not need. The state comes
// first, so that a reader finds a cache never refreshed rather than a torn one.
func (s *store) empty() (kept bool, err error) {
	state, err := s.state()
	if err == nil && state.Seen.Root > 0 {
		kept = true
		if err := s.write(tuf.StateName, (&tuf.State{Seen: state.Seen}).Encode()); err != nil {
			return false, err
		}
	}
	err = nil // a damaged state goes with the rest
	for _, name := range []string{tuf.SetsDir, tuf.TargetsDir, tuf.RootsDir, tmpDir} {
		err = errors.Join(err, os.RemoveAll(s.path(name)))
	}
	return kept, err
}

// collect removes target files that no kept set lists any more. If one of the
// sets cannot be read nothing is removed.
func (s *store) collect() error {
	listed := map[string]bool{}
	sets, err := filepath.Glob(filepath.Join(s.path(tuf.SetsDir), "*", "*.json"))
	if err != nil {
		return err
	}
	for _, file := range sets {
		switch filepath.Base(file) {
		case tuf.TimestampRole + ".json", tuf.SnapshotRole + ".json":
			continue
		}
		data, err := infile.Read(file, tuf.MaxTargetsSize)
		if err != nil {
			return err
		}
		hashes, err := tuf.ListedHashes(data)
		if err != nil {
			return err
		}
		for _, h := range hashes {
			listed[h] = true
		}
	}
	files, err := os.ReadDir(s.path(tuf.TargetsDir))
	for _, f := range files {
		if hash, _, _ := strings.Cut(f.Name(), "."); !listed[hash] {
			err = errors.Join(err, os.Remove(s.path(tuf.TargetsDir+"/"+f.Name())))
		}
	}
	return err
}
