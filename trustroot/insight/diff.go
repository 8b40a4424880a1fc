// SPDX-License-Identifier: Apache-2.0

package insight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/trustroot"
)

// Change is one difference between two roots.
type Change struct {
	What  string `json:"what"` // "added", "removed" or "changed"
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	KeyID string `json:"keyId,omitempty"`
	Field string `json:"field,omitempty"` // changed: which member
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// Diff says what one must do to a to get b. Instances are the same if kind,
// key and log ID are; several with one key are compared in their order.
func Diff(a, b *trustroot.Root) []Change {
	before, after := indexed(a), indexed(b)
	var changes []Change
	for _, x := range before {
		at := slices.IndexFunc(after, func(y keyed) bool { return y.key == x.key })
		if at < 0 {
			changes = append(changes, Change{What: "removed", Kind: x.Kind, Name: x.Name, KeyID: x.KeyID, From: windows(x.Entry)})
			continue
		}
		changes = append(changes, fields(x.Entry, after[at].Entry)...)
	}
	for _, y := range after {
		if !slices.ContainsFunc(before, func(x keyed) bool { return x.key == y.key }) {
			changes = append(changes, Change{What: "added", Kind: y.Kind, Name: y.Name, KeyID: y.KeyID, To: windows(y.Entry)})
		}
	}
	return changes
}

type keyed struct {
	Entry
	key string
}

func indexed(r *trustroot.Root) []keyed {
	var out []keyed
	seen := map[string]int{}
	for _, in := range Describe(r, Origin{}).Instances {
		key := strings.Join([]string{in.Kind, in.KeyID, in.LogID}, " ")
		if in.KeyID == "" {
			key += " " + in.Name
		}
		seen[key]++
		out = append(out, keyed{in, fmt.Sprintf("%s %d", key, seen[key])})
	}
	return out
}

func fields(a, b Entry) []Change {
	var changes []Change
	compare := func(field, from, to string) {
		if from != to {
			changes = append(changes, Change{What: "changed", Kind: a.Kind, Name: a.Name, KeyID: a.KeyID, Field: field, From: from, To: to})
		}
	}
	compare("name", a.Name, b.Name)
	compare("operator", a.Operator, b.Operator)
	compare("algorithm", a.Algorithm, b.Algorithm)
	compare("validFor", windows(a), windows(b))
	compare("certificates", certificates(a), certificates(b))
	compare("unusable", a.Ignored, b.Ignored)
	return changes
}

func windows(in Entry) string {
	var out []string
	for _, w := range in.Windows {
		out = append(out, w.String())
	}
	return strings.Join(out, ", ")
}

func certificates(in Entry) string {
	var out []string
	for _, c := range in.Certificates {
		out = append(out, c.SHA256)
	}
	return strings.Join(out, ", ")
}
