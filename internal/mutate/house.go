// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/sigbundle/sigbundle/verify"
)

// House is all cases, ready to be mutated.
type House struct {
	subjects []*subject
}

// NewHouse signs the virtual cases and reads the real ones from dir, which is
// testdata/public. Each of them must verify.
func NewHouse(dir fs.FS) (*House, error) {
	cases, err := virtualCases()
	if err != nil {
		return nil, err
	}
	real, err := publicCases(dir)
	if err != nil {
		return nil, err
	}
	h := new(House)
	for _, c := range append(cases, real...) {
		s, err := prepare(c)
		if err != nil {
			return nil, err
		}
		h.subjects = append(h.subjects, s)
	}
	return h, nil
}

// mutants emits all mutants, always in the same order.
func (h *House) mutants(yield func(*Mutant)) {
	for _, s := range h.subjects {
		var donors []*subject
		for _, d := range h.subjects {
			if d != s && d.Pool == s.Pool {
				donors = append(donors, d)
			}
		}
		bundleMutants(s, donors, yield)
		rootMutants(s, yield)
		policyMutants(s, yield)
	}
	flawMutants(h.subjects, yield)
}

// Options says how much a run does.
type Options struct {
	Every   int // judge every so many mutants of each kind; 0 and 1: all
	Workers int // mutants judged at a time; 0: one
}

// Run judges the mutants.
func (h *House) Run(o Options) *Table {
	t := &Table{Cases: len(h.subjects), cells: make(map[cell]int)}
	work := make(chan *Mutant, 64)
	var group sync.WaitGroup
	for range max(o.Workers, 1) {
		group.Go(func() {
			for m := range work {
				if v, differs := m.judge(); differs {
					t.add(m, v)
				}
			}
		})
	}
	seen := make(map[[2]string]int)
	h.mutants(func(m *Mutant) {
		k := [2]string{m.Operator, m.Place}
		if n := seen[k]; n%max(o.Every, 1) == 0 {
			work <- m
		}
		seen[k]++
	})
	close(work)
	group.Wait()
	slices.Sort(t.Failures)
	slices.Sort(t.Open)
	return t
}

// Verdict is what became of a mutant.
type Verdict struct {
	Outcome string // a code, or "=" and the class of those accepted
	Failure string // why that is not what should have become of it, or ""
}

// judge holds a mutant against the table of expectations. It reports whether
// the mutant differs from its case at all: some changes change nothing.
func (m *Mutant) judge() (v Verdict, differs bool) {
	if m.make != nil {
		if m.data = m.make(); bytes.Equal(m.data, m.Case.Bundle) || bytes.Equal(m.data, m.Case.doc.write()) {
			return v, false
		}
	}
	p, again, err := m.verdict()
	if err != nil {
		return m.refused(err), true
	}
	return m.accepted(p, again), true
}

func (m *Mutant) refused(err error) Verdict {
	v := Verdict{Outcome: verify.CodeOf(err)}
	want := expected(m.Operator, m.Place)
	switch {
	case v.Outcome == "":
		v.Outcome, v.Failure = "(none)", fmt.Sprintf("refused without a code: %v", err)
	case want == nil:
		v.Failure = fmt.Sprintf("no expectation, refused as %s: %v", v.Outcome, err)
	case !slices.Contains(want.codes, v.Outcome):
		v.Failure = fmt.Sprintf("refused as %s, want %v: %v", v.Outcome, want.codes, err)
	case !strings.HasPrefix(m.Place, "policy") && strings.ContainsFunc(err.Error(), unicode.IsControl):
		v.Failure = fmt.Sprintf("control characters in the message %q", err)
	}
	return v
}

func (m *Mutant) accepted(p *proof, again string) Verdict {
	want := expected(m.Operator, m.Place)
	original := m.Case.proved
	v := Verdict{Outcome: "=same"}
	if !p.same(original) || m.make == nil {
		v.Outcome = "="
		if want != nil {
			v.Outcome = want.class()
		}
	}
	more := p.within(original)
	if m.fresh {
		more, v.Outcome = "", "=signed"
	}
	switch {
	case more != "":
		v.Failure = "FORGERY: accepted, and it proves " + more
	case again != "":
		v.Failure = "accepted, but " + again
	case want == nil || !slices.Contains(want.codes, v.Outcome):
		v.Failure = "FORGERY: accepted as " + v.Outcome
		if want != nil {
			v.Failure += fmt.Sprintf(", want %v", want.codes)
		}
	}
	return v
}

// verdict verifies the mutant. If it is accepted, again says whether it
// survives being written and read.
func (m *Mutant) verdict() (p *proof, again string, err error) {
	s, data := m.Case, m.Case.Bundle
	if m.make != nil {
		data = m.data
	} else if s, err = m.other(); err != nil {
		return nil, "", err
	}
	if p, err = s.judge(data); err != nil {
		return nil, "", err
	}
	return p, s.again(p), nil
}
