// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/internal/oracle"
	"github.com/sigbundle/sigbundle/conformance/vectors"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
)

// othernameDigest is of an artifact that its bundle names only so.
const othernameDigest = "sha256:bc103b4a84971ef6459b294a2b98568a2bfb72cded09d4acd1e16366a401f95b"

// public returns the real bundles of testdata/public. Of those of GitHub's own
// instance no one here has the trust root: all must refuse them.
func public(dir string) ([]*Question, error) {
	var list []*Question
	for _, c := range []struct{ file, artifact, root, digest, key string }{
		{file: "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json", artifact: "github_provenance_demo-0.0.0-py3-none-any.whl"},
		{file: "github_provenance_demo-0.0.12-py3-none-any.whl.sigstore.jsonl", artifact: "github_provenance_demo-0.0.12-py3-none-any.whl"},
		{file: "github_release.zip.sigstore.json", artifact: "github_release.zip"},
		{file: "sigstore-js-2.1.0.sigstore.json"},
		{file: "sigstore-js-2.1.0-v0.1.sigstore.json"},
		{file: "dsse.sigstore.json"},
		{file: "dsse-2sigs.sigstore.json"},
		{file: "npm-publish.sigstore.json", key: "npm-publish.pub"},
		{file: "othername.sigstore.json", root: "othername.trusted_root.json", digest: othernameDigest},
	} {
		q := &Question{Set: "public", Name: c.file, Case: vectors.Case{Digest: c.digest, Policy: vectors.Policy{AnyIdentity: true}}}
		data, err := os.ReadFile(filepath.Join(dir, c.file))
		if err != nil {
			return nil, err
		}
		q.Bundle, _, _ = bytes.Cut(bytes.TrimSpace(data), []byte("\n{")) // the first of several
		if c.artifact != "" {
			if q.Artifact, err = os.ReadFile(filepath.Join(dir, c.artifact)); err != nil {
				return nil, err
			}
		}
		if c.key != "" {
			key, err := os.ReadFile(filepath.Join(dir, c.key))
			if err != nil {
				return nil, err
			}
			q.Policy = keyPolicy(key)
		}
		if c.root != "" {
			q.TrustedRoot, err = os.ReadFile(filepath.Join(dir, c.root))
		} else {
			q.TrustedRoot, err = oracle.PublicRoot("public-good")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, q.prepare())
	}
	return list, nil
}

// keyPolicy accepts one managed key under every hint.
func keyPolicy(text []byte) vectors.Policy {
	spki := text
	if block, _ := pem.Decode(text); block != nil {
		spki = block.Bytes
	}
	return vectors.Policy{Keys: []vectors.Key{{SPKI: spki}}}
}

// told returns the stories below dir.
func told(dir string) ([]*Question, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no stories in %s: %w", dir, err)
	}
	var list []*Question
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c, _, err := vectors.Load(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".txtar")
		c.Bundle = explicit(c.Bundle)
		list = append(list, (&Question{Case: *c, Set: "story", Name: name}).prepare())
	}
	return list, nil
}

