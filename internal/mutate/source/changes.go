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
}

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

// changes returns every change of a file, in the order of the source.
func changes(file string, src []byte) ([]change, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	v := &visitor{fset: fset, file: file, src: src}
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
	return v.list, nil
}

type visitor struct {
	fset     *token.FileSet
	file     string
	src      []byte
	function string
	list     []change
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
			v.add(n.Cond, "loop never", "("+v.text(n.Cond)+") && false")
		}
	case *ast.BinaryExpr:
		for _, op := range swaps[n.Op] {
			at := v.fset.Position(n.OpPos).Offset
			v.list = append(v.list, v.change(n, n.Op.String()+" to "+op.String(), at, at+len(n.Op.String()), op.String()))
		}
	case *ast.BasicLit:
		v.number(n)
	case *ast.ReturnStmt:
		v.verdict(n)
	}
	return true
}

// condition makes a check never, and always, strike.
func (v *visitor) condition(e ast.Expr) {
	v.add(e, "never", "("+v.text(e)+") && false")
	v.add(e, "always", "("+v.text(e)+") || true")
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
			v.add(n, fmt.Sprintf("%+d", by), moved.String())
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
				v.add(e, "verdict", "false")
			case "false":
				v.add(e, "verdict", "true")
			}
		}
	}
}

func (v *visitor) add(n ast.Node, operator, replacement string) {
	start, end := v.fset.Position(n.Pos()).Offset, v.fset.Position(n.End()).Offset
	v.list = append(v.list, v.change(n, operator, start, end, replacement))
}

func (v *visitor) change(n ast.Node, operator string, start, end int, replacement string) change {
	text := strings.Join(strings.Fields(v.text(n)), " ")
	if len(text) > 90 {
		text = text[:90] + "…"
	}
	return change{
		file: v.file, line: v.fset.Position(n.Pos()).Line, function: v.function, operator: operator,
		text: text, start: start, end: end, replacement: replacement,
	}
}

func (v *visitor) text(n ast.Node) string {
	return string(v.src[v.fset.Position(n.Pos()).Offset:v.fset.Position(n.End()).Offset])
}
