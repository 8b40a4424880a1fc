// SPDX-License-Identifier: Apache-2.0

package model

import (
	"io/fs"
	"syscall"
)

// nonblock has a named pipe that took the place of a file opened at once.
const nonblock = syscall.O_NONBLOCK

func stateOf(info fs.FileInfo) (state, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return state{}, false
	}
	return state{uint64(s.Dev), s.Ino, s.Size, info.ModTime().UnixNano(), s.Ctimespec.Nano()}, true
}
