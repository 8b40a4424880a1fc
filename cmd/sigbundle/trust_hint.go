// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
)

// hint tells, after a refusal that the wrong instance explains, which other
// instance knows the authorities that the bundle names. It changes no
// verdict: the instance is never guessed, only named.
func (t *trustFlags) hint(b *bundle.Bundle, r *verify.Report) {
	switch r.Code {
	case "tlog.unknown_log", "tlog.threshold", "chain.untrusted", "time.none", "time.threshold", "timestamp.threshold", "sct.unknown_log":
	default:
		return
	}
	names := t.owners(b)
	if len(names) == 0 {
		return
	}
	for i, name := range names {
		names[i] = "--instance " + name
	}
	r.Notes = append(r.Notes, verify.Note{
		Code:   "instance.other",
		Detail: fmt.Sprintf("the bundle names authorities of another instance: try %s", strings.Join(names, " or ")),
	})
}

// owners returns the instances, other than the chosen one, whose roots know
// more of a bundle's authorities than any other root does.
func (t *trustFlags) owners(b *bundle.Bundle) []string {
	if t.others == nil { // once, however many bundles are refused
		t.others = t.loadOthers()
	}
	var names []string
	best := 0
	for _, o := range t.others {
		switch n := known(o.root, b); {
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

// namedRoot is the root of an instance; the chosen one has no name.
type namedRoot struct {
	name string
	root *trustroot.Root
}

// loadOthers loads the chosen root, first, and those of all other instances. A
// hint needs no roots that are not there.
func (t *trustFlags) loadOthers() []namedRoot {
	roots := []namedRoot{}
	if own, err := t.find(); err == nil {
		roots = append(roots, namedRoot{"", own.root})
	}
	policy, err := t.policy()
	if err != nil {
		return roots
	}
	policy.MaxAge = tufroot.AnyAge
	store := t.store()
	list, _ := store.List()
	for _, in := range list {
		if t.file == "" && in.Name == t.instance {
			continue
		}
		if l, err := loadInstance(store, in.Name, policy); err == nil {
			roots = append(roots, namedRoot{in.Name, l.root})
		}
	}
	return roots
}

// known counts the authorities of a root that a bundle names. Nothing is
// verified, apart from the certificate's path.
func known(root *trustroot.Root, b *bundle.Bundle) int {
	n := 0
	for i := range b.Entries {
		if root.Log(b.Entries[i].LogID) != nil {
			n++
		}
	}
	if b.Leaf != nil {
		if chains, err := root.Chains(b.Leaf, b.Extra, b.Leaf.NotBefore); err == nil && len(chains) > 0 {
			n++
		}
		scts, _ := ctlog.ParseList(b.Leaf)
		for i := range scts {
			if root.CTLog(scts[i].LogID) != nil {
				n++
			}
		}
	}
	for _, der := range b.Timestamps {
		token, err := rfc3161.Parse(der)
		if err != nil {
			continue
		}
		for _, a := range root.TimestampAuthorities() {
			if a.Knows(token) {
				n++
				break
			}
		}
	}
	return n
}
