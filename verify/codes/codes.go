// SPDX-License-Identifier: Apache-2.0

// Package codes names the reason of every refusal, finding and note by a
// stable code, such as "tlog.checkpoint.signature". The part before the first
// dot is its family.
//
// Every error that this module returns for evidence, trust material or policy
// has a code, and so has every report that refuses:
//
//	if _, err := verifier.Verify(b, artifact); err != nil {
//		switch codes.Of(err) {
//		case codes.TLogUnknownLog:
//			// the trust root may be too old
//		}
//	}
//
// A code keeps its meaning, and is never used for another one. New codes may be
// added, so a switch needs a default. docs/reference/codes.md shows an example of each.
//
// This package follows semantic versioning from v0.1.0 on.
package codes

import (
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Description explains a code to the person who meets it.
type Description struct {
	Code   string `json:"code"`
	Cause  string `json:"cause"`
	Remedy string `json:"remedy"` // what the reader can do about it
}

// Describe returns the description of a code, and false if it is unknown.
func Describe(code string) (Description, bool) {
	d := refuse.Describe(refuse.Code(code))
	return public(d), d.Code != ""
}

// All returns the description of every code, sorted by code.
func All() []Description {
	var all []Description
	for _, d := range refuse.All() {
		all = append(all, public(d))
	}
	return all
}

// Of returns the code of an error of this module, and "" of any other error.
func Of(err error) string { return string(refuse.CodeOf(err)) }

func public(d refuse.Description) Description {
	return Description{Code: string(d.Code), Cause: d.Cause, Remedy: d.Fix}
}
