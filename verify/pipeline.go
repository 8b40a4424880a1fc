// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"
	"slices"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// pipeline is the verification algorithm. Each check may rely on what the
// checks in needs have proved, and on nothing else that the bundle says. The
// order is that of the Sigstore client specification, Sections 4.1 to 4.5:
// time, then certificate, then transparency log, then signature; only what
// refuses and proves nothing, and so cannot be used too early, comes before.
//
//	 1 signer      the bundle names a kind of signer that the policy accepts, with a usable key
//	 2 digest      the message digest in the bundle, a mere hint, is the artifact's
//	 3 timestamps  every RFC 3161 token of a known authority holds over the signature (4.2.1)
//	 4 promises    every signed entry timestamp of a known v1 log holds (4.2.2)
//	 5 checkpoints every proof of a known log has a checkpoint signed by that log (4.4)
//	 6 inclusion   every such proof leads from the entry to the checkpoint's root (4.4)
//	 7 entries     every such entry commits to this signature, key and content; enough logs (4.4)
//	 8 time        enough verified times; the logs' own keys were valid at them (4.2)
//	 9 validity    the path to a trusted authority, or the managed key, is valid at every time (4.3)
//	10 scts        enough CT logs promised to publish the certificate (4.3)
//	11 identity    subject alternative name, issuer and extensions match the policy (4.3)
//	12 signature   the signature itself, over artifact or envelope (4.5)
//	13 statement   the signed statement is about the artifact, with a wanted predicate (4.5)
//	14 rules       the caller's rules do not object
var pipeline = [report.NumChecks]struct {
	check report.Check
	run   func(*run) error
	needs []report.Check
}{
	{report.CheckSigner, (*run).signer, nil},
	{report.CheckDigest, (*run).digest, nil},
	{report.CheckTimestamps, (*run).timestamps, nil},
	{report.CheckPromises, (*run).promises, nil},
	{report.CheckCheckpoints, (*run).checkpoints, []report.Check{report.CheckPromises}},
	{report.CheckInclusion, (*run).inclusion, []report.Check{report.CheckCheckpoints}},
	{report.CheckEntries, (*run).bindings, []report.Check{report.CheckSigner, report.CheckPromises, report.CheckInclusion}},
	{report.CheckTime, (*run).time, []report.Check{report.CheckTimestamps, report.CheckEntries}},
	{report.CheckValidity, (*run).validity, []report.Check{report.CheckSigner, report.CheckTime}},
	{report.CheckSCTs, (*run).scts, []report.Check{report.CheckValidity}},
	{report.CheckIdentity, (*run).identity, []report.Check{report.CheckValidity}},
	{report.CheckSignature, (*run).signature, []report.Check{report.CheckSigner}},
	{report.CheckStatement, (*run).statement, []report.Check{report.CheckSignature}},
	{report.CheckRules, (*run).rules, []report.Check{report.CheckDigest, report.CheckIdentity, report.CheckSCTs, report.CheckStatement}},
}

// run is one verification in progress. Its fields below the line are filled
// by the checks, each of them once.
type run struct {
	v      *Verifier
	b      *bundle.Bundle
	a      Artifact
	report *report.Report

	// ----
	key       *sigkey.Key   // signer: the leaf's key or the managed key
	managed   *trustedKey   // signer: nil for certificates
	entries   []entry       // of known logs, from the start
	unknown   []tlog.ID     // the logs of all other entries, from the start
	stamps    []report.Time // timestamps
	stampedBy []source      // timestamps: what thresholds count of each
	times     []report.Time // time: all verified times
	chains    []trustroot.Chain
	cert      *report.Certificate // validity: what the proved leaf says
	names     *fulcio.ExtensionSet
	parsed    *dsse.Statement // statement
}

// entry is a log entry of a known log.
type entry struct {
	*tlog.Entry
	number     int // in the bundle, from 1
	log        *tlog.Log
	promised   *report.Time     // promises: the integrated time, nil without a promise
	checkpoint *tlog.Checkpoint // checkpoints: nil without a proof
	generation tlog.Generation  // checkpoints
}

func newRun(v *Verifier, b *bundle.Bundle, a Artifact) *run {
	r := &run{v: v, b: b, a: a}
	r.report = &report.Report{
		Schema:    report.Schema,
		Bundle:    report.BundleInfo{SHA256: b.SHA256, MediaType: b.MediaType},
		TrustRoot: report.RootInfo{SHA256: v.root.SHA256(), MediaType: v.root.MediaType(), Source: v.source},
		Checks:    make([]report.Step, report.NumChecks),
	}
	for c := range r.report.Checks {
		r.report.Checks[c].Check = report.Check(c)
	}
	if a.kind == artifactFile || a.kind == artifactNamed {
		for _, d := range a.digests {
			r.report.Artifact = append(r.report.Artifact, d.String())
		}
	}
	r.require()
	r.sortEntries()
	return r
}

