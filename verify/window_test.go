// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"fmt"
	"testing"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// Every window of a trust root is closed: its first and its last instant are
// inside, a millisecond more is not.
func TestWindowEdges(t *testing.T) {
	w := world(t, virtual.Config{})
	at := w.Time()
	v1, v2 := virtual.Request{}, virtual.Request{Evidence: virtual.RekorV2}
	proof := virtual.Request{WithoutPromise: true}
	stamped := virtual.Request{Timestamps: 1}
	for _, c := range []struct {
		what   string
		r      virtual.Request
		window func(*trustrootv1.TrustedRoot) *commonv1.TimeRange
		code   string
	}{
		{"log, by its promise", v1, func(r *trustrootv1.TrustedRoot) *commonv1.TimeRange { return r.Tlogs[0].PublicKey.ValidFor }, "tlog.window"},
		{"log, by a timestamp", proof, func(r *trustrootv1.TrustedRoot) *commonv1.TimeRange { return r.Tlogs[0].PublicKey.ValidFor }, "tlog.window"},
		{"Rekor v2, by a timestamp", v2, func(r *trustrootv1.TrustedRoot) *commonv1.TimeRange { return r.Tlogs[1].PublicKey.ValidFor }, "tlog.window"},
		{"CT log", v1, func(r *trustrootv1.TrustedRoot) *commonv1.TimeRange { return r.Ctlogs[0].PublicKey.ValidFor }, "sct.window"},
		{"certificate authority", v1, func(r *trustrootv1.TrustedRoot) *commonv1.TimeRange { return r.CertificateAuthorities[0].ValidFor }, "chain.window"},
		{"timestamp authority", stamped, func(r *trustrootv1.TrustedRoot) *commonv1.TimeRange { return r.TimestampAuthorities[0].ValidFor }, "timestamp.window"},
	} {
		for _, ms := range []int{-1, 0, 1} {
			edge := timestamppb.New(at.Add(time.Duration(ms) * time.Millisecond))
			for _, start := range []bool{true, false} {
				root := rootOf(t, w, func(r *trustrootv1.TrustedRoot) {
					if window := c.window(r); start {
						window.Start = edge
					} else {
						window.End = edge
					}
				})
				want := ""
				if start && ms > 0 || !start && ms < 0 {
					want = c.code
				}
				_, err := judge(t, verifier(t, root, anybody), signed(t, w, c.r))
				wantCode(t, fmt.Sprintf("%s, start %v, %+d ms", c.what, start, ms), err, want)
			}
		}
	}
}

// So is the window of a managed key, for every time that is proved.
func TestManagedKeyWindowEdges(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []virtual.Request{
		{ManagedKey: key},
		{ManagedKey: key, PredicateType: "https://example.test"},
		{ManagedKey: key, Evidence: virtual.RekorV2},
		{ManagedKey: key, Evidence: virtual.RekorV2, PredicateType: "https://example.test"},
	} {
		b := signed(t, w, r)
		for _, ms := range []int{-1, 0, 1} {
			edge := w.Time().Add(time.Duration(ms) * time.Millisecond)
			for _, k := range []verify.Key{{Start: edge}, {End: edge}} {
				k.Public = key.Public()
				want := ""
				if ms > 0 && !k.Start.IsZero() || ms < 0 && !k.End.IsZero() {
					want = "key.window"
				}
				_, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{k}}), b)
				wantCode(t, fmt.Sprintf("%v to %v", k.Start, k.End), err, want)
			}
		}
	}
}

// A window makes a proven time necessary, whatever else was lowered.
func TestManagedKeyWindowNeedsATime(t *testing.T) {
	w := world(t, virtual.Config{GitHub: true})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	b := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1})
	for _, k := range []verify.Key{{Start: time.Unix(1, 0)}, {End: w.Time().AddDate(50, 0, 0)}} {
		k.Public = key.Public()
		p := verify.Policy{Keys: []verify.Key{k}}
		_, err := judge(t, verifier(t, rootOf(t, w), p), b)
		wantCode(t, "by default", err, "time.threshold")
		p.Require.Times = verify.NotRequired
		_, err = judge(t, verifier(t, rootOf(t, w), p), b)
		wantCode(t, "lowered", err, "key.window")
	}
}

// The certificate's own dates are closed as well; a timestamp may have
// fractions of a second, the dates have none.
func TestCertificateEdges(t *testing.T) {
	for _, c := range []struct {
		shift time.Duration
		want  string
	}{
		{-time.Millisecond, "chain.expired"}, {0, ""}, {time.Millisecond, ""},
		{10*time.Minute - time.Millisecond, ""}, {10 * time.Minute, ""}, {10*time.Minute + time.Millisecond, "chain.expired"},
	} {
		w := world(t, virtual.Config{})
		r := virtual.Request{Evidence: virtual.RekorV2}
		r.Timestamp = func(s *virtual.TimestampInput) { s.Time = s.Time.Add(c.shift) }
		_, err := judge(t, verifier(t, rootOf(t, w), anybody), signed(t, w, r))
		wantCode(t, c.shift.String(), err, c.want)
	}
}
