// SPDX-License-Identifier: Apache-2.0

// Package window holds the time range in which a key or an authority of a
// trust root is valid.
package window

import (
	"errors"
	"time"
)

// Window is a closed range of time (common.TimeRange of protobuf-specs): both
// ends belong to it, with all the precision they were written with. A zero
// End means that the range is open. A zero Start means that nothing is known
// about the range, so that the zero Window contains no time at all.
type Window struct {
	Start, End time.Time
}

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return !w.Start.IsZero() && !t.Before(w.Start) && (w.End.IsZero() || !t.After(w.End))
}

// Check returns an error for a window without a start and for one that ends
// before it starts.
func (w Window) Check() error {
	switch {
	case w.Start.IsZero():
		return errors.New("time range without a start")
	case !w.End.IsZero() && w.End.Before(w.Start):
		return errors.New("time range that ends before it starts")
	}
	return nil
}

// Equal reports whether two windows have the same ends.
func (w Window) Equal(o Window) bool { return w.Start.Equal(o.Start) && w.End.Equal(o.End) }

// A Form is a window as a public package spells it.
type Form interface {
	~struct{ Start, End time.Time }
}

// Any reports whether t lies in at least one of the windows.
func Any[W Form](windows []W, t time.Time) bool {
	for _, w := range windows {
		if Window(w).Contains(t) {
			return true
		}
	}
	return false
}

// As returns the windows in another form.
func As[W, V Form](windows []V) []W {
	list := make([]W, len(windows))
	for i, w := range windows {
		list[i] = W(w)
	}
	return list
}
