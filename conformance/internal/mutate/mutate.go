// SPDX-License-Identifier: Apache-2.0

// Package mutate shows that the verifier cannot be fooled by altered bundles.
//
// From bundles that verify, made up ones of every shape and real ones, it
// derives mutants: every value flipped, zeroed, emptied, replaced by one of
// another type, spliced in from another valid bundle, every member dropped,
// doubled, moved, every byte of every certificate, token, log entry and
// signature changed. Each mutant must be refused with a code that suits its
// mutation, as the table in expect.go has it, or prove nothing that the
// original did not prove, for one of the reasons listed there.
//
//	go run ./conformance/internal/mutate/cmd/mutate -out docs/evidence/mutations.md
//
// Nothing here is random: every run has the same mutants in the same order.
package mutate

import (
	"bytes"
	"fmt"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// Case is a bundle that verifies, with all that it is judged by.
type Case struct {
	Name     string
	Pool     string // bundles of one pool have one trust root: parts of them get mixed
	Bundle   []byte
	Root     []byte
	Policy   verify.Policy
	Artifact []byte // nil: Digest
	Digest   string // ALGORITHM:HEX, empty: no artifact is given
}

// Mutant is an altered case. Exactly one of its parts differs from the case.
type Mutant struct {
	Case     *subject
	Operator string // what was done
	Place    string // where, without the numbers of list elements
	// make returns the altered bundle; or, for mutants of trust root or
	// policy, the subject with that part replaced, or the refusal of it.
	make  func() []byte
	other func() (*subject, error)
	data  []byte // what make returned
	fresh bool   // signed anew: it has a certificate of its own
	// ordered says that what make returns depends on what was made before.
	ordered bool
}

// String names the mutant for error messages.
func (m *Mutant) String() string {
	return fmt.Sprintf("%s: %s at %s", m.Case.Name, m.Operator, m.Place)
}

// subject is a case ready to be judged.
type subject struct {
	*Case
	root     *trustroot.Root
	verifier *verify.Verifier
	doc      *node          // the bundle
	parsed   *bundle.Bundle // the original
	proved   *proof         // what the original proves
}

// prepare parses what a case is judged by, and judges it.
func prepare(c *Case) (*subject, error) {
	root, err := trustroot.Parse(c.Root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	s, err := (&subject{Case: c}).under(root, c.Policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	if s.doc, err = parseNode(c.Bundle); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	if s.parsed, err = bundle.Parse(c.Bundle); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	if s.proved, err = s.judge(c.Bundle); err != nil {
		return nil, fmt.Errorf("%s does not verify: %w", c.Name, err)
	}
	return s, nil
}

// under returns the subject with another root and policy.
func (s *subject) under(root *trustroot.Root, p verify.Policy) (*subject, error) {
	v, err := verify.New(verify.Config{Root: root, Policy: p})
	if err != nil {
		return nil, err
	}
	t := *s
	t.root, t.verifier = root, v
	return &t, nil
}

// judge takes a bundle in by the functions that every bundle passes.
func (s *subject) judge(data []byte) (*proof, error) {
	b, err := bundle.Parse(data)
	if err != nil {
		return nil, err
	}
	a, err := s.artifactFor(b)
	if err != nil {
		return nil, err
	}
	r, err := s.verifier.Verify(b, a)
	if err != nil {
		return nil, err
	}
	return newProof(b, r), nil
}

// artifactFor returns what a bundle is to be about.
func (s *subject) artifactFor(b *bundle.Bundle) (verify.Artifact, error) {
	switch {
	case s.Artifact != nil:
		return s.verifier.ReadArtifact(bytes.NewReader(s.Artifact), b)
	case s.Digest != "":
		return verify.ParseArtifactDigest(s.Digest)
	}
	return verify.NoArtifact(), nil
}
