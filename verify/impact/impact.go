// SPDX-License-Identifier: Apache-2.0

// Package impact answers which stored bundles stop verifying when keys are
// taken out of a trust root.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package impact

import (
	"errors"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/insight"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Job is one stored bundle and the artifact it is held against.
type Job struct {
	Name     string
	Bundle   *bundle.Bundle
	Artifact verify.Artifact
}

// Survey is the evidence of many bundles, each of them verified once. Any
// number of retirements can be asked of it without verifying them again. It
// is immutable and safe for concurrent use.
type Survey struct {
	root     *trustroot.Root
	policy   verify.Policy
	verified []record
	refused  []Loss
}

// record is a bundle that verified, and its report.
type record struct {
	Job
	report *report.Report
}

// Loss is a bundle that does not verify.
type Loss struct {
	Name   string `json:"name"`
	Code   string `json:"code"` // of the refusal
	Reason string `json:"reason"`
}

// Result is what a retirement does.
type Result struct {
	Retired []string `json:"retired"` // the keys, in hexadecimal
	// Kept counts the bundles that go on verifying, Lost lists those that
	// stop, Refused those that did not verify in the first place.
	Kept    int    `json:"kept"`
	Lost    []Loss `json:"lost"`
	Refused []Loss `json:"refused"`
}

// NewSurvey verifies the bundles. The policy should say who may sign; for
// questions about authorities alone its AnyIdentity will do. Errors are those
// of verify.New.
func NewSurvey(root *trustroot.Root, policy verify.Policy, jobs []Job) (*Survey, error) {
	v, err := verify.New(verify.Config{Root: root, Policy: policy})
	if err != nil {
		return nil, err
	}
	s := &Survey{root: root, policy: policy}
	for _, j := range jobs {
		result, err := v.Verify(j.Bundle, j.Artifact)
		if err != nil {
			s.refused = append(s.refused, Loss{j.Name, codes.Of(err), err.Error()})
			continue
		}
		s.verified = append(s.verified, record{j, result.Report})
	}
	return s, nil
}

// Verified returns how many of the bundles verify as things are.
func (s *Survey) Verified() int { return len(s.verified) }

// Retire says which bundles would stop verifying if the keys were taken out
// of the root, and nothing else changed: the numbers of required evidence
// stay what the root as it is makes them, so that a root without any log does
// not look like a root that asks for none.
func (s *Survey) Retire(ids ...insight.KeyID) (*Result, error) {
	rest, err := insight.Without(s.root, ids...)
	if err != nil {
		return nil, err
	}
	result := &Result{Lost: []Loss{}, Refused: append([]Loss{}, s.refused...)}
	for _, id := range ids {
		result.Retired = append(result.Retired, id.String())
	}
	left := newRemainder(s.root, rest)
	for _, r := range s.verified {
		loss, sure := left.judge(r)
		if !sure || len(s.policy.Rules) > 0 {
			if loss, err = s.again(rest, r); err != nil {
				return nil, err
			}
		}
		if loss == nil {
			result.Kept++
			continue
		}
		loss.Name = r.Name
		result.Lost = append(result.Lost, *loss)
	}
	return result, nil
}

// again verifies a bundle under what is left of the root.
func (s *Survey) again(rest *trustroot.Root, r record) (*Loss, error) {
	p := s.policy
	p.Require = pinned(r.report.Required)
	v, err := verify.New(verify.Config{Root: rest, Policy: p})
	if err != nil {
		return nil, err
	}
	_, err = v.Verify(r.Bundle, r.Artifact)
	var refused *verify.Error
	if errors.As(err, &refused) {
		return &Loss{Code: refused.Code(), Reason: refused.Error()}, nil
	}
	return nil, err
}

// pinned turns resolved thresholds back into a policy's.
func pinned(r report.Required) verify.Requirements {
	n := func(n int) verify.Threshold {
		if n == 0 {
			return verify.NotRequired
		}
		return verify.Threshold(n)
	}
	return verify.Requirements{Logs: n(r.Logs), SCTs: n(r.SCTs), Timestamps: n(r.Timestamps), Times: n(r.Times)}
}

// remainder is what a retirement leaves of a root, by the names that reports
// use.
type remainder struct {
	rest *trustroot.Root
	// authorities of the whole root, by key ID: who they count as, and
	// whether they are left.
	logs, cts, tsas map[report.Digest]source
	sameCAs         bool // no certificate authority was taken out
}

type source struct {
	name string // what thresholds count
	left bool
}

func newRemainder(whole, rest *trustroot.Root) *remainder {
	r := &remainder{
		rest: rest, logs: map[report.Digest]source{}, cts: map[report.Digest]source{}, tsas: map[report.Digest]source{},
		sameCAs: len(whole.CertificateAuthorities()) == len(rest.CertificateAuthorities()),
	}
	add := func(m map[report.Digest]source, id [32]byte, operator string, left bool) {
		name := "key " + string(id[:])
		if operator != "" {
			name = "operator " + operator
		}
		m[id] = source{name, left || m[id].left}
	}
	for _, l := range whole.Logs() {
		add(r.logs, l.KeyID(), l.Operator(), rest.Log(l.ID()) != nil)
	}
	for _, l := range whole.CTLogs() {
		add(r.cts, l.KeyID(), l.Operator(), rest.CTLog(l.ID()) != nil)
	}
	for _, a := range whole.TimestampAuthorities() {
		add(r.tsas, a.KeyID(), a.Operator(), false)
	}
	for _, a := range rest.TimestampAuthorities() {
		add(r.tsas, a.KeyID(), a.Operator(), true)
	}
	return r
}

// judge computes from a report what re-verification would say. It is not sure
// where another instance than the one in the report may take its place.
func (m *remainder) judge(r record) (loss *Loss, sure bool) {
	want := r.report.Required
	if r.Bundle.Leaf != nil && !m.sameCAs {
		return nil, false // another path may lead to another authority, whose issuer the SCTs commit to
	}
	if m.ambiguous(r.report) {
		return nil, false
	}
	if n := count(r.report, report.CheckTimestamps, m.tsas); n < want.Timestamps {
		return &Loss{Code: "timestamp.threshold", Reason: "too few timestamps would be left"}, true
	}
	if n := count(r.report, report.CheckEntries, m.logs); n < want.Logs {
		return &Loss{Code: "tlog.threshold", Reason: "too few entries of transparency logs would be left"}, true
	}
	times, sources := m.times(r.report)
	switch {
	case len(times) == 0 && r.Bundle.Leaf != nil:
		return &Loss{Code: "time.none", Reason: "nothing would prove the time of signing any more"}, true
	case sources < want.Times:
		return &Loss{Code: "time.threshold", Reason: "too few verified times would be left"}, true
	}
	if n := count(r.report, report.CheckSCTs, m.cts); n < want.SCTs {
		return &Loss{Code: "sct.threshold", Reason: "too few signed certificate timestamps would be left"}, true
	}
	return nil, true
}

// ambiguous reports whether a timestamp of a retired authority might be
// vouched for by another entry of the root.
func (m *remainder) ambiguous(r *report.Report) bool {
	if len(m.rest.TimestampAuthorities()) == 0 {
		return false
	}
	for _, f := range r.Checks[report.CheckTimestamps].Facts {
		if !m.tsas[f.By.KeyID].left {
			return true
		}
	}
	return false
}

// count returns how many distinct sources are left of those that proved
// something in a check.
func count(r *report.Report, c report.Check, known map[report.Digest]source) int {
	seen := map[string]bool{}
	for _, f := range r.Checks[c].Facts {
		if s := known[f.By.KeyID]; s.left {
			seen[s.name] = true
		}
	}
	return len(seen)
}

func (m *remainder) times(r *report.Report) (left []time.Time, sources int) {
	seen := map[string]bool{}
	for _, t := range r.Times {
		known := m.logs
		if t.Source == "rfc3161" {
			known = m.tsas
		}
		if s := known[t.By.KeyID]; s.left {
			left = append(left, t.Time.Time)
			seen[s.name] = true
		}
	}
	return left, len(seen)
}
