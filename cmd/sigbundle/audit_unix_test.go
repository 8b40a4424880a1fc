// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An audit ends when no one reads its findings any more, by whatever name it
// was told to write them there.
func TestAuditUnread(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte(strings.Repeat("{\"bundle\":\"missing\"}\n", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{nil, {"--out", "/dev/stdout"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "sigbundle", append([]string{"audit", list, "--no-identity"}, flags...)...)
		cmd.Stdout = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
			t.Error(err)
		}
		r.Close()
		if err := cmd.Wait(); err == nil {
			t.Errorf("%q: a success, and nobody saw it", flags)
		}
	}
}
