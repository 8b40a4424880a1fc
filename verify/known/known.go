// SPDX-License-Identifier: Apache-2.0

// Package known compares the authorities that a bundle names with those that a
// trust root lists. Nothing is verified, apart from the path of the certificate
// at the date that it bears: what is found words a refusal, or chooses a trust
// root, and proves nothing.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package known

import (
	"slices"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Paths returns the paths from the certificate of a bundle, which must have one,
// to the anchors of a root.
func Paths(root *trustroot.Root, b *bundle.Bundle) []trustroot.Chain {
	chains, err := root.Chains(b.Leaf, b.Intermediates, b.Leaf.NotBefore)
	if err != nil {
		return nil
	}
	return chains
}

// Foreign reports whether a bundle names authorities and a root lists none of
// them, not even a log under another ID, or the issuer of the certificate at
// another time.
func Foreign(root *trustroot.Root, b *bundle.Bundle) bool {
	if b.Leaf == nil && len(b.Entries) == 0 && len(b.Timestamps) == 0 || Count(root, b) > 0 {
		return false
	}
	if slices.ContainsFunc(b.Entries, func(e tlog.Entry) bool { return root.LogMayHave(e.LogID) != nil }) {
		return false
	}
	if b.Leaf == nil {
		return true
	}
	_, err := root.Chains(b.Leaf, b.Intermediates, b.Leaf.NotBefore)
	return refuse.CodeOf(err) == "chain.untrusted"
}

// Count counts the authorities of a root that a bundle names. Nothing is
// verified, apart from the certificate's path.
func Count(root *trustroot.Root, b *bundle.Bundle) int {
	n := 0
	for i := range b.Entries {
		if root.Log(b.Entries[i].LogID) != nil {
			n++
		}
	}
	if b.Leaf != nil {
		if len(Paths(root, b)) > 0 {
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
			if rfc3161.Behind(a).Knows(token) {
				n++
				break
			}
		}
	}
	return n
}
