// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"crypto"
	"testing"

	"github.com/sigbundle/sigbundle/internal/zerotest"
)

// No zero value passes for a statement, and no call panics.
func TestZeroValues(t *testing.T) {
	s, err := ParseStatement([]byte(good), 0)
	if err != nil {
		t.Fatal(err)
	}
	zerotest.Package{
		Types: map[string]any{
			"Digest":    &s.Subjects[0].Digests[0],
			"Envelope":  &Envelope{Payload: []byte(good), PayloadType: PayloadTypeInToto, Signature: []byte{1}},
			"Statement": s,
			"Subject":   &s.Subjects[0],
		},
		Funcs: map[string]any{"PAE": PAE, "ParseStatement": ParseStatement, "PredicateType": PredicateType},
		Args:  []any{[]byte(good), 5, crypto.SHA256},
		Accepted: map[string]string{
			"ParseStatement(g,z)": "the bound has a default",
		},
	}.Run(t)
}
