// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"sort"
	"strings"
)

// change is one weakening of a source file.
type change struct {
	file     string
	line     int
	function string
	operator string // what was done, such as "never" or "< to <="
	text     string // the source that it was done to, on one line
	nth      int    // among those of this function with the same text and operator

	start, end  int // bytes of the file replaced
	replacement string

	form form     // which switch can make it
	node ast.Node // what the switch goes round
}

// form is how a change is compiled in behind a switch, from the outside in
// where several go round the same expression.
type form int

const (
	fixed     form = iota // not at all: the compiler needs the value
	condition             // mutant.If
	operator              // mutant.Not, LSS and their like
	number                // mutant.Num
	verdict               // mutant.Not
)

// key names a change independently of line numbers, for reviewed.txt.
func (c *change) key() string {
	k := fmt.Sprintf("%s %s | %s | %s", c.file, c.function, c.operator, c.text)
	if c.nth > 0 {
		k += fmt.Sprintf(" #%d", c.nth+1)
	}
	return k
}

// apply returns the changed file.
func (c *change) apply(src []byte) []byte {
	return []byte(string(src[:c.start]) + c.replacement + string(src[c.end:]))
}

// swaps are the operators that are put in the place of others.
var swaps = map[token.Token][]token.Token{
	token.EQL:  {token.NEQ},
	token.NEQ:  {token.EQL},
	token.LSS:  {token.LEQ, token.GTR},
	token.LEQ:  {token.LSS, token.GTR},
	token.GTR:  {token.GEQ, token.LSS},
	token.GEQ:  {token.GTR, token.LSS},
	token.LAND: {token.LOR},
	token.LOR:  {token.LAND},
}

// source is a file with its changes, in the order of the source.
type source struct {
	name    string
	src     []byte
	fset    *token.FileSet
	file    *ast.File
	changes []change
}

// readSource finds every change of a file.
func readSource(fset *token.FileSet, name string, src []byte) (*source, error) {
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	v := &visitor{fset: fset, file: name, src: src, frozen: make(map[ast.Node]bool)}
	for _, d := range f.Decls {
		v.declaration(d)
	}
	sort.SliceStable(v.list, func(i, j int) bool { return v.list[i].start < v.list[j].start })
	seen := make(map[string]int)
	for i := range v.list {
		c := &v.list[i]
		k := c.key()
		c.nth = seen[k]
		seen[k]++
	}
	return &source{name: name, src: src, fset: fset, file: f, changes: v.list}, nil
}

type visitor struct {
	fset     *token.FileSet
	file     string
	src      []byte
	function string
	list     []change
	frozen   map[ast.Node]bool // numbers that the compiler needs
}

func (v *visitor) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		v.function = d.Name.Name
		if d.Recv != nil && len(d.Recv.List) == 1 {
			v.function = strings.TrimLeft(v.text(d.Recv.List[0].Type), "*") + "." + v.function
		}
		if d.Body != nil {
			ast.Inspect(d.Body, v.node)
		}
	case *ast.GenDecl:
		v.function = d.Tok.String()
		if d.Tok == token.CONST || d.Tok == token.VAR {
			ast.Inspect(d, v.node)
		}
	}
}

func (v *visitor) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			v.freeze(n)
		}
	case *ast.ArrayType:
		v.freeze(n.Len)
	case *ast.IfStmt:
		v.condition(n.Cond)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, s := range n.Body.List {
				for _, e := range s.(*ast.CaseClause).List {
					v.condition(e)
				}
			}
		}
	case *ast.ForStmt:
		if n.Cond != nil {
			v.add(condition, n.Cond, "loop never", "("+v.text(n.Cond)+") && false")
		}
	case *ast.BinaryExpr:
		for _, op := range swaps[n.Op] {
			at := v.fset.Position(n.OpPos).Offset
			v.change(operator, n, n.Op.String()+" to "+op.String(), at, at+len(n.Op.String()), op.String())
		}
	case *ast.BasicLit:
		v.number(n)
	case *ast.ReturnStmt:
		v.verdict(n)
	}
	return true
}

// freeze keeps switches away from what must be known when the package is
// compiled: constants and the lengths of arrays.
func (v *visitor) freeze(n ast.Node) {
	if n == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		v.frozen[n] = true
		return true
	})
}

// condition makes a check never, and always, strike.
func (v *visitor) condition(e ast.Expr) {
	v.add(condition, e, "never", "("+v.text(e)+") && false")
	v.add(condition, e, "always", "("+v.text(e)+") || true")
}

// number moves a bound by one, either way.
func (v *visitor) number(n *ast.BasicLit) {
	if n.Kind != token.INT {
		return
	}
	value, ok := new(big.Int).SetString(n.Value, 0)
	if !ok {
		return
	}
	for _, by := range []int64{1, -1} {
		moved := new(big.Int).Add(value, big.NewInt(by))
		if moved.Sign() >= 0 {
			v.add(number, n, fmt.Sprintf("%+d", by), moved.String())
		}
	}
}

// verdict inverts what a predicate returns.
func (v *visitor) verdict(n *ast.ReturnStmt) {
	for _, e := range n.Results {
		switch e := e.(type) {
		case *ast.Ident:
			switch e.Name {
			case "true":
				v.add(verdict, e, "verdict", "false")
			case "false":
				v.add(verdict, e, "verdict", "true")
			}
		}
	}
}

func (v *visitor) add(f form, n ast.Node, operator, replacement string) {
	start, end := v.fset.Position(n.Pos()).Offset, v.fset.Position(n.End()).Offset
	v.change(f, n, operator, start, end, replacement)
}

func (v *visitor) change(f form, n ast.Node, operator string, start, end int, replacement string) {
	text := strings.Join(strings.Fields(v.text(n)), " ")
	if len(text) > 90 {
		text = text[:90] + "…"
	}
	if v.frozen[n] {
		f = fixed
	}
	v.list = append(v.list, change{
		file: v.file, line: v.fset.Position(n.Pos()).Line, function: v.function, operator: operator,
		text: text, start: start, end: end, replacement: replacement, form: f, node: n,
	})
}

func (v *visitor) text(n ast.Node) string {
	return string(v.src[v.fset.Position(n.Pos()).Offset:v.fset.Position(n.End()).Offset])
}
