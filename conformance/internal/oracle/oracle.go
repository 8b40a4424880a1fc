// SPDX-License-Identifier: Apache-2.0

// Package oracle holds this module against other implementations: sigstore-go
// for verdicts and for speed, digitorus/timestamp for RFC 3161. It is a module
// of its own so that nothing else ever depends on them.
//
// The command in cmd/bench measures both verifiers over the rows made here,
// and cmd/peer is the smallest program that verifies with sigstore-go. The
// differential tests are in this folder.
package oracle

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
)

// Item is one bundle and what it is about.
type Item struct {
	Bundle []byte            // JSON
	Digest [sha256.Size]byte // of the artifact
}

// Row is one kind of bundle: a line of the benchmark's table.
type Row struct {
	Name        string
	Root        []byte // trusted root, JSON
	Items       []Item // all different where the row is made, one where it is a real bundle
	SAN, Issuer string // the signer's identity; empty for a managed key
	Key         crypto.PublicKey
	Hint        string // of Key
}

// real names the public bundle that a row is about.
const (
	realBundle   = "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json"
	realArtifact = "github_provenance_demo-0.0.0-py3-none-any.whl"
	realSAN      = "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d"
)

// predicateType of the envelopes made here.
const predicateType = "https://slsa.dev/provenance/v1"

// Rows makes all rows, with n different bundles in each that is made. The
// folder public is testdata/public of this repository.
func Rows(public string, n int) ([]Row, error) {
	// The authorities' keys are of the kinds that the public instance has.
	w, err := virtual.New(virtual.Config{Seed: "oracle", TSAKey: virtual.ECDSAP384, RekorV1Size: 1 << 22, RekorV2Size: 1 << 22})
	if err != nil {
		return nil, err
	}
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		return nil, err
	}
	rows := []Row{}
	for _, made := range []struct {
		name    string
		request virtual.Request
	}{
		{"v0.1, SET", virtual.Request{Version: bundle.V01, WithoutProof: true}},
		{"v0.3, SET + proof", virtual.Request{}},
		{"v0.3, DSSE, Rekor v1", virtual.Request{PredicateType: predicateType}},
		{"v0.3, Rekor v2 + TSA", virtual.Request{Evidence: virtual.RekorV2}},
		{"v0.3, DSSE, Rekor v2 + TSA", virtual.Request{Evidence: virtual.RekorV2, PredicateType: predicateType}},
		{"v0.3, managed key + TSA", virtual.Request{Evidence: virtual.RekorV2, ManagedKey: key}},
	} {
		row, err := newRow(w, made.name, n, made.request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", made.name, err)
		}
		rows = append(rows, row)
	}
	provenance, err := realRow(public)
	if err != nil {
		return nil, err
	}
	// Beside its synthetic sibling.
	return append(rows[:3:3], append([]Row{provenance}, rows[3:]...)...), nil
}

// newRow signs n different artifacts.
func newRow(w *virtual.World, name string, n int, r virtual.Request) (Row, error) {
	row := Row{Name: name, SAN: virtual.DefaultSAN, Issuer: virtual.DefaultIssuer}
	if r.ManagedKey != nil {
		row.SAN, row.Issuer, row.Key, row.Hint = "", "", r.ManagedKey.Public(), r.ManagedKey.Hint()
	}
	for i := range n {
		r.Artifact = fmt.Appendf(nil, "%s, artifact %d", name, i)
		r.Later = 1 + i%7
		signed, err := w.Sign(r)
		if err != nil {
			return Row{}, err
		}
		row.Items = append(row.Items, Item{Bundle: signed.Bundle, Digest: sha256.Sum256(r.Artifact)})
	}
	var err error
	row.Root, err = w.TrustedRoot()
	return row, err
}

// realRow is provenance that GitHub's workflow made in the public instance.
func realRow(public string) (Row, error) {
	data, err := os.ReadFile(filepath.Join(public, realBundle))
	if err != nil {
		return Row{}, err
	}
	artifact, err := os.ReadFile(filepath.Join(public, realArtifact))
	if err != nil {
		return Row{}, err
	}
	root, err := PublicRoot("public-good")
	if err != nil {
		return Row{}, err
	}
	return Row{
		Name: "v0.3, DSSE, Rekor v1, real", Root: root,
		Items: []Item{{Bundle: data, Digest: sha256.Sum256(artifact)}},
		SAN:   realSAN, Issuer: virtual.DefaultIssuer,
	}, nil
}

// PublicRoot returns the JSON of an embedded trust root.
func PublicRoot(instance string) ([]byte, error) {
	root, err := embedded.TrustedRoot(instance)
	if err != nil {
		return nil, err
	}
	return root.MarshalJSON()
}
