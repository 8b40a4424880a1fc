// SPDX-License-Identifier: Apache-2.0

package codes_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Every code has a constant, and every constant is a code.
func TestConstants(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []string
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			constants = append(constants, s)
		}
		return true
	})
	var all []string
	for _, d := range codes.All() {
		all = append(all, d.Code)
		if got, ok := codes.Describe(d.Code); !ok || got != d || d.Cause == "" || d.Remedy == "" {
			t.Errorf("%s: %+v, %v", d.Code, got, ok)
		}
	}
	if !slices.Equal(all, constants) || len(all) < 100 {
		t.Errorf("%d codes, %d constants: run go generate ./conformance/vectors", len(all), len(constants))
	}
	if d, ok := codes.Describe("no.such"); ok || d != (codes.Description{}) {
		t.Errorf("an unknown code is described: %+v", d)
	}
}

func TestOf(t *testing.T) {
	if _, err := bundle.Parse([]byte("x")); codes.Of(err) != codes.BundleMalformed {
		t.Error(err)
	}
	if codes.Of(nil) != "" || codes.Of(errors.New("x")) != "" {
		t.Error("an error without a code has one")
	}
}
