// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/verify/codes"
)

// Every flag that a remedy names is one of this command, and stands beside a
// code that exists.
func TestRemedies(t *testing.T) {
	known := map[string]bool{"--help": true}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, name := range regexp.MustCompile(`--[a-z-]+`).FindAllString(c.UsageString(), -1) {
			known[name] = true
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newCommand(nil, nil, nil))
	for code, hint := range flagsFor {
		d, ok := codes.Describe(code)
		if !ok {
			t.Errorf("%s: no such code", code)
		}
		if got := remedy(code); !strings.HasPrefix(got, d.Remedy+" ") || !strings.HasSuffix(got, hint) {
			t.Errorf("%s: %q", code, got)
		}
		names := regexp.MustCompile(`--[a-z-]+`).FindAllString(hint, -1)
		if len(names) == 0 {
			t.Errorf("%s: %q names no flag", code, hint)
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s: no command has %s", code, name)
			}
		}
	}
	if got := remedy("artifact.mismatch"); got == "" || strings.Contains(got, "--") {
		t.Errorf("%q", got)
	}
}
