// SPDX-License-Identifier: Apache-2.0

//go:build unix

package audit

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock keeps a second audit from writing the same file. The system releases
// it when the process ends, however it ends.
func lock(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}
