// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

func newWorld(t testing.TB, c virtual.Config) *virtual.World {
	t.Helper()
	if c.Seed == "" {
		c.Seed = "test"
	}
	w, err := virtual.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sign(t testing.TB, w *virtual.World, r virtual.Request) *virtual.Signed {
	t.Helper()
	s, err := w.Sign(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rootOf(t testing.TB, w *virtual.World) *trustroot.Root {
	t.Helper()
	data, err := w.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if bad := root.Ignored(); len(bad) > 0 {
		t.Fatalf("unusable: %v", bad)
	}
	return root
}

// anyone accepts all that is signed in a world, and what was asked for
// besides.
func anyone(s *virtual.Signed) verify.Policy {
	p := verify.Policy{AnyIdentity: true}
	if s.Certificate == nil {
		p = verify.Policy{Keys: []verify.Key{{Public: s.Key.Public()}}}
	}
	return p
}

// judge takes a bundle through the functions that all bundles pass.
func judge(t testing.TB, root *trustroot.Root, p verify.Policy, s *virtual.Signed) (*verify.Result, error) {
	t.Helper()
	v, err := verify.New(verify.Config{Root: root, Policy: p})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(s.Bundle)
	if err != nil {
		return nil, err
	}
	a, err := v.ReadArtifact(bytes.NewReader(s.Artifact), b)
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(b, a)
}

// code returns the reason of a refusal, "" if there is none.
func code(err error) string {
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return ""
}

// fingerprint signs the same things in a new world and returns a hash over all
// of it.
func fingerprint(t *testing.T, seed string) string {
	w := newWorld(t, virtual.Config{Seed: seed, Witnesses: []string{"witness.test/a"}})
	h := sha256.New()
	root, err := w.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(root)
	for _, r := range requests(t, w) {
		h.Write(sign(t, w, r).Bundle)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func requests(t *testing.T, w *virtual.World) []virtual.Request {
	managed, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	list := []virtual.Request{
		{Artifact: []byte("a")},
		{ManagedKey: managed},
		{PredicateType: "https://example.test/p", Evidence: virtual.RekorBoth, EmbedCertificates: true},
		{SAN: "a@example.test", Version: bundle.V01, Timestamps: 1, Later: 3},
	}
	for _, k := range []virtual.KeyType{virtual.ECDSAP384, virtual.ECDSAP521, virtual.RSA2048, virtual.Ed25519, virtual.Ed25519ph} {
		list = append(list, virtual.Request{LeafKey: k})
	}
	return list
}

// The value is a promise to everyone who keeps fixtures made here.
func TestSameBytes(t *testing.T) {
	const want = "7bbeb58928cf35045e9ead2614d91e2bc5f11dd2555dc663093c58360bbddc74"
	got := fingerprint(t, "bytes")
	if got != want {
		t.Errorf("the world has changed: %s", got)
	}
	if got != fingerprint(t, "bytes") {
		t.Error("not the same bytes twice")
	}
	if got == fingerprint(t, "other bytes") {
		t.Error("the seed does not matter")
	}
}

// All that can be asked for verifies, except for combinations that do not
// exist.
func TestEverythingVerifies(t *testing.T) {
	w := newWorld(t, virtual.Config{TSAs: 2, RekorV1Size: 75408392, RekorV2Size: 735, Witnesses: []string{"witness.test/a", "witness.test/b"}})
	root := rootOf(t, w)
	managed, err := w.Key("managed", virtual.ECDSAP384)
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range []virtual.KeyType{0, virtual.ECDSAP384, virtual.ECDSAP521, virtual.RSA2048, virtual.RSA3072, virtual.RSA4096, virtual.Ed25519, virtual.Ed25519ph} {
		for _, evidence := range []virtual.Evidence{virtual.RekorV1, virtual.RekorV2, virtual.RekorBoth} {
			for _, predicate := range []string{"", "https://slsa.dev/provenance/v1"} {
				if leaf == virtual.Ed25519 && evidence != virtual.RekorV1 {
					continue // Rekor v2 takes no signatures over messages themselves
				}
				r := virtual.Request{LeafKey: leaf, Evidence: evidence, PredicateType: predicate, Artifact: []byte("hello")}
				check(t, root, w, r)
				if leaf == 0 {
					r.ManagedKey = managed
					check(t, root, w, r)
				}
			}
		}
	}
}

func check(t *testing.T, root *trustroot.Root, w *virtual.World, r virtual.Request) {
	t.Helper()
	s := sign(t, w, r)
	if _, err := judge(t, root, anyone(s), s); err != nil {
		t.Errorf("%v, evidence %d, predicate %q, version %v, managed %v: %v\n%s", r.LeafKey, r.Evidence, r.PredicateType, r.Version, r.ManagedKey != nil, err, s.Bundle)
	}
}

func TestVersionsAndKinds(t *testing.T) {
	w := newWorld(t, virtual.Config{TSAs: 2})
	root := rootOf(t, w)
	for name, r := range map[string]virtual.Request{
		"0.1 with a promise only": {Version: bundle.V01, WithoutProof: true},
		"0.1":                     {Version: bundle.V01},
		"0.2":                     {Version: bundle.V02},
		"0.2 by timestamp":        {Version: bundle.V02, WithoutPromise: true},
		"0.3 by timestamp":        {WithoutPromise: true},
		"intoto":                  {PredicateType: "https://example.test/p", Kind: tlog.IntotoV002()},
		"two timestamps":          {Timestamps: 2, EmbedCertificates: true},
		"later entries":           {Later: 100},
		"later entries, v2":       {Later: 5, Evidence: virtual.RekorV2},
		"two SCTs":                {SCTs: 2},
		"email":                   {SAN: "someone@example.test"},
		"user name":               {Names: []virtual.Name{{Type: virtual.OtherName, Value: "a!example.test"}}},
		"all extensions":          {Extensions: map[int]string{2: "push", 9: "https://a", 23: "prod", 24: "sub"}},
		"only the old issuer":     {Extensions: map[int]string{8: ""}},
	} {
		r.Artifact = []byte(name)
		check(t, root, w, r)
	}
	r := virtual.Request{LeafKey: virtual.ECDSAP384, Hash: crypto.SHA256}
	check(t, root, w, r)
}

func TestWorlds(t *testing.T) {
	var configs []virtual.Config
	for _, k := range []virtual.KeyType{virtual.ECDSAP256, virtual.ECDSAP384, virtual.RSA2048, virtual.Ed25519} {
		configs = append(configs,
			virtual.Config{CAKey: k}, virtual.Config{CTKey: k, CTExtensions: []byte("\x00\x00\x05\x00\x00\x00\x00\x70")},
			virtual.Config{RekorV1Key: k}, virtual.Config{RekorV2Key: k}, virtual.Config{TSAKey: k})
	}
	configs = append(configs, virtual.Config{BareRoot: true}, virtual.Config{LoneTSA: true}, virtual.Config{GitHub: true})
	for _, c := range configs {
		w := newWorld(t, c)
		root := rootOf(t, w)
		for _, r := range []virtual.Request{
			{Evidence: virtual.RekorBoth, Timestamps: 1},
			{Evidence: virtual.RekorBoth, Timestamps: 1, EmbedCertificates: true, PredicateType: "https://example.test/p"},
			{Evidence: virtual.RekorV2},
		} {
			s := sign(t, w, r)
			if _, err := judge(t, root, anyone(s), s); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
	}
}

func TestGitHub(t *testing.T) {
	w := newWorld(t, virtual.Config{GitHub: true})
	s := sign(t, w, virtual.Request{PredicateType: "https://in-toto.io/attestation/release/v0.1"})
	p := verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(virtual.GitHubSAN), Issuer: verify.NoIssuer()}}}
	if _, err := judge(t, rootOf(t, w), p, s); err != nil {
		t.Error(err)
	}
}
