// SPDX-License-Identifier: Apache-2.0

// Package zerotest holds the exported types and functions of a package to one
// rule: a value that no constructor made verifies nothing, and no call panics.
package zerotest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Package is a package under test, which lies in the working directory.
type Package struct {
	// Types has a pointer for each exported type: to a good value, or nil of
	// the pointer's type if the package makes none.
	Types map[string]any
	// Funcs has each exported function.
	Funcs map[string]any
	// Args are good values for parameters of other types.
	Args []any
	// Accepted are the calls that may succeed although an argument is zero or
	// made by hand, and why.
	Accepted map[string]string
}

// candidate is an argument and what it is: g for good, z for the zero value, p
// for a pointer to one, h for a good value copied field by field, as far as a
// caller can.
type candidate struct {
	value reflect.Value
	mark  string
}

// Run calls each function, and each method on each kind of receiver, with
// every combination of arguments. If one of them is not good, the call must
// return an error, or false. Of the calls with good ones alone, one at least
// must succeed. Types and functions that the table lacks fail the test.
func (p Package) Run(t *testing.T) {
	t.Helper()
	types, funcs := exported(t)
	for _, name := range types {
		if v, ok := p.Types[name]; !ok || reflect.TypeOf(v).Elem().Name() != name {
			t.Errorf("type %s: not in the table, want a pointer to a good value, or nil", name)
		}
	}
	for _, name := range funcs {
		if _, ok := p.Funcs[name]; !ok {
			t.Errorf("function %s: not in the table", name)
		}
	}
	used := map[string]bool{}
	for name, f := range p.Funcs {
		p.call(t, name, reflect.ValueOf(f), nil, used)
	}
	for name, v := range p.Types {
		typ := reflect.TypeOf(v)
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			if value, ok := typ.Elem().MethodByName(m.Name); ok { // a value is no nil pointer
				p.call(t, name+"."+m.Name, value.Func, p.candidates(typ.Elem()), used)
				continue
			}
			receivers := p.candidates(typ)
			if !returnsError(m.Type) { // nil panics as it does everywhere
				receivers = slices.DeleteFunc(receivers, func(c candidate) bool { return c.value.IsNil() })
			}
			p.call(t, name+"."+m.Name, m.Func, receivers, used)
		}
	}
	for call := range p.Accepted {
		if !used[call] {
			t.Errorf("%s: not accepted, or not called, want no exception", call)
		}
	}
}

func returnsError(f reflect.Type) bool {
	return f.NumOut() > 0 && f.Out(f.NumOut()-1) == reflect.TypeFor[error]()
}

// call calls f with all combinations of arguments; those in first are for its
// first parameter.
func (p Package) call(t *testing.T, name string, f reflect.Value, first []candidate, used map[string]bool) {
	t.Helper()
	combinations := [][]candidate{nil}
	for i := range f.Type().NumIn() {
		choices := first
		if i > 0 || first == nil {
			choices = p.candidates(f.Type().In(i))
		}
		var longer [][]candidate
		for _, c := range combinations {
			for _, choice := range choices {
				longer = append(longer, append(slices.Clone(c), choice))
			}
		}
		combinations = longer
	}
	tried, passed := false, false
	for _, args := range combinations {
		var marks []string
		var in []reflect.Value
		for _, a := range args {
			marks, in = append(marks, a.mark), append(in, a.value)
		}
		label := fmt.Sprintf("%s(%s)", name, strings.Join(marks, ","))
		good := !strings.ContainsAny(strings.Join(marks, ""), "zph")
		succeeded, judged := called(t, label, f, in)
		switch {
		case !judged:
		case good:
			tried, passed = true, passed || succeeded
		case succeeded && p.Accepted[label] == "":
			t.Errorf("%s: accepted, want a refusal", label)
		case succeeded:
			used[label] = true
		}
	}
	if tried && !passed {
		t.Errorf("%s: refuses all good values, want one accepted", name)
	}
}

// called calls f and reports whether it succeeded, and whether its results say
// so at all.
func called(t *testing.T, label string, f reflect.Value, in []reflect.Value) (succeeded, judged bool) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: panics: %v", label, r)
			judged = false
		}
	}()
	succeeded = true
	for _, out := range f.Call(in) {
		switch {
		case out.Type() == reflect.TypeFor[error]():
			judged, succeeded = true, succeeded && out.IsNil()
		case out.Kind() == reflect.Bool:
			judged, succeeded = true, succeeded && out.Bool()
		}
	}
	return succeeded, judged
}

// candidates returns what to give to a parameter.
func (p Package) candidates(typ reflect.Type) []candidate {
	list := []candidate{{reflect.Zero(typ), "z"}}
	if typ.Kind() == reflect.Pointer {
		list = append(list, candidate{reflect.New(typ.Elem()), "p"})
	}
	add := func(good reflect.Value) {
		list = append(list, candidate{good, "g"})
		if made, ok := byHand(good); ok {
			list = append(list, candidate{made, "h"})
		}
	}
	for _, v := range p.Types {
		switch good := reflect.ValueOf(v); {
		case good.IsNil():
		case good.Type() == typ:
			add(good)
		case good.Type().Elem() == typ:
			add(good.Elem())
		}
	}
	for _, v := range p.Args {
		if reflect.TypeOf(v) == typ {
			add(reflect.ValueOf(v))
		}
	}
	return list
}

// byHand copies the exported fields of a struct, or of what a pointer points
// to. It reports false if there are no other fields, since then the copy is as
// good.
func byHand(good reflect.Value) (reflect.Value, bool) {
	if good.Kind() == reflect.Pointer {
		made, ok := byHand(good.Elem())
		if !ok {
			return made, false
		}
		return made.Addr(), true
	}
	made, hidden := reflect.New(good.Type()).Elem(), false
	if good.Kind() == reflect.Struct && good.Type().PkgPath() != "time" {
		for i := range good.NumField() {
			if good.Type().Field(i).IsExported() {
				made.Field(i).Set(good.Field(i))
			} else {
				hidden = true
			}
		}
	}
	return made, hidden
}

// exported lists the exported types and functions of the package in the
// working directory.
func exported(t *testing.T) (types, funcs []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					funcs = append(funcs, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() {
						types = append(types, s.Name.Name)
					}
				}
			}
		}
	}
	if len(types) == 0 {
		t.Fatal("no exported types in the working directory")
	}
	return types, funcs
}
