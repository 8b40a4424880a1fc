// SPDX-License-Identifier: Apache-2.0

// Package verify judges Sigstore bundles: it proves, without a network, that
// a signature over an artifact was made by an accepted signer at a proven
// time, or says which check refused that and why.
//
// A [Verifier] is made once from a trust root and a policy:
//
//	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{
//		Identities: []verify.Identity{{
//			SAN:    verify.Exactly("https://github.com/cli/cli/.github/workflows/deployment.yml@refs/heads/trunk"),
//			Issuer: verify.Exactly("https://token.actions.githubusercontent.com"),
//		}},
//	}})
//
// and then judges any number of bundles, from any number of goroutines:
//
//	result, err := v.VerifyJSON(bundle, file)
//
// Nothing here reads a clock, a file, the environment or a network, and
// nothing is written, not even to the arguments: a verdict is a function of
// bundle, artifact, trust root and policy. Nothing verifies by a zero value, nor
// by one of package trustroot or bundle: it refuses, decides nothing, or means
// the default that its comment gives. A test has a case for each exported
// type of this package. The algorithm is numbered in pipeline.go;
// docs/reference/verification.md says what each check proves.
//
// # Errors and compatibility
//
// Every error has a stable code: codes.Of of package verify/codes tells it. The
// error of a bundle that a check refused is an [*Error], whose report says what
// was proved until then. This package follows semantic versioning from v0.1.0
// on; reports and codes keep their meaning.
package verify

import (
	"cmp"
	"io"
	"time"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/verify/codes"
	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Config is what a Verifier is made of.
type Config struct {
	// Root holds the authorities believed. Required.
	Root *trustroot.Root
	// RootSource is copied into reports: where Root came from, how old it
	// is, how it was proved. It decides nothing.
	RootSource string
	// Policy says whose signature is wanted. Its zero value is refused.
	Policy Policy
	// MaxBundle bounds the bytes of a bundle's JSON, for example to what a
	// registry accepts in an upload. Zero means [bundle.MaxSize], which
	// no bundle can exceed. [All] and [Verifier.VerifyJSON] refuse a larger bundle
	// before it is parsed, [Verifier.Verify] before anything of it is checked.
	MaxBundle int
	// AsOf is the time that the caller asks about, for example that of an
	// incident. It decides nothing: the report notes a verified signature that
	// nothing proves to be as old. Zero means that no time is asked about.
	AsOf time.Time
	// Explain runs, after a failure, every further check whose premises
	// hold, so that the report shows all that is wrong. The verdict and its
	// code are the same either way.
	Explain bool
}

// A Verifier judges bundles under one trust root and one policy. It is
// immutable and safe for concurrent use.
type Verifier struct {
	root      *trustroot.Root
	source    string
	policy    *compiledPolicy
	maxBundle int
	asOf      time.Time
	explain   bool
}

// New checks the configuration, completely: no later call fails because of
// it. Errors carry a code of the family "policy".
func New(c Config) (*Verifier, error) {
	if c.Root == nil {
		return nil, refuse.New("policy.root", "no trust root given")
	}
	if c.Root.MediaType() == "" {
		return nil, refuse.New("policy.root", "trust root: empty, want one that package trustroot made")
	}
	policy, err := c.Policy.compile()
	if err != nil {
		return nil, err
	}
	if c.MaxBundle < 0 || c.MaxBundle > bundle.MaxSize {
		return nil, refuse.New("policy.limit", "most bytes of a bundle: %d, want 1 to %d, or 0 for the default", c.MaxBundle, bundle.MaxSize)
	}
	return &Verifier{c.Root, c.RootSource, policy, cmp.Or(c.MaxBundle, bundle.MaxSize), c.AsOf, c.Explain}, nil
}

// fits refuses a bundle with too many bytes of JSON.
func (v *Verifier) fits(size int) error {
	if size > v.maxBundle {
		return refuse.New("bundle.limit", "bundle of %d bytes, want at most %d", size, v.maxBundle)
	}
	return nil
}

// A Result is what was proved. It holds authenticated values only, and
// exists only if every check passed.
type Result struct {
	Report *report.Report
	// Payload is the payload of a DSSE bundle, byte for byte as it was
	// signed; nil for message signatures. It must not be modified.
	Payload []byte
	// Statement is the in-toto statement that Payload holds; nil for message
	// signatures and for payloads of other types. It must not be modified.
	Statement *dsse.Statement
}

// An Error is a refusal. What the bundle says stays unproved: nothing in the
// report but the passed checks' facts may be relied on.
type Error struct {
	Check  report.Check   // the check that refused
	Report *report.Report // complete up to that check, and beyond it with Explain
	Err    error          // the cause
}

func (e *Error) Error() string {
	if err := e.Unwrap(); err != nil {
		return err.Error()
	}
	return "refused without a cause"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Code returns the stable code of the refusal; docs/reference/codes.md explains each.
func (e *Error) Code() string { return codes.Of(e.Unwrap()) }

// VerifyJSON parses a bundle, reads the artifact to its end, once and at
// constant memory, and judges the one against the other. It is [bundle.Parse],
// [Verifier.ReadArtifact] and [Verifier.Verify] in one call. An error of the
// artifact's reader is returned as it is. If every check passed it returns a
// *Result, else an error, never both. A bundle for which no artifact is wanted
// is judged with [NoArtifact], by Verify.
func (v *Verifier) VerifyJSON(data []byte, artifact io.Reader) (*Result, error) {
	b, err := v.parse(data)
	if err != nil {
		return nil, err
	}
	a, err := v.ReadArtifact(artifact, b)
	if err != nil {
		return nil, err
	}
	return v.Verify(b, a)
}

// parse parses a bundle that is not too large for v, if there is a v.
func (v *Verifier) parse(data []byte) (*bundle.Bundle, error) {
	if v != nil && v.policy != nil {
		if err := v.fits(len(data)); err != nil {
			return nil, err
		}
	}
	return bundle.Parse(data)
}

var errNoVerifier = refuse.New("policy.root", "the verifier was not made by New")

// Verify judges b against a. It returns a *Result if every check passed, and
// an *Error otherwise, never both.
func (v *Verifier) Verify(b *bundle.Bundle, a Artifact) (*Result, error) {
	if v == nil || v.policy == nil {
		return nil, errNoVerifier
	}
	if b == nil {
		return nil, refuse.New("bundle.empty", "no bundle given")
	}
	if b.Version == 0 {
		return nil, refuse.New("bundle.version", "not a bundle that was parsed")
	}
	if err := v.fits(b.Size); err != nil {
		return nil, err
	}
	r := newRun(v, b, a)
	var first *Error
	for i := range pipeline {
		s := &pipeline[i]
		if first != nil && (!v.explain || !r.holds(s.needs)) {
			continue
		}
		err := s.run(r)
		if err == nil {
			r.passed(s.check)
			continue
		}
		step := r.step(s.check)
		step.Status, step.Code, step.Detail = report.Failed, codes.Of(err), err.Error()
		step.Facts = nil
		if first == nil {
			first = &Error{Check: s.check, Report: r.report, Err: err}
			r.report.Code, r.report.Message = step.Code, step.Detail
		}
	}
	if first != nil {
		r.noteForeign()
		return nil, first
	}
	r.report.Verified = true
	r.noteLater()
	return r.result(), nil
}
