// SPDX-License-Identifier: Apache-2.0

package window

import (
	"testing"
	"time"
)

func TestContains(t *testing.T) {
	start := time.Date(2022, 10, 31, 0, 0, 0, 0, time.UTC)
	end := time.Date(2022, 10, 31, 23, 59, 59, 999_000_000, time.UTC)
	for _, c := range []struct {
		name string
		w    Window
		t    time.Time
		want bool
	}{
		{"at the start", Window{start, end}, start, true},
		{"just before", Window{start, end}, start.Add(-1), false},
		{"at the end", Window{start, end}, end, true},
		{"just after", Window{start, end}, end.Add(1), false},
		{"other zone", Window{start, end}, start.In(time.FixedZone("", 3600)), true},
		{"open", Window{Start: start}, end.AddDate(1000, 0, 0), true},
		{"open, before", Window{Start: start}, start.Add(-1), false},
		{"one instant", Window{start, start}, start, true},
		{"no start", Window{End: end}, start, false},
		{"zero", Window{}, start, false},
		{"zero time in zero window", Window{}, time.Time{}, false},
		{"backwards", Window{end, start}, start, false},
	} {
		if got := c.w.Contains(c.t); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
		if got := Any([]Window{{}, c.w}, c.t); got != c.want {
			t.Errorf("%s, second of two: %t", c.name, got)
		}
	}
	if Any[Window](nil, start) {
		t.Error("no window contains a time")
	}
}

func TestCheck(t *testing.T) {
	start := time.Unix(1, 0)
	for _, c := range []struct {
		name string
		w    Window
		ok   bool
	}{
		{"open", Window{Start: start}, true},
		{"one instant", Window{start, start}, true},
		{"zero", Window{}, false},
		{"no start", Window{End: start}, false},
		{"backwards", Window{start, start.Add(-1)}, false},
	} {
		if err := c.w.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
