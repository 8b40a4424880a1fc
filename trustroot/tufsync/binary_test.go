// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// suite drives the client binary as the public tuf-conformance suite does:
// one process for each step, its verdict in the exit code, one file for each
// role in the metadata directory.
type suite struct {
	*bench
	binary, metadata, downloads string
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{bench: newBench(t)}
	dir := t.TempDir()
	s.binary = filepath.Join(dir, "sigbundle-tuf-conformance")
	if runtime.GOOS == "windows" {
		s.binary += ".exe"
	}
	build := exec.Command("go", "build", "-o", s.binary, "../../cmd/sigbundle-tuf-conformance")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.metadata, s.downloads = filepath.Join(dir, "metadata"), filepath.Join(dir, "targets")
	// the binary goes by the clock of the system, whenever this runs
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		s.Expire(role, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	s.SetVersion("root", 0)
	s.Publish("root", "targets")
	root := filepath.Join(dir, "initial_root.json")
	must(t, os.WriteFile(root, s.File("1.root.json"), 0o600))
	s.run(0, "init", root)
	s.holds("root", "1.root.json")
	return s
}

// run calls the binary and wants an exit code.
func (s *suite) run(code int, args ...string) {
	s.t.Helper()
	cmd := exec.Command(s.binary, append([]string{"--metadata-dir", s.metadata, "--metadata-url", s.url}, args...)...)
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		s.t.Fatalf("%s: exit code %d, want %d: %v\n%s", args, got, code, err, out)
	}
}

func (s *suite) download(code int, name string) {
	s.t.Helper()
	s.run(code, "--target-name", name, "--target-base-url", s.url+"/targets/", "--target-dir", s.downloads, "download")
}

// holds wants the file of a role to be, byte by byte, one of the repository.
func (s *suite) holds(role, name string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.metadata, role+".json"))
	if err != nil || !bytes.Equal(data, s.File(name)) {
		s.t.Fatalf("%s.json is not %s: %v", role, name, err)
	}
}

// roles returns what the suite would take for trusted metadata.
func (s *suite) roles() string {
	names, err := filepath.Glob(filepath.Join(s.metadata, "*.json"))
	must(s.t, err)
	for i := range names {
		names[i] = strings.TrimSuffix(filepath.Base(names[i]), ".json")
	}
	return strings.Join(names, " ")
}

func TestConformanceBinary(t *testing.T) {
	s := newSuite(t)
	s.run(0, "refresh")
	if got := s.roles(); got != "root snapshot targets timestamp" {
		t.Errorf("trusted metadata: %s", got)
	}
	s.SetKeys("timestamp", 1, "new timestamp")
	s.AddTarget("targets", "dir/file", []byte("contents"))
	s.Publish("root", "targets")
	s.download(0, "dir/file")
	s.holds("root", "2.root.json")
	s.holds("timestamp", "timestamp.json")
	s.holds("snapshot", s.Name("snapshot"))
	s.holds("targets", s.Name("targets"))
	if data, err := os.ReadFile(filepath.Join(s.downloads, FileName("dir/file"))); err != nil || string(data) != "contents" {
		t.Errorf("downloaded %q, %v", data, err)
	}
	s.download(1, "dir/none")
}

// What is refused exits with 1 and leaves trusted metadata as it was.
func TestConformanceBinaryRefuses(t *testing.T) {
	s := newSuite(t)
	old := s.File("timestamp.json")
	s.AddTarget("targets", "file", []byte("x"))
	s.Publish("targets")
	s.download(0, "file")
	held := s.File("timestamp.json")
	s.SetFile("timestamp.json", old) // a rollback
	s.run(1, "refresh")
	s.SetFile("timestamp.json", held)
	s.holds("timestamp", "timestamp.json")

	s.AddTarget("targets", "other", []byte("y"))
	s.SetFile("targets/"+sha([]byte("y"))+".other", []byte("z"))
	s.Publish("targets")
	s.download(1, "other")
	if _, err := os.Stat(filepath.Join(s.downloads, "other")); !os.IsNotExist(err) {
		t.Errorf("a target with another hash was written: %v", err)
	}

	s.SetFile("2.root.json", tuftest.SignDoc(s.Docs["root"], "someone"))
	s.run(1, "refresh")
	s.holds("root", "1.root.json")
}
