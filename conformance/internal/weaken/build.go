// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// goList runs go list and returns its lines.
func goList(ctx context.Context, args ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}

// typeCheck finds the types of a package, with the compiled form of what it
// imports.
func typeCheck(ctx context.Context, pkg string, fset *token.FileSet, sources []*source) (*types.Package, *types.Info, error) {
	lines, err := goList(ctx, "-deps", "-export", "-f", "{{.ImportPath}}={{.Export}}", "./"+pkg)
	if err != nil {
		return nil, nil, err
	}
	exports := make(map[string]string)
	for _, l := range lines {
		path, file, _ := strings.Cut(l, "=")
		exports[path] = file
	}
	files := make([]*ast.File, len(sources))
	for i, s := range sources {
		files[i] = s.file
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	p, err := config.Check(lines[len(lines)-1], fset, files, info)
	return p, info, err
}

// built is an instrumented package with the test binaries of itself and of
// the packages above.
type built struct {
	*switched
	dir     string
	overlay string
	suites  []*suite // that of the package itself first
}

// build compiles everything once. What does not compile behind a switch is
// left to be tried alone.
func build(ctx context.Context, s *switched, dir, own string, above []string) (*built, error) {
	b := &built{switched: s, dir: dir, overlay: filepath.Join(dir, "overlay.json")}
	packages := []string{own}
	for _, p := range above {
		if p != own {
			packages = append(packages, p)
		}
	}
	for i, p := range packages {
		b.suites = append(b.suites, &suite{pkg: p, binary: filepath.Join(dir, strconv.Itoa(i)+".test")})
	}
	for i := 0; i < len(b.suites); {
		if err := b.write(); err != nil {
			return nil, err
		}
		out, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", b.overlay,
			"-o", b.suites[i].binary, b.suites[i].pkg).CombinedOutput()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			i++
		case !b.dropAll(out):
			return nil, fmt.Errorf("%s with its switches does not compile:\n%s", own, out)
		default:
			i = 0 // what was built before has other switches
		}
	}
	return b, nil
}

// write puts the instrumented files and the overlay that leads to them into
// the directory.
func (b *built) write() error {
	switches, err := filepath.Abs("conformance/internal/weaken/mutant/mutant.go")
	if err != nil {
		return err
	}
	at, err := filepath.Abs("internal/mutant/mutant.go")
	if err != nil {
		return err
	}
	// Only here may every package import it.
	replace := map[string]string{at: switches}
	for i, f := range b.sources {
		original, err := filepath.Abs(f.name)
		if err != nil {
			return err
		}
		replace[original] = b.instrumented(i)
		if err := os.WriteFile(replace[original], b.render(f), 0o600); err != nil {
			return err
		}
	}
	return writeOverlay(b.overlay, replace)
}

func writeOverlay(name string, replace map[string]string) error {
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

var place = regexp.MustCompile(`^(\S+\.go):(\d+):(?:\d+:)? `)

// dropAll takes off the switches that the compiler complains of, and reports
// whether it found any.
func (b *built) dropAll(out []byte) bool {
	dropped := false
	for line := range strings.Lines(string(out)) {
		m := place.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		text, err := lineOf(m[1], n)
		if err == nil && b.drop(b.original(m[1]), n, text) {
			dropped = true
		}
	}
	return dropped
}

// original names the file that an instrumented one was made of. The compiler
// names files near the one it runs in by the way from there.
func (b *built) original(name string) string {
	full, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	for i, f := range b.sources {
		if full == b.instrumented(i) {
			return f.name
		}
	}
	return name
}

// instrumented names the instrumented form of a file.
func (b *built) instrumented(i int) string { return filepath.Join(b.dir, strconv.Itoa(i)+".go") }

// lineOf returns one line of a file.
func lineOf(name string, n int) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	lines := bytes.Split(data, []byte("\n"))
	if n < 1 || n > len(lines) {
		return "", errors.New("no such line")
	}
	return string(lines[n-1]), nil
}
