// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/sigbundle/sigbundle/verify/report"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// All returns every story, in the order of the algorithm.
func All() []Story {
	return slices.Concat(
		verifiedStories(), satisfiedStories(), acceptedKeyStories(), toleratedStories(), oddStories(),
		bundleStories(), bundleEntryStories(), trustStories(),
		signerStories(), digestStories(), timestampStories(), timestampAuthorityStories(), promiseStories(),
		checkpointStories(), inclusionStories(), entryStories(), entryKindStories(), dsseV2Stories(), timeStories(),
		validityStories(), certificateStories(), sctStories(), identityStories(),
		signatureStories(), statementStories(), ruleStories(),
	)
}

const predicate = "https://example.test/release/v1"

// attest has the bundle hold a statement in an envelope.
func attest(s *Setup) { s.Request.PredicateType = predicate }

// rekorV2 has the signature entered into a log of the second generation, with
// a timestamp.
func rekorV2(s *Setup) { s.Request.Evidence = virtual.RekorV2 }

// stamped adds a timestamp to what Rekor v1 says.
func stamped(s *Setup) { s.Request.Timestamps = 1 }

// later has the log grow before its checkpoint, so that the proof has hashes.
func later(s *Setup) { s.Request.Later = 4 }

// with runs several steps of a Make.
func with(steps ...func(*Setup)) func(*Setup) {
	return func(s *Setup) {
		for _, step := range steps {
			step(s)
		}
	}
}

// message changes what no one signs.
func message(change func(*bundlev1.Bundle)) func(*Setup) {
	return func(s *Setup) { s.Request.Bundle = change }
}

// logEntry changes the first log entry of what no one signs.
func logEntry(change func(*rekorv1.TransparencyLogEntry)) func(*Setup) {
	return message(func(m *bundlev1.Bundle) { change(m.VerificationMaterial.TlogEntries[0]) })
}

// root changes the trust root.
func root(change func(*trustrootv1.TrustedRoot)) func(*Setup) {
	return func(s *Setup) { s.Root = change }
}

// text replaces text in the bundle's JSON, which must be there.
func text(old, new string) func(*Setup) {
	return func(s *Setup) { s.Text = replace(old, new) }
}

func replace(old, new string) func([]byte) []byte {
	return func(data []byte) []byte {
		if !bytes.Contains(data, []byte(old)) {
			panic("stories: " + old + " is not in the text")
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
}

// Told is a story that came to its end.
type Told struct {
	Story
	Case   *Case
	Report *report.Report // with all that is wrong
	Err    error          // the refusal
}

func (t *Told) path() string { return "testdata/virtual/" + t.Path() }

// Tell tells every story once.
func Tell() ([]Told, error) {
	var told []Told
	for _, s := range All() {
		c, err := s.Case()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Path(), err)
		}
		report, err := c.Judge(true)
		told = append(told, Told{s, c, report, err})
	}
	return told, nil
}

// Files returns the contents of all files that are generated, by their names
// from the top of the repository.
func Files(told []Told) (map[string][]byte, error) {
	table, err := constants()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"docs/reference/codes.md": listing(told), "verify/codes/table.go": table}
	for _, t := range told {
		data, err := t.file()
		if err != nil {
			return nil, err
		}
		files[t.path()] = data
	}
	return files, nil
}
