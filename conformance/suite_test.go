// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance"
)

// TestSuite runs the public suite's cases from the folder that SIGBUNDLE_SUITE
// names, each by path and by digest, and prints the reason of every refusal.
func TestSuite(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_SUITE")
	if dir == "" {
		t.Log("not run: SIGBUNDLE_SUITE names no folder")
		return
	}
	outcomes, err := conformance.Run(os.DirFS(dir), func(q conformance.Request) error {
		_, err := conformance.Verify(q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		t.Logf("%-62s %-6s %-28s %v", o.Case, o.Mode, o.Code(), o.Err)
		if !o.Want && o.Mode == "path" {
			t.Logf("%-62s %-6s %s", "", "README", strings.Join(strings.Fields(o.Readme), " "))
		}
		if !o.OK() {
			t.Errorf("%s by %s: want verified %v, got %v", o.Case, o.Mode, o.Want, o.Err)
		}
	}
}
