// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"encoding/json"
	"errors"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// public reports whether others may import a package.
func (p *pkg) public() bool {
	name, ours := p.own()
	return ours && p.Name != "main" && !isInternal(name)
}

func isInternal(path string) bool { return slices.Contains(strings.Split(path, "/"), "internal") }

// typed returns the public packages with their types, as the compiler has them.
func typed(t *testing.T) []*types.Package {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Export"}
	for _, p := range ours(t) {
		if p.public() {
			args = append(args, p.ImportPath)
		}
	}
	public := args[4:]
	cmd := exec.Command("go", args...)
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
	compiler := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	var all []*types.Package
	for _, path := range public {
		p, err := compiler.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 20 {
		t.Fatalf("%d public packages", len(all))
	}
	return all
}

// TestExportedTypes holds every exported name to two rules. What it is made of
// can be named by the program that uses it: no signature, field or alias has a
// type of an internal package. And no program can change it: no variable is
// exported.
func TestExportedTypes(t *testing.T) {
	for _, p := range typed(t) {
		scope := p.Scope()
		for _, name := range scope.Names() {
			if object := scope.Lookup(name); object.Exported() {
				for _, fault := range faults(object) {
					t.Errorf("%s.%s: %s", strings.TrimPrefix(p.Path(), module+"/"), name, fault)
				}
			}
		}
	}
}

// faults returns what an exported object of a package may not be or name.
func faults(object types.Object) []string {
	w := &typeWalk{seen: make(map[types.Type]bool)}
	switch o := object.(type) {
	case *types.Var:
		w.faults = append(w.faults, "a variable, want a constant or a function")
	case *types.TypeName:
		if named, ok := types.Unalias(o.Type()).(*types.Named); ok && !o.IsAlias() {
			for m := range named.Methods() {
				if m.Exported() {
					w.visit("method "+m.Name(), m.Type())
				}
			}
			w.visit("type", named.Underlying())
			return w.faults
		}
	}
	w.visit("type", object.Type())
	return w.faults
}

type typeWalk struct {
	seen   map[types.Type]bool
	faults []string
}

func (w *typeWalk) visit(where string, t types.Type) {
	if a, ok := t.(*types.Alias); ok {
		w.name(where, a.Obj())
	}
	t = types.Unalias(t)
	if w.seen[t] {
		return
	}
	w.seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		w.name(where, t.Obj())
		delete(w.seen, t) // once for each place
		for a := range t.TypeArgs().Types() {
			w.visit(where, a)
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() || f.Embedded() {
				w.visit("field "+f.Name(), f.Type())
			}
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			w.visit("method "+m.Name(), m.Type())
		}
		for e := range t.EmbeddedTypes() {
			w.visit(where, e)
		}
	case *types.Signature:
		for v := range t.Params().Variables() {
			w.visit(where, v.Type())
		}
		for v := range t.Results().Variables() {
			w.visit(where, v.Type())
		}
	case *types.Map:
		w.visit(where, t.Key())
		w.visit(where, t.Elem())
	case interface{ Elem() types.Type }: // array, channel, pointer, slice
		w.visit(where, t.Elem())
	}
}

// name notes a name of an internal package.
func (w *typeWalk) name(where string, o *types.TypeName) {
	if p := o.Pkg(); p != nil && isInternal(p.Path()) && strings.HasPrefix(p.Path(), module+"/") {
		w.faults = append(w.faults, where+" names "+strings.TrimPrefix(p.Path(), module+"/")+"."+o.Name())
	}
}

// TestCompatibility wants a promise of compatibility in the documentation of
// each public package of the product.
func TestCompatibility(t *testing.T) {
	for _, p := range ours(t) {
		name, _ := p.own()
		if !p.public() || strings.HasPrefix(name, "conformance") || strings.HasPrefix(name, "cmd/") {
			continue
		}
		found := false
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(strings.ReplaceAll(f.Doc.Text(), "\n", " "), "semantic versioning")
		}
		if !found {
			t.Errorf("%s: the documentation promises no compatibility, want a sentence about semantic versioning", name)
		}
	}
}
