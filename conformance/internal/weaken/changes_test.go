// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/reviewed"
)

const sample = `package p

const most = 3

func (t *T) check(n int) bool {
	if n > most && t != nil {
		return false
	}
	switch {
	case n == 7:
		return true
	}
	for i := 0; i < n; i++ {
	}
	return n != 0
}
`

// Every change must be there, be valid Go, and have a name of its own.
func TestChanges(t *testing.T) {
	s, err := readSource(token.NewFileSet(), "p.go", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	list := s.changes
	var got []string
	for _, c := range list {
		got = append(got, c.operator+" "+c.text)
		if _, err := parser.ParseFile(token.NewFileSet(), "", c.apply([]byte(sample)), 0); err != nil {
			t.Errorf("%s: %v", c.key(), err)
		}
	}
	for _, want := range []string{
		"+1 3", "-1 3", "never n > most && t != nil", "always n > most && t != nil", "&& to || n > most && t != nil",
		"> to >= n > most", "> to < n > most", "!= to == t != nil", "verdict false", "never n == 7", "== to != n == 7",
		"verdict true", "loop never i < n", "< to <= i < n", "!= to == n != 0",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no change %q in %q", want, got)
		}
	}
	keys := make(map[string]bool)
	for _, c := range list {
		if keys[c.key()] {
			t.Errorf("two changes are called %s", c.key())
		}
		keys[c.key()] = true
	}
}

func TestTable(t *testing.T) {
	c := &change{file: "a.go", function: "f", operator: "never", text: "a || b"}
	results := []result{{change: c, pkg: "a", outcome: survived}, {change: c, pkg: "a", outcome: noticed}, {change: c, pkg: "a", outcome: invalid}}
	if _, n := render(results, nil); n != 1 {
		t.Errorf("%d survivors without a reason, want 1", n)
	}
	if _, n := render(results, map[string]string{c.key(): "because"}); n != 0 {
		t.Errorf("%d survivors without a reason, want none", n)
	}
}

// Reasons come in groups, and one that nothing needs is an error.
func TestReasons(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reviewed.txt")
	write := func(s string) (map[string]string, error) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return reviewed.Read(file)
	}
	reasons, err := write("# words\n=> one\na/a.go f | never | x\n\na/a.go f | -1 | 2\n=> two\nb/b.go g | +1 | 3\n")
	if err != nil || len(reasons) != 3 || reasons["a/a.go f | -1 | 2"] != "one" || reasons["b/b.go g | +1 | 3"] != "two" {
		t.Errorf("%v, %v", reasons, err)
	}
	for _, bad := range []string{"a/a.go f | never | x\n", "=> one\nk\nk\n"} {
		if _, err := write(bad); err == nil {
			t.Errorf("%q is fine", bad)
		}
	}
	c := &change{file: "a/a.go", function: "f", operator: "never", text: "x"}
	stale := needless([]result{{change: c, pkg: "a", outcome: explained}}, reasons)
	if !slices.Equal(stale, []string{"a/a.go f | -1 | 2"}) {
		t.Errorf("needless: %q", stale)
	}
	stale = needless([]result{{change: c, pkg: "a", outcome: noticed}}, reasons)
	if len(stale) != 2 {
		t.Errorf("needless: %q", stale)
	}
}
