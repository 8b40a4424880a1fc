// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify"
)

// A line replaces what the whole audit requires of the kinds of evidence that
// it names, and of no others; the summary counts the lines that require less.
func TestRequireIsMerged(t *testing.T) {
	s, dir := signed(), t.TempDir()
	write(t, filepath.Join(dir, "0"), s[0].Artifact)
	write(t, filepath.Join(dir, "0.sigstore"), s[0].Bundle)
	more := verify.Requirements{Logs: 2, SCTs: 2, Timestamps: 2, Times: 9}
	for _, test := range []struct {
		audit   verify.Requirements
		line    string
		want    verify.Requirements
		lowered int
	}{
		{more, ``, more, 0},
		{more, `"tsa":1`, verify.Requirements{Logs: 2, SCTs: 2, Timestamps: 1, Times: 9}, 1},
		{more, `"tlog":1`, verify.Requirements{Logs: 1, SCTs: 2, Timestamps: 2, Times: 9}, 1},
		{more, `"sct":3`, verify.Requirements{Logs: 2, SCTs: 3, Timestamps: 2, Times: 9}, 0},
		{more, `"time":10`, verify.Requirements{Logs: 2, SCTs: 2, Timestamps: 2, Times: 10}, 0},
		{more, `"sct":0,"tlog":2`, verify.Requirements{Logs: 2, SCTs: verify.NotRequired, Timestamps: 2, Times: 9}, 1},
		{verify.Requirements{Logs: verify.NotRequired}, `"tlog":0`, verify.Requirements{Logs: verify.NotRequired}, 0},
		{verify.Requirements{Logs: verify.NotRequired}, `"tlog":1`, verify.Requirements{Logs: 1}, 0},
		{verify.Requirements{}, `"sct":0`, verify.Requirements{SCTs: verify.NotRequired}, 1},
		{verify.Requirements{}, `"tlog":1`, verify.Requirements{Logs: 1}, 0},
	} {
		line := fmt.Sprintf(`{"subject":"0","no_identity":true,"require":{%s}}`, test.line)
		if test.line == "" {
			line = `{"subject":"0","no_identity":true}`
		}
		x := expected(t, t.TempDir(), line)
		e, err := x.at(0)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.policy.over(verify.Policy{Require: test.audit}, x).Require; got != test.want {
			t.Errorf("%+v, %s: required %+v, want %+v", test.audit, line, got, test.want)
		}
		c := expecting(t, tree(t, dir), x)
		c.Policy.Require = test.audit
		got, sum := findings(t, c)
		if strict := test.audit == more; (len(got) == 1 && got[0].Verified) == strict {
			t.Errorf("%+v, %s: %v", test.audit, line, got)
		}
		var text strings.Builder
		if err := sum.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(text.String(), "1 with less evidence than the policy requires"); sum.Expectations.Lowered != test.lowered || said != (test.lowered == 1) {
			t.Errorf("%+v, %s: %d lowered, want %d: %s", test.audit, line, sum.Expectations.Lowered, test.lowered, &text)
		}
	}
}
