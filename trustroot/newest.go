// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"time"

	"github.com/sigbundle/sigbundle/internal/window"
)

// NewestStart returns the latest moment at which an instance of the root became
// valid, the zero time for an empty root. Evidence of an authority that
// started after it cannot be known to the root: a hint, when an authority is
// unknown, that the root is too old.
func (r *Root) NewestStart() time.Time {
	var newest time.Time
	later := func(t time.Time) {
		if t.After(newest) {
			newest = t
		}
	}
	all := func(windows []window.Window) {
		for _, w := range windows {
			later(w.Start)
		}
	}
	for _, l := range r.logs {
		all(window.As[window.Window](l.Windows()))
	}
	for _, l := range r.ctlogs {
		all(window.As[window.Window](l.Windows()))
	}
	for _, a := range r.cas {
		later(a.window.Start)
	}
	for _, a := range r.tsas {
		start, _ := a.Window()
		later(start)
	}
	return newest
}
