// SPDX-License-Identifier: Apache-2.0

// Package tufroot proves, offline, what a copy of a TUF repository says.
//
// The copy lies in an [io/fs.FS]: a directory, an archive, embedded files, a
// cache that package tufsync keeps. It is proved by replaying its history of
// roots from a root that the caller trusts, at a time that the caller states.
// Nothing here looks at a clock or a network.
//
// Expired metadata still proves who said what; what it no longer proves is
// that nothing newer exists. So expiry is reported in the [Status], with
// dates, and whether it is acceptable is decided by an explicit [Policy].
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package tufroot

import (
	"cmp"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// Floors are the versions below which a repository must not fall. Give those
// of the last proof back to the next one.
type Floors struct {
	Root int64 // version of the newest root

	// Keys names the timestamp and snapshot keys under which the versions
	// below were seen. They do not bind a root that replaces those keys.
	Keys      string
	Timestamp int64
	Snapshot  int64
	Meta      map[string]int64 // by file name, as the snapshot lists them
}

// Target says what the roles of a repository vouch for about one file.
type Target struct {
	Name   string
	Length int64
	Hashes map[string][]byte // by algorithm, sha256 and sha512 only
	Roles  []string          // from the top-level one to the one that lists it

	Consistent bool // kept under a name with its hash
}

// Path returns where a repository keeps the target, below its folder of
// targets: with its hash before the last segment if snapshots are consistent.
func (t *Target) Path() string { return (*tuf.Target)(t).Path() }

// Config says from where and by which rules a repository is proved.
type Config struct {
	// Roots are root metadata files that the caller trusts, in any order, at
	// least one. The replay starts at the newest of them that the repository
	// holds; if it holds none, at the newest. An older root than the newest is
	// there for copies that were made before the newest existed.
	Roots [][]byte

	Policy Policy

	// Floors refuse a repository that has gone back. Zero: nothing was seen.
	Floors Floors

	// Refreshed is when the copy was found to be complete, says the maker of
	// it. It makes the proof older, never newer. Zero: unknown. A cache
	// knows it itself.
	Refreshed time.Time
}

// maxRoots bounds Config.Roots.
const maxRoots = 64

// Repository is a proved copy of a TUF repository. It is safe for concurrent
// use if its file system is.
type Repository struct {
	dir    tuf.Dir
	policy Policy
	status Status
	roots  []tuf.File
	files  []tuf.File

	mu sync.Mutex // guards w, whose searches load delegated roles
	w  *tuf.Workflow
}

// Open proves the top-level metadata of a repository: everything but the
// expiry of it, which is in the result's status and is judged by
// [Repository.Judge] and by each call of [Repository.Target].
func Open(fsys fs.FS, c Config) (*Repository, error) {
	if fsys == nil {
		return nil, refuse.New("tuf.read", "no file system given")
	}
	return open(tuf.Dir{FS: fsys}, c, 0)
}

// open proves a repository, with no root above last, if that is not zero.
func open(dir tuf.Dir, c Config, last int64) (*Repository, error) {
	if err := c.Policy.check(); err != nil {
		return nil, err
	}
	r := &Repository{dir: dir, policy: c.Policy}
	if err := r.start(c.Roots, last); err != nil {
		return nil, err
	}
	if err := r.replay(last); err != nil {
		return nil, err
	}
	if err := r.w.SetFloors(tuf.Floors(c.Floors)); err != nil {
		return nil, err
	}
	data, err := dir.Timestamp()
	if err == nil {
		err = r.keep(r.w.Timestamp(data, nil))
	}
	if err != nil {
		return nil, err
	}
	if data, err = dir.Role(tuf.SnapshotRole, r.w.WantSnapshot()); err == nil {
		err = r.keep(r.w.Snapshot(data))
	}
	if err == nil {
		err = r.keep(r.load(tuf.TargetsRole, tuf.RootRole))
	}
	if err != nil {
		return nil, err
	}
	r.status.judgeAges(c.Policy.At, c.Refreshed, append([]tuf.File{r.w.Root()}, r.files...))
	return r, nil
}

func (r *Repository) keep(f tuf.File, err error) error {
	if err == nil {
		r.files = append(r.files, f)
	}
	return err
}

// load reads a targets role and has it verified.
func (r *Repository) load(role, delegator string) (tuf.File, error) {
	want, err := r.w.WantRole(role)
	if err != nil {
		return tuf.File{}, err
	}
	data, err := r.dir.Role(role, want)
	if err != nil {
		return tuf.File{}, err
	}
	return r.w.Targets(data, role, delegator)
}

// CheckRoot reads root metadata that someone is about to trust: it must be
// signed by its own keys. It returns the root's version. That it is the right
// root is for the caller to know.
func CheckRoot(data []byte) (version int64, err error) {
	w, err := tuf.Start(slices.Clone(data))
	if err != nil {
		return 0, refuse.Wrap("tuf.root", err, "root metadata")
	}
	return w.Root().Version, nil
}

// start chooses the root from which the history is replayed.
func (r *Repository) start(roots [][]byte, last int64) error {
	if len(roots) == 0 || len(roots) > maxRoots {
		return refuse.New("tuf.root", "%d trusted roots given, want 1 to %d", len(roots), maxRoots)
	}
	var starts []*tuf.Workflow
	for _, data := range roots {
		w, err := tuf.Start(slices.Clone(data))
		if err != nil {
			return refuse.Wrap("tuf.root", err, "trusted root")
		}
		starts = append(starts, w)
	}
	slices.SortStableFunc(starts, func(a, b *tuf.Workflow) int { return cmp.Compare(b.Root().Version, a.Root().Version) })
	r.w = starts[0]
	r.status.Newest = r.w.Root().Version
	r.status.Behind = true
	for i, w := range starts {
		v := w.Root().Version
		if last > 0 && v > last {
			continue
		}
		if _, err := r.dir.Root(v); err == nil {
			r.w, r.status.Behind = w, i > 0
			break
		} else if refuse.CodeOf(err) != "tuf.not_found" {
			return err
		}
	}
	r.status.Start = r.w.Root().Version
	r.roots = []tuf.File{r.w.Root()}
	return nil
}

// replay takes every newer root that the repository holds.
func (r *Repository) replay(last int64) error {
	for n := 0; ; n++ {
		next := r.w.Root().Version + 1
		if last > 0 && next > last {
			return nil
		}
		data, err := r.dir.Root(next)
		if refuse.CodeOf(err) == "tuf.not_found" {
			r.status.Behind = r.status.Behind && r.w.Root().Version <= r.status.Newest
			return nil
		}
		if err != nil {
			return err
		}
		if n == tuf.MaxRotations {
			return refuse.New("tuf.limit", "more than %d roots after the one trusted", n)
		}
		f, err := r.w.Advance(data)
		if err != nil {
			return refuse.Wrap("tuf.malformed", err, "root version %d", next)
		}
		r.roots = append(r.roots, f)
	}
}

// Status says what was proved, and as of when.
func (r *Repository) Status() Status { return r.status.clone() }

// Judge applies the policy to the top-level metadata.
func (r *Repository) Judge() error { return r.policy.Judge(r.status) }

// Floors returns the versions below which this repository must not fall from
// now on.
func (r *Repository) Floors() Floors {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Floors(r.w.Floors())
}

// File is one proved metadata file of a repository.
type File struct {
	Role    string
	Version int64
	Data    []byte // as it lies in the repository
}

// Files returns the metadata that was proved: the roots from the trusted one
// on, then timestamp, snapshot and targets. The bytes must not be modified.
func (r *Repository) Files() []File {
	var files []File
	for _, f := range append(slices.Clone(r.roots), r.files...) {
		files = append(files, File{f.Role, f.Version, f.Data})
	}
	return files
}

// Found is a target file with its proof.
type Found struct {
	*Target
	Data   []byte
	Status Status // that of the repository, the delegated roles included
	Files  []File // metadata of the delegated roles that list the target
}

// Target finds a target, proves its file and judges by the policy all
// metadata that vouches for it.
func (r *Repository) Target(name string) (*Found, error) {
	if err := r.Judge(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	loaded := map[string]tuf.File{}
	t, err := r.w.Find(name, func(role, delegator string) error {
		f, err := r.load(role, delegator)
		loaded[role] = f
		return err
	})
	if err != nil {
		return nil, err
	}
	found := &Found{Target: (*Target)(t)}
	files := append([]tuf.File{r.w.Root()}, r.files...)
	for _, role := range t.Roles[1:] {
		f := loaded[role]
		files = append(files, f)
		found.Files = append(found.Files, File{f.Role, f.Version, f.Data})
	}
	found.Status = r.status.clone()
	found.Status.judgeAges(r.policy.At, r.status.Refreshed, files)
	if err := r.policy.Judge(found.Status); err != nil {
		return nil, err
	}
	if found.Data, err = r.dir.Target(t); err != nil {
		return nil, err
	}
	if err := t.Check(found.Data); err != nil {
		return nil, err
	}
	return found, nil
}