// require resolves the policy's thresholds against what the root lists, so
// that the report says in numbers what was asked for.
func (r *run) require() {
	one := func(listed bool) int {
		if listed {
			return 1
		}
		return 0
	}
	// A log whose key is of no known kind is listed all the same: that it
	// is invalid must not take the requirement away.
	aside := func(kind string) bool {
		return slices.ContainsFunc(r.v.root.Ignored(), func(u trustroot.Ignored) bool { return u.Kind == kind })
	}
	certificate := r.b.Leaf != nil
	var def report.Required
	def.Logs = one(len(r.v.root.Logs()) > 0 || aside(trustroot.KindLog))
	def.SCTs = one(certificate && (len(r.v.root.CTLogs()) > 0 || aside(trustroot.KindCTLog)))
	def.Times = one(certificate)
	if key := r.v.findKey(r.b.KeyHint); !certificate && key != nil {
		def.Times = one(key.bounded())
	}
	want := r.v.policy.Require
	r.report.Required = report.Required{
		Logs:       want.Logs.or(def.Logs),
		SCTs:       want.SCTs.or(def.SCTs),
		Timestamps: want.Timestamps.or(def.Timestamps),
		Times:      want.Times.or(def.Times),
	}
	got := &r.report.Required
	got.Lowered = got.Logs < def.Logs || got.SCTs < def.SCTs || got.Times < def.Times
}

// holds reports whether none of the checks has failed or was kept from
// running, so that what they prove may be relied on.
func (r *run) holds(checks []report.Check) bool {
	for _, c := range checks {
		if s := r.step(c).Status; s != report.Passed && s != report.Skipped {
			return false
		}
	}
	return true
}

// passed records that a check did not refuse: as passed if it proved
// anything, and else as skipped, for the reason it gave.
func (r *run) passed(c report.Check) {
	if s := r.step(c); len(s.Facts) > 0 {
		s.Status, s.Detail = report.Passed, ""
	} else {
		s.Status = report.Skipped
	}
}

// fact records what a check proved. It is called only on the line after the
// proof.
func (r *run) fact(c report.Check, f report.Fact) {
	s := r.step(c)
	s.Facts = append(s.Facts, f)
}

// skip gives the reason why a check that records no fact has none.
func (r *run) skip(c report.Check, reason string) error {
	r.step(c).Detail = reason
	return nil
}

func (r *run) result() *Result {
	res := &Result{Report: r.report, Statement: r.parsed}
	if r.b.Envelope != nil {
		res.Payload = r.b.Envelope.Payload
	}
	return res
}

// findKey returns the trusted key that answers to hint, nil if none does.
func (v *Verifier) findKey(hint string) *trustedKey {
	keys := v.policy.keys
	if len(keys) == 1 && keys[0].hint == "" {
		return &keys[0]
	}
	for i := range keys {
		if keys[i].hint == hint {
			return &keys[i]
		}
	}
	return nil
}

// signerKey returns the key that must have made b's signature.
func (v *Verifier) signerKey(b *bundle.Bundle) (*sigkey.Key, error) {
	if b.Leaf == nil {
		if len(v.policy.keys) == 0 {
			return nil, refuse.New("key.missing", "the bundle is signed by a managed key, and the policy names identities but no key")
		}
		key := v.findKey(b.KeyHint)
		if key == nil && len(v.policy.keys) == 1 {
			return nil, refuse.New("key.hint", "the bundle names the key %q, which is not the key given", clip(b.KeyHint))
		}
		if key == nil {
			return nil, refuse.New("key.hint", "the bundle is signed by the key %q, which is not among the keys given", clip(b.KeyHint))
		}
		return key.key, nil
	}
	if len(v.policy.identities) == 0 && !v.policy.AnyIdentity {
		return nil, refuse.New("key.unexpected", "the bundle carries a certificate, and the policy names keys but no identity")
	}
	key, err := sigkey.ForPublicKey(b.Leaf.PublicKey)
	if err != nil {
		return nil, refuse.Wrap("key.unsupported", err, "certificate")
	}
	return key, nil
}

// signer: whose signature this claims to be. Nothing is proved yet: the key
// is the one that everything else must turn out to agree with.
func (r *run) signer() error {
	key, err := r.v.signerKey(r.b)
	if err != nil {
		return err
	}
	r.key = key
	f := report.Fact{What: "certificate given", Rule: "Sigstore client specification, Section 4.3"}
	if r.b.Leaf == nil {
		r.managed = r.v.findKey(r.b.KeyHint)
		f = report.Fact{What: "managed key given", Rule: "Sigstore bundle, PublicKeyIdentifier"}
	} else {
		f.Over = sha256.Sum256(r.b.Leaf.Raw)
	}
	f.By = report.Authority{Role: "signer", KeyID: key.ID()}
	r.fact(report.CheckSigner, f)
	return nil
}

// rules: the caller's own conditions, which can only refuse.
func (r *run) rules() error {
	if len(r.v.policy.Rules) == 0 {
		return r.skip(report.CheckRules, "the policy has no rules")
	}
	res := r.result()
	for _, rule := range r.v.policy.Rules {
		if err := rule.Judge(res); err != nil {
			return refuse.Wrap("rule.refused", err, "rule %q", rule.Name())
		}
		r.fact(report.CheckRules, report.Fact{What: rule.Name(), By: report.Authority{Role: "caller's rule, not a key"}, Rule: "policy"})
	}
	return nil
}

// clip keeps messages short that quote foreign text, of which there may be
// megabytes. What is quoted usually has less than a hundred bytes.
func clip(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// step returns the outcome recorded for a check.
func (r *run) step(c report.Check) *report.Step { return &r.report.Checks[c] }

func (r *run) note(code refuse.Code, detail string) {
	r.report.Notes = append(r.report.Notes, report.Note{Code: string(code), Detail: detail})
}
