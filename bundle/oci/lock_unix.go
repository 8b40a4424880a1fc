// SPDX-License-Identifier: Apache-2.0

//go:build unix && !aix && !solaris && !illumos

package oci

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock waits until no other writer of the layout holds the file. The system
// releases it when the file is closed, or the process ends.
func lock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != unix.EINTR {
			return err
		}
	}
}
