// SPDX-License-Identifier: Apache-2.0

package insight

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func public(t *testing.T) *trustroot.Root {
	t.Helper()
	r, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

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

func TestDescribePublic(t *testing.T) {
	d := Describe(public(t), Origin{Source: "embedded"})
	var names []string
	for _, in := range d.Instances {
		names = append(names, in.Kind+" "+in.Name)
		if len(in.KeyID) != 64 || in.Algorithm == "" || len(in.Windows) == 0 {
			t.Errorf("incomplete: %+v", in)
		}
	}
	for _, want := range []string{
		"tlogs https://rekor.sigstore.dev", "tlogs https://log2025-1.rekor.sigstore.dev",
		"ctlogs https://ctfe.sigstore.dev/2022", "timestampAuthorities https://timestamp.sigstore.dev/api/v1/timestamp",
		"certificateAuthorities https://fulcio.sigstore.dev",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %q", want, names)
		}
	}
}

func rules(found []Finding) string {
	var out []string
	for _, f := range found {
		if !strings.HasPrefix(refuse.Describe(refuse.Code(f.Rule)).Cause, "A finding:") {
			panic("the rule " + f.Rule + " has no description")
		}
		out = append(out, f.Rule)
	}
	return strings.Join(out, " ")
}

func TestLint(t *testing.T) {
	w := newWorld(t, virtual.Config{Seed: "lint", TSAs: 2})
	at := virtual.DefaultTime
	stamp := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(at.Add(d)) }
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		change func(*trustrootv1.TrustedRoot)
		rule   string
	}{
		"gap": {func(r *trustrootv1.TrustedRoot) {
			r.TimestampAuthorities[0].ValidFor.End = stamp(-20 * day)
			r.TimestampAuthorities[1].ValidFor.Start = stamp(-10 * day)
		}, "window.gap"},
		"adjoining": {func(r *trustrootv1.TrustedRoot) {
			r.TimestampAuthorities[0].ValidFor.End = stamp(-20 * day)
			r.TimestampAuthorities[1].ValidFor.Start = stamp(-20*day + time.Second)
		}, "!window.gap"},
		"side by side": {func(r *trustrootv1.TrustedRoot) {}, "!window.overlap"},
		"overlap": {func(r *trustrootv1.TrustedRoot) {
			r.TimestampAuthorities[1].Uri = r.TimestampAuthorities[0].Uri
		}, "window.overlap"},
		"replaced": {func(r *trustrootv1.TrustedRoot) {
			r.TimestampAuthorities[1].Uri = r.TimestampAuthorities[0].Uri
			r.TimestampAuthorities[0].ValidFor.End = stamp(200 * day)
		}, "!window.overlap"},
		"ID of v1": {func(r *trustrootv1.TrustedRoot) {
			sum := sha256.Sum256(r.Tlogs[1].PublicKey.RawBytes)
			r.Tlogs[1].LogId.KeyId = sum[:]
		}, "id.form"},
		"ID of v2":      {func(r *trustrootv1.TrustedRoot) {}, "!id.form"},
		"ID of nothing": {func(r *trustrootv1.TrustedRoot) { r.Tlogs[1].LogId.KeyId[0] ^= 1 }, "id.mismatch"},
		"no authority":  {func(r *trustrootv1.TrustedRoot) { r.CertificateAuthorities = nil }, "list.empty"},
		"no time":       {func(r *trustrootv1.TrustedRoot) { r.Tlogs, r.TimestampAuthorities = nil, nil }, "list.empty"},
		"an unusable curve": {func(r *trustrootv1.TrustedRoot) {
			first := r.CertificateAuthorities[0].CertChain.Certificates[0]
			first.RawBytes = bytes.Replace(first.RawBytes, []byte{6, 5, 0x2b, 0x81, 4, 0, 34}, []byte{6, 5, 0x2b, 0x81, 4, 0, 10}, 1)
		}, "list.empty"},
		"nothing left": {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey.ValidFor.End = stamp(-day) }, "window.none"},
		"future": {func(r *trustrootv1.TrustedRoot) {
			r.Ctlogs[0].PublicKey.ValidFor.Start = stamp(day)
		}, "window.future"},
		"ending":      {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey.ValidFor.End = stamp(day) }, "window.ending"},
		"mismatch":    {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].LogId.KeyId[0] ^= 1 }, "id.mismatch"},
		"unusable":    {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey.KeyDetails = 21 }, "instance.unusable"},
		"shared":      {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey = r.Tlogs[0].PublicKey }, "key.shared"},
		"no such log": {func(r *trustrootv1.TrustedRoot) { r.Ctlogs = nil }, "list.empty"},
		"order": {func(r *trustrootv1.TrustedRoot) {
			slices.Reverse(r.CertificateAuthorities[0].CertChain.Certificates)
		}, "chain.order"},
	} {
		got := rules(Lint(rootOf(t, w, c.change), at))
		want, absent := strings.CutPrefix(c.rule, "!")
		if strings.Contains(got, want) == absent {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := rules(Lint(rootOf(t, w), at.AddDate(40, 0, 0))); !strings.Contains(got, "certificate.expired") {
		t.Errorf("in 40 years: %s", got)
	}
	if got := rules(Lint(rootOf(t, newWorld(t, virtual.Config{Seed: "weak", CTKey: virtual.RSA2048})), at)); !strings.Contains(got, "key.weak") {
		t.Errorf("RSA 2048: %s", got)
	}
	for name, change := range map[string]func(*trustrootv1.TrustedRoot){
		"authorities":    func(r *trustrootv1.TrustedRoot) { r.CertificateAuthorities = nil },
		"logs and times": func(r *trustrootv1.TrustedRoot) { r.Tlogs, r.TimestampAuthorities = nil, nil },
	} {
		if got := Lint(rootOf(t, w, change), at); !slices.ContainsFunc(got, func(f Finding) bool { return f.Rule == "list.empty" && f.Severity == Warning }) {
			t.Errorf("no %s: %v", name, got)
		}
	}
	if got := Lint(public(t), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)); len(got) > 0 {
		t.Errorf("the public root: %v", got)
	}
	if got := Lint(public(t), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)); slices.ContainsFunc(got, func(f Finding) bool { return f.Severity == Warning }) {
		t.Errorf("the public root: %v", got)
	}
}

