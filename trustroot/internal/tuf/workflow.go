// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// File is one metadata file whose signatures, version and hashes hold. That
// it has not expired is not part of it: see [File.Expired].
type File struct {
	Role    string
	Version int64
	Expires time.Time
	SHA256  [sha256.Size]byte
	Data    []byte // as it was handed in, not to be modified
}

// Expired reports whether the file is out of date at that time. The expiry
// date itself is out of date (TUF specification, section 5.3.10: it must be
// higher than the start of the update).
func (f File) Expired(at time.Time) bool { return !f.Expires.After(at) }

// Workflow replays section 5 of the TUF specification: Start, Advance for
// each newer root, SetFloors, Timestamp, Snapshot, Targets. Each step refuses
// or changes what is trusted. It is not safe for concurrent use.
type Workflow struct {
	set    *trustedmetadata.TrustedMetadata
	root   File
	floors Floors
}

// Start begins with a root that the caller trusts already. It must carry the
// signatures that it asks for itself; it may have expired.
func Start(root []byte) (*Workflow, error) {
	h, err := checkFile(RootRole, root, MaxRootSize)
	if err != nil {
		return nil, err
	}
	md, err := read[metadata.RootType](RootRole, h)
	if err != nil {
		return nil, err
	}
	if err := rootTrust(md, RootRole).check(h); err != nil {
		return nil, err
	}
	set := &trustedmetadata.TrustedMetadata{Root: md, Targets: map[string]*metadata.Metadata[metadata.TargetsType]{}}
	return &Workflow{set: set, root: newFile(RootRole, h, root)}, nil
}

// checkFile bounds a file and checks its shape.
func checkFile(kind string, data []byte, most int64) (*header, error) {
	if int64(len(data)) > most {
		return nil, refuse.New("tuf.too_large", "%s metadata has %d bytes, want at most %d", kind, len(data), most)
	}
	if values(data) > MaxValues {
		return nil, refuse.New("tuf.limit", "%s metadata has more than %d values", kind, MaxValues)
	}
	return checkShape(kind, data)
}

// values counts what begins or parts lists and objects, in strings too.
func values(data []byte) (n int) {
	for _, c := range []string{"[", "{", ","} {
		n += bytes.Count(data, []byte(c))
	}
	return n
}

func newFile(role string, h *header, data []byte) File {
	return File{Role: role, Version: h.version, Expires: h.expires, SHA256: sha256.Sum256(data), Data: data}
}

// Root returns the newest root.
func (w *Workflow) Root() File { return w.root }

// Consistent reports whether the repository serves snapshots and targets
// under names with versions and hashes.
func (w *Workflow) Consistent() bool { return w.set.Root.Signed.ConsistentSnapshot }

// Advance takes the next root: signed under the threshold of the one before
// and under its own, with a version one higher. That either has expired does
// not matter until the last one is known.
func (w *Workflow) Advance(data []byte) (File, error) {
	h, err := checkFile(RootRole, data, MaxRootSize)
	if err != nil {
		return File{}, err
	}
	if want := w.root.Version + 1; h.version != want {
		return File{}, refuse.New("tuf.version", "root has version %d, want %d", h.version, want)
	}
	if w.set.Timestamp != nil {
		return File{}, refuse.New("tuf.malformed", "a root after the timestamp")
	}
	if err := rootTrust(w.set.Root, RootRole).check(h); err != nil {
		return File{}, err
	}
	md, err := read[metadata.RootType](RootRole, h)
	if err != nil {
		return File{}, err
	}
	if err := rootTrust(md, RootRole).check(h); err != nil {
		return File{}, err
	}
	w.set.Root = md
	w.root = newFile(RootRole, h, data)
	return w.root, nil
}

// Timestamp takes a timestamp. If held, which may be nil, is one of the same
// version that verifies too, that one is taken: what a client has it keeps
// until the version rises (TUF specification, section 5.4.3). The floors must
// have been set.
func (w *Workflow) Timestamp(data, held []byte) (File, error) {
	if w.set.Snapshot != nil {
		return File{}, refuse.New("tuf.malformed", "a timestamp after its snapshot")
	}
	f, md, err := w.checkTimestamp(data)
	if err != nil {
		return File{}, err
	}
	if h, m, err := w.checkTimestamp(held); err == nil && h.Version == f.Version {
		f, md = h, m
	}
	if old := w.set.Timestamp; old != nil && f.Version <= old.Signed.Version {
		return File{}, refuse.New("tuf.malformed", "a second timestamp of version %d, want more than %d", f.Version, old.Signed.Version)
	}
	w.set.Timestamp = md
	w.floors.Timestamp, w.floors.Snapshot = f.Version, listedSnapshot(md).Version
	return f, nil
}

