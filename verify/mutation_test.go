// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one condition or number of the package is changed.

// A policy that cannot mean what its author meant is refused before anything
// is judged by it.
func TestPoliciesRefused(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	ec, err := w.Key("one", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	san := verify.Exactly(virtual.DefaultSAN)
	who := func(change func(*verify.Identity)) verify.Policy {
		id := verify.Identity{SAN: san, Issuer: issuer}
		change(&id)
		return verify.Policy{Identities: []verify.Identity{id}}
	}
	key := func(change func(*verify.Key)) verify.Policy {
		k := verify.Key{Public: ec.Public()}
		change(&k)
		return verify.Policy{Keys: []verify.Key{k}}
	}
	keys := func(hints ...string) (p verify.Policy) {
		for _, h := range hints {
			p.Keys = append(p.Keys, verify.Key{Public: ec.Public(), Hint: h})
		}
		return p
	}
	extension := func(name string, m verify.Match) verify.Policy {
		return who(func(id *verify.Identity) { id.Extensions = map[string]verify.Match{name: m} })
	}
	year := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	nobody := verify.Match{}
	for _, c := range []struct {
		name string
		p    verify.Policy
		want string
	}{
		{"nothing", verify.Policy{}, "policy.empty"},
		{"anybody", verify.Policy{AnyIdentity: true}, ""},
		{"an identity", who(func(*verify.Identity) {}), ""},
		{"a key", key(func(*verify.Key) {}), ""},
		{"anybody, and an identity", func() verify.Policy {
			p := who(func(*verify.Identity) {})
			p.AnyIdentity = true
			return p
		}(), "policy.identity"},
		{"no name", who(func(id *verify.Identity) { id.SAN = nobody }), "policy.identity"},
		{"name twice", who(func(id *verify.Identity) { id.SAN.Regexp = ".*" }), "policy.identity"},
		{"absent name", who(func(id *verify.Identity) { id.SAN = verify.NoIssuer() }), "policy.identity"},
		{"malformed name", who(func(id *verify.Identity) { id.SAN = verify.Matching("(") }), "policy.regexp"},
		{"name that breaks out", who(func(id *verify.Identity) { id.SAN = verify.Matching("a)|(?:b") }), "policy.regexp"},
		{"no issuer given", who(func(id *verify.Identity) { id.Issuer = nobody }), "policy.identity"},
		{"issuer absent and given", who(func(id *verify.Identity) { id.Issuer.Absent = true }), "policy.identity"},
		{"malformed issuer", who(func(id *verify.Identity) { id.Issuer = verify.Matching("[") }), "policy.regexp"},
		{"without an issuer", who(func(id *verify.Identity) { id.Issuer = verify.NoIssuer() }), ""},
		{"unknown extension", extension("none", san), "policy.extension"},
		{"extension without a name", extension("", san), "policy.extension"},
		{"absent extension", extension("buildTrigger", verify.NoIssuer()), "policy.identity"},
		{"extension without a value", extension("buildTrigger", nobody), "policy.identity"},
		{"malformed extension", extension("buildTrigger", verify.Matching("(")), "policy.regexp"},
		{"first extension", extension("issuerV1", issuer), ""},
		{"no key", key(func(k *verify.Key) { k.Public = nil }), "policy.key"},
		{"key of another algorithm", key(func(k *verify.Key) { k.Algorithm = v1.PublicKeyDetails_PKIX_ED25519 }), "policy.key"},
		{"key of its algorithm", key(func(k *verify.Key) { k.Algorithm = v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256 }), ""},
		{"key that ends first", key(func(k *verify.Key) { k.Start, k.End = year(2024), year(2024).Add(-1) }), "policy.key"},
		{"key of an instant", key(func(k *verify.Key) { k.Start, k.End = year(2024), year(2024) }), ""},
		{"key with a start", key(func(k *verify.Key) { k.Start = year(2024) }), ""},
		{"key of the year 0", key(func(k *verify.Key) { k.Start = year(0) }), "policy.key"},
		{"key of the year 1", key(func(k *verify.Key) { k.Start = year(1) }), ""},
		{"key of the year 9999", key(func(k *verify.Key) { k.End = year(9999) }), ""},
		{"key of the year 10000", key(func(k *verify.Key) { k.End = year(10000) }), "policy.key"},
		{"two keys", keys("a", "b"), ""},
		{"one hint of two", keys("a", "a"), "policy.key"},
		{"no hint of two", keys("", "b"), "policy.key"},
		{"no second hint", keys("a", ""), "policy.key"},
		{"no rule", verify.Policy{AnyIdentity: true, Rules: []verify.Rule{nil}}, "policy.rule"},
		{"fewer than no subjects", verify.Policy{AnyIdentity: true, MaxSubjects: -1}, "policy.limit"},
	} {
		_, err := verify.New(verify.Config{Root: root, Policy: c.p})
		wantCode(t, c.name, err, c.want)
	}
	// Which of several is wrong is said by its number, from 1.
	p := who(func(*verify.Identity) {})
	p.Identities = append(p.Identities, verify.Identity{})
	for want, p := range map[string]verify.Policy{"identity 2": p, "key 2": keys("a", "a")} {
		if _, err := verify.New(verify.Config{Root: root, Policy: p}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Sizes are written out: a digest is never compared in part.
func TestDigestSizes(t *testing.T) {
	for name, sizes := range map[string][]int{
		"sha256": {32}, "sha384": {48}, "sha512": {64}, "sha1": {20},
		"gitCommit": {20, 32}, "gitTree": {20, 32}, "gitBlob": {20, 32}, "gitTag": {20, 32},
		"md5": nil, "sha224": nil, "SHA256": nil, "": nil,
	} {
		fits := make(map[int]bool)
		for _, n := range sizes {
			fits[n] = true
		}
		for n := range 66 {
			_, err := verify.ArtifactDigest(name, make([]byte, n))
			_, text := verify.ParseArtifactDigest(name + ":" + strings.Repeat("0f", n))
			if (err == nil) != fits[n] || (text == nil) != fits[n] {
				t.Errorf("%s of %d bytes: %v, %v", name, n, err, text)
			}
		}
	}
	digits := strings.Repeat("0f", 32)
	for _, s := range []string{"sha256", "sha256:" + digits + "0", "sha256:" + digits + "x", "sha256:" + digits + " ", "sha256:x" + digits, digits} {
		_, err := verify.ParseArtifactDigest(s)
		wantCode(t, s, err, "policy.artifact")
	}
	for s, words := range map[string]string{"sha256:ABC": "an odd number of digits, 3", "sha256:" + digits + "0": "odd number of digits, 65", "sha256:0xab": "not hexadecimal"} {
		if _, err := verify.ParseArtifactDigest(s); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", s, err, words)
		}
	}
}

func TestFirstAndLastNames(t *testing.T) {
	for got, want := range map[string]string{
		report.CheckSigner.String(): "signer", report.CheckRules.String(): "rules", (report.CheckRules + 1).String(): "unknown",
		report.NotRun.String(): "not run", report.Failed.String(): "failed",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (report.Failed + 1).String(); got != "unknown" {
		t.Error(got)
	}
}

// A job's own verifier judges it, and no other job.
func TestVerifierOfAJob(t *testing.T) {
	v, jobs := batch(t, 1)
	strict, err := verify.New(verify.Config{Root: rootOf(t, world(t, virtual.Config{})), Policy: anybody})
	if err != nil {
		t.Fatal(err)
	}
	mine := jobs[0]
	mine.Verifier = strict
	var got []bool
	for _, err := range every(t.Context(), v, func(yield func(verify.Job) bool) {
		_ = yield(jobs[0]) && yield(mine) && yield(jobs[0])
	}) {
		got = append(got, err == nil)
	}
	if len(got) != 3 || !got[0] || got[1] || !got[2] {
		t.Errorf("verified: %v, want the second refused", got)
	}
}

// A job that was taken when the work was cancelled, and never judged, leaves
// no result: neither a good one nor a bad one.
func TestTakenAndNeverJudged(t *testing.T) {
	v, jobs := batch(t, 1)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		busy := runtime.GOMAXPROCS(0)
		begun := make(chan struct{}, busy)
		job := verify.Job{Bundle: jobs[0].Bundle, Open: func() (io.ReadCloser, error) {
			begun <- struct{}{}
			<-release
			return io.NopCloser(bytes.NewReader(nil)), nil
		}}
		go func() {
			for range busy {
				<-begun
			}
			time.Sleep(time.Millisecond) // for the one more to be taken
			cancel()
			close(release)
		}()
		for res, err := range every(ctx, v, func(yield func(verify.Job) bool) {
			for range busy + 1 {
				if !yield(job) {
					return
				}
			}
		}) {
			if res == nil && err == nil {
				t.Fatal("a job without a result")
			}
		}
	}
}

// Thresholds stand in the report as numbers, and it says when they are lower
// than what the trust root would have asked for.
func TestRequiredInReports(t *testing.T) {
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{})
	for _, c := range []struct {
		require verify.Requirements
		want    report.Required
	}{
		{verify.Requirements{}, report.Required{Logs: 1, SCTs: 1, Times: 1}},
		{verify.Requirements{Logs: 1, SCTs: 1, Times: 1}, report.Required{Logs: 1, SCTs: 1, Times: 1}},
		{verify.Requirements{Logs: verify.NotRequired}, report.Required{SCTs: 1, Times: 1, Lowered: true}},
		{verify.Requirements{SCTs: verify.NotRequired}, report.Required{Logs: 1, Times: 1, Lowered: true}},
		{verify.Requirements{Times: verify.NotRequired}, report.Required{Logs: 1, SCTs: 1, Lowered: true}},
		{verify.Requirements{Timestamps: verify.NotRequired}, report.Required{Logs: 1, SCTs: 1, Times: 1}},
		{verify.Requirements{Logs: -1, SCTs: -1, Times: -1}, report.Required{Lowered: true}},
	} {
		res, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{AnyIdentity: true, Require: c.require}), b)
		if err != nil {
			t.Errorf("%+v: %v", c.require, err)
		} else if got := res.Report.Required; got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.require, got, c.want)
		}
	}
	for _, require := range []verify.Requirements{{Logs: 2}, {SCTs: 2}, {Times: 2}, {Timestamps: 1}} {
		if _, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{AnyIdentity: true, Require: require}), b); err == nil {
			t.Errorf("%+v: verified", require)
		}
	}
}

