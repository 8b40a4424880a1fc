// SPDX-License-Identifier: Apache-2.0

// Package audit verifies whole stores of bundles: a directory tree, or a list
// of any length. It writes one finding for each bundle, in the order of the
// source, as one line of JSON, and counts them by code.
//
// Memory does not grow with the source. A run that keeps a state can be
// killed at any moment, kill -9 included, and resumed: no finding is lost, and
// none is written twice. Apart from how long it takes, an audit is a function
// of its source, its policy and its trust roots.
//
// The judging is that of [verify.All]; what is here reads the store
// and keeps the books.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Config says what to audit, under which policy, and where the findings go.
type Config struct {
	// Source holds the bundles. Required.
	Source Source

	// AllowOutside lets the paths of a list lead out of its folder, or out of
	// the working directory for a list on standard input. Otherwise those that
	// do are findings with the code input.outside.
	AllowOutside bool

	// Roots are the trust roots, one or several. Each bundle is judged by one of
	// them, whole: by the one that knows its authorities. Required.
	Roots []Root
	// Trust says at what time and how old Roots were judged.
	Trust tufroot.Policy
	// AsOf is the time that the operator asked to judge trust at; zero if that is
	// when the audit runs. A run that is resumed must have the same.
	AsOf time.Time
	// Policy is the policy that all bundles are judged by. What the source
	// says never changes it. Required, unless there are Expectations.
	Policy verify.Policy
	// Expectations say for each artifact who must have signed it. Policy then
	// names no signers, and holds for what an expectation does not say.
	Expectations *Expectations
	// PolicyKey identifies Policy, byte for byte, when a run is resumed:
	// runs with different keys do not continue one another.
	PolicyKey string
	// NoArtifact verifies the bundles of a tree, and those of a list for
	// which no artifact is named, without one. Otherwise they are findings
	// with the code input.artifact.
	NoArtifact bool
	// MaxBundle bounds the bytes of one bundle; 0 is [bundle.MaxSize]. A larger
	// one is a finding with the code bundle.limit.
	MaxBundle int
	// Sample chooses what is audited; the zero Sample is everything.
	Sample Sample

	// Out receives the findings, unless File is set.
	Out io.Writer
	// File is the file that the findings are written to.
	File string
	// State, if set, is the file that says how far the run has come; a run
	// that finds it there continues from it. It needs File.
	State string
	// Tick is when to flush the findings and to save the state. Nil means at
	// the end only.
	Tick <-chan time.Time
	// Progress, if set, is called with the number of entries of the source
	// (lines of a list, bundle files of a tree) that are done.
	Progress func(entries int64)

	step func(name string) error // tests crash here, see journal
}

// Root is a trust root, and where it came from.
type Root struct {
	*trustroot.Root
	Source string
}

// Run audits. Its error says why the audit could not be carried out to the
// end: what is wrong with the content of the source is in the findings.
func Run(ctx context.Context, c Config) (*Summary, error) {
	switch {
	case c.Source == nil || len(c.Roots) == 0 || slices.ContainsFunc(c.Roots, func(r Root) bool { return r.Root == nil }):
		return nil, errors.New("an audit needs a source and a trust root")
	case c.MaxBundle < 0 || c.MaxBundle > bundle.MaxSize:
		return nil, fmt.Errorf("a bound of %d bytes for a bundle, want 1 to %d, or 0 for the greatest", c.MaxBundle, bundle.MaxSize)
	case c.State != "" && c.File == "":
		return nil, errors.New("an audit that is to be resumed needs a file for its findings")
	}
	if err := c.checkFiles(); err != nil {
		return nil, err
	}
	if l, ok := c.Source.(*List); ok {
		l.outside = c.AllowOutside
	} else if c.AllowOutside {
		return nil, errors.New("only the paths of a list can lead out of its folder")
	}
	verifiers, err := newVerifiers(&c)
	if err != nil {
		return nil, err
	}
	policy, err := c.canonicalPolicy()
	if err != nil {
		return nil, err
	}
	below, err := c.Sample.resolve(c.Source)
	if err != nil {
		return nil, err
	}
	j, err := openJournal(&c, c.fingerprint(below), policy)
	if err != nil {
		return nil, err
	}
	r := &run{config: &c, journal: j, verifiers: verifiers, below: below}
	r.budget.cond.L = &r.budget.mutex
	err = r.judge(ctx)
	var expectations *ExpectationsInfo
	if c.Expectations != nil {
		expectations = c.Expectations.info(verifiers.lowered)
	}
	if err == nil && expectations != nil && c.Sample == (Sample{}) { // a sample tells nothing of the others
		// The state is saved, and does not cover these findings: a run that
		// continues from it writes them again, at the end.
		var n int
		n, err = j.unmet(c.Expectations)
		expectations.Unmet = &n
	}
	if closing := j.close(); err == nil {
		err = closing // or it says the same again
	}
	sum := j.state.summary(c.Source.Label())
	sum.Expectations = expectations
	sum.Sample = c.Sample.String()
	if l, ok := c.Source.(*List); ok {
		sum.SourceSHA256 = l.sum
	}
	if t, ok := c.Source.(*Tree); ok {
		coverage := t.coverage
		sum.Coverage = &coverage
	}
	sum.Policy, sum.PolicySHA256, sum.AsOf = policy, digest(policy), c.Trust.At.UTC().Truncate(time.Second)
	return sum, err
}

