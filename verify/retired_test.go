// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"math"
	"testing"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
)

// The key of a log that has an end vouches for nothing without a proven time:
// its holder can sign a checkpoint long after it.
func TestRetiredLogNeedsATime(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	retire := func(at time.Time) func(*trustrootv1.TrustedRoot) {
		return func(r *trustrootv1.TrustedRoot) {
			for _, l := range r.Tlogs {
				l.PublicKey.ValidFor.End = timestamppb.New(at)
			}
		}
	}
	before, after := w.Time().AddDate(0, -6, 0), w.Time().AddDate(0, 6, 0)
	policy := verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}
	lowered := policy
	lowered.Require.Logs = verify.NotRequired
	for _, c := range []struct {
		what   string
		r      virtual.Request
		end    time.Time
		policy verify.Policy
		want   string
	}{
		{"v2, message", virtual.Request{Evidence: virtual.RekorV2, Timestamps: -1}, before, policy, "tlog.window"},
		{"v2, envelope", virtual.Request{Evidence: virtual.RekorV2, Timestamps: -1, PredicateType: "https://example.test"}, before, policy, "tlog.window"},
		{"v1, proof alone", virtual.Request{WithoutPromise: true, Timestamps: -1}, before, policy, "tlog.window"},
		{"v1, proof of an envelope", virtual.Request{WithoutPromise: true, Timestamps: -1, PredicateType: "https://example.test"}, before, policy, "tlog.window"},
		{"no log required", virtual.Request{Evidence: virtual.RekorV2, Timestamps: -1}, before, lowered, "tlog.window"},
		{"end after the signature", virtual.Request{Evidence: virtual.RekorV2, Timestamps: -1}, after, policy, "tlog.window"},
		{"v1, promise, too late", virtual.Request{Timestamps: -1}, before, policy, "tlog.window"},
		{"timestamp, too late", virtual.Request{Evidence: virtual.RekorV2, Timestamps: 1}, before, policy, "tlog.window"},
		{"v1, promise in time", virtual.Request{Timestamps: -1}, after, policy, ""},
		{"timestamp in time", virtual.Request{Evidence: virtual.RekorV2, Timestamps: 1}, after, policy, ""},
	} {
		c.r.ManagedKey = key
		b := signed(t, w, c.r)
		_, err := judge(t, verifier(t, rootOf(t, w, retire(c.end)), c.policy), b)
		wantCode(t, c.what, err, c.want)
		_, err = judge(t, verifier(t, rootOf(t, w), c.policy), b)
		wantCode(t, c.what+", log without an end", err, "")
	}
}

// Of the negative numbers only -1 lowers a requirement.
func TestNegativeThresholds(t *testing.T) {
	root := rootOf(t, world(t, virtual.Config{}))
	for _, n := range []verify.Threshold{-2, -3, -7, math.MinInt32, math.MinInt} {
		for i, r := range []verify.Requirements{{Logs: n}, {SCTs: n}, {Timestamps: n}, {Times: n}} {
			_, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true, Require: r}})
			if refuse.CodeOf(err) != "policy.limit" {
				t.Errorf("%d, %d: %v", n, i, err)
			}
		}
	}
}

// A quotation that reaches to the end of an expression is anchored as well.
func TestOpenQuotation(t *testing.T) {
	w := world(t, virtual.Config{})
	root, b := rootOf(t, w), signed(t, w, virtual.Request{})
	for expr, want := range map[string]string{
		`\Q` + virtual.DefaultSAN:             "",
		`\Q` + virtual.DefaultSAN + `\E`:      "",
		`https://\Q` + virtual.DefaultSAN[8:]: "",
		`\Q` + virtual.DefaultSAN[:20]:        "identity.san",
		`\Q` + virtual.DefaultSAN[1:]:         "identity.san",
		`\Q` + virtual.DefaultSAN + `)\z`:     "identity.san",
		`.*\Q` + virtual.DefaultSAN[20:]:      "",
		`\Qx)|(?:.*`:                          "identity.san",
	} {
		v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{Identities: []verify.Identity{{SAN: verify.Matching(expr), Issuer: verify.Exactly(virtual.DefaultIssuer)}}}})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		_, err = judge(t, v, b)
		wantCode(t, expr, err, want)
	}
}
