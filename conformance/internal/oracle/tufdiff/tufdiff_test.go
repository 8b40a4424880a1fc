// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/oracle/differ"
)

func run(t *testing.T, clients ...Client) *Outcome {
	t.Helper()
	cases, err := Cases(Seed, 10) // the report has more at random
	if err != nil {
		t.Fatal(err)
	}
	o, err := Run(cases, clients...)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range o.Unexplained() {
		t.Errorf("no line explains: %v", d)
	}
	for _, line := range o.Idle {
		t.Errorf("nothing to explain: %s", line)
	}
	t.Log(o.Summary())
	return o
}

// What this module says of each repository is what the specification says,
// except for the differences that the table explains. No other client is needed.
func TestOurs(t *testing.T) {
	o := run(t, NewOurs(t.TempDir()), Offline{})
	if o.Cases < 300 || o.Accepted < 100 || o.Steps-o.Accepted < 100 {
		t.Errorf("%d cases with %d steps, of which %d must be accepted: too few to say anything", o.Cases, o.Steps, o.Accepted)
	}
}

// The same repositories, put to python-tuf. SIGBUNDLE_PYTHON names an
// interpreter that has the package; otherwise it is the one that cmd/differ
// has installed.
func TestPython(t *testing.T) {
	interpreter := os.Getenv("SIGBUNDLE_PYTHON")
	if interpreter == "" {
		dir, err := differ.Cache()
		if err == nil {
			interpreter, err = differ.InstalledPython(dir)
		}
		if err != nil {
			t.Skip("the Python package tuf is not installed: make oracle installs it, or SIGBUNDLE_PYTHON names an interpreter that has it")
		}
	}
	p, err := StartPython(interpreter, t.TempDir())
	if err != nil {
		t.Skipf("%s: %v", interpreter, err)
	}
	run(t, p)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// The table has a reason in each line, and explains no other client's answer.
func TestDifferences(t *testing.T) {
	for _, e := range differences {
		if e.why == "" || e.right != "we" && e.right != "they" && e.right != "either" {
			t.Errorf("%+v is not complete", *e)
		}
	}
	for _, d := range []*Disagreement{{Case: "random/1", Client: ours, Step: 1}, {Case: "key/small order", Client: ours, Step: 1}, {Case: "role/rolled back", Client: offline, Step: 3}} {
		if e := explain(d); e != nil {
			t.Errorf("%v is explained by %+v", d, *e)
		}
	}
}

// The same seed makes the same repositories, another one others, and no two
// cases have one name.
func TestCasesAreReproducible(t *testing.T) {
	made := func(seed uint64) [32]byte {
		cases, err := Cases(seed, 5)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, c := range cases {
			if seen[c.Name] || len(c.Steps) == 0 || c.Root == nil {
				t.Errorf("%s is there twice, or has no steps or no root", c.Name)
			}
			seen[c.Name] = true
		}
		data, err := json.Marshal(cases)
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(data)
	}
	if made(1) != made(1) || made(1) == made(2) {
		t.Error("cases do not depend on the seed alone")
	}
}
