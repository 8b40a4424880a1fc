// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A small package is tried for good: which of its changes its tests notice is
// known, and a second run finds it in the state file. Only packages above test
// Window.Equal, so that one change survives here.
func TestCampaign(t *testing.T) {
	t.Chdir("../../..")
	file := filepath.Join(t.TempDir(), "state")
	run := func() map[string]int {
		c := campaign{timeout: time.Minute, state: state{file: file}}
		if err := c.state.load(); err != nil {
			t.Fatal(err)
		}
		results, err := c.run(t.Context(), "internal/window")
		if err != nil {
			t.Fatal(err)
		}
		counts := make(map[string]int)
		for _, r := range results {
			counts[r.outcome]++
			if r.outcome == survived && !strings.HasPrefix(r.change.key(), "internal/window/window.go Window.Equal ") {
				t.Errorf("nothing noticed %s", r.change.key())
			}
		}
		return counts
	}
	want := map[string]int{noticed: 12, survived: 1}
	if got := run(); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	t.Setenv("PATH", "") // nothing can be run any more
	if got := run(); !maps.Equal(got, want) {
		t.Errorf("again: %v, want %v", got, want)
	}
}
