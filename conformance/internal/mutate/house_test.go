// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// houses is made one time for all tests.
var houses = sync.OnceValues(func() (*House, error) { return NewHouse(os.DirFS(publicDir())) })

// publicDir is the folder of the public bundles. A fuzz target that runs
// elsewhere has a copy of it beside its program.
func publicDir() string {
	const here = "../../../testdata/public"
	if _, err := os.Stat(here); err != nil {
		if program, err := os.Executable(); err == nil {
			return filepath.Join(filepath.Dir(program), "public")
		}
	}
	return here
}

// worldCases are made once for all fuzz targets: OSS-Fuzz's adapter begins a
// target anew for each input.
var worldCases = sync.OnceValues(virtualCases)

func house(t *testing.T) *House {
	t.Helper()
	h, err := houses()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A sample of the mutants, the same every time. With SIGBUNDLE_MUTANTS, as
// make mutants sets it, it is larger and has at least one of each kind at each
// place. The command cmd/mutate judges all of them.
func TestMutants(t *testing.T) {
	h := house(t)
	o := Options{Every: 400, Kinds: 3, Cases: 3, Workers: runtime.GOMAXPROCS(0)}
	whole := os.Getenv("SIGBUNDLE_MUTANTS") != ""
	switch {
	case whole:
		o.Every, o.Kinds, o.Cases = 60, 1, 1
	case testing.Short():
		o.Kinds, o.Cases = 4, 5
	}
	table := h.Run(o)
	for i, f := range table.Failures {
		if i == 50 {
			t.Fatalf("and %d more", len(table.Failures)-i)
		}
		t.Error(f)
	}
	for _, gap := range table.Gaps() {
		if whole {
			t.Errorf("no mutant of the %s", gap)
		}
	}
	for _, f := range table.Open {
		t.Log("known: " + f)
	}
	t.Logf("%d mutants of %d cases", table.Total(), table.Cases)
}

// The judge must notice a forgery, or the rest of this package is for nothing:
// here a verifier that asks for nothing meets a bundle about something else.
func TestForgeryIsNoticed(t *testing.T) {
	cases, err := virtualCases()
	if err != nil {
		t.Fatal(err)
	}
	s, err := prepare(cases[0])
	if err != nil {
		t.Fatal(err)
	}
	other, err := prepare(cases[9])
	if err != nil {
		t.Fatal(err)
	}
	m := &Mutant{Case: s, Operator: "null", Place: "messageSignature.messageDigest", make: func() []byte { return other.Bundle }}
	m.data = m.make()
	s.Artifact = other.Artifact
	v, differs := m.judge()
	if !differs || !strings.HasPrefix(v.Failure, "FORGERY") {
		t.Errorf("another bundle passes for this one: %+v", v)
	}
	m = &Mutant{Case: other, Operator: "null", Place: "messageSignature.messageDigest", make: func() []byte { return append([]byte(" "), other.Bundle...) }}
	if v, differs := m.judge(); !differs || !strings.HasPrefix(v.Failure, "FORGERY") {
		t.Errorf("a class that is not expected passes: %+v", v)
	}
}

// Every expectation names codes that exist, and classes that have a reason.
func TestExpectations(t *testing.T) {
	expected("", "")
	for _, e := range expectations.list {
		if len(e.codes) == 0 {
			t.Errorf("%s at %s: nothing expected", e.operator, e.place)
		}
		for _, c := range e.codes {
			if c[0] == '=' && reasons[c] == "" || c[0] != '=' && refuse.Describe(refuse.Code(c)).Cause == "" {
				t.Errorf("%s at %s: there is no %s", e.operator, e.place, c)
			}
		}
	}
}
