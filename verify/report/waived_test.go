// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"
)

// That any signer is accepted is said whatever else is not required: the line
// about what is lowered says nothing of it.
func TestAnySignerIsShown(t *testing.T) {
	skipped := func(checks ...report.Check) (steps []report.Step) {
		for _, c := range checks {
			steps = append(steps, report.Step{Check: c, Status: report.Skipped})
		}
		return steps
	}
	certificate := &report.Signer{Certificate: &report.Certificate{SAN: "a"}}
	key := &report.Signer{Key: &report.KeyInfo{}}
	const any, entry, sct, time = "a particular signer", "a log entry", "a certificate timestamp", "a time of signing"
	for name, c := range map[string]struct {
		report report.Report
		want   []string
	}{
		"nothing lowered":         {report.Report{Signer: certificate, Checks: skipped(report.CheckIdentity, report.CheckEntries, report.CheckSCTs)}, []string{any, entry, sct}},
		"logs lowered":            {report.Report{Signer: certificate, Required: report.Required{Lowered: true}, Checks: skipped(report.CheckIdentity, report.CheckEntries)}, []string{any}},
		"certificates lowered":    {report.Report{Signer: certificate, Required: report.Required{Lowered: true}, Checks: skipped(report.CheckIdentity, report.CheckSCTs)}, []string{any}},
		"all lowered":             {report.Report{Signer: certificate, Required: report.Required{Lowered: true}, Checks: skipped(report.CheckIdentity, report.CheckEntries, report.CheckSCTs, report.CheckTime)}, []string{any}},
		"lowered, identity asked": {report.Report{Signer: certificate, Required: report.Required{Lowered: true}, Checks: skipped(report.CheckEntries)}, nil},
		"a key, lowered":          {report.Report{Signer: key, Required: report.Required{Lowered: true}, Checks: skipped(report.CheckIdentity, report.CheckTime)}, nil},
		"a key":                   {report.Report{Signer: key, Checks: skipped(report.CheckIdentity, report.CheckTime)}, []string{time}},
	} {
		var b strings.Builder
		c.report.Verified = true
		if err := c.report.WriteText(&b, report.TextStyle{}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{any, entry, sct, time} {
			want := false
			for _, w := range c.want {
				want = want || w == text
			}
			if strings.Contains(b.String(), text) != want {
				t.Errorf("%s: %q is said %v\n%s", name, text, !want, &b)
			}
		}
		if c.report.Required.Lowered && !strings.Contains(b.String(), "less than the trust root suggests") {
			t.Errorf("%s: what is lowered is not said\n%s", name, &b)
		}
	}
}
