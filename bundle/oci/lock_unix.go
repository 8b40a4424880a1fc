// SPDX-License-Identifier: Apache-2.0

//go:build unix && !aix && !solaris && !illumos

package oci

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a lock that is taken is tried again.
const lockPoll = 20 * time.Millisecond

// lock waits until no other writer of the layout holds the file, or the
// context ends. The system releases it when the file is closed, or the process
// ends.
func lock(ctx context.Context, f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch err {
		case unix.EINTR:
			continue
		case unix.EWOULDBLOCK:
		default:
			return err
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return fmt.Errorf("another writer has it: %w", ctx.Err())
		}
	}
}
