// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/cover"
)

const text = `package p

func (p *Part[T]) f() {
	if a {
		one()
	}
	if a {
		two()
		three()
	}
}

var v = func() {
	four()
}
`

// profile has two tests' view of the same file.
const profile = `mode: set
` + module + `p/p.go:3.24,4.7 1 1
` + module + `p/p.go:4.7,6.3 1 0
` + module + `p/p.go:7.7,10.3 2 0
` + module + `p/p.go:13.16,15.2 1 0
` + module + `p/p.go:13.16,15.2 1 1
`

func example(t *testing.T, names ...string) ([]*measured, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("p", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"p/p.go": text, "profile": profile} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := cover.ParseProfiles("profile")
	if err != nil {
		t.Fatal(err)
	}
	return measure(names, files)
}

func TestMeasure(t *testing.T) {
	list, err := example(t, "p")
	if err != nil {
		t.Fatal(err)
	}
	first, second := "p/p.go Part.f | if a", "p/p.go Part.f | if a #2"
	if m := list[0]; m.statements != 5 || m.ran != 2 || len(m.left) != 2 || m.left[0].key() != first || m.left[1].key() != second {
		t.Fatalf("%+v", m)
	}
	_, wrong := render(list, map[string]string{first: "why"})
	want := []string{"p: 40.0 percent are run, at least 95 are to be", "not reviewed: " + second}
	if !slices.Equal(wrong, want) {
		t.Errorf("%q", wrong)
	}
	list[0].ran = 5
	list[0].left = list[0].left[:1]
	table, wrong := render(list, map[string]string{first: "a|b"})
	if wrong != nil || !strings.Contains(table, "| p/p.go Part.f | `if a` | 1 | a\\|b |\n") || !strings.Contains(table, "| p | 5 | 5 | 100.0 |\n") {
		t.Errorf("%q\n%s", wrong, table)
	}
}

// A package that the tests did not touch at all, or that no one asked for, is
// no package in order.
func TestOtherPackages(t *testing.T) {
	for _, names := range [][]string{{"p", "q"}, {"q"}} {
		if _, err := example(t, names...); err == nil {
			t.Errorf("%q: fine", names)
		}
	}
}
