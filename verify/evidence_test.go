// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify"
)

// subset returns the bundle with only the entries and timestamps in the set
// of bits, entries first.
func subset(whole *bundle.Bundle, set int) *bundle.Bundle {
	b := *whole
	b.Entries, b.Timestamps = []tlog.Entry{}, nil
	for i, e := range whole.Entries {
		if set&(1<<i) != 0 {
			b.Entries = append(b.Entries, e)
		}
	}
	for i, der := range whole.Timestamps {
		if set&(1<<(i+len(whole.Entries))) != 0 {
			b.Timestamps = append(b.Timestamps, der)
		}
	}
	return &b
}

// Removing evidence never helps: what verifies with less verifies with more,
// whatever is required, and counts no less.
func TestRemovingEvidenceNeverHelps(t *testing.T) {
	w := world(t, virtual.Config{TSAs: 2})
	whole := signed(t, w, virtual.Request{Evidence: virtual.RekorBoth, Timestamps: 2})
	const all = 1<<4 - 1
	root := rootOf(t, w)
	for _, require := range []verify.Requirements{
		{}, {Logs: 2}, {Timestamps: 1}, {Timestamps: 2}, {Timestamps: 3}, {Times: 2}, {Times: 3}, {Times: 4},
		{Logs: verify.NotRequired}, {Logs: verify.NotRequired, Times: verify.NotRequired}, {Logs: 2, Timestamps: 2, Times: 3},
	} {
		v := verifier(t, root, verify.Policy{AnyIdentity: true, Require: require})
		var reports [all + 1]*report.Report // nil where refused
		for set := range reports {
			if res, err := judge(t, v, subset(whole, set)); err == nil {
				reports[set] = res.Report
			}
		}
		for less := range reports {
			for more := range reports {
				if less&more != less || reports[less] == nil {
					continue
				}
				if reports[more] == nil {
					t.Errorf("%+v: %04b verifies and %04b does not", require, less, more)
				} else if len(reports[more].Times) < len(reports[less].Times) {
					t.Errorf("%+v: %04b proves more times than %04b", require, less, more)
				}
			}
		}
		if reports[0] != nil {
			t.Errorf("%+v: a certificate verifies without any evidence", require)
		}
	}
}

// A piece of evidence of a known authority that does not hold refuses the
// bundle, however much good evidence stands beside it.
func TestBadEvidenceIsNotOutvoted(t *testing.T) {
	w := world(t, virtual.Config{TSAs: 3})
	root := rootOf(t, w)
	v := verifier(t, root, verify.Policy{AnyIdentity: true, Require: verify.Requirements{Logs: verify.NotRequired}})
	whole := virtual.Request{Evidence: virtual.RekorBoth, Timestamps: 3}
	for _, c := range []struct {
		want  string
		hooks virtual.Hooks
	}{
		{"", virtual.Hooks{}},
		{"timestamp.signature", virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) { s.Corrupt = s.Authority == 2 }}},
		{"tlog.promise.signature", virtual.Hooks{Promise: func(p *virtual.PromiseInput) { p.Corrupt = true }}},
		{"tlog.checkpoint.signature", virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Corrupt = c.Generation == tlog.V2 }}},
		{"tlog.checkpoint.signature", virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Corrupt = c.Generation == tlog.V1 }}},
		{"tlog.entry.digest", virtual.Hooks{Entry: func(e *virtual.EntryInput) {
			if e.Kind == tlog.HashedRekordV002() {
				e.Digest[0] ^= 1
			}
		}}},
	} {
		r := whole
		r.Hooks = c.hooks
		_, err := judge(t, v, signed(t, w, r))
		wantCode(t, "one bad piece", err, c.want)
	}
}
