// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// What the log says that it verified is what is verified here: the hash of a
// message in Rekor v1, the algorithm in v2.
func TestLoggedAlgorithm(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	weak := virtual.Hooks{Signature: func(in *virtual.SignatureInput) { in.Hash = crypto.SHA256 }}
	logsWeak := virtual.Hooks{Entry: func(in *virtual.EntryInput) {
		sum := sha256.Sum256(content)
		in.Hash, in.Digest = crypto.SHA256, sum[:]
	}}
	logsPH := virtual.Hooks{Entry: func(in *virtual.EntryInput) { in.KeyDetails = "PKIX_ED25519_PH" }}
	for _, c := range []struct {
		what    string
		request virtual.Request
		want    string
	}{
		{"v1 logs SHA-384, SHA-256 signed", virtual.Request{LeafKey: virtual.ECDSAP384, Hooks: weak}, "signature.invalid"},
		{"v2 logs SHA-384, SHA-256 signed", virtual.Request{LeafKey: virtual.ECDSAP384, Evidence: virtual.RekorV2, Hooks: weak}, "signature.invalid"},
		{"v1 logs SHA-256, SHA-384 signed", virtual.Request{LeafKey: virtual.ECDSAP384, Hooks: logsWeak}, "signature.invalid"},
		{"v1 logs SHA-256, SHA-256 signed", virtual.Request{LeafKey: virtual.ECDSAP384, Hash: crypto.SHA256}, ""},
		{"v1 of pure Ed25519", virtual.Request{LeafKey: virtual.Ed25519}, ""},
		{"v2 logs Ed25519ph, pure signed", virtual.Request{LeafKey: virtual.Ed25519, Evidence: virtual.RekorV2, Hooks: logsPH}, "signature.invalid"},
		{"the same over an envelope", virtual.Request{LeafKey: virtual.Ed25519, Evidence: virtual.RekorV2, Hooks: logsPH, PredicateType: "https://a.test"}, "signature.invalid"},
		{"v1 of a pure envelope", virtual.Request{LeafKey: virtual.Ed25519, PredicateType: "https://a.test"}, ""},
	} {
		_, err := judge(t, v, signed(t, w, c.request))
		wantCode(t, c.what, err, c.want)
	}
}

// Without a log an Ed25519 key may have signed either way, and a P-384 key over
// either hash, unless the caller names the algorithm. The report names the one
// that it was.
func TestManagedAlgorithm(t *testing.T) {
	w := world(t, virtual.Config{})
	const (
		pure, ph   = v1.PublicKeyDetails_PKIX_ED25519, v1.PublicKeyDetails_PKIX_ED25519_PH
		p384, weak = v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256 //nolint:staticcheck // deprecated, and in use
	)
	for _, c := range []struct {
		typ  virtual.KeyType
		hash crypto.Hash
		as   v1.PublicKeyDetails
	}{
		{virtual.Ed25519, 0, pure}, {virtual.Ed25519ph, 0, ph}, {virtual.ECDSAP384, crypto.SHA256, weak}, {virtual.ECDSAP384, crypto.SHA384, p384},
	} {
		key, err := w.Key("managed", c.typ)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"", "https://a.test"} {
			b := signed(t, w, virtual.Request{ManagedKey: key, Hash: c.hash, Evidence: virtual.NoLog, PredicateType: kind})
			for _, tied := range []v1.PublicKeyDetails{0, pure, ph, p384, weak} {
				if edwards := c.as == pure || c.as == ph; tied != 0 && edwards != (tied == pure || tied == ph) {
					continue // no algorithm of the key's
				}
				v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public(), Algorithm: tied}},
					Require: verify.Requirements{Logs: verify.NotRequired}})
				res, err := judge(t, v, b)
				want := "signature.invalid"
				if tied == 0 || tied == c.as {
					want = ""
				}
				wantCode(t, c.as.String()+" tied to "+tied.String(), err, want)
				if err != nil {
					continue
				}
				if got := res.Report.Signer.Key.Algorithm; got != c.as.String() {
					t.Errorf("%s: the report says %s", c.as, got)
				}
				noted := slices.ContainsFunc(res.Report.Notes, func(n report.Note) bool { return n.Code == "signature.sha256" })
				if noted != (c.as == weak && tied == 0) {
					t.Errorf("%s tied to %s: noted %t", c.as, tied, noted)
				}
			}
		}
	}
}

