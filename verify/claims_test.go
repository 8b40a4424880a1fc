// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// This file holds what reports of refusals must not claim, and what rules
// must not see.

type ruleFunc func(*verify.Result) error

func (ruleFunc) Name() string                     { return "function" }
func (f ruleFunc) Judge(res *verify.Result) error { return f(res) }

// explained returns the report of a refusal with every check that can be run.
func explained(t *testing.T, c verify.Config, w *virtual.World, r virtual.Request) *report.Report {
	t.Helper()
	c.Explain = true
	v, err := verify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = judge(t, v, signed(t, w, r))
	var refused *verify.Error
	if !errors.As(err, &refused) {
		t.Fatalf("not refused: %v", err)
	}
	return refused.Report
}

// Rules run after every check has passed, with Explain too: that the message
// digest disagrees keeps nothing else from passing.
func TestRulesSeeNoRefusedBundle(t *testing.T) {
	w := world(t, virtual.Config{})
	rule := ruleFunc(func(*verify.Result) error {
		t.Error("a rule judged what another check had refused")
		return nil
	})
	policy := verify.Policy{AnyIdentity: true, Rules: []verify.Rule{rule}}
	rep := explained(t, verify.Config{Root: rootOf(t, w), Policy: policy}, w, virtual.Request{Hooks: virtual.Hooks{
		Bundle: func(b *bundlev1.Bundle) { b.GetMessageSignature().GetMessageDigest().Digest[0] ^= 1 },
	}})
	if rep.Code != "artifact.mismatch" {
		t.Errorf("refused for %s", rep.Code)
	}
	if got := rep.Checks[report.CheckRules].Status; got != report.NotRun {
		t.Errorf("rules: %s", got)
	}
}

// With Explain the signature of an untrusted signer is checked as well, and
// what it is over is then anyone's statement.
func TestStatementOfUntrustedSigner(t *testing.T) {
	root := rootOf(t, world(t, virtual.Config{}))
	stranger := world(t, virtual.Config{Seed: "stranger"})
	rep := explained(t, verify.Config{Root: root, Policy: anybody}, stranger, virtual.Request{PredicateType: "https://example.test"})
	if got := rep.Checks[report.CheckStatement].Status; got != report.Passed {
		t.Errorf("statement: %s", got)
	}
	if rep.Statement != nil || rep.Signer != nil {
		t.Errorf("reported as proved: %v, %v", rep.Statement, rep.Signer)
	}
}

// No one signed a bundle whose signature does not verify.
func TestRefusedIsNotSignedBy(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	policy := verify.Policy{AnyIdentity: true, Keys: []verify.Key{{Public: key.Public()}}}
	corrupt := virtual.Hooks{Signature: func(in *virtual.SignatureInput) { in.Corrupt = true }}
	for name, r := range map[string]virtual.Request{
		"managed key": {ManagedKey: key, Hooks: corrupt},
		"certificate": {Hooks: corrupt},
	} {
		rep := explained(t, verify.Config{Root: rootOf(t, w), Policy: policy}, w, r)
		var text strings.Builder
		if err := rep.WriteText(&text, report.TextStyle{}); err != nil {
			t.Fatal(err)
		}
		if rep.Code != "signature.invalid" || rep.Signer == nil || strings.Contains(text.String(), "signed by") {
			t.Errorf("%s, refused for %s:\n%s", name, rep.Code, text.String())
		}
	}
}

// Every report can be written, whatever a log signs and whenever a key counts.
func TestTimesBeyondCalendars(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public()}}})
	for _, seconds := range []int64{253402300800, 1<<53 - 1} {
		late := virtual.Hooks{Promise: func(in *virtual.PromiseInput) { in.Integrated = seconds }}
		_, err := judge(t, v, signed(t, w, virtual.Request{ManagedKey: key, Hooks: late}))
		wantCode(t, "promise", err, "tlog.entry.malformed")
		var refused *verify.Error
		if errors.As(err, &refused) {
			refused.Report.MarshalIndent()
		}
	}
	for _, k := range []verify.Key{{End: time.Unix(253402300800, 0)}, {Start: time.Time{}.AddDate(-1, 0, 0)}} {
		k.Public = key.Public()
		_, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: verify.Policy{Keys: []verify.Key{k}}})
		wantCode(t, "key", err, "policy.key")
	}
}

// What is cancelled before it begins does not begin, however the scheduler
// feels about it.
func TestAllCancelledBefore(t *testing.T) {
	v, jobs := batch(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		n := 0
		for _, err := range every(ctx, v, func(yield func(verify.Job) bool) {
			for yield(jobs[0]) {
			}
		}) {
			n++
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("a job was begun: %v", err)
			}
		}
		if n != 1 {
			t.Fatalf("%d elements", n)
		}
	}
}
