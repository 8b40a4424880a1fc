// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// An authority that a trust root lists twice, from some day on with its
// operator, is one authority. Guard: step_time.go, sources.
func TestOneKeyIsOneSource(t *testing.T) {
	w := world(t, virtual.Config{TSAs: 2})
	edge := w.Time().Add(30 * time.Second)
	twice := func(m *trustrootv1.TrustedRoot) {
		first := m.TimestampAuthorities[0]
		second := proto.Clone(first).(*trustrootv1.CertificateAuthority)
		first.ValidFor.End = timestamppb.New(edge)
		second.ValidFor.Start, second.Operator = timestamppb.New(edge.Add(1)), "tsa.example"
		m.TimestampAuthorities = []*trustrootv1.CertificateAuthority{first, second}
	}
	// The first authority stamps again in place of the second.
	var first *virtual.TimestampInput
	again := virtual.Hooks{Timestamp: func(in *virtual.TimestampInput) {
		if first == nil {
			before := *in
			first = &before
			return
		}
		*in = *first
		in.Time = edge.Add(time.Second)
	}}
	b := signed(t, w, virtual.Request{Timestamps: 2, Evidence: virtual.RekorV2, Hooks: again})
	for want, require := range map[string]verify.Requirements{
		"":                    {Timestamps: 1, Times: 1},
		"timestamp.threshold": {Timestamps: 2},
		"time.threshold":      {Times: 2},
	} {
		_, err := judge(t, verifier(t, rootOf(t, w, twice), verify.Policy{AnyIdentity: true, Require: require}), b)
		wantCode(t, "one key under two names", err, want)
	}
}

// Two authorities of one operator are one, though the trust root names the
// operator of one of them only from some day on, and a token is older.
func TestOperatorByWayOfAThird(t *testing.T) {
	w := world(t, virtual.Config{TSAs: 2})
	edge := w.Time().Add(30 * time.Second)
	root := func(late string) *trustroot.Root {
		return rootOf(t, w, func(m *trustrootv1.TrustedRoot) {
			first, other := m.TimestampAuthorities[0], m.TimestampAuthorities[1]
			second := proto.Clone(first).(*trustrootv1.CertificateAuthority)
			first.ValidFor.End = timestamppb.New(edge)
			second.ValidFor.Start, second.Operator = timestamppb.New(edge.Add(1)), late
			other.Operator = "tsa.example"
			m.TimestampAuthorities = []*trustrootv1.CertificateAuthority{first, second, other}
		})
	}
	b := signed(t, w, virtual.Request{Timestamps: 2, Evidence: virtual.RekorV2})
	for late, want := range map[string]string{"tsa.example": "timestamp.threshold", "another.example": ""} {
		_, err := judge(t, verifier(t, root(late), verify.Policy{AnyIdentity: true, Require: verify.Requirements{Timestamps: 2}}), b)
		wantCode(t, late, err, want)
	}
}

// The operator of one authority is not that of another, which has none.
func TestOperatorOfAnother(t *testing.T) {
	w := world(t, virtual.Config{TSAs: 3})
	edge := w.Time().Add(30 * time.Second)
	root := rootOf(t, w, func(m *trustrootv1.TrustedRoot) {
		first := m.TimestampAuthorities[0]
		second := proto.Clone(first).(*trustrootv1.CertificateAuthority)
		first.ValidFor.End = timestamppb.New(edge)
		second.ValidFor.Start = timestamppb.New(edge.Add(1))
		second.Operator, m.TimestampAuthorities[2].Operator = "tsa.example", "tsa.example"
		m.TimestampAuthorities = append(m.TimestampAuthorities, second)
	})
	b := signed(t, w, virtual.Request{Timestamps: 2, Evidence: virtual.RekorV2})
	_, err := judge(t, verifier(t, root, verify.Policy{AnyIdentity: true, Require: verify.Requirements{Timestamps: 2}}), b)
	wantCode(t, "one with an operator and one without", err, "")
}

// A log that the trust root lists with a key of an unknown kind counts for
// nothing, but is no reason to ask for less than if it counted. Guard:
// pipeline.go, require.
func TestUnusableLogsAreStillRequired(t *testing.T) {
	w := world(t, virtual.Config{})
	aside := func(list []*trustrootv1.TransparencyLogInstance) {
		for _, l := range list {
			l.PublicKey.KeyDetails = commonv1.PublicKeyDetails_ML_DSA_65
		}
	}
	logs := func(m *trustrootv1.TrustedRoot) { aside(m.Tlogs) }
	ctlogs := func(m *trustrootv1.TrustedRoot) { aside(m.Ctlogs) }
	for _, c := range []struct {
		what    string
		request virtual.Request
		change  func(*trustrootv1.TrustedRoot)
		code    string
		says    string
	}{
		{"no entry", virtual.Request{Evidence: virtual.NoLog}, logs, "tlog.threshold", ""},
		{"an entry", virtual.Request{Timestamps: 1}, logs, "tlog.unknown_log", "which the trust root lists with "},
		{"no SCT", virtual.Request{SCTs: -1}, ctlogs, "sct.missing", ""},
		{"an entry of a third log", virtual.Request{Timestamps: 1}, func(m *trustrootv1.TrustedRoot) {
			logs(m)
			for _, l := range m.Tlogs {
				l.LogId.KeyId[0] ^= 1
			}
		}, "tlog.unknown_log", "which the trust root does not list"},
		{"an SCT", virtual.Request{}, ctlogs, "sct.unknown_log", "which the trust root lists with "},
	} {
		_, err := judge(t, verifier(t, rootOf(t, w, c.change), anybody), signed(t, w, c.request))
		wantCode(t, c.what, err, c.code)
		if !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
