// SPDX-License-Identifier: Apache-2.0

// Package vectors tells what a verifier must accept and refuse, one story a
// case: a bundle from a virtual Sigstore with its trust root, its policy and
// its artifact, and what is wrong with it, if anything is.
//
// A story that ends in a refusal is a right one, by Make, in which one thing
// was then made wrong, by Break. The tests hold both halves against the
// verifier: without Break it must verify, with Break exactly one check must
// fail, with exactly the code that the story names.
//
// The files below testdata/virtual are the stories written out, for readers
// and for other verifiers; go generate writes them, and docs/reference/codes.md:
//
//go:generate go run ./generate ../..
package vectors

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"golang.org/x/tools/txtar"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// Content is the artifact of every story.
const Content = "To whom it may concern\n"

// A Story is one case.
type Story struct {
	// Check is the check that refuses or, for stories that verify,
	// "verified"; for what is refused before any check, the family of its
	// code: "bundle" or "trust". With Name it makes the name of the file.
	Check, Name string
	// Comment says what is wrong, and which rule forbids it.
	Comment string
	// Code is that of the refusal, "" if the bundle verifies.
	Code string
	// Notes are the codes of the report's notes, sorted.
	Notes []string

	World virtual.Config
	// Rebuild makes the world itself wrong.
	Rebuild func(*virtual.Config)
	// Make sets up what is right, Break makes it wrong.
	Make, Break func(*Setup)
}

// Path is the name of the story's file, relative to testdata/virtual.
func (s *Story) Path() string {
	suffix := ""
	if s.Code != "" {
		suffix = "_fail"
	}
	return s.Check + "/" + strings.ReplaceAll(s.Name, " ", "-") + suffix + ".txtar"
}

// Setup is everything that goes into a story.
type Setup struct {
	W       *virtual.World
	Request virtual.Request

	// Root, RootText and Text, if not nil, change the trust root, its JSON,
	// and the bundle's JSON.
	Root           func(*trustrootv1.TrustedRoot)
	RootText, Text func([]byte) []byte

	// Policy is what to hold the bundle against; if it names no signer, the
	// one of the virtual world is accepted.
	Policy Policy
	// Digest, if not empty, is all that is known of the artifact.
	Digest string
	// NoArtifact says that there is none.
	NoArtifact bool
}

// Key returns a key that nothing in the world is signed with. Errors cannot
// be: every type of key has one.
func (s *Setup) Key(name string, t virtual.KeyType) *virtual.Key {
	k, err := s.W.Key(name, t)
	if err != nil {
		panic(err)
	}
	return k
}

// Stranger returns the key of no one in particular.
func (s *Setup) Stranger() *virtual.Key { return s.Key("stranger", virtual.ECDSAP256) }

// Manage has the bundle signed by a managed key, and the policy accept it.
func (s *Setup) Manage(t virtual.KeyType) *virtual.Key {
	k := s.Key("managed", t)
	s.Request.ManagedKey = k
	s.Policy.Keys = []Key{{SPKI: k.SPKI()}}
	return k
}

// A Case is a story written out: all that a verifier is given.
type Case struct {
	Bundle, TrustedRoot []byte // JSON
	Policy              Policy
	// Artifact is the artifact itself, nil if only Digest is known or, when
	// that is empty too, nothing at all.
	Artifact []byte
	Digest   string
}

// Right returns the story as it would be if nothing were wrong.
func (s *Story) Right() (*Case, error) { return s.tell(false) }

// Case returns the story.
func (s *Story) Case() (*Case, error) { return s.tell(true) }

func (s *Story) tell(broken bool) (*Case, error) {
	config := s.World
	config.Seed = cmp.Or(config.Seed, "stories")
	if broken && s.Rebuild != nil {
		s.Rebuild(&config)
	}
	w, err := virtual.New(config)
	if err != nil {
		return nil, err
	}
	setup := &Setup{W: w, Request: virtual.Request{Artifact: []byte(Content)}}
	if s.Make != nil {
		s.Make(setup)
	}
	if broken && s.Break != nil {
		s.Break(setup)
	}
	setup.Policy.defaults(&config, &setup.Request)
	return setup.build()
}

func (s *Setup) build() (*Case, error) {
	signed, err := s.W.Sign(s.Request)
	if err != nil {
		return nil, err
	}
	var changes []func(*trustrootv1.TrustedRoot)
	if s.Root != nil {
		changes = append(changes, s.Root)
	}
	root, err := s.W.TrustedRoot(changes...)
	if err != nil {
		return nil, err
	}
	c := &Case{Policy: s.Policy, Bundle: edit(signed.Bundle, s.Text), TrustedRoot: edit(root, s.RootText), Digest: s.Digest}
	if c.Digest == "" && !s.NoArtifact {
		c.Artifact = []byte(Content)
	}
	return c, nil
}

// edit makes a last change to JSON and then indents it, if it still is any.
func edit(data []byte, change func([]byte) []byte) []byte {
	if change != nil {
		data = change(data)
	}
	var b bytes.Buffer
	if json.Indent(&b, data, "", " ") == nil {
		data = b.Bytes()
	}
	return append(bytes.TrimSuffix(data, []byte("\n")), '\n')
}

// file returns the story as a file, with the report on it.
func (t *Told) file() ([]byte, error) {
	c := t.Case
	policy, err := json.MarshalIndent(c.Policy, "", " ")
	if err != nil {
		return nil, err
	}
	a := &txtar.Archive{Comment: []byte(strings.TrimSpace(t.Comment) + "\n"), Files: []txtar.File{
		{Name: "bundle.json", Data: c.Bundle},
		{Name: "trusted_root.json", Data: c.TrustedRoot},
		{Name: "policy.json", Data: append(policy, '\n')},
	}}
	switch {
	case c.Artifact != nil:
		a.Files = append(a.Files, txtar.File{Name: "artifact", Data: c.Artifact})
	case c.Digest != "":
		a.Files = append(a.Files, txtar.File{Name: "artifact.digest", Data: []byte(c.Digest + "\n")})
	}
	a.Files = append(a.Files, txtar.File{Name: "want.report", Data: t.Report.MarshalIndent()})
	return txtar.Format(a), nil
}

// Load reads a story's file back.
func Load(data []byte) (c *Case, report []byte, err error) {
	c = new(Case)
	for _, f := range txtar.Parse(data).Files {
		switch f.Name {
		case "bundle.json":
			c.Bundle = f.Data
		case "trusted_root.json":
			c.TrustedRoot = f.Data
		case "policy.json":
			err = json.Unmarshal(f.Data, &c.Policy)
		case "artifact":
			c.Artifact = f.Data
		case "artifact.digest":
			c.Digest = strings.TrimSpace(string(f.Data))
		case "want.report":
			report = f.Data
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return c, report, nil
}

// digestOf names the artifact of every story.
func digestOf() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(Content))) }
