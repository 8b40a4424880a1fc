// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Whatever is left out, nothing verifies and nothing panics.
func TestNothingVerifiesNothing(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	v := verifier(t, root, anybody)
	b := signed(t, w, virtual.Request{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	envelope := signed(t, w, virtual.Request{PredicateType: "https://example.test"})
	a, err := v.ReadArtifact(bytes.NewReader(content), b, nil, envelope)
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(v *verify.Verifier, b *bundle.Bundle, a verify.Artifact) error {
		res, err := v.Verify(b, a)
		if (res == nil) != (err != nil) {
			t.Errorf("both %v and %v", res, err)
		}
		return err
	}
	_, readErr := v.ReadArtifact(nil, b)
	_, noVerifier := (*verify.Verifier)(nil).ReadArtifact(bytes.NewReader(content), b)
	_, zeroVerifier := new(verify.Verifier).ReadArtifact(bytes.NewReader(content), b)
	_, noConfig := verify.New(verify.Config{})
	_, zeroRoot := verify.New(verify.Config{Root: new(trustroot.Root), Policy: anybody})
	_, zeroRootAndKey := verify.New(verify.Config{Root: new(trustroot.Root), Policy: verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}})
	_, noDigest := verify.ArtifactDigest("sha256", nil)
	for _, c := range []struct {
		what string
		err  error
		code string
	}{
		{"no configuration", noConfig, "policy.root"},
		{"nil verifier", verdict(nil, b, a), "policy.root"},
		{"zero verifier", verdict(new(verify.Verifier), b, a), "policy.root"},
		{"nil verifier reads", noVerifier, "policy.root"},
		{"zero verifier reads", zeroVerifier, "policy.root"},
		{"nil reader", readErr, "artifact.missing"},
		{"nil bundle", verdict(v, nil, a), "bundle.empty"},
		{"zero bundle", verdict(v, new(bundle.Bundle), a), "bundle.version"},
		{"zero artifact", verdict(v, b, verify.Artifact{}), "artifact.missing"},
		{"zero artifact of an envelope", verdict(v, envelope, verify.Artifact{}), "artifact.missing"},
		{"no artifact of a message", verdict(v, b, verify.NoArtifact()), "artifact.missing"},
		{"zero root", zeroRoot, "policy.root"},
		{"zero root and a key", zeroRootAndKey, "policy.root"},
		{"empty digest", noDigest, "policy.artifact"},
	} {
		wantCode(t, c.what, c.err, c.code)
	}
	wantCode(t, "all that is there", verdict(v, b, a), "")
}

// A bundle put together by hand may lack anything.
func TestBundlesByHand(t *testing.T) {
	w := world(t, virtual.Config{})
	v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: anybody, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	whole := signed(t, w, virtual.Request{Evidence: virtual.RekorBoth, Timestamps: 1})
	id := whole.Entries[0].LogID
	for i, lack := range []func(*bundle.Bundle){
		func(b *bundle.Bundle) { b.Signature = nil },
		func(b *bundle.Bundle) { b.Leaf = nil },
		func(b *bundle.Bundle) { b.Envelope = new(dsse.Envelope) },
		func(b *bundle.Bundle) { b.MessageDigest = new(bundle.Digest) },
		func(b *bundle.Bundle) { b.Timestamps = [][]byte{nil} },
		func(b *bundle.Bundle) { b.Entries = []tlog.Entry{{}} },
		func(b *bundle.Bundle) { b.Entries = []tlog.Entry{{LogID: id}} },
		func(b *bundle.Bundle) { b.Entries = []tlog.Entry{{LogID: id, Promise: []byte{1}}} },
		func(b *bundle.Bundle) { b.Entries = []tlog.Entry{{LogID: id, Proof: new(tlog.Proof)}} },
		func(b *bundle.Bundle) {
			b.Entries = []tlog.Entry{{LogID: id, Body: new(tlog.Body), Promise: []byte{1}}}
		},
		func(b *bundle.Bundle) { b.Entries[0].Body = nil },
		func(b *bundle.Bundle) { b.Entries[0].Body = new(tlog.Body) },
		func(b *bundle.Bundle) { b.Entries[1].Proof = nil; b.Entries[1].Body = new(tlog.Body) },
	} {
		b := *whole
		b.Entries = append([]tlog.Entry(nil), whole.Entries...)
		lack(&b)
		if res, err := judge(t, v, &b); err == nil || codes.Of(err) == "" {
			t.Errorf("%d: verified %v, or refused without a code: %v", i, res, err)
		}
	}
}

func TestNamesOfWhatIsNot(t *testing.T) {
	for _, got := range []string{report.Check(-1).String(), report.Check(99).String(), report.Status(-1).String(), report.Status(99).String()} {
		if got != "unknown" {
			t.Error(got)
		}
	}
	if codes.Of(nil) != "" {
		t.Error("nothing has a code")
	}
}

// What the caller does with a policy after New does not change the verifier.
func TestPolicyIsCopied(t *testing.T) {
	w := world(t, virtual.Config{})
	types := []string{"https://example.test"}
	p := verify.Policy{AnyIdentity: true, PredicateTypes: types}
	v := verifier(t, rootOf(t, w), p)
	b := signed(t, w, virtual.Request{PredicateType: types[0]})
	types[0] = "https://evil.test"
	_, err := judge(t, v, b)
	wantCode(t, "after the policy was changed", err, "")
}
