// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tufsync

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fileLock is an flock, which the kernel lets go of when its holder dies.
type fileLock struct{ f *os.File }

func tryLock(name string) (*fileLock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, err
	}
	return &fileLock{f}, nil
}

// release lets go of the lock. The file stays: to remove it would let two
// processes each lock a file of that name.
func (l *fileLock) release() { l.f.Close() }
