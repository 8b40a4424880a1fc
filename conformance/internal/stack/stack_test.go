// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestForeignDirectory: a directory that no stack made is left alone.
func TestForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "precious")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: dir, Bin: t.TempDir()}); err == nil {
		t.Fatal("started in a foreign directory")
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestSecondStack(t *testing.T) {
	dir := t.TempDir()
	started, err := startTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	s := State{Dir: dir, PID: os.Getpid(), Started: started}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: dir, Bin: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "runs in") {
		t.Fatalf("error %v", err)
	}
	s.Started++ // another process with the same id
	if s.Running() {
		t.Error("taken for another process")
	}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	if err := clearDir(dir); err != nil {
		t.Error(err)
	}
}

func TestMissingBinary(t *testing.T) {
	_, err := Start(t.Context(), Config{Dir: t.TempDir(), Bin: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "trillian") {
		t.Fatalf("error %v", err)
	}
}

// TestServerThatEnds: its log is in the error, and no one waits for the
// deadline.
func TestServerThatEnds(t *testing.T) {
	s := newSpawner()
	defer s.close()
	p := startShell(t, s, "echo no such luck >&2; exit 3")
	err := p.await(t.Context(), exists("/nonexistent"))
	if err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Fatalf("error %v", err)
	}
}

func TestServerThatNeverComes(t *testing.T) {
	s := newSpawner()
	defer s.close()
	p := startShell(t, s, "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.await(ctx, exists("/nonexistent")); err == nil {
		t.Fatal("it is up")
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if p.alive() {
		t.Error("it is alive")
	}
}

func startShell(t *testing.T, s *spawner, script string) *process {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := s.start(dir, "script", "/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestShellEnv(t *testing.T) {
	s := State{Dir: "/it's here"}
	if got := s.ShellEnv(); !strings.HasPrefix(got, `export STACK_DIR='/it'\''s here'`+"\n") {
		t.Error(got)
	}
}
