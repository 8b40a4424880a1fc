// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"fmt"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify"
)

// shape is a request and the policy that accepts what comes of it.
type shape struct {
	name    string
	request virtual.Request
	require verify.Requirements
}

const predicate = "https://slsa.dev/provenance/v1"

// world is a virtual instance and what is signed there.
type world struct {
	name   string
	config virtual.Config
	shapes func(w *virtual.World) ([]shape, error)
}

var worlds = []world{
	{"public", virtual.Config{Seed: "mutate", TSAs: 2, RekorV1Size: 75408, RekorV2Size: 735, Witnesses: []string{"witness.test/a"}}, publicShapes},
	{"rsa", virtual.Config{Seed: "mutate rsa", CAKey: virtual.RSA2048, CTKey: virtual.RSA2048, RekorV1Key: virtual.RSA2048, TSAKey: virtual.RSA2048, BareRoot: true, LoneTSA: true}, otherShapes},
	{"ecdsa", virtual.Config{Seed: "mutate ecdsa", CAKey: virtual.ECDSAP256, RekorV1Key: virtual.ECDSAP256, RekorV2Key: virtual.ECDSAP256, TSAKey: virtual.ECDSAP384,
		CTExtensions: []byte("\x00\x00\x05\x00\x00\x00\x00\x70")}, otherShapes},
	{"ed25519", virtual.Config{Seed: "mutate ed25519", CAKey: virtual.Ed25519, CTKey: virtual.Ed25519, RekorV1Key: virtual.Ed25519, TSAKey: virtual.Ed25519, RekorV2Size: 6}, otherShapes},
	{"github", virtual.Config{Seed: "mutate github", GitHub: true}, githubShapes},
}

// Bundles about one artifact, so that entries, timestamps and signatures that
// are about the right thing can be exchanged; their checkpoints have a line
// that none of the verifier's rules is about, and some have a time of their own.
var (
	later    = virtual.DefaultTime().Add(time.Minute)
	shared   = []byte("an artifact that many sign")
	extended = virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Extensions = []string{"a line of the log's own"} }}
)

