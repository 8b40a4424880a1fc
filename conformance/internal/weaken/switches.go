// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// mutants is the package that instrumented files import.
const mutants = "github.com/sigbundle/sigbundle/internal/mutant"

// switched is a package with all of its changes compiled in.
type switched struct {
	sources []*source
	info    *types.Info
	pkg     *types.Package
	ids     map[*change]int     // the numbers of those behind a switch, from 1
	vars    map[*ast.Ident]bool // constants turned into variables, for the sake of their numbers
}

// newSwitched numbers the changes.
func newSwitched(sources []*source, pkg *types.Package, info *types.Info) *switched {
	s := &switched{sources: sources, info: info, pkg: pkg, ids: make(map[*change]int), vars: make(map[*ast.Ident]bool)}
	id := 0
	for _, f := range sources {
		specs := numericConstants(f.file)
		for i := range f.changes {
			c := &f.changes[i]
			spec := within(specs, c.node)
			if c.form == fixed && spec == nil {
				continue
			}
			if _, ok := c.node.(*ast.BasicLit); ok && s.typeOf(f, c.node) == "" {
				continue
			}
			if spec != nil {
				s.vars[spec.Names[0]] = true
			}
			id++
			s.ids[c] = id
		}
	}
	return s
}

// numericConstants lists the constants of a file that can be variables for
// once: those on a line of their own, with a value that does not count lines.
func numericConstants(f *ast.File) []*ast.ValueSpec {
	var list []*ast.ValueSpec
	for _, d := range f.Decls {
		d, ok := d.(*ast.GenDecl)
		if !ok || d.Tok != token.CONST {
			continue
		}
		for i, s := range d.Specs {
			s := s.(*ast.ValueSpec)
			plain := len(s.Names) == 1 && len(s.Values) == 1
			// The next one may repeat the value of this.
			repeated := i+1 < len(d.Specs) && len(d.Specs[i+1].(*ast.ValueSpec).Values) == 0
			if plain && !repeated && !counts(s.Values[0]) {
				list = append(list, s)
			}
		}
	}
	return list
}

// counts reports whether a value uses iota.
func counts(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == "iota"
		return true
	})
	return found
}

func within(specs []*ast.ValueSpec, n ast.Node) *ast.ValueSpec {
	for _, s := range specs {
		if s.Pos() <= n.Pos() && n.End() <= s.End() {
			return s
		}
	}
	return nil
}

// typeOf names the type of a number as its file has to write it, or returns ""
// if the file cannot.
func (s *switched) typeOf(f *source, n ast.Node) string {
	t := s.info.TypeOf(n.(ast.Expr))
	if t == nil {
		return ""
	}
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		return "int"
	}
	writable := true
	name := types.TypeString(t, func(p *types.Package) string {
		if p == s.pkg {
			return ""
		}
		for _, spec := range f.file.Imports {
			if strings.Trim(spec.Path.Value, `"`) == p.Path() {
				if spec.Name != nil {
					return spec.Name.Name
				}
				return p.Name()
			}
		}
		writable = false
		return p.Name()
	})
	if !writable {
		return ""
	}
	return name
}

// edit is a text that goes into a file. Of those at one place, brackets close
// before they open, and lie in each other as the expressions do.
type edit struct {
	at, length int
	text       string
	class      int // closing, replacing, opening
	size, rank int
}

const (
	closing = iota
	replacing
	opening
)

// render returns a file with its switches.
func (s *switched) render(f *source) []byte {
	var edits []edit
	for group := range s.groups(f) {
		edits = append(edits, s.brackets(f, group)...)
	}
	if len(edits) == 0 {
		return f.src
	}
	edits = append(edits, s.variables(f)...)
	edits = append(edits, edit{at: f.at(f.file.Name.End()), text: `; import "` + mutants + `"`})
	slices.SortStableFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.class, b.class), cmp.Compare(a.size, b.size), cmp.Compare(a.rank, b.rank))
	})
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.Write(f.src[at:e.at])
		b.WriteString(e.text)
		at = e.at + e.length
	}
	b.Write(f.src[at:])
	return []byte(b.String())
}

// at is the place of a position in its file.
func (f *source) at(p token.Pos) int { return f.fset.Position(p).Offset }

