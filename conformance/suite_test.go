// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"os"
	"testing"

	"github.com/sigbundle/sigbundle/conformance"
)

// TestSuite runs the public suite's cases from the folder that SIGBUNDLE_SUITE
// names, each by path and by digest, and prints the reason of every refusal.
func TestSuite(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_SUITE")
	if dir == "" {
		t.Skip("SIGBUNDLE_SUITE names no folder")
	}
	report, err := conformance.Run(t.Context(), conformance.Config{Suite: os.DirFS(dir), Client: conformance.Self, Codes: expectedCodes})
	if report != nil {
		t.Log("\n" + report.Text())
	}
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() {
		t.Error("the suite is not passed: see the rows that do not begin with ok")
	}
	for name := range expectedCodes {
		if _, err := os.Stat(dir + "/bundle-verify/" + name); err != nil {
			t.Logf("this suite has no case %s", name)
		}
	}
}
