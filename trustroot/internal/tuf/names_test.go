// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Every byte beside the ranges that are kept, and those at their ends.
func TestEscapedBytes(t *testing.T) {
	const all = "/09:@AZ[`az{-_.~ %\x00\xff"
	if e := EscapeURL(all); e != "%2F09%3A%40AZ%5B%60az%7B-_.~%20%25%00%FF" {
		t.Errorf("in a URL: %s", e)
	}
	if e := EscapeFile(all); e != "%2F09%3A%40%41%5A%5B%60az%7B-_.%7E%20%25%00%FF" {
		t.Errorf("in a file's name: %s", e)
	}
}

func TestEscapedNames(t *testing.T) {
	long := strings.Repeat("x", 129)
	sum := sha256.Sum256([]byte(long))
	for name, want := range map[string]string{
		"": "%", ".": "%2E", "..": "%2E%2E", "...": "%2E.%2E", ".a": "%2Ea", "a.": "a%2E", "a..": "a.%2E", "a.b": "a.b",
		"con": "%63on", "prn": "%70rn", "aux.x": "%61ux.x", "nul.": "%6Eul%2E", "cons": "cons", "co": "co", "x.con": "x.con",
		"com0": "%63om0", "com9": "%63om9", "lpt1.x": "%6Cpt1.x", "com-": "com-", "coma": "coma", "com": "com", "com10": "com10", "lpt": "lpt", "abc1": "abc1",
		long[1:]: long[1:], long: "+" + hex.EncodeToString(sum[:]),
	} {
		if e := EscapeFile(name); e != want {
			t.Errorf("%q becomes %q, want %q", name, e, want)
		}
	}
}

func TestTargetNames(t *testing.T) {
	for name, code := range map[string]refuse.Code{
		"a": "", "a/b.c": "", "a b~": "", "\u00e9": "", strings.Repeat("x", 1024): "",
		strings.Repeat("x", 1025): "tuf.name", "a\x1fb": "tuf.name", "\x1f": "tuf.name", "\x7fb": "tuf.name", `\b`: "tuf.name", `b\`: "tuf.name", ".": "tuf.name", "": "tuf.name",
	} {
		if err := CheckTargetName(name); refuse.CodeOf(err) != code {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

// The names in messages are cut, as another party chose them.
func TestClip(t *testing.T) {
	eighty := strings.Repeat("x", 80)
	if clip(eighty) != eighty || clip(eighty+"y") != eighty+"…" {
		t.Errorf("%q, %q", clip(eighty), clip(eighty+"y"))
	}
}