func publicShapes(w *virtual.World) ([]shape, error) {
	managed, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		return nil, err
	}
	edwards, err := w.Key("managed edwards", virtual.Ed25519)
	if err != nil {
		return nil, err
	}
	noLog := verify.Requirements{Logs: verify.NotRequired}
	one := verify.Requirements{Timestamps: 1}
	return []shape{
		{"0.3 message, v1", virtual.Request{}, verify.Requirements{}},
		{"0.3 message, v1 and timestamp", virtual.Request{Timestamps: 1, Later: 3}, one},
		{"0.3 message, v1 by timestamp", virtual.Request{WithoutPromise: true}, verify.Requirements{}},
		{"0.3 envelope, v1 dsse", virtual.Request{PredicateType: predicate}, verify.Requirements{}},
		{"0.3 envelope, v1 intoto", virtual.Request{PredicateType: predicate, Kind: tlog.IntotoV002()}, verify.Requirements{}},
		{"0.1 message, promise", virtual.Request{Version: bundle.V01, WithoutProof: true}, verify.Requirements{}},
		{"0.1 message, promise and proof", virtual.Request{Version: bundle.V01}, verify.Requirements{}},
		{"0.2 envelope, v1 intoto", virtual.Request{Version: bundle.V02, PredicateType: predicate, Kind: tlog.IntotoV002()}, verify.Requirements{}},
		{"0.2 message, timestamp", virtual.Request{Version: bundle.V02, WithoutPromise: true, EmbedCertificates: true}, verify.Requirements{}},
		{"0.3 message, v2", virtual.Request{Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"0.3 message, v2, all embedded", virtual.Request{Evidence: virtual.RekorV2, EmbedCertificates: true, Later: 5}, verify.Requirements{}},
		{"0.3 envelope, v2", virtual.Request{Evidence: virtual.RekorV2, PredicateType: predicate}, verify.Requirements{}},
		{"0.3 envelope, v2 dsse", virtual.Request{Evidence: virtual.RekorV2, PredicateType: predicate, Kind: tlog.DSSEV002()}, verify.Requirements{}},
		{"0.3 message, both logs", virtual.Request{Evidence: virtual.RekorBoth}, verify.Requirements{Logs: 2}},
		{"0.3 envelope, both logs, one needed", virtual.Request{Evidence: virtual.RekorBoth, PredicateType: predicate, Timestamps: 1}, verify.Requirements{}},
		{"0.3 message, no log", virtual.Request{Evidence: virtual.NoLog}, noLog},
		{"0.3 message, two timestamps", virtual.Request{Evidence: virtual.RekorV2, Timestamps: 2}, verify.Requirements{Timestamps: 2}},
		{"managed key, v1", virtual.Request{ManagedKey: managed}, verify.Requirements{}},
		{"managed key, v1 dsse", virtual.Request{ManagedKey: managed, PredicateType: predicate}, verify.Requirements{}},
		{"managed key, v2", virtual.Request{ManagedKey: managed, Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"managed key, no log", virtual.Request{ManagedKey: managed, Evidence: virtual.NoLog, Timestamps: -1}, noLog},
		{"managed Ed25519 key, 0.1", virtual.Request{ManagedKey: edwards, Version: bundle.V01}, verify.Requirements{}},
		{"P-384 envelope, v2", virtual.Request{LeafKey: virtual.ECDSAP384, PredicateType: predicate, Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"P-521 message, v1", virtual.Request{LeafKey: virtual.ECDSAP521}, verify.Requirements{}},
		{"RSA message, v2", virtual.Request{LeafKey: virtual.RSA2048, Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"Ed25519 envelope, v1", virtual.Request{LeafKey: virtual.Ed25519, PredicateType: predicate}, verify.Requirements{}},
		{"Ed25519ph message, v2", virtual.Request{LeafKey: virtual.Ed25519ph, Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"two SCTs, all extensions", virtual.Request{SCTs: 2, Extensions: map[int]string{2: "push", 9: "https://a.test", 20: "push", 24: "sub"}}, verify.Requirements{}},
		{"one artifact, message, v1", virtual.Request{Artifact: shared, Time: later, Later: 2, Hooks: extended}, verify.Requirements{}},
		{"one artifact, message, v2", virtual.Request{Artifact: shared, Time: later, Later: 2, Hooks: extended, Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"one artifact, envelope, v1", virtual.Request{Artifact: shared, PredicateType: predicate}, verify.Requirements{}},
		{"one artifact, envelope, v2", virtual.Request{Artifact: shared, PredicateType: predicate, Evidence: virtual.RekorV2}, verify.Requirements{}},
		{"one artifact, managed key, v1", virtual.Request{Artifact: shared, ManagedKey: managed}, verify.Requirements{}},
		{"user name", virtual.Request{Names: []virtual.Name{{Type: virtual.OtherName, Value: "a!example.test"}}}, verify.Requirements{}},
	}, nil
}

func otherShapes(*virtual.World) ([]shape, error) {
	return []shape{
		{"message, v1", virtual.Request{}, verify.Requirements{}},
		{"envelope, v1, 0.1", virtual.Request{PredicateType: predicate, Version: bundle.V01}, verify.Requirements{}},
		{"message, v2", virtual.Request{Evidence: virtual.RekorV2, EmbedCertificates: true}, verify.Requirements{}},
		{"envelope, both logs", virtual.Request{Evidence: virtual.RekorBoth, PredicateType: predicate}, verify.Requirements{Logs: 2}},
	}, nil
}

func githubShapes(*virtual.World) ([]shape, error) {
	return []shape{
		{"release", virtual.Request{PredicateType: "https://in-toto.io/attestation/release/v0.1"}, verify.Requirements{}},
		{"message", virtual.Request{EmbedCertificates: true}, verify.Requirements{}},
	}, nil
}

// virtualCases signs all shapes in all worlds.
func virtualCases() ([]*Case, error) {
	var cases []*Case
	for _, x := range worlds {
		w, err := virtual.New(x.config)
		if err != nil {
			return nil, err
		}
		root, err := w.TrustedRoot()
		if err != nil {
			return nil, err
		}
		shapes, err := x.shapes(w)
		if err != nil {
			return nil, err
		}
		for _, s := range shapes {
			c, err := s.sign(w, x.name)
			if err != nil {
				return nil, err
			}
			c.Root = root
			cases = append(cases, c)
		}
	}
	return cases, nil
}

func (s shape) sign(w *virtual.World, pool string) (*Case, error) {
	name := pool + ": " + s.name
	r := s.request
	if r.Artifact == nil {
		r.Artifact = []byte("the artifact of " + name)
	}
	signed, err := w.Sign(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Case{Name: name, Pool: pool, Bundle: signed.Bundle, Policy: s.policy(pool, signed), Artifact: r.Artifact}, nil
}

// policy names the signer exactly.
func (s shape) policy(pool string, signed *virtual.Signed) verify.Policy {
	p := verify.Policy{Require: s.require}
	if signed.Certificate == nil {
		p.Keys = []verify.Key{{Public: signed.Key.Public(), Hint: signed.Key.Hint()}}
		return p
	}
	id := verify.Identity{SAN: verify.Exactly(virtual.DefaultSAN), Issuer: verify.Exactly(virtual.DefaultIssuer)}
	switch {
	case pool == "github":
		id = verify.Identity{SAN: verify.Exactly(virtual.GitHubSAN), Issuer: verify.NoIssuer()}
	case s.request.Names != nil:
		id.SAN = verify.Exactly(s.request.Names[0].Value)
	}
	p.Identities = []verify.Identity{id}
	if s.request.PredicateType != "" {
		p.PredicateTypes = []string{s.request.PredicateType}
	}
	return p
}
