// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Floors are the versions below which a repository must not fall: what a
// client has seen with good signatures. They are kept apart from the
// metadata, so that neither expiry nor the loss of a file lowers them. The
// zero value is the floor of a client that has seen nothing.
type Floors struct {
	Root int64

	// Keys names the timestamp and snapshot keys under which the versions
	// below were seen. When a root replaces those keys the versions no longer
	// count: that is how a repository recovers from a stolen key with which
	// the numbers were driven up (TUF specification, section 5.3.11).
	Keys      string
	Timestamp int64
	Snapshot  int64
	Meta      map[string]int64 // by file name, as the snapshot lists them
}

// Clone returns a copy that shares nothing.
func (f Floors) Clone() Floors {
	f.Meta = maps.Clone(f.Meta)
	return f
}

// SetFloors begins the second half of the workflow, after the last root:
// a root below its floor is refused, and floors that were seen under other
// keys are dropped.
func (w *Workflow) SetFloors(f Floors) error {
	if w.root.Version < f.Root {
		return refuse.New("tuf.rollback", "the newest root has version %d, but version %d has been seen", w.root.Version, f.Root)
	}
	keys := w.onlineKeys()
	if f.Keys != keys {
		f = Floors{}
	}
	f.Root, f.Keys = w.root.Version, keys
	w.floors = f.Clone()
	return nil
}

// Floors returns what has been seen up to now.
func (w *Workflow) Floors() Floors { return w.floors.Clone() }

func (f *Floors) checkTimestamp(version, snapshot int64) error {
	if version < f.Timestamp {
		return refuse.New("tuf.rollback", "timestamp has version %d, but version %d has been seen", version, f.Timestamp)
	}
	if snapshot < f.Snapshot {
		return refuse.New("tuf.rollback", "timestamp lists snapshot version %d, but version %d has been seen", snapshot, f.Snapshot)
	}
	return nil
}

func (f *Floors) checkMeta(meta map[string]*metadata.MetaFiles) error {
	for _, name := range slices.Sorted(maps.Keys(f.Meta)) {
		info := meta[name]
		if info == nil {
			return refuse.New("tuf.rollback", "snapshot no longer lists %q", clip(name))
		}
		if info.Version < f.Meta[name] {
			return refuse.New("tuf.rollback", "snapshot lists %q version %d, but version %d has been seen", clip(name), info.Version, f.Meta[name])
		}
	}
	return nil
}

func versions(meta map[string]*metadata.MetaFiles) map[string]int64 {
	m := make(map[string]int64, len(meta))
	for name, info := range meta {
		m[name] = info.Version
	}
	return m
}

// onlineKeys returns a name for the keys and thresholds of timestamp and
// snapshot: by the keys themselves, not by what the root calls them, so that
// a relabelled key is not a rotation.
func (w *Workflow) onlineKeys() string {
	h := sha256.New()
	for _, role := range []string{TimestampRole, SnapshotRole} {
		r := w.set.Root.Signed.Roles[role]
		h.Write([]byte(role + " " + strconv.Itoa(r.Threshold) + "\n"))
		for _, m := range slices.Sorted(maps.Keys(materials(w.set.Root, r.KeyIDs))) {
			h.Write([]byte(hex.EncodeToString([]byte(m)) + "\n"))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// materials returns the different keys behind a list of key IDs, as DER. A
// key that cannot be used stands for itself by its text.
func materials(root *metadata.Metadata[metadata.RootType], ids []string) map[string]bool {
	m := map[string]bool{}
	for _, id := range ids {
		key := root.Signed.Keys[id]
		if key == nil {
			continue
		}
		name, verify := readKey(key)
		if verify == nil {
			name = key.Type + " " + key.Value.PublicKey
		}
		m[name] = true
	}
	return m
}
