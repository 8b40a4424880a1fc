// SPDX-License-Identifier: Apache-2.0

// Package choose has each bundle judged by one of several trust roots, whole:
// the authorities of two roots are never mixed within a bundle.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package choose

import (
	"slices"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/known"
)

// Roots are the verifiers of one policy, by one or several trust roots. They
// are immutable and safe for concurrent use. The zero Roots judge nothing.
type Roots struct{ all []rooted }

// rooted is one trust root, with a verifier for each set of kinds of evidence
// that another root requires.
type rooted struct {
	root      *trustroot.Root
	lists     kinds
	family    family
	verifiers [everything + 1]*verify.Verifier
}

// kinds is a set of the kinds of evidence that a trust root requires by listing
// authorities for them.
type kinds uint8

const (
	logs kinds = 1 << iota
	ctlogs

	everything = logs | ctlogs
)

// New makes the verifiers. The configurations differ in the trust root and its
// source only. Errors are those of [verify.New].
func New(configs ...verify.Config) (*Roots, error) {
	r := new(Roots)
	for _, c := range configs {
		one := rooted{root: c.Root, lists: listed(c.Root), family: familyOf(c.Root)}
		for k := range one.verifiers {
			v, err := verify.New(raised(c, kinds(k)))
			if err != nil {
				return nil, err
			}
			one.verifiers[k] = v
			if len(configs) == 1 {
				break // nothing raises what one root requires
			}
		}
		r.all = append(r.all, one)
	}
	return r, nil
}

// raised requires the kinds of evidence about which the policy says nothing.
func raised(c verify.Config, k kinds) verify.Config {
	need := &c.Policy.Require
	if k&logs != 0 && need.Logs == 0 {
		need.Logs = 1
	}
	if k&ctlogs != 0 && need.SCTs == 0 {
		need.SCTs = 1
	}
	return c
}

// listed returns the kinds of authorities that a root lists, usable or not.
func listed(root *trustroot.Root) (k kinds) {
	if root == nil {
		return 0
	}
	if lists(root, trustroot.KindLog, len(root.Logs())) {
		k |= logs
	}
	if lists(root, trustroot.KindCTLog, len(root.CTLogs())) {
		k |= ctlogs
	}
	return k
}

func lists(root *trustroot.Root, kind string, usable int) bool {
	return usable > 0 || slices.ContainsFunc(root.Ignored(), func(u trustroot.Ignored) bool { return u.Kind == kind })
}

// Several reports whether there is more than one trust root.
func (r *Roots) Several() bool { return len(r.all) > 1 }

// First returns the verifier of the first trust root, nil for the zero Roots.
// What does not depend on the root, such as reading artifacts, is the same for
// all.
func (r *Roots) First() *verify.Verifier {
	if len(r.all) == 0 {
		return nil
	}
	return r.all[0].verifiers[0]
}

// For returns the verifier of one root, by which alone the bundle is then
// judged, and that root: authorities of another root are not used. Candidates
// are the roots with an authority that issued the certificate, or all of them
// for a managed key and for an unknown authority; the one that knows most of
// the bundle's authorities is taken, the first of several. The bundle must have
// the evidence that any candidate requires, and any root that is kin to the
// issuer: otherwise evidence that is added or left out would choose the root
// that requires less.
func (r *Roots) For(b *bundle.Bundle) (*verify.Verifier, *trustroot.Root) {
	if len(r.all) == 0 {
		return nil, nil
	}
	if len(r.all) == 1 {
		return r.all[0].verifiers[0], r.all[0].root
	}
	candidates, judges := r.all, r.all // judges require, candidates are taken
	if b.Leaf != nil {
		if issued, kin := r.issuers(b); len(issued) > 0 {
			candidates, judges = issued, kin
		}
	}
	best, chosen := -1, rooted{}
	for _, one := range candidates {
		if n := known.Count(one.root, b); n > best {
			best, chosen = n, one
		}
	}
	var required kinds
	for _, one := range judges {
		required |= one.lists
	}
	if b.Leaf == nil {
		required &^= ctlogs
	}
	if len(judges) == 1 {
		required = 0 // the root's own defaults
	}
	return chosen.verifiers[required], chosen.root
}
