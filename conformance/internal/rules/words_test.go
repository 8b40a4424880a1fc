// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A judge has no side effects: no clock, network, file, environment or
// printing. These imports bring one.
var sideEffects = []string{"os", "log", "net", "syscall", "io/ioutil", "math/rand", "crypto/rand", "unsafe"}

// allowed are the exceptions, by file.
var allowed = map[string]string{
	"text.go": "unsafe", // looks at its own input as a string, and never writes to it
}

// sideCalls are the side effects of packages that are of use otherwise.
var sideCalls = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "LoadLocation"},
	"fmt":  {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
}

// hosts are registries: a verifier that knows their names has opinions about
// artifacts which are its caller's to have. They are not spelled out here
// either, so that the whole repository can be searched for them.
var hosts = []string{
	"npmjs" + ".org", "npmjs" + ".com", "pypi" + ".org", "crates" + ".io", "rubygems" + ".org", "ghcr" + ".io",
	"docker" + ".io", "quay" + ".io", "maven" + ".org", "proxy.golang" + ".org",
}

// judges are the packages that the rules of judges hold for: the verifying
// side, and what it is built of.
func judges(t *testing.T) []*pkg {
	t.Helper()
	var found []*pkg
	for path := range reach(t, append([]string{"cmd/internal/inspect"}, verifySide...)...) {
		if p := list(t)[path]; p != nil {
			if _, ok := p.own(); ok {
				found = append(found, p)
			}
		}
	}
	return found
}

func TestJudgesHaveNoSideEffects(t *testing.T) {
	for _, p := range judges(t) {
		for _, file := range p.GoFiles {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			checkFile(t, fset, f)
		}
	}
}

func checkFile(t *testing.T, fset *token.FileSet, f *ast.File) {
	calls := make(map[string][]string) // by the name that the file gives the package
	for _, spec := range f.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		for _, banned := range sideEffects {
			file := filepath.Base(fset.Position(spec.Pos()).Filename)
			if below(path, banned) && path != "net/url" && path != "net/netip" && allowed[file] != path {
				t.Errorf("%s: imports %s", fset.Position(spec.Pos()), path)
			}
		}
		name := filepath.Base(path)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		calls[name] = sideCalls[path]
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				for _, banned := range calls[x.Name] {
					if n.Sel.Name == banned {
						t.Errorf("%s: uses %s.%s", fset.Position(n.Pos()), x.Name, banned)
					}
				}
			}
		case *ast.CallExpr:
			if x, ok := n.Fun.(*ast.Ident); ok && (x.Name == "print" || x.Name == "println") {
				t.Errorf("%s: prints", fset.Position(n.Pos()))
			}
		case *ast.BasicLit:
			for _, host := range hosts {
				if n.Kind == token.STRING && strings.Contains(n.Value, host) {
					t.Errorf("%s: names %s", fset.Position(n.Pos()), host)
				}
			}
		}
		return true
	})
}

// walk calls visit for every file of the repository, with slashes in its path.
func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	root := os.DirFS(filepath.Join("..", "..", ".."))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == ".git" || path == "bin" || path == "man") {
			return fs.SkipDir
		}
		if !d.IsDir() {
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const licence = "SPDX-License-Identifier: Apache-2.0"

// A file of ours begins with its licence; a script after the line that says
// what runs it.
func TestLicence(t *testing.T) {
	if !bytes.Contains(read(t, "LICENSE"), []byte("Apache License\n")) {
		t.Error("LICENSE is not the Apache License")
	}
	walk(t, func(path string) {
		switch {
		case strings.HasSuffix(path, ".go"), strings.HasSuffix(path, ".sh"), strings.HasSuffix(path, ".mk"), path == "Makefile", strings.HasPrefix(path, ".ci/"):
		default:
			return
		}
		head := read(t, path)
		if bytes.HasPrefix(head, []byte("#!")) {
			_, head, _ = bytes.Cut(head, []byte("\n"))
		}
		first, _, _ := bytes.Cut(head, []byte("\n"))
		if text := strings.TrimLeft(string(first), "/# "); text != licence {
			t.Errorf("%s begins with %q, want %q", path, first, licence)
		}
	})
}

// `go test ./...` passes nested modules over in silence: the Makefile has to
// name them.
func TestNestedModulesAreInMakefile(t *testing.T) {
	named := make(map[string]bool)
	for line := range strings.Lines(string(read(t, "Makefile"))) {
		if variable, value, ok := strings.Cut(line, ":="); ok && strings.HasSuffix(strings.TrimSpace(variable), "_MODULES") {
			for dir := range strings.FieldsSeq(value) {
				named[dir] = true
			}
		}
	}
	walk(t, func(path string) {
		dir, ok := strings.CutSuffix(path, "/go.mod")
		if ok && !strings.Contains(path, "testdata/") && !named[dir] {
			t.Errorf("the nested module %s is in neither LIGHT_MODULES nor HEAVY_MODULES of the Makefile", dir)
		}
		delete(named, dir)
	})
	for dir := range named {
		t.Errorf("the Makefile names the module %s, which does not exist", dir)
	}
}
