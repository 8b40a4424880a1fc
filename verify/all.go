// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"io"
	"iter"
	"runtime"
	"sync"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A Job is one verification among many: the JSON of one bundle, what it is
// held against, and who judges it. If Open is set the artifact is read from
// there, once, by the worker that judges the bundle, and Artifact is not used.
type Job struct {
	Bundle   []byte
	Artifact Artifact
	Open     func() (io.ReadCloser, error)
	// Parse, if set, returns the bundle, in place of parsing Bundle. It is called
	// once, by the worker that judges it.
	Parse func() (*bundle.Bundle, error)

	// Verifier judges this job. Required, unless Choose is set.
	Verifier *Verifier
	// Choose, if set, returns the verifier that judges this job, in place of
	// Verifier, once its bundle is parsed; it also bounds the bundle's size. It
	// is called from several goroutines.
	Choose func(*bundle.Bundle) *Verifier
}

// All judges many bundles on as many workers as there are processors. The
// results come in the order of the jobs, each exactly what [bundle.Parse],
// [Verifier.ReadArtifact] and [Verifier.Verify] would have returned for it; a
// job that fails does not keep the others from being judged. Jobs are taken
// only a little ahead of the results, so that memory stays bounded however
// many there are.
//
// When ctx is cancelled no further job is begun, and the sequence ends after
// the jobs under way with one more element: a nil result and ctx's error.
// Without any job its one element is a nil result and an error with the code
// bundle.none, so that a loop over no bundles does not look like success.
// Leaving the loop early is fine. jobs is run on another goroutine.
func All(ctx context.Context, jobs iter.Seq[Job]) iter.Seq2[*Result, error] {
	return func(yield func(*Result, error) bool) {
		if jobs == nil {
			yield(nil, errNoJobs)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait() // nothing of this outlives the loop
		defer cancel()

		workers := runtime.GOMAXPROCS(0)
		type slot struct {
			job  Job
			done chan struct{}
			res  *Result
			err  error

			dropped bool // never judged
		}
		work := make(chan *slot)
		order := make(chan *slot, 16*workers)
		running.Go(func() {
			defer close(order)
			defer close(work)
			for job := range jobs {
				s := &slot{job: job, done: make(chan struct{})}
				if ctx.Err() != nil { // select alone would leave it to chance
					return
				}
				select {
				case order <- s:
				case <-ctx.Done():
					return
				}
				select {
				case work <- s:
				case <-ctx.Done():
					s.dropped = true
					close(s.done)
					return
				}
			}
		})
		for range workers {
			running.Go(func() {
				for s := range work {
					s.res, s.err = s.job.do()
					s.job = Job{}
					close(s.done)
				}
			})
		}
		none := true
		for s := range order {
			none = false
			<-s.done
			if s.dropped {
				break
			}
			if !yield(s.res, s.err) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		} else if none {
			yield(nil, errNoJobs)
		}
	}
}

var errNoJobs = refuse.New("bundle.none", "no bundles to verify")

// do judges one job.
func (job *Job) do() (*Result, error) {
	v, parse := job.Verifier, job.Parse
	if job.Choose != nil {
		v = nil // its bound is not that of the verifier that will be chosen
	}
	if parse == nil {
		parse = func() (*bundle.Bundle, error) { return v.parse(job.Bundle) }
	}
	b, err := parse()
	if err != nil {
		return nil, err
	}
	if job.Choose != nil {
		v = job.Choose(b)
	}
	a := job.Artifact
	if job.Open != nil {
		if a, err = v.open(job, b); err != nil {
			return nil, err
		}
	}
	return v.Verify(b, a)
}

func (v *Verifier) open(job *Job, b *bundle.Bundle) (Artifact, error) {
	r, err := job.Open()
	if err != nil {
		return Artifact{}, err
	}
	if r == nil {
		return Artifact{}, refuse.New("artifact.missing", "no artifact given")
	}
	defer r.Close()
	return v.ReadArtifact(r, b)
}