// groups yields the changes of one expression and form, with their numbers.
func (s *switched) groups(f *source) func(func([]*change) bool) {
	type key struct {
		node ast.Node
		form form
	}
	var order []key
	groups := make(map[key][]*change)
	for i := range f.changes {
		c := &f.changes[i]
		if s.ids[c] == 0 {
			continue
		}
		k := key{c.node, c.form}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c)
	}
	return func(yield func([]*change) bool) {
		for _, k := range order {
			if !yield(groups[k]) {
				return
			}
		}
	}
}

// brackets are the edits that put a switch round an expression.
func (s *switched) brackets(f *source, group []*change) []edit {
	// The numbers of the changes, by what is done.
	var first, second int
	for _, c := range group {
		switch {
		case c.operator == "always", c.operator == "-1", first != 0:
			second = s.ids[c]
		default:
			first = s.ids[c]
		}
	}
	n := group[0].node
	start, end := f.at(n.Pos()), f.at(n.End())
	open, shut := "", ")"
	var edits []edit
	switch n := n.(type) {
	case *ast.BasicLit:
		open = fmt.Sprintf("mutant.Num[%s](%d, %d, ", s.typeOf(f, n), first, second)
	case *ast.BinaryExpr:
		if group[0].form == condition {
			break
		}
		op := edit{at: f.at(n.OpPos), length: len(n.Op.String()), class: replacing, text: ","}
		switch n.Op {
		case token.LAND, token.LOR:
			open, shut = fmt.Sprintf("mutant.%s(%d, ", names[n.Op], first), ")})"
			op.text = ", func() bool { return ("
			edits = append(edits, op)
		case token.LSS, token.LEQ, token.GTR, token.GEQ:
			open = fmt.Sprintf("mutant.%s(%d, %d, ", names[n.Op], first, second)
			edits = append(edits, op)
		}
	}
	if open == "" {
		open = fmt.Sprintf("mutant.Not(%d, ", first)
		if group[0].form == condition {
			open = fmt.Sprintf("mutant.If(%d, %d, ", first, second)
		}
	}
	rank := int(group[0].form)
	return append(edits,
		edit{at: start, text: open, class: opening, size: start - end, rank: rank},
		edit{at: end, text: shut, class: closing, size: end - start, rank: -rank})
}

var names = map[token.Token]string{
	token.LAND: "LAND", token.LOR: "LOR", token.LSS: "LSS", token.LEQ: "LEQ", token.GTR: "GTR", token.GEQ: "GEQ",
}

// variables are the edits that turn constants with changes into variables.
func (s *switched) variables(f *source) []edit {
	var edits []edit
	for _, d := range f.file.Decls {
		d, ok := d.(*ast.GenDecl)
		if !ok || d.Tok != token.CONST {
			continue
		}
		for _, spec := range d.Specs {
			spec := spec.(*ast.ValueSpec)
			if !s.vars[spec.Names[0]] {
				continue
			}
			if !d.Lparen.IsValid() {
				edits = append(edits, edit{at: f.at(d.TokPos), length: len("const"), text: "var"})
				continue
			}
			start, end := f.at(spec.Pos()), f.at(spec.End())
			edits = append(edits,
				edit{at: start, text: "); var ", class: opening, size: -len(f.src)},
				edit{at: end, text: "; const (", class: closing, size: len(f.src)})
		}
	}
	return edits
}

// drop takes the switches off that a line has to do with, and reports whether
// there were any. Its changes are tried one by one instead.
func (s *switched) drop(file string, line int, text string) bool {
	if s.dropConstants(text) {
		return true
	}
	dropped := false
	for _, f := range s.sources {
		if f.name != file {
			continue
		}
		for i := range f.changes {
			c := &f.changes[i]
			from, to := f.fset.Position(c.node.Pos()).Line, f.fset.Position(c.node.End()).Line
			if from <= line && line <= to && s.ids[c] != 0 {
				delete(s.ids, c)
				dropped = true
			}
		}
	}
	return dropped
}

// dropConstants makes constants of the variables again that a text names.
func (s *switched) dropConstants(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && !('a' <= r && r <= 'z') && !('A' <= r && r <= 'Z') && !('0' <= r && r <= '9')
	})
	dropped := false
	for _, f := range s.sources {
		for _, spec := range numericConstants(f.file) {
			if !s.vars[spec.Names[0]] || !slices.Contains(words, spec.Names[0].Name) {
				continue
			}
			delete(s.vars, spec.Names[0])
			dropped = true
			for i := range f.changes {
				if c := &f.changes[i]; spec.Pos() <= c.node.Pos() && c.node.End() <= spec.End() {
					delete(s.ids, c)
				}
			}
		}
	}
	return dropped
}
