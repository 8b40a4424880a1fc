// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package tufsync

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// fileLock is a file that only one process can make. Where the system offers
// nothing better, the age tells a holder that died from one at work.
type fileLock struct{ name string }

// staleLock is the age from which a lock is left behind: far longer
// than a refresh takes.
const staleLock = 30 * time.Minute

func tryLock(name string) (*fileLock, error) {
	name += ".held"
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > staleLock {
			os.Remove(name)
		}
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	return &fileLock{name}, f.Close()
}

func (l *fileLock) release() { os.Remove(l.name) }
