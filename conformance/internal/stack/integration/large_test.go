// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
)

// TestLarge signs and verifies a file that is far larger than what either
// process may hold in memory.
func TestLarge(t *testing.T) {
	t.Parallel()
	const (
		size   = 10 << 30 // bytes; the file has a hole and takes no space
		maxRSS = 32 << 10 // KiB
	)
	b := newBench(t)
	file, err := os.Create(b.File("artifact"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"sign artifact --identity-token-file token --signing-config " + b.SigningConfig(stack.RekorV2),
		"verify artifact --identity " + email + " --issuer " + b.URLs.Issuer,
	} {
		cmd := exec.CommandContext(t.Context(), b.path("sigbundle"), strings.Fields(args+" --trusted-root "+b.TrustedRoot())...)
		cmd.Dir = string(b.Folder)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatal("the system does not tell what a process used")
		}
		verb, _, _ := strings.Cut(args, " ")
		t.Logf("%s: %.1f s of CPU, %.1f MiB at most", verb, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), float64(used.Maxrss)/1024)
		if used.Maxrss > maxRSS {
			t.Errorf("%s holds %d KiB in memory", verb, used.Maxrss)
		}
	}
}
