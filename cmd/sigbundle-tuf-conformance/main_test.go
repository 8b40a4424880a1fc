// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"net/http"
	"net/http/httptest"
)

// Help that is asked for is no failure.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"refresh", "--help"}, {"--metadata-dir", "d", "download", "-h"}} {
		if err := run(args, time.Time{}); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// The protocol, on a server that has nothing: what succeeds is tested where
// repositories can be made, in package tufsync.
func TestProtocol(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	dir := t.TempDir()
	root := filepath.Join(dir, "initial.json")
	if err := os.WriteFile(root, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	d := filepath.Join(dir, "metadata")
	for _, args := range [][]string{
		nil, {"refresh"}, {"--metadata-dir", d}, {"--metadata-dir", d, "init"}, {"--metadata-dir", d, "init", dir + "/none"},
		{"--metadata-dir", d, "--metadata-url", srv.URL, "refresh"}, {"--metadata-dir", d, "download"}, {"--bad"},
	} {
		if err := run(args, now); err == nil {
			t.Errorf("%q: accepted", args)
		}
	}
	if err := run([]string{"--metadata-dir", d, "init", root}, now); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(d, "root.json")); err != nil || !bytes.Equal(data, []byte("{}")) {
		t.Errorf("%q, %v", data, err)
	}
	if err := run([]string{"--metadata-dir", d, "--metadata-url", srv.URL, "refresh"}, now); err == nil {
		t.Error("refreshed from a root that is none")
	}
}
