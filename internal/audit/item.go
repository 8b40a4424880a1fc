// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"iter"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/verify"
)

// An item is one bundle of the source, on its way to a finding.
type item struct {
	job  verify.Job
	size int   // bytes held while it is under way
	err  error // why there is nothing to judge; the job is empty then

	place    string // see Finding
	bundle   string
	artifact string
	index    int // from 1, of the bundle in its entry
	expected *expectation

	last   bool   // of its entry
	cursor cursor // behind its entry, if it is the last
}

// items yields the bundles of an entry, at least one.
func (r *run) items(e *entry) iter.Seq[*item] {
	return func(yield func(*item) bool) {
		if e.line != nil { // not before: lines that are passed over are not parsed
			e.rec, e.err = parseLine(e.line)
			e.line = nil
		}
		var expected *expectation
		refused := func(err error) *item {
			return &item{err: err, place: e.place, bundle: e.rec.bundlePath, artifact: e.rec.artifact, expected: expected}
		}
		if e.err != nil {
			yield(refused(e.err))
			return
		}
		if r.config.NoArtifact && e.implied {
			e.rec.artifact = ""
		}
		data := e.rec.bundle
		if data == nil {
			var err error
			if data, err = readBounded(e.store, e.rec.bundlePath); err != nil {
				yield(refused(refuse.Wrap("input.bundle", err, "bundle %q", e.rec.bundlePath)))
				return
			}
		}
		var job verify.Job
		if err := r.artifact(e, &job); err != nil {
			yield(refused(err))
			return
		}
		if job.Verifier = r.verifiers.whole; r.config.Expectations != nil {
			var err error
			if expected, err = r.expect(e, &job); err != nil {
				yield(refused(err))
				return
			}
		}
		index := 0
		for bundle, err := range split(data) {
			index++
			it := refused(err)
			it.index = index
			if err == nil {
				it.job, it.size = job, len(bundle)
				it.job.Bundle = bundle
			}
			if !yield(it) {
				return
			}
		}
	}
}

// artifact says in the job what the bundles of an entry are held against.
func (r *run) artifact(e *entry, job *verify.Job) error {
	name := e.rec.artifact
	switch {
	case name == "" && r.config.NoArtifact:
		job.Artifact = verify.NoArtifact()
	case name == "":
		return refuse.New("input.artifact", "no artifact is named")
	case !e.implied && isDigest(name): // only a caller can mean a digest; beside a bundle lies a file
		var err error
		job.Artifact, err = verify.ParseArtifactDigest(name)
		return err
	default:
		job.Open = openArtifact(e.store, name)
	}
	return nil
}

// expect finds the expectation about an entry, and has it judge the job.
func (r *run) expect(e *entry, job *verify.Job) (*expectation, error) {
	x, err := r.config.Expectations.find(e)
	if err != nil {
		return nil, err
	}
	if x.digest != nil && job.Open != nil {
		job.Open = pinned(job.Open, x)
	}
	job.Verifier, err = r.verifiers.of(x)
	return x, err
}

// isDigest tells ALGORITHM:HEX from a path, without looking for a file: what
// a line means must not depend on which files exist. Windows' drives have one
// letter; a file with such a name is written ./a:b.
func isDigest(name string) bool {
	before, _, found := strings.Cut(name, ":")
	return found && len(before) > 1 && !strings.ContainsAny(before, `/\.`)
}

// maxAttestations bounds the bundles in one answer of npm's registry, which
// has two for each release today.
const maxAttestations = 1024

// split yields the bundles in data, at least one: a bundle printed in any
// way, bundles in JSON Lines, or answers of npm's attestations API in either.
func split(data []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		rest := bytes.TrimLeft(data, " \t\r\n")
		if len(rest) == 0 {
			yield(nil, refuse.New("bundle.empty", "no bundle in %d bytes", len(data)))
			return
		}
		first, more, _ := bytes.Cut(rest, []byte("\n"))
		if len(bytes.TrimSpace(more)) == 0 || !isValue(first) {
			splitAnswer(rest, yield)
			return
		}
		for len(rest) > 0 {
			var line []byte
			line, rest, _ = bytes.Cut(rest, []byte("\n"))
			if !splitAnswer(line, yield) {
				return
			}
			rest = bytes.TrimLeft(rest, " \t\r\n")
		}
	}
}

// isValue reports whether line is one complete JSON value.
func isValue(line []byte) bool {
	d := strictjson.NewDecoder(line)
	return d.Skip() == nil && d.End() == nil
}

// splitAnswer yields the bundles of an answer of npm's registry, and data
// itself if it is none.
func splitAnswer(data []byte, yield func([]byte, error) bool) bool {
	bundles, ok, err := parseAnswer(data)
	switch {
	case !ok:
		return yield(data, nil) // the parser of bundles has the last word
	case err != nil:
		return yield(nil, refuse.Wrap("input.line", err, "npm attestations"))
	case len(bundles) == 0:
		return yield(nil, refuse.New("bundle.empty", "the answer has no attestations"))
	}
	for _, b := range bundles {
		if !yield(b, nil) {
			return false
		}
	}
	return true
}

// parseAnswer reads {"attestations":[{"predicateType":…,"bundle":{…}}]}, the
// answer of npm's registry to /-/npm/v1/attestations/NAME@VERSION. Members it
// may gain are ignored: none of them is evidence. ok is false if there is no
// member "attestations".
func parseAnswer(data []byte) (bundles [][]byte, ok bool, err error) {
	d := strictjson.NewDecoder(data)
	err = d.Object(func(key string) error {
		if key != "attestations" {
			return d.Skip()
		}
		ok = true
		return d.Array(maxAttestations, func(int) error {
			b, err := parseAttestation(d)
			bundles = append(bundles, b)
			return err
		})
	})
	if err == nil {
		err = d.End()
	}
	return bundles, ok, err
}

var errNoBundle = errors.New("an attestation without a bundle")

func parseAttestation(d *strictjson.Decoder) (bundle []byte, err error) {
	err = d.Object(func(key string) (err error) {
		switch key {
		case "bundle":
			bundle, err = d.Raw()
			return err
		case "predicateType":
			_, err := d.String()
			return err
		}
		return d.Skip()
	})
	if err == nil && bundle == nil {
		err = errNoBundle
	}
	return bundle, err
}
