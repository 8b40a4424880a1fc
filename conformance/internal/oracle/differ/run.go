// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Options says what is asked, and of whom how much.
type Options struct {
	Public, Stories string // the folders testdata/public and testdata/virtual
	Suite, Corpus   string // folders of a conformance suite and a corpus, or empty
	// Every is how many mutants of one kind a client sees one of: the first
	// is for sigstore-go, the second for the slower ones.
	Every [2]int
}

// Disagreement is a question that a client answers otherwise than we do.
type Disagreement struct {
	Client   string
	Question *Question
	Code     string // ours, "" if we accept
	Err      error  // ours
	Answer   Answer // theirs
	Rule     *rule  // nil: unexplained
}

func (d *Disagreement) String() string {
	if d.Code == "" {
		return fmt.Sprintf("%s: %s: we accept, it says: %s", d.Client, d.Question.Title(), words(d.Answer.Reason))
	}
	return fmt.Sprintf("%s: %s: it accepts, we say: %s: %v", d.Client, d.Question.Title(), d.Code, d.Err)
}

// Title names a question.
func (q *Question) Title() string {
	if q.Operator == "" {
		return q.Set + ": " + q.Name
	}
	return fmt.Sprintf("%s of %s: %s at %s", q.Set, q.Name, q.Operator, q.Place)
}

// Tally is what became of the questions to a client, by set.
type Tally struct{ Accepted, Refused, Differ, Unfit int }

// Outcome is what a run found.
type Outcome struct {
	Tallies     map[string]map[string]*Tally // by client and set
	Unfit       map[string]map[string]int    // by client and reason
	Rules       map[*rule]int
	Examples    map[*rule]string
	Codes       map[*rule]map[string]bool // ours
	Alone       map[string][]*Question    // by our code: all clients accept
	Differ      []*Disagreement           // all of them
	Unexplained []*Disagreement
	Missing     map[string]error // clients that did not run
}

// asked is a question with our answers, on its way to one client.
type asked struct {
	q          *Question
	code, bare string // our code; and what it is if no one compares artifacts
	err        error
	bareErr    error
}

// desk is the queue before a client, and what came out of it.
type desk struct {
	client  Client
	every   int
	seen    map[[2]string]int
	queue   chan *asked
	tallies map[string]*Tally
	unfit   map[string]int
	differ  []*Disagreement
	err     error
}

// Run asks all clients everything.
func Run(o Options, clients []Client) (*Outcome, error) {
	var desks []*desk
	var group sync.WaitGroup
	for i, c := range clients {
		d := &desk{client: c, every: o.Every[min(i, 1)], seen: make(map[[2]string]int), queue: make(chan *asked, 64),
			tallies: make(map[string]*Tally), unfit: make(map[string]int)}
		desks = append(desks, d)
		group.Go(d.work)
	}
	err := o.questions(func(q *Question) { ask(q, desks) })
	for _, d := range desks {
		close(d.queue)
	}
	group.Wait()
	if err != nil {
		return nil, err
	}
	return gather(desks)
}

// questions makes all questions, always in the same order.
func (o *Options) questions(yield func(*Question)) error {
	var bases []*Question
	for _, s := range []struct {
		from   func() ([]*Question, error)
		mutate bool
	}{
		{func() ([]*Question, error) { return public(o.Public) }, true},
		{func() ([]*Question, error) { return told(o.Stories) }, false},
		{made, true},
		{func() ([]*Question, error) { return optional(o.Suite, suite) }, false},
		{func() ([]*Question, error) { return optional(o.Corpus, corpus) }, false},
	} {
		list, err := s.from()
		if err != nil {
			return err
		}
		for _, q := range list {
			yield(q)
			if code, _ := ours(q, true); s.mutate && code == "" {
				bases = append(bases, q)
			}
		}
	}
	return mutants(bases, yield)
}

func optional(dir string, from func(string) ([]*Question, error)) ([]*Question, error) {
	if dir == "" {
		return nil, nil
	}
	return from(dir)
}

