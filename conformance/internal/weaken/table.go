// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/conformance/internal/reviewed"
)

// needless returns, in order, the keys with a reason whose change has not
// survived, or is not among the files that were changed.
func needless(results []result, reasons map[string]string) []string {
	files := make(map[string]bool)
	fine := make(map[string]bool)
	for _, r := range results {
		files[path.Dir(r.change.file)] = true
		if r.outcome == survived || r.outcome == explained || r.outcome == untried {
			fine[r.change.key()] = true
		}
	}
	var list []string
	for key := range reasons {
		file, _, _ := strings.Cut(key, " ")
		if files[path.Dir(file)] && !fine[key] {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}

// render writes the table, and returns the number of survivors that no one
// has given a reason for.
func render(results []result, reasons map[string]string) (string, int) {
	var b strings.Builder
	b.WriteString(`# Changes to the verifier that no test notices

Written by ` + "`make mutate-source`" + `; do not edit. Every condition of the packages
below was made never true and always true, every comparison turned or moved by
one, every number moved by one, and every constant verdict inverted, one at a
time. "Noticed" changes turned a test of their own package red; "above" are
those that only the tests of the packages above noticed. No test of its own
package noticed a survivor; the reason why none has to stands beside it, and
in conformance/internal/weaken/reviewed.txt. None of them is a security check: each
changes no verdict, or only which of two refusals is given.

| package | changes | noticed | above | survived | untried |
|---|---:|---:|---:|---:|---:|
`)
	var order []string
	counts := make(map[string]map[string]int)
	for _, r := range results {
		if counts[r.pkg] == nil {
			counts[r.pkg] = make(map[string]int)
			order = append(order, r.pkg)
		}
		counts[r.pkg][r.outcome]++
	}
	for _, p := range order {
		n := counts[p]
		left := n[survived] + n[explained]
		total := n[noticed] + n[higher] + left + n[untried]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", p, total, n[noticed], n[higher], left, n[untried])
	}
	b.WriteString("\n## Survivors\n\n| place | change | of | reason |\n|---|---|---|---|\n")
	unexplained := 0
	for _, r := range results {
		if r.outcome != survived && r.outcome != explained {
			continue
		}
		reason := reasons[r.change.key()]
		if reason == "" {
			unexplained++
			reason = "**not reviewed**"
			fmt.Fprintf(os.Stderr, "not reviewed (line %d): %s\n", r.change.line, r.change.key())
		}
		fmt.Fprintf(&b, "| %s %s | %s | `%s` | %s |\n", r.change.file, r.change.function, reviewed.Cell(r.change.operator), reviewed.Cell(r.change.text), reviewed.Cell(reason))
	}
	return b.String(), unexplained
}
