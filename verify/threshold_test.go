// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"testing"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
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
