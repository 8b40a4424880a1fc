// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// fileLock is a lock on a range of bytes, which the kernel lets go of when
// its holder dies.
type fileLock struct{ f *os.File }

func tryLock(name string) (*fileLock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if err != nil {
		f.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, errLocked
		}
		return nil, err
	}
	return &fileLock{f}, nil
}

// release lets go of the lock. The file stays, as on other systems.
func (l *fileLock) release() { l.f.Close() }
