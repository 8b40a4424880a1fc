// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Outcomes of a change.
const (
	noticed   = "noticed"   // by the package's own tests
	higher    = "above"     // by the tests of the packages above only
	survived  = "survived"  // by none
	explained = "explained" // not by its own, and a reason stands in for the packages above
	invalid   = "invalid"   // it does not compile
	untried   = "untried"   // the run was broken off before it
)

// result is a change and what became of it.
type result struct {
	change  *change
	pkg     string
	outcome string
}

// campaign tries changes.
type campaign struct {
	above   []string
	timeout time.Duration
	state   state
	reasons map[string]string // of survivors, by key
}

// run tries every change of a package.
func (c *campaign) run(ctx context.Context, pkg string) ([]result, error) {
	files, stamp, err := goFiles(pkg)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var sources []*source
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		s, err := readSource(fset, f, src)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	var results []result
	for _, s := range sources {
		for i := range s.changes {
			ch := &s.changes[i]
			r := result{change: ch, pkg: pkg, outcome: c.state.outcome(stamp, ch)}
			if r.outcome == explained && c.reasons[ch.key()] == "" {
				r.outcome = untried
			}
			results = append(results, r)
		}
	}
	if ctx.Err() != nil || !slices.ContainsFunc(results, func(r result) bool { return r.outcome == untried }) {
		return results, nil
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	err = c.try(ctx, pkg, fset, sources, dir, stamp, results)
	if ctx.Err() != nil {
		err = nil // broken off: the rest is untried
	}
	return results, err
}

// try tries the changes that have no outcome yet.
func (c *campaign) try(ctx context.Context, pkg string, fset *token.FileSet, sources []*source, dir, stamp string, results []result) error {
	p, info, err := typeCheck(ctx, pkg, fset, sources)
	if err != nil {
		return err
	}
	b, err := build(ctx, newSwitched(sources, p, info), dir, "./"+pkg, c.above)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d changes, %d of them behind switches\n", pkg, len(results), len(b.ids))
	for i := range results {
		r := &results[i]
		if r.outcome != untried {
			continue
		}
		judge := b.judge
		if b.ids[r.change] == 0 {
			judge = b.judgeAlone
		}
		suites := b.suites
		if c.reasons[r.change.key()] != "" {
			suites = suites[:1]
		}
		outcome, by, err := judge(ctx, suites, r.change, c.state.hint(r.change), c.timeout)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if outcome == survived && len(suites) < len(b.suites) {
			outcome = explained
		}
		r.outcome = outcome
		fmt.Fprintf(os.Stderr, "%d/%d %-9s %s:%d %s: %s %s\n", i+1, len(results), outcome, r.change.file, r.change.line, r.change.operator, r.change.text, by)
		if err := c.state.keep(stamp, r.change, outcome, by); err != nil {
			return err
		}
	}
	return nil
}

// judge makes one change by its switch, and returns the outcome and the test
// that noticed it.
func (b *built) judge(ctx context.Context, suites []*suite, ch *change, hint string, limit time.Duration) (string, string, error) {
	for i, s := range suites {
		if err := s.record(ctx, limit); err != nil {
			return "", "", err
		}
		by, ok := s.try(ctx, b.ids[ch], hint, limit)
		switch {
		case ok && i == 0:
			return noticed, by, nil
		case ok:
			return higher, by, nil
		}
	}
	return survived, "", nil
}

// judgeAlone compiles the package with one change and runs all tests.
func (b *built) judgeAlone(ctx context.Context, suites []*suite, ch *change, _ string, limit time.Duration) (string, string, error) {
	src, err := os.ReadFile(ch.file)
	if err != nil {
		return "", "", err
	}
	original, err := filepath.Abs(ch.file)
	if err != nil {
		return "", "", err
	}
	changed, overlay := filepath.Join(b.dir, "changed.go"), filepath.Join(b.dir, "alone.json")
	if err := os.WriteFile(changed, ch.apply(src), 0o600); err != nil {
		return "", "", err
	}
	if err := writeOverlay(overlay, map[string]string{original: changed}); err != nil {
		return "", "", err
	}
	for i, s := range suites {
		cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-count=1", "-failfast", "-short",
			"-timeout", limit.String(), "-overlay", overlay, s.pkg)
		out, err := cmd.CombinedOutput()
		switch {
		case err == nil:
		case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
			return invalid, "", nil
		case i == 0:
			return noticed, killer(nil, out), nil
		default:
			return higher, killer(nil, out), nil
		}
	}
	return survived, "", nil
}

// goFiles lists the files of a package that are not tests, and returns a hash
// over all of its Go files.
func goFiles(pkg string) ([]string, string, error) {
	files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
	if err != nil {
		return nil, "", err
	}
	sum, err := hashFiles(files)
	if err != nil {
		return nil, "", err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	if len(files) == 0 {
		return nil, "", fmt.Errorf("no Go files in %q", pkg)
	}
	return files, sum, nil
}
