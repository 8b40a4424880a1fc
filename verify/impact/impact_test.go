// SPDX-License-Identifier: Apache-2.0

package impact

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/insight"
	"github.com/sigbundle/sigbundle/verify"
)

func newWorld(t *testing.T, c virtual.Config) *virtual.World {
	t.Helper()
	w, err := virtual.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func rootOf(t *testing.T, w *virtual.World, changes ...func(*trustrootv1.TrustedRoot)) *trustroot.Root {
	t.Helper()
	data, err := w.TrustedRoot(changes...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// jobs signs one bundle with each combination of evidence.
func jobs(t *testing.T, w *virtual.World) []Job {
	t.Helper()
	var out []Job
	for i, r := range []virtual.Request{
		{}, {Timestamps: 1}, {Timestamps: 2}, {WithoutPromise: true}, {WithoutPromise: true, Timestamps: 2},
		{Evidence: virtual.RekorV2}, {Evidence: virtual.RekorV2, Timestamps: 2},
		{Evidence: virtual.RekorBoth}, {Evidence: virtual.RekorBoth, Timestamps: 1}, {Evidence: virtual.RekorBoth, Timestamps: 2, WithoutPromise: true},
		{PredicateType: "https://example.com/p"}, {EmbedCertificates: true, Timestamps: 2},
	} {
		r.Artifact = fmt.Appendf(nil, "artifact %d", i)
		s, err := w.Sign(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Parse(s.Bundle)
		if err != nil {
			t.Fatal(err)
		}
		v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: verify.Policy{AnyIdentity: true}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := v.ReadArtifact(bytes.NewReader(r.Artifact), b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Job{fmt.Sprintf("bundle %d", i), b, a})
	}
	return out
}

// What is computed from evidence is what verifying everything again says, for
// every key of the root, alone and with another one.
func TestImpactEqualsBruteForce(t *testing.T) {
	w := newWorld(t, virtual.Config{Seed: "impact", TSAs: 2, CAKey: virtual.ECDSAP256})
	all := jobs(t, w)
	for name, require := range map[string]verify.Requirements{
		"defaults":       {},
		"two timestamps": {Timestamps: 2},
		"two logs":       {Logs: 2, Times: 2},
		"nothing needed": {Logs: verify.NotRequired, SCTs: verify.NotRequired},
	} {
		operators := []string{""}
		if require.Timestamps > 0 || require.Times > 0 {
			operators = append(operators, "one operator") // who then counts once
		}
		for _, operator := range operators {
			root := rootOf(t, w, func(r *trustrootv1.TrustedRoot) {
				for _, a := range r.TimestampAuthorities {
					a.Operator = operator
				}
			})
			bruteForce(t, fmt.Sprintf("%s, operator %q", name, operator), root, verify.Policy{AnyIdentity: true, Require: require}, all)
		}
	}
}

func bruteForce(t *testing.T, name string, root *trustroot.Root, policy verify.Policy, all []Job) {
	t.Helper()
	survey, err := NewSurvey(root, policy, all)
	if err != nil {
		t.Fatal(err)
	}
	ids := keys(t, root)
	lost := 0
	for i, id := range ids {
		sets := [][]insight.KeyID{{id}}
		if i%4 == 0 {
			sets = append(sets, []insight.KeyID{id, ids[(i+5)%len(ids)]})
		}
		for _, more := range sets {
			impact, err := survey.Retire(more...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range impact.Lost {
				got = append(got, l.Name)
			}
			want := stopped(t, survey, root, policy, more)
			if !slices.Equal(got, want) {
				t.Errorf("%s: without %v: computed %q, brute force %q", name, more, got, want)
			}
			if impact.Kept+len(impact.Lost) != survey.Verified() || survey.Verified()+len(impact.Refused) != len(all) {
				t.Errorf("%s: %d kept, %d lost, %d refused of %d", name, impact.Kept, len(impact.Lost), len(impact.Refused), len(all))
			}
			lost += len(got)
		}
	}
	if lost == 0 && survey.Verified() > 0 {
		t.Errorf("%s: nothing is ever lost", name)
	}
}

// keys returns every key of a root.
func keys(t *testing.T, root *trustroot.Root) []insight.KeyID {
	t.Helper()
	var ids []insight.KeyID
	for _, in := range insight.Describe(root, insight.Origin{}).Instances {
		texts := []string{in.KeyID, in.LogID}
		for _, c := range in.Certificates {
			texts = append(texts, c.KeyID, c.SHA256)
		}
		for _, text := range texts {
			if text == "" {
				continue
			}
			id, err := insight.ParseKeyID(text)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// stopped verifies everything under the root without the keys.
func stopped(t *testing.T, s *Survey, root *trustroot.Root, policy verify.Policy, ids []insight.KeyID) []string {
	t.Helper()
	rest, err := insight.Without(root, ids...)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range s.verified {
		p := policy
		p.Require = pinned(r.report.Required)
		v, err := verify.New(verify.Config{Root: rest, Policy: p})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(r.Bundle, r.Artifact); err != nil {
			names = append(names, r.Name)
		}
	}
	return names
}
