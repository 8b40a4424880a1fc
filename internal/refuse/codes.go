// SPDX-License-Identifier: Apache-2.0

package refuse

import "sort"

// Description explains a code to the person who meets it.
type Description struct {
	Code  Code
	Cause string // what must be the case for the code to appear
	Fix   string // what the reader can do about it
}

// Describe returns the description of a code, the zero Description if the
// code is not one of this module's.
func Describe(c Code) Description {
	i := sort.Search(len(table), func(i int) bool { return table[i].Code >= c })
	if i < len(table) && table[i].Code == c {
		return table[i]
	}
	return Description{}
}

// All returns the description of every code, sorted by code.
func All() []Description { return append([]Description(nil), table...) }
