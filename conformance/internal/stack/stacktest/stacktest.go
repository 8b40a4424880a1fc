// SPDX-License-Identifier: Apache-2.0

// Package stacktest gives tests a running signing stack. A test package says
//
//	func TestMain(m *testing.M) { stacktest.Main(m) }
//
//	func TestSign(t *testing.T) {
//		t.Parallel()
//		s := stacktest.Start(t)
//		token := s.Token(t, "dev@example.test")
//		...
//	}
//
// All tests of the package share one stack. Rekor v2 publishes once a second,
// so tests that sign should be parallel.
package stacktest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/issuer"
)

// startTimeout bounds the start of a stack; it takes a second on an idle
// machine and a few on a busy one.
const startTimeout = 2 * time.Minute

// Stack is a running stack. The methods that take a t end the test on error.
type Stack struct {
	*stack.State
	own *stack.Stack // nil if other tests use it too
}

// shared is the stack of this test process.
var shared struct {
	once    sync.Once
	state   *stack.State
	running *stack.Stack // nil if the stack was there before us
	dir     string       // to remove at the end; empty if it is not ours
	err     error
}

// Main is the body of TestMain. It builds the servers (into STACK_BIN, or bin
// in this module), runs the tests in a network namespace that has nothing but
// a loopback interface, stops the stack, and exits. Where the system gives no
// namespaces the tests run without one, and it says so.
//
// Beside a stack that runs already ("stack exec -- go test ./...") neither is
// done, and the tests use that stack.
func Main(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "stacktest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if os.Getenv("STACK_DIR") == "" && !stack.Isolated() {
		bin, err := build()
		if err != nil {
			return 1, err
		}
		if err := os.Setenv("STACK_BIN", bin); err != nil {
			return 1, err
		}
		code, err := stack.Isolate()
		if !errors.Is(err, stack.ErrNoNamespace) {
			return code, err
		}
		fmt.Fprintln(os.Stderr, "stacktest: not isolated:", err)
	}
	if err := stack.EnterIsolation(); err != nil && os.Getenv("STACK_DIR") == "" {
		return stack.ExitNoLoopback, err
	}
	code := m.Run()
	return code, stop(code)
}

// Only is the set of commands that these tests have, from STACK_ONLY.
func Only() stack.Set { return stack.Set(os.Getenv("STACK_ONLY")) }

func build() (bin string, err error) {
	root, err := stack.ModuleRoot(".")
	if err != nil {
		return "", err
	}
	bin = os.Getenv("STACK_BIN")
	if bin == "" {
		bin = filepath.Join(root, "bin")
	}
	return bin, stack.Build(context.Background(), root, bin, Only(), os.Stderr)
}

// stop ends the shared stack. Its directory stays if a test failed.
func stop(code int) error {
	if shared.running == nil {
		return nil
	}
	err := shared.running.Close()
	if code != 0 {
		fmt.Fprintln(os.Stderr, "stacktest: logs and keys are in", shared.dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(shared.dir))
}

// Start returns the stack of this test process, and starts it if it is the
// first to ask.
func Start(t testing.TB) *Stack {
	t.Helper()
	shared.once.Do(start)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &Stack{State: shared.state}
}

// Own starts a stack for this test alone, which may break it. It is stopped
// when the test ends.
func Own(t testing.TB) *Stack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	s, err := stack.Start(ctx, stack.Config{Dir: t.TempDir(), Bin: os.Getenv("STACK_BIN")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Stack{&s.State, s}
}

func start() {
	if dir := os.Getenv("STACK_DIR"); dir != "" {
		shared.state, shared.err = stack.Open(dir)
		return
	}
	if shared.dir, shared.err = os.MkdirTemp("", "stack-"); shared.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	s, err := stack.Start(ctx, stack.Config{Dir: shared.dir, Bin: os.Getenv("STACK_BIN")})
	if err != nil {
		shared.err = err
		return
	}
	shared.running, shared.state = s, &s.State
}

// Token is a fresh token for an e-mail address.
func (s *Stack) Token(t testing.TB, email string) string {
	t.Helper()
	return s.Mint(t, issuer.Email, url.Values{"email": {email}})
}

// CIToken is a fresh token with the claims of GitHub Actions. CIIdentity is
// the name in the certificate that it buys.
func (s *Stack) CIToken(t testing.TB) string {
	t.Helper()
	return s.Mint(t, issuer.CI, nil)
}

// CIIdentity is the subject alternative name (a URI) that goes with CIToken.
const CIIdentity = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"

// Mint is a token from the issuer "email" or "ci", with any claims. For
// tokens that must be refused see package issuer.
func (s *Stack) Mint(t testing.TB, name string, claims url.Values) string {
	t.Helper()
	tok, err := s.State.Token(name, claims)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// Pause makes a server silent until the test ends; see stack.State.Pause. A
// test that does so cannot be parallel.
func (s *Stack) Pause(t testing.TB, server string) {
	t.Helper()
	if err := s.State.Pause(server); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Resume(server); err != nil {
			t.Error(err)
		}
	})
}

// Kill ends a server of a stack that is this test's own; see stack.Stack.Kill.
func (s *Stack) Kill(t testing.TB, server string) {
	t.Helper()
	if s.own == nil {
		t.Fatal("other tests need this stack")
	}
	if err := s.own.Kill(server); err != nil {
		t.Fatal(err)
	}
}
