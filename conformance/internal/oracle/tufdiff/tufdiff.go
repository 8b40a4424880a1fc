// SPDX-License-Identifier: Apache-2.0

// Package tufdiff holds this module's TUF client against python-tuf's, on
// repositories that it makes: the same for the same seed. The TUF
// specification decides each step; what a client says otherwise is a
// disagreement, and stands in a table with the reason.
package tufdiff

import (
	"fmt"
	"slices"
	"strings"
)

// Seed and Random are the arguments of [Cases] for the report.
const (
	Seed   = 1
	Random = 60
)

// Client is an implementation of the TUF client workflow.
type Client interface {
	Name() string
	// Run answers each step of a case, by a client that has seen nothing
	// before it. An error is a fault of the connection.
	Run(c *Case) ([]Answer, error)
}

// Answer is what a client says of one step.
type Answer struct {
	OK     bool
	Reason string // of a refusal
}

func (a Answer) String() string {
	if a.OK {
		return "accepts"
	}
	return "refuses: " + a.Reason
}

// Disagreement is one step at which a client differs from the specification.
type Disagreement struct {
	Case, Client string
	Step         int // from 1 on
	Answer       Answer
	Why          *difference // nil: unexplained
}

func (d *Disagreement) String() string {
	return fmt.Sprintf("%s, step %d: %s %v", d.Case, d.Step, d.Client, d.Answer)
}

// Outcome is what became of all cases.
type Outcome struct {
	Cases, Steps int
	Accepted     int // steps that the specification accepts
	Differ       []*Disagreement
	Idle         []string // lines of the table that explain nothing
}

// Unexplained returns the disagreements without a line in the table.
func (o *Outcome) Unexplained() []*Disagreement {
	return slices.DeleteFunc(slices.Clone(o.Differ), func(d *Disagreement) bool { return d.Why != nil })
}

// Run puts the cases to the clients.
func Run(cases []*Case, clients ...Client) (*Outcome, error) {
	o := &Outcome{Cases: len(cases)}
	used := make(map[*difference]bool)
	for _, c := range cases {
		o.Steps += len(c.Steps)
		for _, s := range c.Steps {
			if s.Accept {
				o.Accepted++
			}
		}
		for _, client := range clients {
			answers, err := client.Run(c)
			if err != nil || len(answers) != len(c.Steps) {
				return nil, fmt.Errorf("%s, %s: %d answers to %d steps: %w", c.Name, client.Name(), len(answers), len(c.Steps), err)
			}
			for i, a := range answers {
				if a.OK == c.Steps[i].Accept {
					continue
				}
				d := &Disagreement{Case: c.Name, Client: client.Name(), Step: i + 1, Answer: a}
				if d.Why = explain(d); d.Why != nil {
					used[d.Why] = true
				}
				o.Differ = append(o.Differ, d)
			}
		}
	}
	for _, e := range differences {
		if !used[e] && slices.ContainsFunc(clients, func(c Client) bool { return c.Name() == e.client }) {
			o.Idle = append(o.Idle, e.client+": "+e.cases)
		}
	}
	return o, nil
}

// Summary returns a line, and one for each disagreement that no line explains.
func (o *Outcome) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "TUF: %d repositories, %d steps, %d disagreements with the specification, %d unexplained\n", o.Cases, o.Steps, len(o.Differ), len(o.Unexplained()))
	for _, d := range o.Unexplained() {
		fmt.Fprintf(&b, "UNEXPLAINED: %v\n", d)
	}
	return b.String()
}

// Markdown returns the section of docs/evidence/differential.md.
func (o *Outcome) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `
## TUF repositories

%d repositories are made from a seed, with one thing in each that a client must
take or refuse: spelling, numbers, keys, signatures, roots, times, what is listed,
targets, delegations; and some put together at random. In %d steps a client
finds them, and the TUF specification accepts %d of these. Clients: this module
(tufsync, and tufroot alone, "offline"), and python-tuf %s. Steps at which a
client differs from the specification: %d; that no line explains: %d. Right is "we",
"they", or "either" where the specification leaves the matter open and both
answers are safe.

| client | case | steps | answer | right | why |
|---|---|---:|---|---|---|
`, o.Cases, o.Steps, o.Accepted, pythonVersion, len(o.Differ), len(o.Unexplained()))
	for _, e := range differences {
		n := 0
		var answer string
		for _, d := range o.Differ {
			if d.Why == e {
				n++
				answer, _, _ = strings.Cut(d.Answer.String(), ":")
			}
		}
		if n > 0 {
			fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s |\n", e.client, e.cases, n, answer, e.right, e.why)
		}
	}
	return b.String()
}
