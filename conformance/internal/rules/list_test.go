// SPDX-License-Identifier: Apache-2.0

// Package rules holds the rules of this repository, as tests: what may import what,
// how much the verifying side weighs, what its code may not do, and what the
// module exports. `make check` runs them.
package rules

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/sigbundle/sigbundle"

// verifySide are the packages that judge, with what stands below them. A
// program that only verifies links these and nothing else of ours.
var verifySide = []string{"verify", "bundle", "trustroot", "tlog", "ctlog", "dsse"}

// pkg is what the rules need to know about a package.
type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Module     *struct{ Path string }
}

// own returns the path below our module, "." for its root, and whether the
// package is ours.
func (p *pkg) own() (string, bool) { return own(p.ImportPath) }

func own(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// packages returns everything that the module is built of, by import path.
var packages = sync.OnceValues(func() (map[string]*pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,Name,Standard,GoFiles,Imports,Module", "./...")
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	all := make(map[string]*pkg)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(pkg)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

func list(t *testing.T) map[string]*pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ours returns the module's own packages, sorted by path.
func ours(t *testing.T) []*pkg {
	t.Helper()
	var found []*pkg
	for _, p := range list(t) {
		if _, ok := p.own(); ok && len(p.GoFiles) > 0 {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return found
}

// graph is what some packages are built of: each package with the one that
// imports it on a shortest way from them.
type graph map[string]string

func reach(t *testing.T, from ...string) graph {
	t.Helper()
	all := list(t)
	g := make(graph)
	var queue []string
	for _, path := range from {
		path = module + "/" + path
		if all[path] == nil {
			t.Fatalf("there is no package %s", path)
		}
		g[path] = ""
		queue = append(queue, path)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, next := range all[queue[0]].Imports {
			if _, seen := g[next]; !seen && all[next] != nil {
				g[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	return g
}

// chain returns the way to a package, for the message of a failure.
func (g graph) chain(path string) string {
	var steps []string
	for ; path != ""; path = g[path] {
		steps = append(steps, path)
	}
	slices.Reverse(steps)
	return strings.Join(steps, "\n\t→ ")
}
