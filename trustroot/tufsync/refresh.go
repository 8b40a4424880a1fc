// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"context"
	"reflect"
	"time"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// Result is a refresh that succeeded.
type Result struct {
	// Repository is the cache, proved again from disk, at the time of the
	// refresh and with nothing expired.
	*tufroot.Repository

	// Changed: some metadata is newer than before.
	Changed bool

	// Missing are the optional targets that no role lists.
	Missing []string
}

// Refresh brings a cache up to date: the client workflow of the TUF
// specification, section 5. On error the cache proves what it proved before.
func Refresh(ctx context.Context, c Config) (*Result, error) {
	return refreshWith(ctx, c, nil)
}

func refreshWith(ctx context.Context, c Config, fault func(step, name string) error) (*Result, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	w, err := tuf.Start(bytes.Clone(c.Root))
	if err != nil {
		return nil, refuse.Wrap("tuf.root", err, "trusted root")
	}
	src, err := newSource(ctx, &c)
	if err != nil {
		return nil, err
	}
	st, err := openStore(ctx, c.Dir)
	if err != nil {
		return nil, err
	}
	defer st.lock.release()
	st.fault = fault
	state, err := st.state()
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, c: &c, src: src, st: st, state: state, w: w, roles: map[string][]byte{}}
	if err := r.refresh(); err != nil {
		return nil, err
	}
	repo, err := tufroot.OpenCache(infile.Dir(c.Dir), tufroot.Config{
		Roots:  [][]byte{c.Root},
		Policy: tufroot.Policy{At: c.Now},
	})
	if err != nil {
		return nil, err
	}
	return &Result{Repository: repo, Changed: r.changed, Missing: r.missing}, nil
}

// run is one refresh.
type run struct {
	ctx   context.Context
	c     *Config
	src   source
	st    *store
	state *tuf.State
	w     *tuf.Workflow

	set     []tuf.File        // accepted: timestamp, snapshot, targets roles
	roles   map[string][]byte // targets roles fetched in this run
	changed bool
	missing []string
}

func (r *run) refresh() error {
	for _, step := range []func() error{
		func() error { return r.st.clear(r.state.Set) },
		r.cachedRoots, r.newRoots, r.timestamp, r.snapshot,
		func() error { return r.role(tuf.TargetsRole, tuf.RootRole) },
		r.targets, r.commit,
	} {
		if err := step(); err != nil {
			return err
		}
		if err := r.ctx.Err(); err != nil {
			return refuse.Wrap("tuf.network", err, "refresh")
		}
	}
	return nil
}

// cachedRoots replays the roots of earlier refreshes. What does not verify
// is not used, and gets replaced by what the repository has; that it cannot
// have less is for the floor to say.
func (r *run) cachedRoots() error {
	if err := r.st.put(rootName(r.w.Root().Version), r.w.Root().Data); err != nil {
		return err
	}
	dir := tuf.Dir{FS: infile.Dir(r.c.Dir)}
	for n := 0; ; n++ {
		data, err := dir.Root(r.w.Root().Version + 1)
		if err == nil && n == tuf.MaxRotations {
			return refuse.New("tuf.limit", "more than %d roots after the one trusted", n)
		}
		if err == nil {
			_, err = r.w.Advance(data)
		}
		if err != nil {
			return r.observe(r.w.Root())
		}
	}
}

// newRoots takes every root that the repository has beyond the newest known
// one, then looks at the expiry of the last, and at no other's.
func (r *run) newRoots() error {
	for n := 0; ; n++ {
		data, err := r.src.Root(r.w.Root().Version + 1)
		if refuse.CodeOf(err) == "tuf.not_found" {
			break
		}
		if err != nil {
			return err
		}
		if n == tuf.MaxRotations {
			return refuse.New("tuf.limit", "more than %d new roots", n)
		}
		f, err := r.w.Advance(data)
		if err != nil {
			return err
		}
		if err := r.st.put(rootName(f.Version), f.Data); err != nil {
			return err
		}
		if err := r.observe(f); err != nil {
			return err
		}
	}
	if err := r.fresh(r.w.Root()); err != nil {
		return err
	}
	if err := r.w.SetFloors(r.state.Seen); err != nil {
		return err
	}
	return r.saw()
}

// fresh refuses a file that has expired at the time of the refresh: a
// repository that is being held still looks like this.
func (r *run) fresh(f tuf.File) error {
	if f.Expired(r.c.Now) {
		return refuse.New("tuf.expired", "the repository's %q metadata, version %d, expired at %s", f.Role, f.Version, f.Expires.Format(time.RFC3339))
	}
	return nil
}

// saw records the floors that the workflow has reached, so that not even a
// refresh that fails later can be followed by a lower one.
func (r *run) saw() error {
	seen := r.w.Floors()
	if reflect.DeepEqual(seen, r.state.Seen) {
		return nil
	}
	s := *r.state
	s.Seen = seen
	if err := r.st.write(tuf.StateName, s.Encode()); err != nil {
		return err
	}
	r.state = &s
	return nil
}

// accept takes a file into the set once it is known to be fresh.
func (r *run) accept(f tuf.File) error {
	if err := r.fresh(f); err != nil {
		return err
	}
	r.set = append(r.set, f)
	return r.observe(f)
}

func (r *run) observe(f tuf.File) error {
	if r.c.Observe == nil {
		return nil
	}
	if err := r.c.Observe(f.Role, f.Data); err != nil {
		return refuse.Wrap("tuf.cache", err, "%q metadata", f.Role)
	}
	return nil
}

func (r *run) timestamp() error {
	data, err := r.src.Timestamp()
	if err != nil {
		return err
	}
	f, err := r.w.Timestamp(data, r.cached(tuf.TimestampRole))
	if err == nil {
		err = r.accept(f)
	}
	if err == nil {
		err = r.saw()
	}
	return err
}

func (r *run) snapshot() error {
	if data := r.cached(tuf.SnapshotRole); data != nil {
		if f, err := r.w.Snapshot(data); err == nil && r.fresh(f) == nil {
			return r.accept(f)
		}
	}
	data, err := r.src.Role(tuf.SnapshotRole, r.w.WantSnapshot())
	if err != nil {
		return err
	}
	f, err := r.w.Snapshot(data)
	if err == nil {
		err = r.accept(f)
	}
	if err == nil {
		err = r.saw()
	}
	return err
}

// role takes a targets role, from the current set if that still verifies,
// under the delegator through which it was reached this time.
func (r *run) role(role, delegator string) error {
	if data := r.roles[role]; data != nil {
		_, err := r.w.Targets(data, role, delegator)
		return err
	}
	if data := r.cached(role); data != nil {
		if f, err := r.w.Targets(data, role, delegator); err == nil && r.fresh(f) == nil {
			r.roles[role] = data
			return r.accept(f)
		}
	}
	want, err := r.w.WantRole(role)
	if err != nil {
		return err
	}
	data, err := r.src.Role(role, want)
	if err != nil {
		return err
	}
	f, err := r.w.Targets(data, role, delegator)
	if err != nil {
		return err
	}
	r.roles[role] = data
	return r.accept(f)
}

// cached returns a file of the current set, nil if there is none.
func (r *run) cached(role string) []byte {
	if r.state.Set == 0 {
		return nil
	}
	data, err := r.st.read(setName(r.state.Set, role), tuf.MaxTargetsSize)
	if err != nil {
		return nil
	}
	return data
}