// mutants makes the mutants of all bundles that verify. Donors are the bundles
// under the same trust root.
func mutants(bases []*Question, yield func(*Question)) error {
	for _, base := range bases {
		var donors []*donor
		for _, other := range bases {
			if other != base && bytes.Equal(other.TrustedRoot, base.TrustedRoot) && len(donors) < 4 {
				d, err := newDonor(other.Bundle)
				if err != nil {
					return err
				}
				donors = append(donors, d)
			}
		}
		err := mutateBundle(base.Bundle, donors, func(operator, place string, data []byte) {
			if bytes.Equal(data, base.Bundle) {
				return
			}
			q := *base
			q.base = base
			q.Set, q.Operator, q.Place, q.Bundle = "mutant", operator, place, data
			yield(&q)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", base.Name, err)
		}
	}
	return nil
}

// ask puts a question into the queues of the clients whose turn it is.
func ask(q *Question, desks []*desk) {
	var a *asked
	for _, d := range desks {
		if q.Set == "mutant" {
			kind := [2]string{q.Operator, q.Place}
			n := d.seen[kind]
			d.seen[kind]++
			if n%max(d.every, 1) != 0 {
				continue
			}
		}
		if a == nil {
			a = &asked{q: q}
			a.code, a.err = ours(q, true)
			if a.bare, a.bareErr = a.code, a.err; q.envelope() {
				a.bare, a.bareErr = ours(q, false)
			}
		}
		d.queue <- a
	}
}

// work answers what is in the queue, to the end even after an error.
func (d *desk) work() {
	for a := range d.queue {
		t := d.tallies[a.q.Set]
		if t == nil {
			t = new(Tally)
			d.tallies[a.q.Set] = t
		}
		// Where we refuse trust root or policy there is no demand to speak of.
		if a.q.judge.root == nil || a.q.judge.verifier == nil {
			t.Unfit++
			d.unfit["trust root or policy that we refuse"]++
			continue
		}
		if why := d.client.Fits(a.q); why != "" {
			t.Unfit++
			d.unfit[why]++
			continue
		}
		if d.err != nil {
			continue
		}
		var answer Answer
		if answer, d.err = d.client.Ask(a.q); d.err == nil {
			d.err = d.compare(a, answer, t)
		}
	}
}

func (d *desk) compare(a *asked, answer Answer, t *Tally) (err error) {
	code, said := a.code, a.err
	if !d.client.Artifacts() {
		code, said = a.bare, a.bareErr
	}
	switch {
	case (code == "") != answer.Accepted:
		t.Differ++
		x := &Disagreement{Client: d.client.Name(), Question: a.q, Code: code, Err: said, Answer: answer}
		x.Rule, err = explain(x, d.client)
		d.differ = append(d.differ, x)
	case answer.Accepted:
		t.Accepted++
	default:
		t.Refused++
	}
	return err
}

func gather(desks []*desk) (*Outcome, error) {
	out := &Outcome{Tallies: make(map[string]map[string]*Tally), Unfit: make(map[string]map[string]int),
		Rules: make(map[*rule]int), Examples: make(map[*rule]string), Codes: make(map[*rule]map[string]bool), Alone: make(map[string][]*Question)}
	others := make(map[*Question]int) // clients that accept what we refuse
	for _, d := range desks {
		if d.err != nil {
			return nil, d.err
		}
		out.Tallies[d.client.Name()], out.Unfit[d.client.Name()] = d.tallies, d.unfit
		for _, x := range d.differ {
			if x.Code != "" {
				if others[x.Question]++; others[x.Question] == 3 {
					out.Alone[x.Code] = append(out.Alone[x.Code], x.Question)
				}
			}
			out.Differ = append(out.Differ, x)
			if x.Rule == nil {
				out.Unexplained = append(out.Unexplained, x)
				continue
			}
			if out.Rules[x.Rule] == 0 {
				out.Examples[x.Rule], out.Codes[x.Rule] = x.Question.Title(), make(map[string]bool)
			}
			out.Rules[x.Rule]++
			if x.Code != "" {
				out.Codes[x.Rule][x.Code] = true
			}
		}
	}
	slices.SortStableFunc(out.Unexplained, func(a, b *Disagreement) int { return cmp.Compare(a.Client, b.Client) })
	return out, nil
}
