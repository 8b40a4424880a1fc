// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// A refusal for want of evidence says in a note of its own that the bundle is
// of another instance, and only then.
func TestForeignEvidence(t *testing.T) {
	w, other := world(t, virtual.Config{Seed: "one"}), world(t, virtual.Config{Seed: "two"})
	github := world(t, virtual.Config{Seed: "three", GitHub: true})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	managed := func(r verify.Requirements) verify.Policy {
		return verify.Policy{Keys: []verify.Key{{Public: key.Public()}}, Require: r}
	}
	whole, foreign := rootOf(t, w), rootOf(t, other)
	mixed := func(keep func(mine, theirs *trustrootv1.TrustedRoot)) func(*trustrootv1.TrustedRoot) {
		return func(theirs *trustrootv1.TrustedRoot) {
			if _, err := w.TrustedRoot(func(mine *trustrootv1.TrustedRoot) { keep(mine, theirs) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	knowsLog := rootOf(t, other, mixed(func(mine, theirs *trustrootv1.TrustedRoot) { theirs.Tlogs = mine.Tlogs }))
	knowsCA := rootOf(t, other, mixed(func(mine, theirs *trustrootv1.TrustedRoot) {
		theirs.CertificateAuthorities = mine.CertificateAuthorities
	}))
	knowsCT := rootOf(t, other, mixed(func(mine, theirs *trustrootv1.TrustedRoot) { theirs.Ctlogs = mine.Ctlogs }))
	knowsTSA := rootOf(t, other, mixed(func(mine, theirs *trustrootv1.TrustedRoot) { theirs.TimestampAuthorities = mine.TimestampAuthorities }))
	knowsOldCA := rootOf(t, other, mixed(func(mine, theirs *trustrootv1.TrustedRoot) {
		theirs.CertificateAuthorities = mine.CertificateAuthorities
		for _, ca := range theirs.CertificateAuthorities {
			ca.ValidFor = &commonv1.TimeRange{
				Start: timestamppb.New(virtual.DefaultTime().AddDate(-2, 0, 0)), End: timestamppb.New(virtual.DefaultTime().AddDate(-1, 0, 0)),
			}
		}
	}))
	stamped := virtual.Request{Evidence: virtual.RekorV2, Timestamps: 1}
	for _, c := range []struct {
		what    string
		v       *verify.Verifier
		w       *virtual.World
		r       virtual.Request
		code    string
		foreign bool
	}{
		{"Rekor v1", verifier(t, foreign, anybody), w, virtual.Request{}, "tlog.unknown_log", true},
		{"Rekor v2", verifier(t, foreign, anybody), w, stamped, "tlog.unknown_log", true},
		{"without logs", verifier(t, foreign, anybody), github, virtual.Request{}, "tlog.threshold", true},
		{"no log required", verifier(t, foreign, verify.Policy{AnyIdentity: true, Require: verify.Requirements{Logs: verify.NotRequired}}), w, stamped, "time.none", true},
		{"timestamps required", verifier(t, foreign, verify.Policy{AnyIdentity: true, Require: verify.Requirements{Timestamps: 1}}), w, stamped, "timestamp.threshold", true},
		{"managed key in a log", verifier(t, foreign, managed(verify.Requirements{})), w, virtual.Request{ManagedKey: key}, "tlog.unknown_log", true},
		{"managed key with a time", verifier(t, foreign, managed(verify.Requirements{Logs: verify.NotRequired, Times: 1})), w,
			virtual.Request{ManagedKey: key, Evidence: virtual.NoLog, Timestamps: 1}, "time.threshold", true},
		{"managed key alone", verifier(t, foreign, managed(verify.Requirements{})), w,
			virtual.Request{ManagedKey: key, Evidence: virtual.NoLog, Timestamps: -1}, "tlog.threshold", false},
		{"log known", verifier(t, knowsLog, anybody), w, virtual.Request{}, "chain.untrusted", false},
		{"authority known", verifier(t, knowsCA, anybody), w, virtual.Request{}, "tlog.unknown_log", false},
		{"authority known at another time", verifier(t, knowsOldCA, anybody), w, virtual.Request{}, "tlog.unknown_log", false},
		{"CT log known", verifier(t, knowsCT, anybody), w, virtual.Request{}, "tlog.unknown_log", false},
		{"timestamp authority known", verifier(t, knowsTSA, anybody), w, stamped, "tlog.unknown_log", false},
		{"all known", verifier(t, whole, verify.Policy{AnyIdentity: true, Require: verify.Requirements{Logs: 2}}), w, virtual.Request{}, "tlog.threshold", false},
		{"refused for other reasons", verifier(t, foreign, managed(verify.Requirements{})), w, virtual.Request{}, "key.unexpected", false},
		{"verified", verifier(t, whole, anybody), w, virtual.Request{}, "", false},
	} {
		res, err := judge(t, c.v, signed(t, c.w, c.r))
		wantCode(t, c.what, err, c.code)
		r := reportOf(res, err)
		var refused *verify.Error
		if errors.As(err, &refused) {
			r = refused.Report
		}
		if got := slices.ContainsFunc(r.Notes, func(n report.Note) bool { return n.Code == "instance.unknown" }); got != c.foreign {
			t.Errorf("%s: of another instance %v, want %v", c.what, got, c.foreign)
		}
	}
}