// A signature that no Ed25519 key can have made is a bad signature, whatever
// the artifact is given as.
func TestPureSignatureOfTheWrongLength(t *testing.T) {
	w := world(t, virtual.Config{GitHub: true})
	key, err := w.Key("managed", virtual.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public(), Algorithm: v1.PublicKeyDetails_PKIX_ED25519}}})
	b := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1})
	_, err = judge(t, v, b)
	wantCode(t, "whole", err, "")
	b.Signature = b.Signature[:63]
	_, err = judge(t, v, b)
	wantCode(t, "cut", err, "signature.invalid")
}

// Pure Ed25519 signatures are checked to the last bit, over messages and over
// envelopes, whichever form the key is tied to.
func TestPureSignaturesSpoiled(t *testing.T) {
	w := world(t, virtual.Config{GitHub: true})
	key, err := w.Key("managed", virtual.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	for _, predicate := range []string{"", "https://example.test"} {
		for _, algorithm := range []v1.PublicKeyDetails{0, v1.PublicKeyDetails_PKIX_ED25519} {
			v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public(), Algorithm: algorithm}}})
			for bit, want := range map[int]string{-1: "", 0: "signature.invalid", 255: "signature.invalid", 256: "signature.invalid", 511: "signature.invalid"} {
				b := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1, PredicateType: predicate})
				if bit >= 0 {
					b.Signature[bit/8] ^= 1 << (bit % 8)
				}
				_, err := judge(t, v, b)
				wantCode(t, "a bit of the signature", err, want)
			}
		}
	}
}

