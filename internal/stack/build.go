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
const module = "github.com/sigbundle/sigbundle/internal/stack"

// commands are what Build builds, by the name of the binary. The versions
// stand in go.mod.
var commands = []struct{ name, pkg string }{
	{"fulcio", "github.com/sigstore/fulcio"},
	{"ct_server", "github.com/google/certificate-transparency-go/trillian/ctfe/ct_server"},
	{"rekor-server", "github.com/sigstore/rekor/cmd/rekor-server"},
	{"rekor-tiles", "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix"},
	{"tsa", module + "/cmd/tsa"},
	{"trillian", module + "/cmd/trillian"},
	{"peer-go", module + "/cmd/peer-go"},
	{"cosign", "github.com/sigstore/cosign/v3/cmd/cosign"},
}

// Build compiles the servers and the two other clients into bin, one after
// another and at low priority, as they are large. root is this module's
// directory; progress goes to w. It needs the module proxy unless the modules
// are in the cache, and does little if all is up to date.
func Build(ctx context.Context, root, bin string, w io.Writer) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, c := range commands {
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