func (c *Config) maxBundle() int {
	if c.MaxBundle == 0 {
		return bundle.MaxSize
	}
	return c.MaxBundle
}

// run is one audit under way.
type run struct {
	config    *Config
	journal   *journal
	verifiers *verifiers // used by the goroutine of jobs only
	below     bound
	budget    budget

	mutex sync.Mutex
	queue []*item // begun and not yet written, in order; guarded by mutex
	end   cursor  // behind the last entry; guarded by mutex
	err   error   // why the source ended early; guarded by mutex
}

// judge judges what is left of the source and writes the findings.
func (r *run) judge(ctx context.Context) error {
	j, whole := r.journal, true // whole: no entry is half written
	save := false
	for res, err := range verify.All(ctx, r.jobs) {
		if res == nil && ctx.Err() != nil && err == ctx.Err() || codes.Of(err) == "bundle.none" {
			break // an empty source has a summary that says so
		}
		it := r.next()
		r.budget.release(it.size)
		if err := j.write(it.finding(res, err)); err != nil {
			r.budget.close() // or leaving the loop would wait for jobs for ever
			return err
		}
		if whole = it.last; whole {
			j.state.cursor = it.cursor
			r.progress(it.cursor.entries)
		}
		select {
		case <-r.config.Tick:
			save = true
		default:
		}
		if save && whole {
			save = false
			if err := j.save(); err != nil {
				r.budget.close()
				return err
			}
		}
	}
	r.mutex.Lock()
	end, err := r.end, r.err
	r.mutex.Unlock()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil {
		j.state.cursor = end
		r.progress(end.entries)
	}
	if !whole {
		return err
	}
	return errors.Join(err, j.save())
}

func (r *run) progress(entries int64) {
	if r.config.Progress != nil {
		r.config.Progress(entries)
	}
}

// next returns the item that the next result is about.
func (r *run) next() *item {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	it := r.queue[0]
	r.queue[0] = nil
	r.queue = r.queue[1:]
	return it
}

// jobs reads the source, on a goroutine of its own.
func (r *run) jobs(yield func(verify.Job) bool) {
	end, err := r.read(func(it *item) bool {
		if !r.budget.acquire(it.size) {
			return false
		}
		r.mutex.Lock()
		r.queue = append(r.queue, it)
		r.mutex.Unlock()
		return yield(it.job)
	})
	r.mutex.Lock()
	r.end, r.err = end, err
	r.mutex.Unlock()
}

// read yields what is left of the source. It passes over what the state says
// is done, and makes sure that it is what was done.
func (r *run) read(yield func(*item) bool) (cursor, error) {
	var at cursor
	done := r.journal.state.cursor
	for e, err := range r.config.Source.entries() {
		if err != nil {
			return at, err
		}
		at = at.after(e.sum)
		switch {
		case at.entries < done.entries:
			continue
		case at.entries == done.entries:
			if at != done {
				return at, errChanged
			}
			continue
		case !r.below.covers(e.sum, at.entries):
			continue
		}
		var held *item // until it is known whether it is its entry's last
		for it := range r.items(e) {
			if held != nil && !yield(held) {
				return at, nil
			}
			held = it
		}
		held.last, held.cursor = true, at
		if !yield(held) {
			return at, nil
		}
	}
	if at.entries < done.entries {
		return at, errChanged
	}
	return at, nil
}

var errChanged = errors.New("the source is not the one that the state is about, or it was changed; remove the state to start afresh")

// cursor is a place in a source: how many entries are before it, and a chain
// of hashes over them.
type cursor struct {
	entries int64
	chain   [sha256.Size]byte
}

func (c cursor) after(sum [sha256.Size]byte) cursor {
	return cursor{c.entries + 1, sha256.Sum256(append(c.chain[:], sum[:]...))}
}

// maxBytesAhead bounds the bundles that are read and not yet judged; a
// larger one is judged alone.
const maxBytesAhead = 32 << 20

// budget counts bytes in memory.
type budget struct {
	mutex  sync.Mutex
	cond   sync.Cond // on mutex
	used   int       // guarded by mutex
	closed bool      // guarded by mutex
}

// acquire waits until there is space for n bytes. It returns false after close.
func (b *budget) acquire(n int) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for !b.closed && b.used > 0 && b.used+n > maxBytesAhead {
		b.cond.Wait()
	}
	b.used += n
	return !b.closed
}

func (b *budget) release(n int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.used -= n
	b.cond.Signal()
}

func (b *budget) close() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.closed = true
	b.cond.Broadcast()
}
