// SPDX-License-Identifier: Apache-2.0

//go:build unix

package audit

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// lock keeps a second audit from writing the same file. The system releases
// it when the process ends, however it ends.
func lock(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// nonblocking opens a named pipe without waiting for its writer.
const nonblocking = unix.O_NONBLOCK

// mine reports whether a file belongs to this user.
func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == uint32(os.Geteuid())
}
