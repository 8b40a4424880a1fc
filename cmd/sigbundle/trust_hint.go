// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify/known"
)

// hints are what is known of other instances.
type hints struct {
	trust  *flags.Trust
	others []namedRoot // nil: not loaded
}

// hint tells, after a refusal that the wrong instance explains, which other
// instance knows the authorities that the bundle names, or that no root here
// knows one of them. It changes no verdict: the instance is never guessed, only
// named.
func (t *hints) hint(b *bundle.Bundle, r *report.Report) {
	switch r.Code {
	case "tlog.unknown_log", "tlog.threshold", "chain.untrusted", "time.none", "time.threshold", "timestamp.threshold",
		"sct.unknown_log", "sct.missing", "sct.threshold":
	default:
		return
	}
	foreign := slices.IndexFunc(r.Notes, func(n report.Note) bool { return n.Code == "instance.unknown" })
	none := foreign >= 0
	if names := t.owners(b); len(names) > 0 {
		if none {
			because(r, "and the bundle looks like one of the instance "+strings.Join(names, " or "))
		}
		for i, name := range names {
			names[i] = "--instance " + name
		}
		r.Notes = append(r.Notes, report.Note{
			Code:   "instance.other",
			Detail: fmt.Sprintf("the bundle names authorities of another instance: try %s", strings.Join(names, " or ")),
		})
		return
	}
	if none {
		like := t.resembling(b)
		because(r, "and neither does that of an instance known here"+like)
		r.Notes[foreign].Detail = "the bundle names no authority that a trust root here lists: " + named(b) + like
	}
}

// because says in a refusal of evidence of which no authority is known that
// this is the reason: what it lacks is not what it was refused for.
func because(r *report.Report, looks string) {
	r.Message = "the trust root lists no authority that the bundle names, " + looks + ": " + r.Message
}

// named lists the authorities that a bundle names, for a person.
func named(b *bundle.Bundle) string {
	var parts []string
	if b.Leaf != nil {
		parts = append(parts, fmt.Sprintf("certificate issued by %q", b.Leaf.Issuer.String()))
	}
	for i := range b.Entries {
		if part := "entry of log " + b.Entries[i].LogID.String(); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(b.Timestamps) > 0 {
		parts = append(parts, fmt.Sprintf("%d timestamp(s)", len(b.Timestamps)))
	}
	const most = 4
	if len(parts) > most {
		parts = append(parts[:most], "…")
	}
	return strings.Join(parts, ", ")
}

// resembling names the instances with an authority of the organization that
// the certificate names as its issuer: their roots may be too old for it.
func (t *hints) resembling(b *bundle.Bundle) string {
	if b.Leaf == nil || len(b.Leaf.Issuer.Organization) == 0 {
		return ""
	}
	var names []string
	for _, o := range t.others {
		if slices.ContainsFunc(b.Entries, func(e tlog.Entry) bool { return o.root.LogMayHave(e.LogID) != nil }) {
			continue // its log is listed, under another ID
		}
		if slices.ContainsFunc(o.root.CertificateAuthorities(), func(a *trustroot.CertificateAuthority) bool {
			return slices.Equal(a.Anchor().Subject.Organization, b.Leaf.Issuer.Organization)
		}) {
			names = append(names, cmp.Or(o.name, "the instance chosen"))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; its issuer bears the name of an authority of " + strings.Join(names, ", ") + ", whose trust root may be too old"
}

// owners returns the instances, other than the chosen one, whose roots know
// more of a bundle's authorities than any other root does.
func (t *hints) owners(b *bundle.Bundle) []string {
	if t.others == nil { // once, however many bundles are refused
		t.others = t.loadOthers()
	}
	var names []string
	best := 0
	for _, o := range t.others {
		switch n := known.Count(o.root, b); {
		case n > best && o.name == "":
			best = n
		case n > best:
			best, names = n, []string{o.name}
		case n == best && len(names) > 0:
			names = append(names, o.name)
		}
	}
	return names
}

// namedRoot is the root of an instance; those that were chosen have no name.
type namedRoot struct {
	name string
	root *trustroot.Root
}

// loadOthers loads the chosen roots, first, and those of all other instances. A
// hint needs no roots that are not there.
func (t *hints) loadOthers() []namedRoot {
	roots := []namedRoot{}
	chosen, err := t.trust.Load()
	if err == nil {
		for _, own := range chosen {
			roots = append(roots, namedRoot{"", own.Root})
		}
	}
	policy, err := t.trust.Policy()
	if err != nil {
		return roots
	}
	policy.MaxAge = tufroot.AnyAge
	store := t.trust.Store()
	list, _ := store.List()
	for _, in := range list {
		if slices.ContainsFunc(chosen, func(l *flags.Root) bool { return l != nil && l.Instance == in.Name }) {
			continue
		}
		if l, err := flags.LoadInstance(store, in.Name, policy); err == nil {
			roots = append(roots, namedRoot{in.Name, l.Root})
		}
	}
	return roots
}
