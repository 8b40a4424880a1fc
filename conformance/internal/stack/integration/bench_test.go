// SPDX-License-Identifier: Apache-2.0

// Package integration signs with this module's own commands against the real
// servers, and holds the results against other people's clients, and theirs
// against ours.
package integration

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

const (
	email         = stacktest.Email
	predicateType = "https://cosign.sigstore.dev/attestation/v1" // which cosign calls "custom"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// ours builds the commands of the module above, once for all tests.
var ours = sync.OnceValues(func() (dir string, err error) {
	root, err := stack.ModuleRoot(".")
	if err != nil {
		return "", err
	}
	dir = os.Getenv("STACK_BIN")
	if dir == "" {
		dir = filepath.Join(root, "bin")
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", dir+"/", "./cmd/sigbundle", "./cmd/sigbundle-conformance")
	cmd.Dir = filepath.Join(root, "..", "..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

// bench is a stack with a folder to sign in.
type bench struct {
	*stacktest.Stack
	stacktest.Folder
	own string // where our commands are
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchOn(t, stacktest.Start(t))
}

func newBenchOn(t *testing.T, s *stacktest.Stack) *bench {
	t.Helper()
	own, err := ours()
	if err != nil {
		t.Fatal(err)
	}
	return &bench{s, s.NewFolder(t), own}
}

func (b *bench) path(client string) string {
	if strings.HasPrefix(client, "sigbundle") {
		return filepath.Join(b.own, client)
	}
	return b.Binary(client)
}

// run runs a client. The arguments are split at spaces.
func (b *bench) run(t *testing.T, client, args string, env ...string) error {
	t.Helper()
	_, err := b.output(t, client, args, env...)
	return err
}

// output is run, with what the client wrote to standard output.
func (b *bench) output(t *testing.T, client, args string, env ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.path(client), strings.Fields(args)...)
	cmd.Dir = string(b.Folder)
	cmd.Env = append(os.Environ(), append(env, "HOME="+string(b.Folder), "COSIGN_PASSWORD=")...)
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", client, args, err, out.Bytes(), notes.Bytes())
	}
	return out.Bytes(), nil
}

func (b *bench) ok(t *testing.T, client, args string, env ...string) {
	t.Helper()
	if err := b.run(t, client, args, env...); err != nil {
		t.Fatal(err)
	}
}

// refused wants a client to say no, and with a code the code.
func (b *bench) refused(t *testing.T, client, args, code string, env ...string) {
	t.Helper()
	err := b.run(t, client, args, env...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), code) {
		t.Errorf("want a refusal %s: %v", code, err)
	}
}
