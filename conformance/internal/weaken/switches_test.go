// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

const plain = `package p

const one = 1

const (
	most = 3 // bytes
	kind = iota
)

func check(n uint8, s []byte) bool {
	if n > most && len(s) != 0 ||
		s[0] == 0x7f {
		return false
	}
	return [2]bool{}[n<<1]
}
`

const wrapped = `package p; import "github.com/sigbundle/sigbundle/internal/mutant"

var one = mutant.Num[int](1, 2, 1)

const (
	); var most = mutant.Num[int](3, 4, 3); const ( // bytes
	kind = iota
)

func check(n uint8, s []byte) bool {
	if mutant.If(5, 6, mutant.LOR(12, mutant.LAND(9, mutant.GTR(7, 8, n , most) , func() bool { return ( mutant.Not(10, len(s) != mutant.Num[int](11, 0, 0)))}) , func() bool { return (
		mutant.Not(14, s[mutant.Num[int](13, 0, 0)] == mutant.Num[byte](15, 16, 0x7f)))})) {
		return mutant.Not(17, false)
	}
	return [2]bool{}[n<<mutant.Num[int](18, 19, 1)]
}
`

func instrument(t *testing.T, text string) *switched {
	t.Helper()
	fset := token.NewFileSet()
	f, err := readSource(fset, "p.go", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	config := types.Config{Importer: importer.Default()}
	p, err := config.Check("p", fset, []*ast.File{f.file}, info)
	if err != nil {
		t.Fatal(err)
	}
	return newSwitched([]*source{f}, p, info)
}

// Switches must go round what they change, and nothing else may move: no line
// is added, so that the compiler's complaints lead back.
func TestRender(t *testing.T) {
	s := instrument(t, plain)
	if got := string(s.render(s.sources[0])); got != wrapped {
		t.Errorf("rendered:\n%s\nwant:\n%s", got, wrapped)
	}
}

// A complaint takes the constant that its line names off its switch first,
// and then whatever else the line holds.
func TestDrop(t *testing.T) {
	s := instrument(t, plain)
	complain := func() bool { return s.drop("p.go", 11, "\tif n > most && len(s) != 0 ||") }
	if !complain() || !strings.Contains(string(s.render(s.sources[0])), "most = 3 // bytes") {
		t.Error("the constant was not dropped")
	}
	if len(s.ids) != 17 {
		t.Errorf("%d switches left with the constant gone, want 17", len(s.ids))
	}
	if !complain() || complain() {
		t.Error("the line was not dropped once")
	}
	if got := string(s.render(s.sources[0])); strings.Contains(got, "mutant.If") || !strings.Contains(got, "return mutant.Not(17, false)") {
		t.Errorf("rendered:\n%s", got)
	}
}
