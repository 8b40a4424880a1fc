// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// module is the path of this module.
const module = "github.com/sigbundle/sigbundle/conformance/internal/stack"

// Set names what Build builds.
type Set string

// The sets. In the environment they are STACK_ONLY.
const (
	Everything  Set = ""        // the servers, and the other clients: cosign and peer-go
	ServersOnly Set = "servers" // half the work; for tests of our own commands alone
)

// commands are what Build builds, by the name of the binary. The versions
// stand in go.mod.
var commands = []struct {
	name, pkg string
	set       Set // the smallest that it belongs to
}{
	{"fulcio", "github.com/sigstore/fulcio", ServersOnly},
	{"ct_server", "github.com/google/certificate-transparency-go/trillian/ctfe/ct_server", ServersOnly},
	{"rekor-server", "github.com/sigstore/rekor/cmd/rekor-server", ServersOnly},
	{"rekor-tiles", "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix", ServersOnly},
	{"tsa", module + "/cmd/tsa", ServersOnly},
	{"trillian", module + "/cmd/trillian", ServersOnly},
	{"peer-go", module + "/cmd/peer-go", Everything},
	{"cosign", "github.com/sigstore/cosign/v3/cmd/cosign", Everything},
}

// Build compiles a set of commands into bin, one after another and at low
// priority, as they are large. root is this module's directory; progress goes
// to w. It needs the module proxy unless the modules are in the cache, and
// does little if all is up to date.
func Build(ctx context.Context, root, bin string, set Set, w io.Writer) error {
	if set != Everything && set != ServersOnly {
		return fmt.Errorf("STACK_ONLY is %q, and there is only %q", set, ServersOnly)
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, c := range commands {
		if set != Everything && c.set != set {
			continue
		}
		_, _ = fmt.Fprintf(w, "building %s\n", c.name)
		args := []string{"go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
			"-o", filepath.Join(bin, c.name), c.pkg}
		if nice, err := exec.LookPath("nice"); err == nil {
			args = append([]string{nice, "-n", "15"}, args...)
		}
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir = root
		cmd.Stdout, cmd.Stderr = w, w
		// Without cgo no C compiler is needed, and Rekor v1 builds twice as fast.
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOWORK=off")
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s: %w", c.name, err)
		}
	}
	return nil
}

// ModuleRoot finds this module's directory from a directory in it.
func ModuleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && isOurs(b) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not in the module " + module)
		}
		dir = parent
	}
}

func isOurs(gomod []byte) bool {
	const line = "module " + module + "\n"
	return len(gomod) >= len(line) && string(gomod[:len(line)]) == line
}
