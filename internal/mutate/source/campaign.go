// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Outcomes of a change.
const (
	noticed  = "noticed"  // by the package's own tests
	higher   = "above"    // by the tests of the packages above only
	survived = "survived" // by none
	invalid  = "invalid"  // it does not compile
	untried  = "untried"  // the run was broken off before it
)

// result is a change and what became of it.
type result struct {
	change  change
	pkg     string
	outcome string
}

// campaign tries changes.
type campaign struct {
	above   []string
	state   string
	timeout time.Duration
	workers int

	mutex sync.Mutex
	known map[string]string // outcomes by hash; guarded by mutex
}

// run tries every change of a package.
func (c *campaign) run(ctx context.Context, pkg string) ([]result, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	files, stamp, err := sources(pkg)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		list, err := changes(f, src)
		if err != nil {
			return nil, err
		}
		for _, ch := range list {
			results = append(results, result{change: ch, pkg: pkg, outcome: untried})
		}
	}
	work := make(chan int)
	var group sync.WaitGroup
	errs := make([]error, c.workers)
	for w := range c.workers {
		group.Go(func() {
			for i := range work {
				if err := c.try(ctx, &results[i], stamp); err != nil && errs[w] == nil {
					errs[w] = err
				}
			}
		})
	}
	for i := range results {
		work <- i
	}
	close(work)
	group.Wait()
	return results, errors.Join(errs...)
}

// try finds out about one change, from the state file if it is there.
func (c *campaign) try(ctx context.Context, r *result, stamp string) error {
	sum := sha256.Sum256([]byte(stamp + r.change.key()))
	id := hex.EncodeToString(sum[:12])
	c.mutex.Lock()
	outcome, ok := c.known[id]
	c.mutex.Unlock()
	if ok {
		r.outcome = outcome
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	outcome, err := c.judge(ctx, r)
	if err != nil || ctx.Err() != nil {
		return err
	}
	r.outcome = outcome
	fmt.Fprintf(os.Stderr, "%-9s %s:%d %s: %s\n", outcome, r.change.file, r.change.line, r.change.operator, r.change.text)
	return c.keep(id, outcome)
}

// judge runs the tests against one change.
func (c *campaign) judge(ctx context.Context, r *result) (string, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	src, err := os.ReadFile(r.change.file)
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(r.change.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, "changed.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(changed, r.change.apply(src), 0o600); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, overlay, 0o600); err != nil {
		return "", err
	}
	own := "./" + r.pkg
	if out, ok := c.test(ctx, name, own); !ok {
		if bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")) {
			return invalid, nil
		}
		return noticed, nil
	}
	for _, p := range c.above {
		if p == own {
			continue
		}
		if _, ok := c.test(ctx, name, p); !ok {
			return higher, nil
		}
	}
	return survived, nil
}

// test reports whether the tests of a package pass.
func (c *campaign) test(ctx context.Context, overlay, pkg string) ([]byte, bool) {
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-count=1", "-failfast", "-short",
		"-timeout", c.timeout.String(), "-overlay", overlay, pkg)
	out, err := cmd.CombinedOutput()
	return out, err == nil
}

// sources lists the files of a package that are not tests, and returns a hash
// over all of its Go files.
func sources(pkg string) ([]string, string, error) {
	files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
	if err != nil {
		return nil, "", err
	}
	h := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, "", err
		}
		fmt.Fprintf(h, "%s %d\n", f, len(data))
		h.Write(data)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	if len(files) == 0 {
		return nil, "", fmt.Errorf("no Go files in %q", pkg)
	}
	return files, hex.EncodeToString(h.Sum(nil)), nil
}

// load reads the state file once.
func (c *campaign) load() error {
	if c.known != nil {
		return nil
	}
	c.known = make(map[string]string)
	data, err := os.ReadFile(c.state)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range bytes.Lines(data) {
		var kept [2]string
		if json.Unmarshal(line, &kept) == nil {
			c.known[kept[0]] = kept[1]
		}
	}
	return nil
}

// keep appends an outcome to the state file.
func (c *campaign) keep(id, outcome string) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.known[id] = outcome
	f, err := os.OpenFile(c.state, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[%q,%q]\n", id, outcome)
	return errors.Join(err, f.Close())
}
