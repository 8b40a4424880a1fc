// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// errLocked says that another process, or another goroutine, has the lock.
var errLocked = errors.New("locked")

// lockPoll is how often a lock that is taken is tried again.
const lockPoll = 20 * time.Millisecond

// openStore makes a cache directory if need be and waits for its lock.
func openStore(ctx context.Context, dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, refuse.Wrap("tuf.cache", err, "cannot make the cache directory")
	}
	for {
		l, err := tryLock(filepath.Join(dir, tuf.LockName))
		if err == nil {
			return &store{dir: dir, lock: l}, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, refuse.Wrap("tuf.cache", err, "cannot lock the cache")
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return nil, refuse.Wrap("tuf.locked", ctx.Err(), "another process is refreshing the cache")
		}
	}
}