// Anyone can write any number of bundles that take a reading of their own of
// the artifact: the first 64 signatures get one.
func TestPureSignaturesAtOnce(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public()}}, Require: verify.Requirements{Logs: verify.NotRequired}})
	good := signed(t, w, virtual.Request{ManagedKey: key, Evidence: virtual.NoLog, Timestamps: -1})
	var others []*bundle.Bundle
	for i := range 63 {
		other := *good
		other.Signature = slices.Clone(good.Signature)
		other.Signature[0] ^= byte(i + 1)
		others = append(others, &other, &other) // the same twice is read once
	}
	last := *good
	last.Signature = slices.Clone(good.Signature)
	last.Signature[1] ^= 1
	a, err := v.ReadArtifact(bytes.NewReader(content), append(others, good, &last)...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(good, a)
	wantCode(t, "number 64", err, "")
	_, err = v.Verify(&last, a)
	wantCode(t, "number 65", err, "signature.needs_artifact")
}

// What a bundle that was not read from JSON leaves out is not asked for.
func TestReadArtifactOfLittle(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	b := signed(t, w, virtual.Request{})
	b.MessageDigest = nil
	_, err := judge(t, v, b)
	wantCode(t, "no digest", err, "")
	b.Entries[0].Body = nil
	if _, err := v.ReadArtifact(bytes.NewReader(content), b); err != nil {
		t.Error(err)
	}
}

func TestEmptyPredicateType(t *testing.T) {
	w := world(t, virtual.Config{})
	_, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: verify.Policy{AnyIdentity: true, PredicateTypes: []string{"https://a.test", ""}}})
	wantCode(t, "an empty predicate type", err, "policy.predicate_type")
}

// An extension that has no name yet is in the report, and a policy can ask for
// it by its object identifier.
func TestExtensionWithoutName(t *testing.T) {
	const oid = "1.3.6.1.4.1.57264.1.99"
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{Hooks: virtual.Hooks{Certificate: func(c *virtual.CertificateInput) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 99}, Value: []byte("future")})
	}}})
	value := ""
	res, err := judge(t, verifier(t, rootOf(t, w), anybody), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range res.Report.Signer.Certificate.Extensions {
		if x.OID == oid {
			value = x.Value
		}
	}
	if value != base64.StdEncoding.EncodeToString([]byte("future")) {
		t.Fatalf("the report has %q", value)
	}
	for want, m := range map[string]verify.Match{"": verify.Exactly(value), "identity.extension": verify.Exactly("future")} {
		c := res.Report.Signer.Certificate
		v := verifier(t, rootOf(t, w), verify.Policy{Identities: []verify.Identity{{
			SAN: verify.Exactly(c.SAN), Issuer: verify.Exactly(c.Issuer), Extensions: map[string]verify.Match{oid: m}}}})
		_, err := judge(t, v, b)
		wantCode(t, m.Exact, err, want)
	}
}

// What is said at the edges: of no artifact, of a name without end, and of keys
// and conditions by the dozen.
func TestEdges(t *testing.T) {
	if s := verify.NoArtifact().String(); s != "no artifact" {
		t.Error(s)
	}
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	b := signed(t, w, virtual.Request{ManagedKey: key, Evidence: virtual.NoLog})
	for hint, want := range map[string]string{b.KeyHint: "", "other": "key.hint"} {
		v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: verify.Policy{
			Keys:    []verify.Key{{Public: key.Public(), Hint: hint}, {Public: key.Public(), Hint: "another"}},
			Require: verify.Requirements{Logs: verify.NotRequired}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = judge(t, v, b)
		wantCode(t, hint, err, want)
	}
	long := *b
	long.KeyHint = strings.Repeat("x", 300)
	_, err = judge(t, verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public(), Hint: "a"}, {Public: key.Public(), Hint: "b"}}}), &long)
	if wantCode(t, "a long hint", err, "key.hint"); len(err.Error()) > 400 {
		t.Errorf("%d bytes", len(err.Error()))
	}
	c := signed(t, w, virtual.Request{Extensions: map[int]string{12: "https://a.test/r", 20: "push"}})
	for trigger, want := range map[string]string{"push": "", "pull": "identity.extension"} {
		res, err := judge(t, verifier(t, rootOf(t, w), anybody), c)
		if err != nil {
			t.Fatal(err)
		}
		signer := res.Report.Signer.Certificate
		_, err = judge(t, verifier(t, rootOf(t, w), verify.Policy{Identities: []verify.Identity{{
			SAN: verify.Exactly(signer.SAN), Issuer: verify.Exactly(signer.Issuer), Extensions: map[string]verify.Match{
				"buildTrigger": verify.Exactly(trigger), "sourceRepositoryURI": verify.Exactly("https://a.test/r")}}}}), c)
		wantCode(t, trigger, err, want)
	}
}
