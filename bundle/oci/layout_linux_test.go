// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A layout that cannot be written says so without being written, and one that
// can stays as it is.
func TestCheckWritable(t *testing.T) {
	f := newFixture(t)
	before, err := os.ReadDir(f.files.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.CheckWritable(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadDir(f.files.Dir); err != nil || len(after) != len(before) {
		t.Errorf("left behind: %v, %v", after, err)
	}
	// For this thread root is no one, who must heed the modes of folders.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if os.Geteuid() == 0 {
		if err := os.Chmod(filepath.Dir(f.files.Dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.Setfsuid(0)
	}
	for _, folder := range []string{".", "blobs/sha256"} {
		name := filepath.Join(f.files.Dir, folder)
		if err := os.Chmod(name, 0o555); err != nil && os.Geteuid() != 0 {
			t.Fatal(err)
		}
		if err := f.CheckWritable(); err == nil {
			t.Errorf("%s is read-only and was written", folder)
		}
		_ = os.Chmod(name, 0o755)
	}
}
