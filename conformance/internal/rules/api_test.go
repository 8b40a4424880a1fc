// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/api.txt")

const apiFile = "testdata/api.txt"

// TestAPI compares what the public packages export with testdata/api.txt. A
// difference is a promise made or broken: read it, then run `make api`.
func TestAPI(t *testing.T) {
	var lines []string
	for _, p := range ours(t) {
		name, _ := p.own()
		if p.Name == "main" || slices.Contains(strings.Split(name, "/"), "internal") {
			continue
		}
		lines = append(lines, exported(t, name, p)...)
	}
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("..", "..", "..", filepath.FromSlash(apiFile))
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(strings.TrimSuffix(string(read(t, apiFile)), "\n"), "\n")
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("gone: %s", line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("new: %s", line)
		}
	}
	if t.Failed() {
		t.Log("if that is meant: make api, and say so in NEWS.md")
	} else if !slices.Equal(lines, want) {
		t.Errorf("%s is not in order: make api", apiFile)
	}
}

// exported returns one line for each exported name of a package, sorted.
func exported(t *testing.T, name string, p *pkg) []string {
	t.Helper()
	l := &lister{fset: token.NewFileSet(), prefix: "pkg " + name + ", "}
	for _, file := range p.GoFiles {
		f, err := parser.ParseFile(l.fset, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			l.decl(decl)
		}
	}
	slices.Sort(l.lines)
	return l.lines
}

type lister struct {
	fset   *token.FileSet
	prefix string
	lines  []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, l.prefix+fmt.Sprintf(format, args...))
}

var spaces = regexp.MustCompile(`\s+`)

// source returns a node on one line, without comments.
func (l *lister) source(node any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, l.fset, node); err != nil {
		panic(err) // into a buffer, of what was just parsed
	}
	return spaces.ReplaceAllString(b.String(), " ")
}

func (l *lister) decl(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		l.function(d)
	case *ast.GenDecl:
		implied := "" // a constant without type or value repeats the one above
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					l.typ(s)
				}
			case *ast.ValueSpec:
				if s.Type != nil || len(s.Values) > 0 {
					implied = ""
				}
				if s.Type != nil {
					implied = " " + l.source(s.Type)
				}
				l.values(d.Tok, s, implied)
			}
		}
	}
}

func (l *lister) values(tok token.Token, s *ast.ValueSpec, typ string) {
	for i, name := range s.Names {
		if !name.IsExported() {
			continue
		}
		value := ""
		if i < len(s.Values) && tok == token.CONST {
			value = " = " + l.source(s.Values[i])
		}
		l.add("%s %s%s%s", tok, name, typ, value)
	}
}

func (l *lister) function(d *ast.FuncDecl) {
	if !d.Name.IsExported() {
		return
	}
	signature := strings.TrimPrefix(l.source(d.Type), "func")
	if d.Recv == nil {
		l.add("func %s%s", d.Name, signature)
		return
	}
	recv := l.source(d.Recv.List[0].Type)
	if ast.IsExported(strings.TrimPrefix(recv, "*")) {
		l.add("method (%s) %s%s", recv, d.Name, signature)
	}
}

func (l *lister) typ(s *ast.TypeSpec) {
	equals := ""
	if s.Assign.IsValid() {
		equals = "= "
	}
	switch typ := s.Type.(type) {
	case *ast.StructType:
		l.add("type %s %sstruct", s.Name, equals)
		l.fields("type "+s.Name.Name+" struct, ", typ.Fields)
	case *ast.InterfaceType:
		l.add("type %s %sinterface", s.Name, equals)
		l.fields("type "+s.Name.Name+" interface, ", typ.Methods)
	default:
		l.add("type %s %s%s", s.Name, equals, l.source(s.Type))
	}
}

func (l *lister) fields(prefix string, fields *ast.FieldList) {
	for _, field := range fields.List {
		typ := l.source(field.Type)
		if field.Tag != nil {
			typ += " " + field.Tag.Value // part of a published form
		}
		if len(field.Names) == 0 {
			l.add("%s%s", prefix, typ)
		}
		for _, name := range field.Names {
			if name.IsExported() {
				l.add("%s%s %s", prefix, name, strings.TrimPrefix(typ, "func"))
			}
		}
	}
}
