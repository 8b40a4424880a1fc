// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"iter"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
)

// An item is one bundle of the source, on its way to a finding.
type item struct {
	job  verify.Job
	size int   // bytes held while it is under way
	err  error // why there is nothing to judge; the job is empty then

	opened carrier.Item // what became of the bundle of the job, once it is judged

	place    string // see Finding
	bundle   string
	artifact string
	index    int  // from 1, of the bundle in its entry
	read     bool // whether its bytes exist
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
		read := false
		refused := func(err error) *item {
			return &item{err: err, place: e.place, bundle: e.rec.bundlePath, artifact: e.rec.artifact, expected: expected, read: read}
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
		read = true
		var job verify.Job
		if err := r.artifact(e, &job); err != nil {
			yield(refused(err))
			return
		}
		if r.config.Expectations == nil {
			judgedBy(&job, r.verifiers.whole)
		} else {
			var err error
			if expected, err = r.expect(e, &job); err != nil {
				yield(refused(err))
				return
			}
		}
		found, err := carried(data)
		if err != nil {
			it := refused(err)
			it.index = 1
			yield(it)
			return
		}
		for i, f := range found {
			err := f.err
			if most := r.config.maxBundle(); err == nil && len(f.Raw) > most {
				err = refuse.New("bundle.limit", "bundle of %d bytes, want at most %d", len(f.Raw), most)
			}
			it := refused(err)
			it.index = i + 1
			if err == nil {
				if len(f.Raw) < len(data) {
					f.Element = f.Clone() // it keeps no file of any size in memory
				}
				it.job, it.size = job, len(f.Raw)
				it.job.Parse = func() (*bundle.Bundle, error) {
					it.opened = f.Open()
					return it.opened.Bundle, it.opened.Err
				}
			}
			if !yield(it) {
				return
			}
		}
	}
}

// found is one bundle of a document, or why there is none in its place.
type found struct {
	carrier.Element
	err error
}

// carried returns the bundles of a document, at least one and at most
// [carrier.MaxBundles]; a document with more is refused as a whole.
func carried(data []byte) ([]found, error) {
	var all []found
	for it, err := range carrier.All(data, carrier.Limits{}) {
		if len(all) == carrier.MaxBundles {
			return nil, refuse.New("carrier.count", "more than %d bundles in one file", carrier.MaxBundles)
		}
		all = append(all, found{it, err})
	}
	return all, nil
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
	roots, err := r.verifiers.of(x)
	if err == nil {
		judgedBy(job, roots)
	}
	return x, err
}

// judgedBy has a job judged by the one trust root, or by that of several which
// knows the authorities of its bundle.
func judgedBy(job *verify.Job, roots *choose.Roots) {
	job.Verifier = roots.First() // All needs one, whatever becomes of the bundle
	if roots.Several() {
		job.Choose = func(b *bundle.Bundle) *verify.Verifier {
			v, _ := roots.For(b)
			return v
		}
	}
}

// isDigest tells ALGORITHM:HEX from a path, without looking for a file: what
// a line means must not depend on which files exist. Windows' drives have one
// letter; a file with such a name is written ./a:b.
func isDigest(name string) bool {
	before, _, found := strings.Cut(name, ":")
	return found && len(before) > 1 && !strings.ContainsAny(before, `/\.`)
}
