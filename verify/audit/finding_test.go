// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestLineIsPrintable(t *testing.T) {
	text := "plain <&> ü 😀 \x00\x1b\x7f\u0085\u200f\u202e\u2028\U000e0001\ufeff\\u202e end"
	line, err := (&Finding{Signer: text}).line()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.TrimSuffix(string(line), "\n") {
		if !unicode.IsPrint(r) {
			t.Errorf("%U in %q", r, line)
		}
	}
	var f Finding
	if err := json.Unmarshal(line, &f); err != nil || f.Signer != text {
		t.Errorf("%q, %v", f.Signer, err)
	}
	if !strings.Contains(string(line), "<&> ü 😀") {
		t.Errorf("more is escaped than need be: %s", line)
	}
}

func TestSummary(t *testing.T) {
	s := &state{findings: 6, bundles: 5, verified: 1, codes: map[string]int64{"identity.san": 1, "input.line": 3, "input.artifact": 1}}
	sum := s.summary("a\x1bb")
	var b strings.Builder
	if err := sum.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	want := "a\\u001bb: 6 findings: 1 verified, 5 refused; 5 bundles\n" +
		"        3  input.line                 " + refuse.Describe("input.line").Cause + "\n" +
		"        1  identity.san               " + refuse.Describe("identity.san").Cause + "\n" +
		"        1  input.artifact             " + refuse.Describe("input.artifact").Cause + "\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for failOn, want := range map[string]bool{
		"any": true, "none": false, "identity.san": true, "identity": true, "tlog": false, "tlog.window,input.artifact": true, "identity.issuer": false,
	} {
		f, err := ParseFailOn(failOn)
		if err != nil || f.Fails(sum) != want {
			t.Errorf("%s: %t, %v", failOn, f.Fails(sum), err)
		}
	}
	for _, bad := range []string{"", "all", "ident", "tlog.", "tlog,", "identity.sans"} {
		if _, err := ParseFailOn(bad); err == nil {
			t.Errorf("--fail-on %q accepted", bad)
		}
	}
	if any := (FailOn{}); any.Fails(&Summary{Entries: 1, Findings: 1}) {
		t.Error("nothing refused, and it fails")
	}
	if any := (FailOn{}); !any.Fails(&Summary{Entries: 1}) {
		t.Error("nothing in the sample, and it passes")
	}
	if any := (FailOn{}); !any.Fails(&Summary{}) {
		t.Error("nothing there, and it passes")
	}
	if none, err := ParseFailOn("none"); err != nil || none.Fails(&Summary{}) {
		t.Errorf("none fails: %v", err)
	}
}

// Names that differ on the disk differ in findings, whatever their bytes.
func TestNamesInFindings(t *testing.T) {
	seen := make(map[string]string)
	for _, name := range []string{"a\xff", "a\xfe", "a\ufffd", `a\xff`, "a"} {
		f := &Finding{Source: name, Bundle: name, Artifact: name, Message: "open " + name}
		line, err := f.line()
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(line)]; ok {
			t.Errorf("%q and %q are both %s", name, other, line)
		}
		seen[string(line)] = name
	}
	f := &Finding{Source: "a\xff", Message: "a\xff"}
	if line, err := f.line(); err != nil || string(line) != `{"n":0,"source":"a\\xff","verified":false,"message":"a\\xff"}`+"\n" {
		t.Errorf("%s, %v", line, err)
	}
}