func TestDiff(t *testing.T) {
	w := newWorld(t, virtual.Config{Seed: "diff"})
	a := rootOf(t, w)
	if got := Diff(a, a); len(got) != 0 {
		t.Errorf("a root against itself: %v", got)
	}
	b := rootOf(t, w, func(r *trustrootv1.TrustedRoot) {
		r.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(virtual.DefaultTime)
		r.Tlogs[0].Operator = "someone"
		r.Ctlogs = nil
	})
	var got []string
	for _, c := range Diff(a, b) {
		got = append(got, strings.TrimSpace(c.What+" "+c.Kind+" "+c.Field))
	}
	if want := []string{"changed tlogs operator", "changed tlogs validFor", "removed ctlogs"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Diff(b, a); got[len(got)-1].What != "added" {
		t.Errorf("%v", got)
	}
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
		sets := [][]KeyID{{id}}
		if i%4 == 0 {
			sets = append(sets, []KeyID{id, ids[(i+5)%len(ids)]})
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
func keys(t *testing.T, root *trustroot.Root) []KeyID {
	t.Helper()
	var ids []KeyID
	for _, in := range Describe(root, Origin{}).Instances {
		texts := []string{in.KeyID, in.LogID}
		for _, c := range in.Certificates {
			texts = append(texts, c.KeyID, c.SHA256)
		}
		for _, text := range texts {
			if text == "" {
				continue
			}
			id, err := ParseKeyID(text)
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
func stopped(t *testing.T, s *Survey, root *trustroot.Root, policy verify.Policy, ids []KeyID) []string {
	t.Helper()
	rest, err := Without(root, ids...)
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

func TestKeyIDs(t *testing.T) {
	root := public(t)
	for _, bad := range []string{"", "00", "zz", strings.Repeat("0", 66)} {
		if _, err := ParseKeyID(bad); refuse.CodeOf(err) != "instance.key_id" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := Without(root, KeyID{1}); refuse.CodeOf(err) != "instance.key_id" {
		t.Errorf("unknown key: %v", err)
	}
	byID, _ := ParseKeyID("zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=")
	rest, err := Without(root, byID)
	if err != nil || len(rest.Logs()) != len(root.Logs())-1 {
		t.Errorf("by log ID: %v", err)
	}
}

func TestCreate(t *testing.T) {
	w := newWorld(t, virtual.Config{Seed: "create"})
	want := rootOf(t, w)
	start := virtual.DefaultTime.AddDate(-1, 0, 0)
	var plan Plan
	for i, l := range want.Logs() {
		plan.Rekors = append(plan.Rekors, Service{PEM: block("PUBLIC KEY", l.Key().SPKI()), URL: l.BaseURL(), API: i + 1, Start: start})
	}
	for _, l := range want.CTLogs() {
		plan.CTLogs = append(plan.CTLogs, Service{PEM: block("PUBLIC KEY", l.Key().SPKI()), URL: l.BaseURL(), Start: start})
	}
	for _, a := range want.CertificateAuthorities() {
		var chain []byte
		for i := range a.Chain() { // anchor first, as step-ca and others write it
			chain = append(chain, block("CERTIFICATE", a.Chain()[len(a.Chain())-1-i].Raw)...)
		}
		plan.Fulcios = append(plan.Fulcios, Service{PEM: chain, URL: a.URI(), Start: start})
	}
	for _, a := range want.TimestampAuthorities() {
		var chain []byte
		for _, c := range a.Chain() {
			chain = append(chain, block("CERTIFICATE", c.Raw)...)
		}
		plan.TSAs = append(plan.TSAs, Service{PEM: chain, URL: a.URI(), Start: start})
	}
	plan.OIDCs = []Service{{URL: "https://oidc.example/auth", Start: start}}
	root, signing, err := Create(plan)
	if err != nil {
		t.Fatal(err)
	}
	if d := Diff(want, root); len(d) != 0 {
		t.Errorf("the instance made again differs: %+v", d)
	}
	rekors, err := signing.Rekors(virtual.DefaultTime, 0)
	if err != nil || rekors[0].MajorAPIVersion != 2 {
		t.Errorf("%v, %v", rekors, err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "a key": block("PUBLIC KEY", want.Logs()[0].Key().SPKI()), "half a block": []byte("-----BEGIN CERTIFICATE-----\nAA"),
		"strangers": append(block("CERTIFICATE", want.CertificateAuthorities()[0].Chain()[0].Raw), block("CERTIFICATE", want.TimestampAuthorities()[0].Chain()[0].Raw)...),
	} {
		p := plan
		p.Fulcios = []Service{{PEM: bad, Start: start}}
		if _, _, err := Create(p); refuse.CodeOf(err) != "instance.pem" {
			t.Errorf("%s: %v", name, err)
		}
	}
	plan.Rekors[0].PEM = nil
	if _, _, err := Create(plan); refuse.CodeOf(err) != "instance.pem" || errors.Unwrap(err) == nil {
		t.Errorf("log without a key: %v", err)
	}
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestKeyIDString(t *testing.T) {
	id := KeyID{0xab}
	if back, err := ParseKeyID("sha256:" + id.String()); err != nil || back != id || id.String() != hex.EncodeToString(id[:]) {
		t.Error(back, err)
	}
}
