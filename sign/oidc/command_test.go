// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A command that hangs is left, with what it has started.
func TestCommandHangs(t *testing.T) {
	name := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(name, []byte("#!/bin/sh\nsleep 30 &\nsleep 30\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if out, err := output(ctx, name); err == nil {
		t.Errorf("it succeeded: %q", out)
	}
	if took := time.Since(start); took > 25*time.Second {
		t.Errorf("took %s", took)
	}
}
