// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"cmp"
	"crypto/x509"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/window"
)

// Merge returns a root that trusts what any of the given roots trusts, in
// their order. A log that several of them list under one ID must have the same
// key, and under the same URL the same operator and checkpoint key ID where
// both name one, else trust.conflict; its validity periods under a URL are united, so
// that an end set in one root does not bind where another has none. Authorities
// are kept apart, each with its own validity period, unless they are equal. No roots
// at all make a root that trusts nothing.
func Merge(roots ...*Root) (*Root, error) {
	var doc document
	for _, r := range roots {
		if r == nil {
			return nil, refuse.New(codeMalformed, "no trust root to merge")
		}
		var err error
		if doc.tlogs, err = mergeLogs(doc.tlogs, r.doc.tlogs); err != nil {
			return nil, err
		}
		if doc.ctlogs, err = mergeLogs(doc.ctlogs, r.doc.ctlogs); err != nil {
			return nil, err
		}
		doc.cas = mergeAuthorities(doc.cas, r.doc.cas)
		doc.tsas = mergeAuthorities(doc.tsas, r.doc.tsas)
	}
	if err := doc.bounds(); err != nil {
		return nil, err
	}
	return compileWritten(doc)
}

// mergeLogs adds the logs of one root to those of the earlier ones.
func mergeLogs(into, list []instance) ([]instance, error) {
	for _, in := range list {
		var same []int
		for i := range into {
			if string(into[i].id) != string(in.id) {
				continue
			}
			sameURL := into[i].BaseURL == in.BaseURL
			if !sameKey(&into[i], &in) || sameURL && (otherHint(&into[i], &in) || otherOperator(&into[i], &in)) {
				return nil, refuse.New(codeConflict, "the trust roots have two different logs with the ID %x", in.id)
			}
			if sameURL {
				same = append(same, i)
			}
		}
		into = unite(into, same, in)
	}
	return into, nil
}

func otherOperator(a, b *instance) bool {
	return a.Operator != "" && b.Operator != "" && a.Operator != b.Operator
}

// unite adds in to the instances of its log, which are at the places same:
// periods that meet it become one, at the first of their places.
func unite(into []instance, same []int, in instance) []instance {
	home := -1
	var gone []int
	for _, i := range same {
		a, b := window.Window{Start: into[i].Start, End: into[i].End}, window.Window{Start: in.Start, End: in.End}
		if !overlap(a, b) {
			continue
		}
		in.Operator = cmp.Or(into[i].Operator, in.Operator)
		if len(in.CheckpointKeyID) == 0 {
			in.CheckpointKeyID = into[i].CheckpointKeyID
		}
		in.Start, in.End = earlier(a.Start, b.Start), laterEnd(a.End, b.End)
		if home < 0 {
			home = i
		} else {
			gone = append(gone, i)
		}
	}
	if home < 0 {
		return append(into, in)
	}
	into[home] = in
	for _, i := range slices.Backward(gone) {
		into = slices.Delete(into, i, i+1)
	}
	return into
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// laterEnd returns the later of two ends, of which zero is the latest.
func laterEnd(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return a
	}
	return b
}

func mergeAuthorities(into, list []AuthorityConfig) []AuthorityConfig {
	for _, a := range list {
		if !slices.ContainsFunc(into, func(b AuthorityConfig) bool { return sameAuthority(&a, &b) }) {
			into = append(into, a)
		}
	}
	return into
}

func sameAuthority(a, b *AuthorityConfig) bool {
	return a.Subject == b.Subject && a.URI == b.URI && a.Operator == b.Operator &&
		a.Start.Equal(b.Start) && a.End.Equal(b.End) && sameChain(a.Chain, b.Chain)
}

func sameChain(a, b []*x509.Certificate) bool {
	return slices.EqualFunc(a, b, (*x509.Certificate).Equal)
}
