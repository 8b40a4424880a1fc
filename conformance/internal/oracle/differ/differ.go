// SPDX-License-Identifier: Apache-2.0

// Package differ holds this module's verdict against those of other clients:
// sigstore-go in this process, @sigstore/verify and the Python client in one
// long-lived process each.
//
// The questions are real bundles, the stories of testdata/virtual, bundles
// signed in virtual worlds, mutants of those that verify, and on request a
// conformance suite and a corpus. Where a client answers otherwise than we do,
// the table in rules.go must hold a rule that says why and who is right; a
// disagreement that no rule explains fails the run. Nothing here is random.
//
//	go run ./cmd/differ -out ../../docs/evidence/differential.md
package differ

import (
	"bytes"
	"strings"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/vectors"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Question is one verification that is asked of all.
type Question struct {
	vectors.Case
	Set  string // where it is from, see Sets
	Name string
	// Operator and Place say what was changed, for mutants.
	Operator, Place string

	judge *judge
	base  *Question // what a mutant was made from
}

// Sets are the sources of questions, in the order of the report.
var Sets = []string{"public", "story", "virtual", "mutant", "suite", "corpus"}

// judge is what a question and its mutants share: root and policy, compiled.
type judge struct {
	root     *trustroot.Root
	verifier *verify.Verifier
	refusal  error // of root or policy
	peer     any   // what sigstore-go compiled
	peerErr  error
}

// prepare compiles trust root and policy. That either is refused is an answer,
// not an error.
func (q *Question) prepare() *Question {
	q.judge = new(judge)
	q.judge.root, q.judge.refusal = trustroot.Parse(q.TrustedRoot)
	if q.judge.refusal == nil {
		q.judge.verifier, q.judge.refusal = q.Verifier(false)
	}
	return q
}

// Answer is a client's verdict.
type Answer struct {
	Accepted bool
	Reason   string // of a refusal: our code, or the client's words
}

func refusedBy(err error) Answer {
	if err == nil {
		return Answer{Accepted: true}
	}
	return Answer{Reason: err.Error()}
}

// ours is this module's answer: the code and what it says.
func ours(q *Question, withArtifact bool) (code string, err error) {
	err = ourVerdict(q, withArtifact)
	if err == nil {
		return "", nil
	}
	if code = codes.Of(err); code == "" {
		code = "(none)"
	}
	return code, err
}

func ourVerdict(q *Question, withArtifact bool) error {
	_, err := ourReport(q, withArtifact)
	return err
}

// ourReport is what this module says of a question that it accepts.
func ourReport(q *Question, withArtifact bool) (*report.Report, error) {
	if q.judge.refusal != nil {
		return nil, q.judge.refusal
	}
	b, err := bundle.Parse(q.Bundle)
	if err != nil {
		return nil, err
	}
	artifact := verify.NoArtifact()
	switch {
	case !withArtifact && b.Envelope != nil:
	case q.Artifact != nil:
		if artifact, err = q.judge.verifier.ReadArtifact(bytes.NewReader(q.Artifact), b); err != nil {
			return nil, err
		}
	case q.Digest != "":
		if artifact, err = verify.ParseArtifactDigest(q.Digest); err != nil {
			return nil, err
		}
	}
	result, err := q.judge.verifier.Verify(b, artifact)
	if err != nil {
		return nil, err
	}
	return result.Report, nil
}

// demand is what a policy asks for, in the words that all clients know: how
// much of each kind of evidence, with the defaults filled in.
type demand struct{ logs, scts, timestamps, times int }

func (q *Question) demand() demand {
	r, root := q.Policy.Require, q.judge.root
	keys := len(q.Policy.Keys) > 0
	fill := func(n, byDefault int) int {
		switch {
		case n < 0:
			return 0
		case n > 0:
			return n
		}
		return byDefault
	}
	has := func(there bool) int {
		if there {
			return 1
		}
		return 0
	}
	windows := false
	for _, k := range q.Policy.Keys {
		windows = windows || !k.Start.IsZero() || !k.End.IsZero()
	}
	d := demand{
		logs:       fill(r.Logs, has(len(root.Logs()) > 0)),
		timestamps: fill(r.Timestamps, 0),
		times:      fill(r.Times, has(!keys || windows)),
	}
	if !keys {
		d.scts = fill(r.SCTs, has(len(root.CTLogs()) > 0))
	}
	return d
}

// plain reports whether the policy asks nothing but who signed and how much
// evidence there is.
func (q *Question) plain() bool {
	p := q.Policy
	if p.PredicateTypes != nil || p.Rules != nil || p.MaxSubjects != 0 || len(p.Keys) > 0 && (p.AnyIdentity || p.Identities != nil) {
		return false
	}
	if len(p.Keys) > 0 && p.Require.SCTs > 0 {
		return false
	}
	for _, id := range p.Identities {
		if id.Extensions != nil {
			return false
		}
	}
	return len(p.Keys) > 0 || p.AnyIdentity || len(p.Identities) > 0
}

// envelope reports whether a bundle, by its looks, holds an envelope.
func (q *Question) envelope() bool { return bytes.Contains(q.Bundle, []byte(`"dsseEnvelope"`)) }

// digest splits the digest that names the artifact.
func (q *Question) digest() (algorithm, hex string) {
	algorithm, hex, _ = strings.Cut(q.Digest, ":")
	return algorithm, hex
}
