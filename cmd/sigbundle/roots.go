// SPDX-License-Identifier: Apache-2.0

package main

// Several trust roots: each bundle is judged by one of them, whole.

import (
	"fmt"
	"slices"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/verify"
)

// rootFiles is --trusted-root where it may be given several times.
type rootFiles struct{ flags *verifyFlags }

func (r *rootFiles) Set(name string) error {
	r.flags.trust.file = name // others than verify's own code see that there is a file
	r.flags.rootFiles = append(r.flags.rootFiles, name)
	return nil
}

func (r *rootFiles) String() string     { return "" }
func (r *rootFiles) Type() string       { return "string" }
func (r *rootFiles) GetSlice() []string { return r.flags.rootFiles }

// rooted is a verifier with its root.
type rooted struct {
	root     *trustroot.Root
	config   verify.Config
	verifier *verify.Verifier
}

// loadRoots loads the trust roots of all files, one or several in each.
func (f *verifyFlags) loadRoots() (all []*loaded, err error) {
	for _, name := range f.rootFiles {
		data, err := readFile(name)
		if err != nil {
			return nil, err
		}
		if signingconfig.IsClientTrust(data) {
			one, err := parseFile(name, data)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
			continue
		}
		found, err := trustroot.ParseAll(data)
		if err != nil {
			return nil, refuse.Wrap("trust.malformed", err, "%s", name)
		}
		for i, root := range found {
			l := &loaded{root: root, source: fmt.Sprintf("file %s, as given", name)}
			if len(found) > 1 {
				l.source = fmt.Sprintf("file %s, root %d of %d, as given", name, i+1, len(found))
			}
			all = append(all, l)
		}
		if len(all) > trustroot.MaxRoots {
			return nil, refuse.New("trust.limit", "%s: more than %d trust roots", name, trustroot.MaxRoots)
		}
	}
	return all, nil
}

// choose returns the verifier of one root, by which alone the bundle is then
// judged: what another root lists is no evidence. Candidates are the roots
// with an authority that issued the certificate, or all for a managed key;
// the one that knows most of the bundle's authorities is taken, the first of
// several. What a bundle must have is what any candidate suggests: otherwise
// evidence that is added or left out would choose the root that asks for less.
//
// The root is returned with the verifier, nil where the flags name it in
// another way.
func (f *verifyFlags) choose(b *bundle.Bundle, only *verify.Verifier) (*verify.Verifier, *trustroot.Root, error) {
	if len(f.rooted) == 0 {
		return only, nil, nil
	}
	candidates := f.rooted
	if b.Leaf != nil {
		var issued []rooted
		for _, r := range f.rooted {
			if chains, err := r.root.Chains(b.Leaf, b.Extra, b.Leaf.NotBefore); err == nil && len(chains) > 0 {
				issued = append(issued, r)
			}
		}
		if len(issued) > 0 {
			candidates = issued
		}
	}
	best := -1
	var chosen rooted
	for _, r := range candidates {
		if n := known(r.root, b); n > best {
			best, chosen = n, r
		}
	}
	if len(candidates) == 1 {
		return chosen.verifier, chosen.root, nil
	}
	c := chosen.config
	for _, r := range candidates {
		if c.Policy.Require.Logs == 0 && lists(r.root, trustroot.KindLog, len(r.root.Logs())) {
			c.Policy.Require.Logs = 1
		}
		if b.Leaf != nil && c.Policy.Require.SCTs == 0 && lists(r.root, trustroot.KindCTLog, len(r.root.CTLogs())) {
			c.Policy.Require.SCTs = 1
		}
	}
	v, err := verify.New(c)
	return v, chosen.root, err
}

// lists reports whether a root lists authorities of a kind, usable or not.
func lists(root *trustroot.Root, kind string, usable int) bool {
	return usable > 0 || slices.ContainsFunc(root.Unusable(), func(u trustroot.Unusable) bool { return u.Kind == kind })
}
