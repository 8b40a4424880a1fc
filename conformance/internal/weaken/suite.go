// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/weaken/mutant"
)

// suite is the test binary of a package.
type suite struct {
	pkg    string
	binary string
	tests  []*test // fastest first; nil until they were recorded
}

// test is a top-level test, fuzz target or example.
type test struct {
	suite *suite
	name  string
	took  time.Duration
	meets map[int]bool // the changes that make a difference to a value in it
}

// Tests that take less than this together run in one process.
const batch = 400 * time.Millisecond

// record runs every test of a suite once, alone, with no change made, and
// notes how long it takes and which changes it could notice.
func (s *suite) record(ctx context.Context, limit time.Duration) error {
	if s.tests != nil {
		return nil
	}
	out, err := s.command(ctx, "-test.list", ".").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", s.pkg, err)
	}
	file := s.binary + ".met"
	tests := []*test{}
	for name := range strings.Lines(string(out)) {
		t := &test{suite: s, name: strings.TrimSpace(name), meets: make(map[int]bool)}
		if strings.HasPrefix(t.name, "Benchmark") {
			continue
		}
		start := time.Now()
		red, out := s.run(ctx, []*test{t}, limit, mutant.Record+"="+file)
		t.took = time.Since(start)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if red {
			return fmt.Errorf("%s: %s fails with no change made:\n%s", s.pkg, t.name, out)
		}
		if err := t.readMet(file); err != nil {
			return err
		}
		tests = append(tests, t)
	}
	slices.SortStableFunc(tests, func(a, b *test) int { return int(a.took - b.took) })
	s.tests = tests
	return nil
}

// readMet reads what a process recorded, and removes the file.
func (t *test) readMet(file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		id, err := strconv.Atoi(string(bytes.TrimSpace(line)))
		if err != nil {
			return err
		}
		t.meets[id] = true
	}
	return os.Remove(file)
}

// command runs the binary where go test would, with a bound on its memory
// where the shell can set one: a loop that never ends may well allocate.
func (s *suite) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"-c", `ulimit -v 6000000 2>/dev/null; exec "$0" "$@"`, s.binary}, args...)
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Dir = filepath.FromSlash(s.pkg)
	return cmd
}

// run reports whether any of some tests turns red, or does not end in time.
func (s *suite) run(ctx context.Context, tests []*test, limit time.Duration, env string) (bool, []byte) {
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = regexp.QuoteMeta(t.name)
	}
	ctx, cancel := context.WithTimeout(ctx, limit+time.Second)
	defer cancel()
	cmd := s.command(ctx, "-test.short", "-test.failfast", "-test.count=1", "-test.timeout", limit.String(),
		"-test.run", "^("+strings.Join(names, "|")+")$")
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.CombinedOutput()
	return err != nil, out
}

// try reports the name of the test of a suite that notices a change.
func (s *suite) try(ctx context.Context, id int, hint string, limit time.Duration) (string, bool) {
	var candidates []*test
	for _, t := range s.tests {
		switch {
		case !t.meets[id]:
		case t.name == hint:
			candidates = append([]*test{t}, candidates...)
		default:
			candidates = append(candidates, t)
		}
	}
	env := mutant.Active + "=" + strconv.Itoa(id)
	for len(candidates) > 0 && ctx.Err() == nil {
		n, took := 1, candidates[0].took
		for candidates[0].name != hint && n < len(candidates) && took+candidates[n].took < batch {
			took += candidates[n].took
			n++
		}
		red, out := s.run(ctx, candidates[:n], min(limit, 5*time.Second+10*took), env)
		if red && !failed.Match(out) && !bytes.Contains(out, []byte("panic: ")) || bytes.Contains(out, timedOut) {
			// It may be the machine that was slow.
			red, out = s.run(ctx, candidates[:n], limit, env)
		}
		if red {
			return killer(candidates[:n], out), true
		}
		candidates = candidates[n:]
	}
	return "", false
}

var (
	failed   = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	timedOut = []byte("panic: test timed out")
)

// killer names the test that turned red, if it can be told.
func killer(tests []*test, out []byte) string {
	if m := failed.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	if len(tests) == 1 {
		return tests[0].name
	}
	return ""
}
