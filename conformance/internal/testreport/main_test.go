// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const passing = `{"Action":"start","Package":"a"}
{"Action":"output","Package":"a","Test":"TestA","Output":"a passing test says this\n"}
{"Action":"pass","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Test":"TestS","Output":"    s_test.go:1: no folder\n"}
{"Action":"output","Package":"a","Test":"TestS","Output":"--- SKIP: TestS (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestS"}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a"}
`
	const begins = `{"Action":"start","Package":"b"}
{"Action":"output","Package":"b","Test":"TestGood","Output":"unwanted\n"}
{"Action":"pass","Package":"b","Test":"TestGood"}
{"Action":"output","Package":"b","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"b","Test":"TestBad","Output":"    b_test.go:1: wrong\n"}
`
	for name, c := range map[string]struct {
		in   string
		ok   bool
		want string
	}{
		"all pass": {passing, true, "ok  \ta\t0.1s\n--- SKIP: TestS in a: s_test.go:1: no folder\nskipped: 1 tests\n"},
		"a failure": {begins + `{"Action":"fail","Package":"b","Test":"TestBad"}
{"Action":"output","Package":"b","Output":"FAIL\tb\t0.1s\n"}
{"Action":"fail","Package":"b"}
` + passing, false, "=== RUN   TestBad\n    b_test.go:1: wrong\nFAIL\tb\t0.1s\nok  \ta\t0.1s\n--- SKIP: TestS in a: s_test.go:1: no folder\nskipped: 1 tests\n"},
		"a panic": {begins + `{"Action":"output","Package":"b","Output":"panic: runtime error\n"}
{"Action":"fail","Package":"b"}
`, false, "=== RUN   TestBad\n    b_test.go:1: wrong\npanic: runtime error\nskipped: 0 tests\n"},
		"an early end": {begins, false, "=== RUN   TestBad\n    b_test.go:1: wrong\nFAIL\tb: the input ends before the package does\nskipped: 0 tests\n"},
		"a build": {`{"ImportPath":"c","Action":"build-output","Output":"c.go:1: undefined: x\n"}
{"ImportPath":"c","Action":"build-fail"}
`, false, "c.go:1: undefined: x\nskipped: 0 tests\n"},
		"no JSON":  {"go: no such module\n", true, "go: no such module\nskipped: 0 tests\n"},
		"no input": {"", true, "skipped: 0 tests\n"},
	} {
		var out strings.Builder
		ok, err := report(strings.NewReader(c.in), &out)
		if err != nil || ok != c.ok || out.String() != c.want {
			t.Errorf("%s: %t, %v\n%s\nwant %t\n%s", name, ok, err, out.String(), c.ok, c.want)
		}
	}
}
