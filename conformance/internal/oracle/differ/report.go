// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Words returns the beginning of what the client said, the same for refusals
// that are alike.
func (d *Disagreement) Words() string {
	w := words(d.Answer.Reason)
	return w[:min(len(w), 150)]
}

// sum adds up the tallies of some sets.
func (o *Outcome) sum(client string, sets ...string) (t Tally) {
	for _, name := range sets {
		if s := o.Tallies[client][name]; s != nil {
			t.Accepted, t.Refused, t.Differ, t.Unfit = t.Accepted+s.Accepted, t.Refused+s.Refused, t.Differ+s.Differ, t.Unfit+s.Unfit
		}
	}
	return t
}

func (t Tally) asked() int { return t.Accepted + t.Refused + t.Differ }

// Summary returns one line for each client.
func (o *Outcome) Summary() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o.Tallies)) {
		t := o.sum(name, Sets...)
		fmt.Fprintf(&b, "%s: %d asked, %d accepted by both, %d refused by both, %d disagreements; %d not put to it\n",
			name, t.asked(), t.Accepted, t.Refused, t.Differ, t.Unfit)
	}
	fmt.Fprintf(&b, "%d disagreements unexplained\n", len(o.Unexplained))
	return b.String()
}

// List returns a line for each disagreement: class, client, question, our code
// and what the one who refuses says, with tabs between them.
func (o *Outcome) List() string {
	var b strings.Builder
	for _, d := range o.Differ {
		class, said := "unexplained", words(d.Answer.Reason)
		if d.Rule != nil {
			class = d.Rule.name
		}
		if d.Err != nil {
			said = words(d.Err.Error())
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\n", class, d.Client, d.Question.Title(), d.Code, said)
	}
	return b.String()
}

// Markdown returns docs/evidence/differential.md.
func (o *Outcome) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Other clients

Written by `+"`make oracle-report`"+`; do not edit. Each line of the tables is what
became of the same questions, put to this module and to another client: bundle,
artifact, trust root and policy, alike for both. Clients: sigstore-go v1.3.0,
@sigstore/verify 3.1.1 on Node 20, and the Python client sigstore 4.5.1.

"public" is testdata/public, "story" testdata/virtual, "virtual" bundles signed
in virtual worlds; mutants are of those that verify, changed in one respect.
In stories and virtual bundles the zeros are written out that protobuf's JSON
leaves out, since the Python client would refuse all others for that alone.

| client | set | asked | both accept | both refuse | differ | not put to it |
|---|---|---:|---:|---:|---:|---:|
`)
	for _, client := range slices.Sorted(maps.Keys(o.Tallies)) {
		for _, set := range Sets {
			if t := o.sum(client, set); t != (Tally{}) {
				fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d |\n", client, set, t.asked(), t.Accepted, t.Refused, t.Differ, t.Unfit)
			}
		}
	}
	fmt.Fprintf(&b, "\nDisagreements: %d, in %d classes. That no rule explains: %d.\n", len(o.Differ), len(o.Rules), len(o.Unexplained))
	b.WriteString("\n## What a client cannot be asked\n\n| client | why | questions |\n|---|---|---:|\n")
	for _, client := range slices.Sorted(maps.Keys(o.Unfit)) {
		for _, why := range slices.Sorted(maps.Keys(o.Unfit[client])) {
			fmt.Fprintf(&b, "| %s | %s | %d |\n", client, why, o.Unfit[client][why])
		}
	}
	b.WriteString(`
## Classes

Right is "we" where a specification decides against the client, and "either"
where it leaves the matter open and both answers are safe. The tables are in
conformance/internal/oracle/differ.

A rule holds for the words of the one who refuses and for the place of the
change, and more is asked where that could stand for two things: the client
gets the same question without what it is said to object to, and must accept
it; or without what is said to make up for a fault, and must refuse it; or the
change is shown to be in unsigned bytes; or the rule is about one story
alone. A mutant that we accept and of which we say more than of what it was made
from is never explained; one of what the client refuses anyway counts to the
class of that.

The rules were read a second time, against specifications and the clients'
sources: broad ones were split by the words of the refusal, seven reasons that
hid behind others got rules of their own, five wrong ones were corrected, and
those that matched nothing are gone.

### We accept, the client refuses
`)
	o.classes(&b, weAccept)
	b.WriteString("\n### The client accepts, we refuse\n")
	o.classes(&b, theyAccept)
	b.WriteString(`
### We refuse, all three clients accept

Each is one of the classes above; here are those in which we stand alone.

| our code | questions | example |
|---|---:|---|
`)
	for _, code := range slices.Sorted(maps.Keys(o.Alone)) {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", code, len(o.Alone[code]), cell(o.Alone[code][0].Title()))
	}
	return b.String()
}

// classes writes the rules that explained anything.
func (o *Outcome) classes(b *strings.Builder, list []*rule) {
	b.WriteString("\n| class | client | our codes | questions | right | why | example |\n|---|---|---|---:|---|---|---|\n")
	for _, r := range list {
		if n := o.Rules[r]; n > 0 {
			client := strings.ReplaceAll(r.client, "|", ", ")
			if client == "" {
				client = "any"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %d | %s | %s | %s |\n", r.name, client,
				strings.Join(slices.Sorted(maps.Keys(o.Codes[r])), " "), n, r.right, r.why, cell(o.Examples[r]))
		}
	}
}

// cell makes a title fit for a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
