// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"
)

// The zero report refuses, and so does the zero outcome.
func TestZeroReport(t *testing.T) {
	var text strings.Builder
	err := new(report.Report).WriteText(&text, report.TextStyle{})
	if err != nil || new(report.Report).Verified || !strings.HasPrefix(text.String(), "refused") {
		t.Errorf("%q, %v", text.String(), err)
	}
	if report.Status(0) != report.NotRun {
		t.Error("the zero outcome is not that the check was not run")
	}
}
