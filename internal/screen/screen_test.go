// SPDX-License-Identifier: Apache-2.0

package screen

import "testing"

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"plain ü 漢 🙂":          "plain ü 漢 🙂",
		"a\x1b[2Jb":            `a\u001b[2Jb`,
		"a\nb\tc\u00a0d":       `a\u000ab\u0009c\u00a0d`,
		"\x7f\u0085":           `\u007f\u0085`,
		"ü\u202eü":             `ü\u202eü`,
		"\xffa\xe2\x80":        `\xffa\xe2\x80`,
		"\ufffd":               `\ufffd`, // a character of its own, and what a broken one looks like
		"\uffff\U000e0041":     `\uffff\U000e0041`,
		"\U00010000\U0010ffff": "\U00010000" + `\U0010ffff`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
