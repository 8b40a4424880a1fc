// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"unicode"

	"github.com/sigbundle/sigbundle/verify/report"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/internal/oracle"
	"github.com/sigbundle/sigbundle/tlog"
)

// What expressions cannot tell about a disagreement.

// harmless reports whether we say nothing of a mutant that we do not say of
// what it was made from: the same signer, artifact and statement, and no other
// time.
func harmless(q *Question) bool {
	is, err := ourReport(q, true)
	if err != nil {
		return false
	}
	was, err := ourReport(q.base, true)
	if err != nil {
		return false
	}
	for _, t := range is.Times {
		if !slices.ContainsFunc(was.Times, func(u report.Time) bool { return alike(t, u) }) {
			return false
		}
	}
	return alike([]any{is.Signer, is.Artifact, is.Statement}, []any{was.Signer, was.Artifact, was.Statement})
}

// alike compares two values as JSON.
func alike(one, other any) bool {
	a, err := json.Marshal(one)
	if err != nil {
		return false
	}
	b, err := json.Marshal(other)
	return err == nil && bytes.Equal(a, b)
}

var promised = regexp.MustCompile(`"signedEntryTimestamp":\s*"[^"]`)

// otherTime reports whether no timestamp is needed: the bundle has a promise,
// or is signed with a managed key, which needs no time.
func otherTime(d *Disagreement) bool {
	return promised.Match(d.Question.Bundle) || d.Question.demand().times == 0
}

// holds returns a check that the bundle's first entry is of a kind.
func holds(kind tlog.Kind) func(*Disagreement) bool {
	return func(d *Disagreement) bool {
		b, err := bundle.Parse(d.Question.Bundle)
		return err == nil && len(b.Entries) > 0 && b.Entries[0].Body.Kind == kind
	}
}

// madeOfV2 checks that the mutant is of a bundle whose entries are all of
// Rekor v2.
func madeOfV2(d *Disagreement) bool {
	if d.Question.base == nil {
		return false
	}
	b, err := bundle.Parse(d.Question.base.Bundle)
	if err != nil {
		return false
	}
	for _, e := range b.Entries {
		if e.Body.Kind == tlog.HashedRekordV002() {
			return true
		}
	}
	return false
}

// v01WithoutProof checks that a bundle of version 0.1 has no proof.
func v01WithoutProof(d *Disagreement) bool {
	b, err := bundle.Parse(d.Question.Bundle)
	return err == nil && b.Version == bundle.V01 && len(b.Entries) > 0 && b.Entries[0].Proof == nil
}

// unsigned checks that nothing was changed but what no signature of a
// timestamp covers, see [oracle.SameButUnsigned].
func unsigned(d *Disagreement) bool {
	if d.Question.base == nil {
		return false
	}
	was, is := tokens(d.Question.base), tokens(d.Question)
	if len(was) == 0 || len(is) != len(was) {
		return false
	}
	for i, token := range was {
		if !oracle.SameButUnsigned(token, is[i]) {
			return false
		}
	}
	return true
}

// tokens returns the timestamps in a bundle.
func tokens(q *Question) (list [][]byte) {
	m := new(bundlev1.Bundle)
	if protojson.Unmarshal(q.Bundle, m) != nil {
		return nil
	}
	for _, t := range m.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps() {
		list = append(list, t.SignedTimestamp)
	}
	return list
}

// changed returns the bytes of the first timestamp that is not what it was, and
// where they differ: of a mutant with one changed byte.
func changed(d *Disagreement) (was, is []byte, at int) {
	if d.Question.base == nil {
		return nil, nil, -1
	}
	before, after := tokens(d.Question.base), tokens(d.Question)
	for i := range min(len(before), len(after)) {
		was, is = before[i], after[i]
		for at = range min(len(was), len(is)) {
			if was[at] != is[at] {
				return was, is, at
			}
		}
	}
	return nil, nil, -1
}

// anotherCase checks that the changed byte is in the identity of the signer, and
// that the change is that of a letter's case.
func anotherCase(d *Disagreement) bool {
	was, is, at := changed(d)
	return at >= 0 && was[at]^is[at] == 0x20 && unicode.IsLetter(rune(was[at])) && oracle.InSignerIdentifier(was, at)
}

// inSignatureAlgorithm checks that the changed byte is in the identifier of the
// signature's algorithm.
func inSignatureAlgorithm(d *Disagreement) bool {
	was, _, at := changed(d)
	return at >= 0 && oracle.InSignatureAlgorithm(was, at)
}

// ofEnvelope checks that the bundle holds an envelope.
func ofEnvelope(d *Disagreement) bool { return d.Question.envelope() }

// both joins two checks.
func both(one, other func(*Disagreement) bool) func(*Disagreement) bool {
	return func(d *Disagreement) bool { return one(d) && other(d) }
}
