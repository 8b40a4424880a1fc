// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// TestRecurringKeys judges distinct bundles, some of them altered, as a batch
// under one root until every key of it has a table, and each alone under a root
// of its own, whose keys have none.
func TestRecurringKeys(t *testing.T) {
	world, err := virtual.New(virtual.Config{Seed: "cache"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := world.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	batch := verifier(t, root, verify.Policy{AnyIdentity: true})
	var jobs []verify.Job
	for signed, err := range world.Stream(150, func(i int) virtual.Request {
		return virtual.Request{Artifact: fmt.Appendf(nil, "artifact %d", i), Timestamps: 1}
	}) {
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(signed.Artifact)
		artifact, err := verify.ArtifactDigest("sha256", digest[:])
		if err != nil {
			t.Fatal(err)
		}
		bundle := signed.Bundle
		if len(jobs)%3 == 2 {
			// A letter of base64 somewhere in the evidence becomes another.
			bundle = slices.Clone(bundle)
			at := len(bundle) * (len(jobs) + 1) / 152
			if bundle[at] != 'A' {
				bundle[at] = 'A'
			}
		}
		jobs = append(jobs, verify.Job{Bundle: bundle, Artifact: artifact})
	}
	i, verified := 0, 0
	for res, err := range every(t.Context(), batch, slices.Values(jobs)) {
		fresh, parseErr := trustroot.Parse(data)
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		want, wantErr := single(verifier(t, fresh, verify.Policy{AnyIdentity: true}), jobs[i])
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("job %d: %v, alone: %v", i, err, wantErr)
		}
		if err == nil {
			verified++
			if !bytes.Equal(res.Report.MarshalIndent(), want.Report.MarshalIndent()) {
				t.Fatalf("job %d: the reports differ", i)
			}
		}
		i++
	}
	if i != len(jobs) || verified < 100 || verified == i {
		t.Errorf("%d of %d verified", verified, i)
	}
}
