// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// A root that asks for less, such as one without logs, cannot be chosen by
// what a bundle shows or leaves out.
func TestNoRootLowersWhatIsRequired(t *testing.T) {
	whole, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	message := whole.Proto()
	message.Tlogs, message.Ctlogs = nil, nil
	less, err := trustroot.FromProto(message)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "public", "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	stripped := *b
	stripped.Entries = nil
	managed := *b
	managed.Leaf, managed.KeyHint = nil, "hint"
	policy := verify.Policy{AnyIdentity: true}
	for name, roots := range map[string][]*trustroot.Root{"less first": {less, whole}, "less last": {whole, less}, "less twice": {less, whole, less}} {
		f := new(verifyFlags)
		for _, root := range roots {
			c := verify.Config{Root: root, Policy: policy}
			v, err := verify.New(c)
			if err != nil {
				t.Fatal(err)
			}
			f.rooted = append(f.rooted, rooted{root, c, v})
		}
		for what, b := range map[string]*bundle.Bundle{"whole": b, "stripped": &stripped, "managed": &managed} {
			v, _, err := f.choose(b, nil)
			if err != nil {
				t.Fatal(err)
			}
			report := judge(v, b, verify.NoArtifact())
			if report.Required.Logs != 1 || b.Leaf != nil && report.Required.SCTs != 1 {
				t.Errorf("%s, %s: required %+v", name, what, report.Required)
			}
			if what != "whole" && report.Verified {
				t.Errorf("%s, %s: verified", name, what)
			}
		}
	}
}
