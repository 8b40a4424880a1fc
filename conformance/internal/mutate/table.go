// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Table is the outcome of a run.
type Table struct {
	Cases    int      // bundles that the mutants are of
	Failures []string // mutants whose outcome is wrong, sorted
	Open     []string // those of them that are known, see findings; sorted

	mutex sync.Mutex
	cells map[cell]int // guarded by mutex during the run
}

// cell is one line of the full table.
type cell struct{ operator, place, outcome string }

func (t *Table) add(m *Mutant, v Verdict) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.cells[cell{m.Operator, m.Place, v.Outcome}]++
	switch {
	case v.Failure == "":
	case known(m.Operator, m.Place, v.Failure):
		t.Open = append(t.Open, m.String()+": "+v.Failure)
	default:
		t.Failures = append(t.Failures, m.String()+": "+v.Failure)
	}
}

// Total returns the number of mutants judged.
func (t *Table) Total() int {
	n := 0
	for _, count := range t.cells {
		n += count
	}
	return n
}

// Forgeries returns the number of mutants that were accepted and should not
// have been.
func (t *Table) Forgeries() int { return countForgeries(t.Failures) }

func countForgeries(list []string) int {
	n := 0
	for _, f := range list {
		if strings.Contains(f, "FORGERY") {
			n++
		}
	}
	return n
}

// Markdown returns docs/evidence/mutations.md: totals, codes and classes.
func (t *Table) Markdown() string {
	var b strings.Builder
	accepted := t.sum(func(c cell) string { return c.outcome[:1] })["="]
	fmt.Fprintf(&b, `# Mutations

Written by `+"`make mutate`"+`; do not edit. Each mutant is a bundle, trust root
or policy that verifies, changed in one respect; conformance/internal/mutate makes them.
The bundles are made up ones of every shape and real ones, of testdata/public.
Real ones of GitHub's instance are not among them: its trust root is in no
published package, and is not committed here; a made up instance like it is.
No mutant is about the clock: nothing here reads one. A test moves it by 20
years either way, and every verdict and report stays what it was. The same
command writes what became of each item and place to bin/mutations-items.md.

| | |
|---|---:|
| bundles mutated | %d |
| mutants | %d |
| refused | %d |
| accepted, proving nothing new | %d |
| accepted forgeries | %d |
| refused for a reason other than the expected | %d |
| known findings not mended yet, see below | %d |

`, t.Cases, t.Total(), t.Total()-accepted, accepted-t.Forgeries()-countForgeries(t.Open), t.Forgeries(), len(t.Failures)-t.Forgeries(), len(t.Open))
	b.WriteString("## Refusals by code\n\n| code | mutants |\n|---|---:|\n")
	t.list(&b, t.sum(func(c cell) string { return c.outcome }), func(k string) bool { return k[0] != '=' })
	b.WriteString(`
## Accepted mutants by class

Of each of these the program checked that it proves nothing that the original
does not prove: same signer, artifact, statement and payload, and no further
facts; and that it is still accepted when written in canonical form.

| class | mutants | why that is right |
|---|---:|---|
`)
	classes := t.sum(func(c cell) string { return c.outcome })
	for _, k := range slices.Sorted(keys(classes)) {
		if k[0] == '=' {
			fmt.Fprintf(&b, "| %s | %d | %s |\n", k[1:], classes[k], reasons[k])
		}
	}
	if len(t.Open) > 0 {
		b.WriteString("\n## Known findings not mended yet\n\n")
		for _, f := range findings {
			fmt.Fprintf(&b, "- %s\n", f.what)
		}
	}
	return b.String()
}

// Items returns what became of each item in each form and at each place.
func (t *Table) Items() string {
	var b strings.Builder
	b.WriteString("# Mutations by item and place\n")
	t.checklist(&b)
	b.WriteString("\n## Mutation by place\n\n| place | what was done | outcomes |\n|---|---|---|\n")
	t.places(&b)
	return b.String()
}

// places writes a line for each place and set of outcomes.
func (t *Table) places(b *strings.Builder) {
	outcomes := make(map[[2]string]map[string]int)
	for c, n := range t.cells {
		k := [2]string{c.place, c.operator}
		if outcomes[k] == nil {
			outcomes[k] = make(map[string]int)
		}
		outcomes[k][c.outcome] += n
	}
	order := slices.SortedFunc(keys(outcomes), func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	for _, k := range order {
		var list []string
		for _, o := range slices.Sorted(keys(outcomes[k])) {
			list = append(list, fmt.Sprintf("%s %d", o, outcomes[k][o]))
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", k[0], k[1], strings.Join(list, ", "))
	}
}

func (t *Table) sum(key func(cell) string) map[string]int {
	sums := make(map[string]int)
	for c, n := range t.cells {
		sums[key(c)] += n
	}
	return sums
}

func (t *Table) list(b *strings.Builder, sums map[string]int, want func(string) bool) {
	for _, k := range slices.Sorted(keys(sums)) {
		if want(k) {
			fmt.Fprintf(b, "| %s | %d |\n", k, sums[k])
		}
	}
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
