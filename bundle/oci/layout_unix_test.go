// SPDX-License-Identifier: Apache-2.0

//go:build unix

package oci

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A pipe in the place of a file does not keep us waiting for its writer.
func TestPipe(t *testing.T) {
	f := newFixture(t)
	path := f.files.Path(f.image.Digest.String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := f.Resolve(t.Context(), "")
	wantCode(t, "a pipe", err, "oci.layout")
	if _, err := Bundles(t.Context(), f, f.image.Digest); err != nil {
		t.Error(err)
	}
}
