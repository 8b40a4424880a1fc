// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A Command is a program that speaks the protocol of the suite. Exit code 0 is
// a bundle that verifies, exit code 1 a refusal. Any other end is that of a
// broken client: a program that is missing, a signal, a panic, another code.
type Command struct {
	Path string   // of the program, or its name in PATH
	Args []string // before those of the protocol
}

// mostOutput bounds what is kept of a program's output.
const mostOutput = 64 << 10

// wait is how long the output of a program is read after its end.
const wait = 2 * time.Second

var (
	// crash matches what runtimes print when a program ends by itself. Some of
	// them then end with the exit code of a refusal.
	crash = regexp.MustCompile(`(?m)^(panic: |fatal error: |Traceback \(most recent call last\):|thread '[^\n]*' panicked at |Exception in thread |Segmentation fault|Unhandled )`)
	// coded matches a message that begins with a reason.
	coded = regexp.MustCompile(`(?m)^([a-z0-9_]+(?:\.[a-z0-9_]+)+): `)
)

// Verify runs the program in an empty folder of its own.
func (c Command) Verify(ctx context.Context, q Request) Answer {
	path, err := exec.LookPath(c.Path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return Break(err)
	}
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return Break(err)
	}
	defer os.RemoveAll(dir)
	args, err := q.write(dir)
	if err != nil {
		return Break(err)
	}
	cmd := exec.CommandContext(ctx, path, append(append([]string{}, c.Args...), args...)...)
	var stderr head
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, &stderr, wait
	return ended(cmd.Run(), stderr.String())
}

// ended reads a program's end.
func ended(err error, said string) Answer {
	message := strings.TrimSpace(said)
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		return Answer{Message: strings.TrimSpace(err.Error() + "\n" + message)}
	case crash.MatchString(said):
		return Answer{Message: message}
	case err == nil:
		return Accept()
	case exit.ExitCode() != 1:
		return Answer{Message: strings.TrimSpace(fmt.Sprintf("%s, want exit code 0 or 1\n%s", exit, message))}
	}
	code := ""
	if m := coded.FindStringSubmatch(said); m != nil {
		code = m[1]
		_, message, _ = strings.Cut(said, m[0])
	}
	return Refuse(code, strings.TrimSpace(message))
}

// write writes the files of a request to a folder and returns the arguments, in
// the order of the protocol.
func (q *Request) write(dir string) ([]string, error) {
	args := []string{"verify-bundle"}
	if q.Staging {
		args = append(args, "--staging")
	}
	var failed error
	file := func(flag, name string, data []byte) {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); failed == nil {
			failed = err
		}
		if flag != "" {
			args = append(args, flag)
		}
		args = append(args, name)
	}
	file("--bundle", "bundle.sigstore.json", q.Bundle)
	if q.Key != nil {
		file("--key", "key.pub", q.Key)
	} else {
		args = append(args, "--certificate-identity", q.Identity, "--certificate-oidc-issuer", q.Issuer)
	}
	if q.TrustedRoot != nil {
		file("--trusted-root", "trusted_root.json", q.TrustedRoot)
	}
	if q.Artifact == nil {
		return append(args, fmt.Sprintf("sha256:%x", q.Digest)), failed
	}
	data, err := io.ReadAll(q.Artifact)
	if err != nil {
		return nil, err
	}
	file("", "artifact", data)
	return args, failed
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	if left := mostOutput - h.Len(); left > 0 {
		h.Buffer.Write(p[:min(left, len(p))])
	}
	return len(p), nil
}
