// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sigbundle/sigbundle/conformance"
	"github.com/sigbundle/sigbundle/conformance/internal/oracle"
	"github.com/sigbundle/sigbundle/conformance/vectors"
)

// suite returns the cases of a conformance suite, each by its artifact and by
// the digest of it.
func suite(dir string) ([]*Question, error) {
	cases, err := conformance.Load(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	var list []*Question
	for _, c := range cases {
		r := c.Request
		root := r.TrustedRoot
		if root == nil {
			instance := "public-good"
			if r.Staging {
				instance = "staging"
			}
			if root, err = oracle.PublicRoot(instance); err != nil {
				return nil, err
			}
		}
		policy := exactly(r.Identity, r.Issuer)
		if r.Key != nil {
			policy = keyPolicy(r.Key)
		}
		story := vectors.Case{Bundle: r.Bundle, TrustedRoot: root, Policy: policy}
		byPath, byDigest := story, story
		byPath.Artifact, byDigest.Digest = c.Artifact, fmt.Sprintf("sha256:%x", sha256.Sum256(c.Artifact))
		list = append(list, (&Question{Case: byPath, Set: "suite", Name: c.Name + " by path"}).prepare(),
			(&Question{Case: byDigest, Set: "suite", Name: c.Name + " by digest"}).prepare())
	}
	return list, nil
}

func exactly(san, issuer string) vectors.Policy {
	id := vectors.Identity{SAN: vectors.Match{Exact: san}, Issuer: vectors.Match{Exact: issuer}}
	if issuer == "" {
		id.Issuer = vectors.Match{Absent: true}
	}
	return vectors.Policy{Identities: []vectors.Identity{id}}
}

// corpusLine is a line of a corpus' manifest, see conformance/corpus_test.go.
type corpusLine struct {
	ID          string  `json:"id"`
	File        string  `json:"file"`
	Artifact    string  `json:"artifact"`
	Identity    *string `json:"identity"`
	Issuer      *string `json:"issuer"`
	Key         string  `json:"key"`
	TrustedRoot string  `json:"trusted_root"`
	Policy      struct{ Tlog, SCT, Observer, TS int }
}

// corpus returns the real bundles of a corpus.
func corpus(dir string) ([]*Question, error) {
	f, err := os.Open(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []*Question
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line corpusLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		q, err := line.question(dir)
		if err != nil {
			return nil, err
		}
		list = append(list, q.prepare())
	}
	return list, lines.Err()
}

func (l *corpusLine) question(dir string) (q *Question, err error) {
	q = &Question{Set: "corpus", Name: l.ID}
	read := func(name string) []byte {
		var data []byte
		if err == nil {
			data, err = os.ReadFile(filepath.Join(dir, name))
		}
		return data
	}
	q.Bundle, q.TrustedRoot = read(l.File), read(l.TrustedRoot)
	switch {
	case strings.HasPrefix(l.Artifact, "artifacts/"):
		q.Artifact = read(l.Artifact)
	case l.Artifact != "":
		q.Digest = l.Artifact
	}
	switch {
	case l.Key != "":
		q.Policy = keyPolicy(read(l.Key))
	case l.Identity == nil:
		q.Policy = vectors.Policy{AnyIdentity: true}
	case l.Issuer == nil:
		q.Policy = exactly(*l.Identity, "")
	default:
		q.Policy = exactly(*l.Identity, *l.Issuer)
	}
	none := func(n int) int {
		if n == 0 {
			return -1
		}
		return n
	}
	q.Policy.Require = vectors.Require{Logs: none(l.Policy.Tlog), SCTs: none(l.Policy.SCT), Timestamps: none(l.Policy.TS), Times: none(l.Policy.Observer)}
	return q, err
}
