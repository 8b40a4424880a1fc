// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// corpusLine is a line of a corpus manifest: a real bundle, and what a
// verifier must say of it. Files are relative to the manifest.
type corpusLine struct {
	ID          string  `json:"id"`
	File        string  `json:"file"`
	Artifact    string  `json:"artifact"` // a file, ALGORITHM:HEX, or empty
	Identity    *string `json:"identity"`
	Issuer      *string `json:"issuer"`
	Key         string  `json:"key"`
	TrustedRoot string  `json:"trusted_root"`
	Policy      struct{ Tlog, SCT, Observer, TS int }
	Expect      string `json:"expect"`
	Why         string `json:"why"`
	Contested   bool   `json:"contested"`
}

// decided lists the lines on which other clients agree with each other and not
// with us, because a specification settles the matter. Each holds only while
// our verdict has the code that the rule gives it.
var decided = []struct{ id, code, rule string }{
	{"tinfoil_078-in-toto-statement-type-case-variation", "statement.type",
		"in-toto attestation framework, Statement: _type is compared byte for byte, and \"…/Statement/V1\" is not its identifier"},
}

func decision(id, code string) (rule string) {
	for _, d := range decided {
		if d.id == id && d.code == code {
			return d.rule
		}
	}
	return ""
}

// TestCorpus verifies the real bundles of the folder that SIGBUNDLE_CORPUS
// names. Lines on which clients disagree are printed with our verdict; all
// others must agree.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_CORPUS")
	if dir == "" {
		t.Skip("SIGBUNDLE_CORPUS names no folder")
	}
	f, err := os.Open(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line corpusLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		err := line.verify(dir)
		got := "accept"
		if err != nil {
			got = "reject"
		}
		var pathErr *os.PathError
		switch {
		case errors.As(err, &pathErr):
			t.Errorf("%s: %v", line.ID, err)
		case line.Contested:
			t.Logf("contested  %-10s %-28s %s: %v (others: %s, %s)", got, codes.Of(err), line.ID, err, line.Expect, line.Why)
		case got != line.Expect && decision(line.ID, codes.Of(err)) != "":
			t.Logf("decided    %-10s %-28s %s: %v (others: %s; %s)", got, codes.Of(err), line.ID, err, line.Expect, decision(line.ID, codes.Of(err)))
		case got != line.Expect:
			t.Errorf("%s: want %s (%s), got %s: %s: %v", line.ID, line.Expect, line.Why, got, codes.Of(err), err)
		case err != nil:
			t.Logf("refused    %-28s %s (%s)", codes.Of(err), line.ID, line.Why)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func (l *corpusLine) verify(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, l.TrustedRoot))
	if err != nil {
		return err
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		return err
	}
	policy, err := l.policy(dir)
	if err != nil {
		return err
	}
	v, err := verify.New(verify.Config{Root: root, Policy: policy})
	if err != nil {
		return err
	}
	if data, err = os.ReadFile(filepath.Join(dir, l.File)); err != nil {
		return err
	}
	b, err := bundle.Parse(data)
	if err != nil {
		return err
	}
	a := verify.NoArtifact()
	switch {
	case strings.HasPrefix(l.Artifact, "artifacts/"):
		f, err := os.Open(filepath.Join(dir, l.Artifact))
		if err != nil {
			return err
		}
		defer f.Close()
		if a, err = v.ReadArtifact(f, b); err != nil {
			return err
		}
	case l.Artifact != "":
		if a, err = verify.ParseArtifactDigest(l.Artifact); err != nil {
			return err
		}
	}
	_, err = v.Verify(b, a)
	return err
}

func (l *corpusLine) policy(dir string) (verify.Policy, error) {
	p := verify.Policy{Require: verify.Requirements{
		Logs: threshold(l.Policy.Tlog), SCTs: threshold(l.Policy.SCT),
		Timestamps: threshold(l.Policy.TS), Times: threshold(l.Policy.Observer),
	}}
	switch {
	case l.Key != "":
		data, err := os.ReadFile(filepath.Join(dir, l.Key))
		if err != nil {
			return p, err
		}
		key, err := sigkey.ParsePEM(data)
		if err != nil {
			return p, err
		}
		p.Keys = []verify.Key{{Public: key.Public()}}
	case l.Identity == nil:
		p.AnyIdentity = true
	default:
		id := verify.Identity{SAN: verify.Exactly(*l.Identity), Issuer: verify.NoIssuer()}
		if l.Issuer != nil {
			id.Issuer = verify.Exactly(*l.Issuer)
		}
		p.Identities = []verify.Identity{id}
	}
	return p, nil
}

func threshold(n int) verify.Threshold {
	if n == 0 {
		return verify.NotRequired
	}
	return verify.Threshold(n)
}
