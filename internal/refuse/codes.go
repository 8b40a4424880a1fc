// SPDX-License-Identifier: Apache-2.0

package refuse

import (
	"slices"
	"strings"
)

// Description explains a code to the person who meets it.
type Description struct {
	Code  Code   `json:"code"`
	Cause string `json:"cause"` // what must be the case for the code to appear
	Fix   string `json:"fix"`   // what the reader can do about it
}

// Describe returns the description of a code, the zero Description if the
// code is not one of this module's.
func Describe(c Code) Description {
	for _, family := range families {
		for _, d := range family {
			if d.Code == c {
				return d
			}
		}
	}
	return Description{}
}

// All returns the description of every code, sorted by code.
func All() []Description {
	all := slices.Concat(families...)
	slices.SortFunc(all, func(a, b Description) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
}