// checkTimestamp verifies a timestamp.
func (w *Workflow) checkTimestamp(data []byte) (f File, md *metadata.Metadata[metadata.TimestampType], err error) {
	h, err := checkFile(TimestampRole, data, MaxTimestampSize)
	if err != nil {
		return f, nil, err
	}
	if err := rootTrust(w.set.Root, TimestampRole).check(h); err != nil {
		return f, nil, err
	}
	if md, err = read[metadata.TimestampType](TimestampRole, h); err != nil {
		return f, nil, err
	}
	return newFile(TimestampRole, h, data), md, w.floors.checkTimestamp(h.version, listedSnapshot(md).Version)
}

func listedSnapshot(md *metadata.Metadata[metadata.TimestampType]) *metadata.MetaFiles {
	return md.Signed.Meta[SnapshotRole+".json"]
}

// Want says what the parent of a metadata file says about it.
type Want struct {
	Version int64
	Limit   int64 // bytes, never 0

	Consistent bool // served under a name with its version

	info *metadata.MetaFiles
}

func (w *Workflow) want(info *metadata.MetaFiles, limit int64) Want {
	if info.Length > 0 {
		limit = min(limit, info.Length)
	}
	return Want{Version: info.Version, Limit: limit, Consistent: w.Consistent(), info: info}
}

// check compares a file with what its parent lists: length and hashes before
// anything else, and the version, which ties the set together.
func (wt Want) check(role string, data []byte) (*header, error) {
	if n := wt.info.Length; n > 0 && n != int64(len(data)) {
		return nil, refuse.New("tuf.length", "%q has %d bytes, want %d", clip(role), len(data), n)
	}
	if len(wt.info.Hashes) > 0 {
		if err := checkHashes(role, wt.info.Hashes, data); err != nil {
			return nil, err
		}
	}
	kind, most := TargetsRole, int64(MaxTargetsSize)
	if role == SnapshotRole {
		kind, most = SnapshotRole, MaxSnapshotSize
	}
	h, err := checkFile(kind, data, most)
	if err == nil && h.version != wt.Version {
		err = refuse.New("tuf.mixmatch", "%q has version %d, the file that lists it says %d", clip(role), h.version, wt.Version)
	}
	return h, err
}

// WantSnapshot says what the timestamp lists. The timestamp must be known.
func (w *Workflow) WantSnapshot() Want {
	return w.want(listedSnapshot(w.set.Timestamp), MaxSnapshotSize)
}

// Snapshot takes the snapshot that the timestamp lists. No file that was
// listed before may be missing or be listed with a lower version.
func (w *Workflow) Snapshot(data []byte) (File, error) {
	switch {
	case w.set.Timestamp == nil:
		return File{}, refuse.New("tuf.malformed", "a snapshot before its timestamp")
	case len(w.set.Targets) > 0:
		return File{}, refuse.New("tuf.malformed", "a snapshot after targets")
	}
	h, err := w.WantSnapshot().check(SnapshotRole, data)
	if err != nil {
		return File{}, err
	}
	if err := rootTrust(w.set.Root, SnapshotRole).check(h); err != nil {
		return File{}, err
	}
	md, err := read[metadata.SnapshotType](SnapshotRole, h)
	if err != nil {
		return File{}, err
	}
	if err := w.floors.checkMeta(md.Signed.Meta); err != nil {
		return File{}, err
	}
	w.set.Snapshot = md
	w.floors.Meta = versions(md.Signed.Meta)
	return newFile(SnapshotRole, h, data), nil
}

// WantRole says what the snapshot lists for a targets role, the top-level
// one or a delegated one. The snapshot must be known.
func (w *Workflow) WantRole(role string) (Want, error) {
	info := w.set.Snapshot.Signed.Meta[role+".json"]
	if info == nil {
		return Want{}, refuse.New("tuf.not_found", "the snapshot does not list the role %q", clip(role))
	}
	return w.want(info, MaxTargetsSize), nil
}

// Targets takes the metadata of a targets role, signed as its delegator
// says: the root for the top-level one. A role that was taken under one
// delegator has to be taken anew under another.
func (w *Workflow) Targets(data []byte, role, delegator string) (File, error) {
	if w.set.Snapshot == nil {
		return File{}, refuse.New("tuf.malformed", "targets before their snapshot")
	}
	wt, err := w.WantRole(role)
	if err != nil {
		return File{}, err
	}
	h, err := wt.check(role, data)
	if err != nil {
		return File{}, err
	}
	t, err := w.trust(role, delegator)
	if err != nil {
		return File{}, err
	}
	if err := t.check(h); err != nil {
		return File{}, err
	}
	md, err := read[metadata.TargetsType](role, h)
	if err != nil {
		return File{}, err
	}
	w.set.Targets[role] = md
	return newFile(role, h, data), nil
}