// zeros are the places where protobuf's JSON leaves a zero out.
var zeros = []struct {
	at   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(\{)(\s*"logId")`), `${1}"logIndex":"0",${2}`},
	{regexp.MustCompile(`("inclusionProof":\s*\{)(\s*"rootHash")`), `${1}"logIndex":"0",${2}`},
	{regexp.MustCompile(`("treeSize":\s*"\d+",)(\s*"checkpoint")`), `${1}"hashes":[],${2}`},
}

// explicit writes the zeros out. The Python client reads no bundle without
// them, and would refuse all of these for that reason alone.
func explicit(data []byte) []byte {
	for _, z := range zeros {
		data = z.at.ReplaceAll(data, []byte(z.with))
	}
	return data
}

const predicate = "https://slsa.dev/provenance/v1"

// shape is a request and what is demanded of the bundle that comes of it.
type shape struct {
	name    string
	request virtual.Request
	require vectors.Require
}

var worlds = []struct {
	name   string
	config virtual.Config
	shapes func(*virtual.World) ([]shape, error)
}{
	{"public", virtual.Config{Seed: "differ", TSAs: 2, RekorV1Size: 75408, RekorV2Size: 735, Witnesses: []string{"witness.test/a"}}, publicShapes},
	{"rsa", virtual.Config{Seed: "differ rsa", CAKey: virtual.RSA2048, CTKey: virtual.RSA2048, TSAKey: virtual.RSA2048, BareRoot: true}, otherShapes},
	{"ecdsa", virtual.Config{Seed: "differ ecdsa", CAKey: virtual.ECDSAP256, TSAKey: virtual.ECDSAP384, CTExtensions: []byte("\x00\x00\x05\x00\x00\x00\x00\x70")}, otherShapes},
	{"github", virtual.Config{Seed: "differ github", GitHub: true}, githubShapes},
}

func publicShapes(w *virtual.World) ([]shape, error) {
	managed, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		return nil, err
	}
	noLog := vectors.Require{Logs: -1}
	return []shape{
		{"0.3 message, v1", virtual.Request{}, vectors.Require{}},
		{"0.3 message, v1 and timestamp", virtual.Request{Timestamps: 1, Later: 3}, vectors.Require{}},
		{"0.3 message, v1 by timestamp", virtual.Request{WithoutPromise: true}, vectors.Require{}},
		{"0.3 envelope, v1 dsse", virtual.Request{PredicateType: predicate}, vectors.Require{}},
		{"0.3 envelope, v1 intoto", virtual.Request{PredicateType: predicate, Kind: tlog.IntotoV002()}, vectors.Require{}},
		{"0.1 message, promise", virtual.Request{Version: bundle.V01, WithoutProof: true}, vectors.Require{}},
		{"0.1 message, promise and proof", virtual.Request{Version: bundle.V01}, vectors.Require{}},
		{"0.2 envelope, v1 dsse", virtual.Request{Version: bundle.V02, PredicateType: predicate}, vectors.Require{}},
		{"0.2 message, timestamp", virtual.Request{Version: bundle.V02, WithoutPromise: true, EmbedCertificates: true}, vectors.Require{}},
		{"0.3 message, v2", virtual.Request{Evidence: virtual.RekorV2}, vectors.Require{}},
		{"0.3 message, v2, certificates in the timestamp", virtual.Request{Evidence: virtual.RekorV2, EmbedCertificates: true, Later: 5}, vectors.Require{}},
		{"0.3 envelope, v2", virtual.Request{Evidence: virtual.RekorV2, PredicateType: predicate}, vectors.Require{}},
		{"0.3 envelope, v2 dsse", virtual.Request{Evidence: virtual.RekorV2, PredicateType: predicate, Kind: tlog.DSSEV002()}, vectors.Require{}},
		{"0.3 message, both logs", virtual.Request{Evidence: virtual.RekorBoth}, vectors.Require{Logs: 2}},
		{"0.3 message, no log", virtual.Request{Evidence: virtual.NoLog}, noLog},
		{"0.3 message, two timestamps", virtual.Request{Evidence: virtual.RekorV2, Timestamps: 2}, vectors.Require{Timestamps: 2}},
		{"managed key, v1", virtual.Request{ManagedKey: managed}, vectors.Require{}},
		{"managed key, v1 dsse", virtual.Request{ManagedKey: managed, PredicateType: predicate}, vectors.Require{}},
		{"managed key, v2", virtual.Request{ManagedKey: managed, Evidence: virtual.RekorV2}, vectors.Require{}},
		{"P-384 envelope, v2", virtual.Request{LeafKey: virtual.ECDSAP384, PredicateType: predicate, Evidence: virtual.RekorV2}, vectors.Require{}},
		{"RSA message, v2", virtual.Request{LeafKey: virtual.RSA2048, Evidence: virtual.RekorV2}, vectors.Require{}},
		{"Ed25519 envelope, v1", virtual.Request{LeafKey: virtual.Ed25519, PredicateType: predicate}, vectors.Require{}},
	}, nil
}

func otherShapes(*virtual.World) ([]shape, error) {
	return []shape{
		{"message, v1", virtual.Request{}, vectors.Require{}},
		{"envelope, v1", virtual.Request{PredicateType: predicate}, vectors.Require{}},
		{"message, v2", virtual.Request{Evidence: virtual.RekorV2, EmbedCertificates: true}, vectors.Require{}},
	}, nil
}

func githubShapes(*virtual.World) ([]shape, error) {
	return []shape{{"release", virtual.Request{PredicateType: "https://in-toto.io/attestation/release/v0.1"}, vectors.Require{}}}, nil
}

// made signs all shapes in all worlds.
func made() ([]*Question, error) {
	var list []*Question
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
			q := &Question{Set: "virtual", Name: x.name + ": " + s.name}
			s.request.Artifact = []byte("the artifact of " + q.Name)
			signed, err := w.Sign(s.request)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", q.Name, err)
			}
			q.Case = vectors.Case{Bundle: explicit(signed.Bundle), TrustedRoot: root, Artifact: s.request.Artifact, Policy: s.policy(signed, x.config.GitHub)}
			list = append(list, q.prepare())
		}
	}
	return list, nil
}

func (s *shape) policy(signed *virtual.Signed, github bool) vectors.Policy {
	p := vectors.Policy{Require: s.require}
	if signed.Certificate == nil {
		p.Keys = []vectors.Key{{SPKI: signed.Key.SPKI(), Hint: signed.Key.Hint()}}
		return p
	}
	id := vectors.Identity{SAN: vectors.Match{Exact: virtual.DefaultSAN}, Issuer: vectors.Match{Exact: virtual.DefaultIssuer}}
	if github {
		id = vectors.Identity{SAN: vectors.Match{Exact: virtual.GitHubSAN}, Issuer: vectors.Match{Absent: true}}
	}
	p.Identities = []vectors.Identity{id}
	return p
}
