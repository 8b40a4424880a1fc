// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"fmt"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

func rootName(version int64) string { return fmt.Sprintf("%s/%d.root.json", tuf.RootsDir, version) }

func setName(set int64, role string) string {
	return tuf.SetDir(set) + "/" + tuf.EscapeFile(role) + ".json"
}

// targets fetches what was asked for and is not there yet.
func (r *run) targets() error {
	for _, name := range r.c.Targets {
		if _, err := r.target(name); err != nil {
			return err
		}
	}
	for _, name := range r.c.Optional {
		unlisted, err := r.target(name)
		if unlisted {
			r.missing = append(r.missing, name)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// target fetches one target. It is unlisted only if every role that might
// list it could be read: a role that a server withholds is an error.
func (r *run) target(name string) (unlisted bool, err error) {
	withheld := false
	t, err := r.w.Find(name, func(role, delegator string) error {
		err := r.role(role, delegator)
		withheld = withheld || err != nil
		return err
	})
	if err != nil {
		return !withheld && refuse.CodeOf(err) == "tuf.not_found", err
	}
	return false, r.fetch(t)
}

// fetch keeps a target under its hash: one with other contents differs
// file, so that sets can share them.
func (r *run) fetch(t *tuf.Target) error {
	file := tuf.TargetsDir + "/" + t.Hash() + "." + tuf.EscapeFile(t.Name)
	if data, err := r.st.read(file, t.Length); err == nil && data != nil && t.Check(data) == nil {
		return nil
	}
	data, err := r.src.Target(t)
	if err != nil {
		return err
	}
	if err := t.Check(data); err != nil {
		return err
	}
	return r.st.write(file, data)
}

// commit makes the refresh valid. If nothing is new the current set stays
// and only the time of the refresh moves on.
func (r *run) commit() error {
	set := r.state.Set
	if r.changed = !r.same(); r.changed {
		set++
		for _, f := range r.set {
			if err := r.st.write(setName(set, f.Role), f.Data); err != nil {
				return err
			}
		}
	}
	s := tuf.State{Set: set, Refreshed: r.c.Now.UTC(), Proved: r.w.Floors(), Seen: r.w.Floors()}
	if err := r.st.write(tuf.StateName, s.Encode()); err != nil {
		return err
	}
	r.state = &s
	// What cannot be cleared now will be cleared by the next refresh.
	if r.st.clear(set) == nil {
		_ = r.st.collect()
	}
	return nil
}

// same reports whether the current set holds all of the new one.
func (r *run) same() bool {
	if r.state.Proved.Root != r.w.Root().Version {
		return false
	}
	for _, f := range r.set {
		if !bytes.Equal(r.cached(f.Role), f.Data) {
			return false
		}
	}
	return r.state.Set != 0
}
