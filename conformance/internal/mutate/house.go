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

	"github.com/sigbundle/sigbundle/verify/codes"
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

// mutants emits all mutants of every so many bundles, always in the same
// order.
func (h *House) mutants(every int, yield func(*Mutant)) error {
	for i, s := range h.subjects {
		if i%max(every, 1) != 0 {
			continue
		}
		var donors []*subject
		for _, d := range h.subjects {
			if d != s && d.Pool == s.Pool {
				donors = append(donors, d)
			}
		}
		bundleMutants(s, donors, h.foreigners(s), yield)
		rootMutants(s, h.foreignRoots(s), yield)
		policyMutants(s, yield)
	}
	first := h.subjects[0]
	st, err := newStudio(first)
	if err != nil {
		return err
	}
	flawMutants(first, st, yield)
	authorityMutants(first, yield)
	anewMutants(first, h.payloads(), yield)
	return nil
}

// foreignRoots returns a trust root that s has nothing to do with.
func (h *House) foreignRoots(s *subject) [][]byte {
	for _, d := range h.subjects {
		if d.Pool != s.Pool {
			return [][]byte{d.Root}
		}
	}
	return nil
}

// foreigners are subjects of all other pools, one each: the last, which have
// most evidence.
func (h *House) foreigners(s *subject) (list []*subject) {
	for i, d := range h.subjects {
		if d.Pool != s.Pool && (i+1 == len(h.subjects) || h.subjects[i+1].Pool != d.Pool) {
			list = append(list, d)
		}
	}
	return list
}

// payloads returns those of real envelopes.
func (h *House) payloads() (list [][]byte) {
	for _, s := range h.subjects {
		if e := s.parsed.Envelope; e != nil && strings.HasPrefix(s.Pool, "real") {
			list = append(list, e.Payload)
		}
	}
	return list
}

// Options says how much a run does.
type Options struct {
	Every   int // judge every so many mutants of each kind; 0 and 1: all
	Kinds   int // judge every so many kinds; 0 and 1: all
	Cases   int // mutate every so many bundles; 0 and 1: all
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
	seen, kinds := make(map[[2]string]int), make(map[[2]string]int)
	err := h.mutants(o.Cases, func(m *Mutant) {
		k := [2]string{m.Operator, m.Place}
		if _, known := kinds[k]; !known {
			kinds[k] = len(kinds)
		}
		if seen[k]%max(o.Every, 1) == 0 && kinds[k]%max(o.Kinds, 1) == 0 {
			if m.ordered {
				m.data = m.make()
			}
			work <- m
		}
		seen[k]++
	})
	close(work)
	group.Wait()
	if err != nil {
		t.Failures = append(t.Failures, err.Error())
	}
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
		if m.data == nil {
			m.data = m.make()
		}
		if bytes.Equal(m.data, m.Case.Bundle) || bytes.Equal(m.data, m.Case.doc.write()) {
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
	v := Verdict{Outcome: codes.Of(err)}
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
	} else {
		data = s.Bundle
	}
	if p, err = s.judge(data); err != nil {
		return nil, "", err
	}
	return p, s.again(p), nil
}
