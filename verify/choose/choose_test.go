// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
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
		r := rootsOf(t, policy, roots...)
		for what, b := range map[string]*bundle.Bundle{"whole": b, "stripped": &stripped, "managed": &managed} {
			v, _ := r.For(b)
			report := judged(t, v, b)
			if report.Required.Logs != 1 || b.Leaf != nil && report.Required.SCTs != 1 {
				t.Errorf("%s, %s: required %+v", name, what, report.Required)
			}
			if what != "whole" && report.Verified {
				t.Errorf("%s, %s: verified", name, what)
			}
		}
	}
}

func rootsOf(t *testing.T, policy verify.Policy, roots ...*trustroot.Root) *Roots {
	t.Helper()
	var configs []verify.Config
	for _, root := range roots {
		configs = append(configs, verify.Config{Root: root, Policy: policy})
	}
	r, err := New(configs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func judged(t *testing.T, v *verify.Verifier, b *bundle.Bundle) *report.Report {
	t.Helper()
	result, err := v.Verify(b, verify.NoArtifact())
	if err == nil {
		return result.Report
	}
	var refused *verify.Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return refused.Report
}

// The root of several that knows most of a bundle's authorities judges it, and
// no authority of the others counts.
func TestNoMixture(t *testing.T) {
	whole, err := embedded.TrustedRoot(embedded.PublicGood)
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
	part := func(change func(*prototrustroot.TrustedRoot)) *trustroot.Root {
		message := whole.Proto()
		change(message)
		root, err := trustroot.FromProto(message)
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	noCA := part(func(m *prototrustroot.TrustedRoot) { m.CertificateAuthorities = nil })
	noLog := part(func(m *prototrustroot.TrustedRoot) { m.Tlogs = nil })
	noCTLog := part(func(m *prototrustroot.TrustedRoot) { m.Ctlogs = nil })
	onlyCA := part(func(m *prototrustroot.TrustedRoot) { m.Tlogs, m.Ctlogs, m.TimestampAuthorities = nil, nil, nil })
	onlyLogs := part(func(m *prototrustroot.TrustedRoot) { m.CertificateAuthorities, m.TimestampAuthorities = nil, nil })
	policy := verify.Policy{AnyIdentity: true}
	for name, roots := range map[string][]*trustroot.Root{
		"no authority, no log":     {noCA, noLog},
		"no log, no authority":     {noLog, noCA},
		"no log, no CT log":        {noLog, noCTLog},
		"no CT log, no log":        {noCTLog, noLog},
		"an authority, logs":       {onlyCA, onlyLogs},
		"logs, an authority":       {onlyLogs, onlyCA},
		"all parts, each in a few": {onlyCA, onlyLogs, noCA, noLog, noCTLog},
	} {
		v, _ := rootsOf(t, policy, roots...).For(b)
		if judged(t, v, b).Verified {
			t.Errorf("%s: verified", name)
		}
	}
	for name, roots := range map[string][]*trustroot.Root{"whole last": {noCA, noLog, onlyCA, whole}, "whole first": {whole, noCTLog, onlyLogs}} {
		v, root := rootsOf(t, policy, roots...).For(b)
		if root != whole || !judged(t, v, b).Verified {
			t.Errorf("%s: not verified by the whole root", name)
		}
	}
	if v, root := new(Roots).For(b); v != nil || root != nil || new(Roots).First() != nil {
		t.Error("the zero Roots judge")
	}
	if r := rootsOf(t, policy, whole, whole); r.First() == nil || !r.Several() || rootsOf(t, policy, whole).Several() {
		t.Error("one root or several")
	}
	if _, err := New(verify.Config{Policy: policy}, verify.Config{Root: whole, Policy: policy}); codes.Of(err) != "policy.root" {
		t.Errorf("no root: %v", err)
	}
	if _, err := New(verify.Config{Root: whole}, verify.Config{Root: whole}); codes.Of(err) != "policy.empty" {
		t.Errorf("no policy: %v", err)
	}
}
