// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// TestWriteBundle leaves either the old file or the new one, and nothing else.
func TestWriteBundle(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "bundle.json")
	for _, want := range []string{"first", "second"} {
		if err := WriteBundle(name, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
	blocked := filepath.Join(dir, "blocked")
	if err := os.MkdirAll(filepath.Join(blocked, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteBundle(blocked, []byte("x")); refuse.CodeOf(err) != "sign.write" {
		t.Error(err)
	}
	if err := WriteBundle(filepath.Join(dir, "nowhere", "x"), nil); refuse.CodeOf(err) != "sign.write" {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