// The first difference of the first of the nearest identities is named.
func TestNearestOfEquals(t *testing.T) {
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{})
	san := verify.Exactly(virtual.DefaultSAN)
	for _, c := range []struct {
		list []verify.Identity
		code string
		text string
	}{
		{[]verify.Identity{{SAN: san, Issuer: verify.Exactly("https://b.test")}, {SAN: verify.Exactly("https://a.test"), Issuer: issuer}},
			"identity.issuer", "is not identity 1 of the policy"},
		{[]verify.Identity{{SAN: verify.Exactly("https://a.test"), Issuer: verify.Exactly("https://b.test")}},
			"identity.san", "want https://a.test"},
		{[]verify.Identity{{SAN: san, Issuer: verify.NoIssuer()}}, "identity.issuer", "want none"},
		{[]verify.Identity{{SAN: verify.Matching("https://a.*"), Issuer: issuer}}, "identity.san", "want /https://a.*/"},
	} {
		_, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{Identities: c.list}), b)
		wantCode(t, c.text, err, c.code)
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v, want %s", err, c.text)
		}
	}
}

// A report says whether the digest that matched is one that can be forged.
func TestWeakDigestShows(t *testing.T) {
	w := world(t, virtual.Config{})
	const commit = "0123456789abcdef0123456789abcdef01234567"
	b := signed(t, w, virtual.Request{PredicateType: "https://example.test", Hooks: virtual.Hooks{Statement: func(s *virtual.Statement) {
		s.Subjects[0].Digest["gitCommit"] = commit
	}}})
	v := verifier(t, rootOf(t, w), anybody)
	strong, err := judge(t, v, b)
	if err != nil || strong.Report.Statement.WeakDigest {
		t.Errorf("strong: %v", err)
	}
	a, err := verify.ParseArtifactDigest("gitCommit:" + commit)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := v.Verify(b, a)
	if err != nil || !weak.Report.Statement.WeakDigest {
		t.Errorf("weak: %v", err)
	}
}
