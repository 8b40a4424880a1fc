// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// obeyed reports what a runner would obey, in lower case.
func obeyed(line string) bool {
	low := strings.ToLower(line)
	for _, marker := range []string{"##vso[", "##[", "##teamcity[", "section_start:", "section_end:"} {
		if strings.Contains(low, marker) {
			return true
		}
	}
	return strings.HasPrefix(strings.TrimSpace(low), "::")
}

var hostileCommands = []string{
	"##vso[task.setvariable variable=PATH]/evil", "a ##vso[task.prependpath]/evil", "##VSO[task.complete result=Succeeded;]", "###vso[a]", "##vso[a]##vso[b]",
	"##[set-output name=a]b", "text ##[add-path]/evil", "###[a]", "##[group]a", "##[command]a",
	"##teamcity[buildStatus status='SUCCESS']", "a##teamcity[a]", "##TeamCity[a]",
	"::set-output name=a::b", "  ::add-mask::a", "::stop-commands::x", "::error::a", ":::warning::a", "::ENDGROUP::",
	"section_start:1560896352:a\r\x1b[0K", "section_end:1560896352:a", "x section_start:1:a", "SECTION_START:1:a",
}

func TestCommands(t *testing.T) {
	for _, c := range hostileCommands {
		for _, before := range []string{"", " ", "\r", "\n", "\x1b[0K", "\u2028", "\x85", "#", "##", ":", "a\r\n  "} {
			s := before + c
			out := Escape(s)
			// Also right behind text of ours that ends in part of a command.
			for _, ours := range []string{"", "    ", "#", "##"} {
				if obeyed(ours + out) {
					t.Errorf("%q: %q is a command", s, ours+out)
				}
			}
			for i := strings.Index(out, `\u000`); i >= 0; i = -1 {
				if obeyed(out[i+6:]) {
					t.Errorf("%q: %q has a command behind an escape", s, out)
				}
			}
			data, err := json.Marshal(map[string]string{s: s})
			if err != nil {
				t.Fatal(err)
			}
			safe := JSON(data)
			if obeyed(string(safe)) {
				t.Errorf("%q: JSON %s is a command", s, safe)
			}
			var want, got map[string]string
			if json.Unmarshal(data, &want) != nil || json.Unmarshal(safe, &got) != nil || len(got) != 1 {
				t.Fatalf("%q: %s is not JSON", s, safe)
			}
			for k, v := range want {
				if got[k] != v {
					t.Errorf("%q: JSON %s has another meaning", s, safe)
				}
			}
		}
	}
	for _, plain := range []string{"a::b", "refs/heads/x#1", "# heading", "C:\\users\\x", "std::string", "a [b]", "https://example.test/#a", `\d+\.`} {
		if got := Escape(plain); got != plain {
			t.Errorf("%q is escaped: %q", plain, got)
		}
	}
}

// undo reads an escaped text back.
func undo(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := 0
		if s[0] == '\\' && looksEscaped(s[1:]) {
			n = map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
		}
		if n == 0 {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		v, _ := strconv.ParseUint(s[2:2+n], 16, 32)
		if n == 2 {
			b.WriteByte(byte(v))
		} else {
			b.WriteRune(rune(v))
		}
		s = s[2+n:]
	}
	return b.String()
}

// Different texts look different.
func TestEscapeIsInjective(t *testing.T) {
	texts := append([]string{"\x1b", `\u001b`, `\\u001b`, "\\\x1b", `\x1b`, "\xff", `\xff`, `\u005cxff`, `\`, `\\`, "\\u00\x1b", "\\u\u202e",
		"\U000e0041", `\U000e0041`, "\n", `\n`, "\ufffd", "a\\", "\\+ 1"}, hostileCommands...)
	seen := make(map[string]string)
	for _, s := range texts {
		out := Escape(s)
		if other, ok := seen[out]; ok && other != s {
			t.Errorf("%q and %q both give %q", s, other, out)
		}
		seen[out] = s
		if got := undo(out); got != s {
			t.Errorf("%q gives %q, which reads %q", s, out, got)
		}
	}
}

// FuzzEscape looks for text that CI runners obey after it was escaped, and for two texts with one escape.
func FuzzEscape(f *testing.F) {
	for _, s := range hostileCommands {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Escape(s)
		if obeyed(out) || strings.ContainsAny(out, "\n\r\x1b") {
			t.Errorf("%q gives %q", s, out)
		}
		if len(s) <= most && undo(out) != s {
			t.Errorf("%q gives %q, which reads %q", s, out, undo(out))
		}
	})
}

func TestEscapeIsBounded(t *testing.T) {
	for _, s := range []string{strings.Repeat("a", most+1), strings.Repeat("\x1b", 1<<20), strings.Repeat("漢", 1<<20), strings.Repeat("\xff", most+1), strings.Repeat("\x80", 1<<20)} {
		out := Escape(s)
		if len(out) > 6*most+128 {
			t.Errorf("%d bytes give %d", len(s), len(out))
		}
		if other := Escape(s[:len(s)-1] + "b"); other == out {
			t.Errorf("two texts of %d bytes look the same", len(s))
		}
		if !strings.Contains(out, strconv.Itoa(len(s))+" bytes in all, sha256:") {
			t.Errorf("no mark behind a text that was cut: %q", out[len(out)-100:])
		}
	}
	if s := strings.Repeat("a", most); Escape(s) != s {
		t.Error("a text of the greatest length is cut")
	}
}
