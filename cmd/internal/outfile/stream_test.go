// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"io"
	"os"
	"testing"
)

// A file keeps its content until the new one is complete.
func TestStream(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		commit bool
		want   string
	}{{false, "old"}, {true, "new"}} {
		if err := os.WriteFile("f", []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Begin("f")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(s, "new"); err != nil {
			t.Fatal(err)
		}
		if data, _ := os.ReadFile("f"); string(data) != "old" {
			t.Errorf("%q before it was complete", data)
		}
		if !c.commit {
			s.Abort()
		} else if err := s.Commit(); err != nil {
			t.Fatal(err)
		}
		if data, _ := os.ReadFile("f"); string(data) != c.want {
			t.Errorf("%q, want %q", data, c.want)
		}
		if info, _ := os.Stat("f"); info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		if names, _ := os.ReadDir("."); len(names) != 1 {
			t.Errorf("%d files are left", len(names))
		}
	}
}
