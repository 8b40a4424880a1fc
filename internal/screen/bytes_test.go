// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"testing"
	"unicode/utf8"
)

// Names in JSON differ as they do on the disk.
func TestBytes(t *testing.T) {
	seen := make(map[string]string)
	for _, s := range []string{"", "a", "a\xff", "a\xfe", "a\xff\xfe", "a\ufffd", `a\xff`, `a\u005cxff`, "\xe6\xbc", "漢", `\`, `\x`, `\u00`, "\x1b", "\xffb\xff"} {
		out := Bytes(s)
		if !utf8.ValidString(out) {
			t.Errorf("%q gives %q", s, out)
		}
		if other, ok := seen[out]; ok {
			t.Errorf("%q and %q both give %q", s, other, out)
		}
		seen[out] = s
		if got := undo(out); got != s {
			t.Errorf("%q gives %q, which reads %q", s, out, got)
		}
	}
	if got := Bytes("a\xff"); got != `a\xff` {
		t.Error(got)
	}
}
