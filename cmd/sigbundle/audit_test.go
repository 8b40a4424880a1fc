// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// An interrupt ends an audit at once, even while it waits for its list, and
// nothing that was found is lost.
func TestAuditInterrupted(t *testing.T) {
	dir := t.TempDir()
	stdin, list := io.Pipe()
	defer list.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		io.WriteString(list, strings.Repeat("{\"bundle\":\"missing\"}\n", 10))
		interrupt()
	}()
	for _, flags := range [][]string{
		{"--resume", filepath.Join(dir, "state"), "--out", filepath.Join(dir, "findings")},
		{},
	} {
		var out bytes.Buffer
		cmd := newCommand(stdin, &out, io.Discard)
		cmd.SetArgs(append([]string{"audit", "-", "--no-identity"}, flags...))
		err := cmd.ExecuteContext(ctx)
		if err == nil || !strings.HasPrefix(err.Error(), "audit: interrupted") {
			t.Errorf("%v: %v", flags, err)
		}
		if (len(flags) > 0) != strings.Contains(err.Error(), "to continue from") {
			t.Errorf("%v: %v", flags, err)
		}
	}
}
