// SPDX-License-Identifier: Apache-2.0

package trustroot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// Reports under a root whose keys recur are those under roots that are fresh,
// to the byte, for good bundles and bad ones.
func TestRecurringKeysAgree(t *testing.T) {
	for _, kind := range []virtual.KeyType{virtual.ECDSAP256, virtual.ECDSAP384, virtual.Ed25519} {
		c := virtual.Config{Seed: "accelerated", RekorV1Key: virtual.ECDSAP384, RekorV2Key: kind, TSAKey: kind}
		w, err := virtual.New(c)
		if err != nil {
			t.Fatal(err)
		}
		rootJSON, err := w.TrustedRoot()
		if err != nil {
			t.Fatal(err)
		}
		root, err := trustroot.Parse(rootJSON)
		if err != nil {
			t.Fatal(err)
		}
		again := judge(t, root)
		verified := 0
		for i := range 150 {
			r := virtual.Request{Artifact: fmt.Appendf(nil, "artifact %d", i), Evidence: virtual.RekorBoth, Timestamps: 1}
			spoil(&r, i%12)
			signed, err := w.Sign(r)
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := trustroot.Parse(rootJSON)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := judge(t, fresh)(signed.Bundle, r.Artifact)
			got, _ := again(signed.Bundle, r.Artifact)
			if !bytes.Equal(got, want) {
				t.Fatalf("%s, bundle %d:\n%s\nunder a fresh root:\n%s", kind, i, got, want)
			}
			if ok {
				verified++
			}
		}
		if verified < 60 || verified == 150 {
			t.Errorf("%s: %d of 150 bundles verified", kind, verified)
		}
	}
}

// spoil breaks one signature in some bundles.
func spoil(r *virtual.Request, how int) {
	flip := func(s *virtual.Signing) { s.Corrupt = true }
	switch how {
	case 1:
		r.Certificate = func(in *virtual.CertificateInput) { flip(&in.Signing) }
	case 3:
		r.SCT = func(in *virtual.SCTInput) { flip(&in.Signing) }
	case 5:
		r.Timestamp = func(in *virtual.TimestampInput) { flip(&in.Signing) }
	case 7:
		r.Hooks.Promise = func(in *virtual.PromiseInput) { flip(&in.Signing) }
	case 9:
		r.Checkpoint = func(in *virtual.CheckpointInput) { flip(&in.Signing) }
	}
}

// judge returns a function from a bundle to the JSON of its report.
func judge(t *testing.T, root *trustroot.Root) func(data, artifact []byte) ([]byte, bool) {
	t.Helper()
	v, err := verify.New(verify.Config{Root: root, Explain: true, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		t.Fatal(err)
	}
	return func(data, artifact []byte) ([]byte, bool) {
		b, err := bundle.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(artifact)
		a, err := verify.ArtifactDigest("sha256", digest[:])
		if err != nil {
			t.Fatal(err)
		}
		result, err := v.Verify(b, a)
		var refused *verify.Error
		var report *report.Report
		if errors.As(err, &refused) {
			report = refused.Report
		} else {
			report = result.Report
		}
		out, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		return out, report.Verified
	}
}

// The name that was made beforehand is the one that would have been made now.
func TestIssuerName(t *testing.T) {
	w, err := virtual.New(virtual.Config{Seed: "issuer name"})
	if err != nil {
		t.Fatal(err)
	}
	rootJSON, err := w.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(rootJSON)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Sign(virtual.Request{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(signed.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	chains, err := root.Chains(b.Leaf, nil, w.Time())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := chains[0].IssuerName(), chains[0].Issuer().Subject.String(); got != want || got == "" {
		t.Errorf("%q, want %q", got, want)
	}
	bare := trustroot.Chain{Certificates: chains[0].Certificates}
	if got, want := bare.IssuerName(), chains[0].IssuerName(); got != want {
		t.Errorf("without an authority: %q, want %q", got, want)
	}
}
