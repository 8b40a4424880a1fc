// SPDX-License-Identifier: Apache-2.0

package insight

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
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
	at := virtual.DefaultTime()
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
		"ending":            {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey.ValidFor.End = stamp(day) }, "window.ending"},
		"mismatch":          {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].LogId.KeyId[0] ^= 1 }, "id.mismatch"},
		"unusable":          {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey.KeyDetails = 21 }, "instance.unusable"},
		"shared":            {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].PublicKey = r.Tlogs[0].PublicKey }, "key.shared"},
		"listed twice":      {func(r *trustrootv1.TrustedRoot) { r.Tlogs = append(r.Tlogs, r.Tlogs[0]) }, "instance.repeated"},
		"CT log twice":      {func(r *trustrootv1.TrustedRoot) { r.Ctlogs = append(r.Ctlogs, r.Ctlogs[0]) }, "instance.repeated"},
		"listed once":       {func(r *trustrootv1.TrustedRoot) {}, "!instance.repeated"},
		"no ID":             {func(r *trustrootv1.TrustedRoot) { r.Tlogs[1].LogId = nil }, "id.derived"},
		"no ID of a CT log": {func(r *trustrootv1.TrustedRoot) { r.Ctlogs[0].LogId = nil }, "id.derived"},
		"an ID":             {func(r *trustrootv1.TrustedRoot) {}, "!id.derived"},
		"twice, once without ID": {func(r *trustrootv1.TrustedRoot) {
			again := proto.CloneOf(r.Ctlogs[0])
			again.LogId = nil
			r.Ctlogs = append(r.Ctlogs, again)
		}, "instance.repeated"},
		"no timestamps": {func(r *trustrootv1.TrustedRoot) {
			r.TimestampAuthorities[0].CertChain = r.CertificateAuthorities[0].CertChain
		}, "certificate.purpose"},
		"timestamps":  {func(r *trustrootv1.TrustedRoot) {}, "!certificate.purpose"},
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
		r.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(virtual.DefaultTime())
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
	start := virtual.DefaultTime().AddDate(-1, 0, 0)
	var plan Plan
	for i, l := range want.Logs() {
		plan.Rekors = append(plan.Rekors, Service{PEM: block("PUBLIC KEY", spki(t, l.PublicKey())), URL: l.BaseURL(), API: i + 1, Start: start})
	}
	for _, l := range want.CTLogs() {
		plan.CTLogs = append(plan.CTLogs, Service{PEM: block("PUBLIC KEY", spki(t, l.PublicKey())), URL: l.BaseURL(), Start: start})
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
	rekors, err := signing.Rekors(virtual.DefaultTime(), 0)
	if err != nil || rekors[0].MajorAPIVersion != 2 {
		t.Errorf("%v, %v", rekors, err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "a key": block("PUBLIC KEY", spki(t, want.Logs()[0].PublicKey())), "half a block": []byte("-----BEGIN CERTIFICATE-----\nAA"),
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

func spki(t *testing.T, pub crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
