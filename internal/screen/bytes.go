// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bytes returns s as valid UTF-8 for a string of JSON, which cannot hold other
// bytes: \xNN stands in place of each of them, as in Escape. A backslash is
// escaped where it would look like such an escape, so that different names never
// become the same.
func Bytes(s string) string {
	var b strings.Builder
	clean := 0 // s[:clean] is in b
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `%s\x%02x`, s[clean:i], s[i])
			clean = i + size
		case r == '\\' && looksEscaped(s[i+1:]):
			fmt.Fprintf(&b, `%s\u%04x`, s[clean:i], r)
			clean = i + size
		}
		i += size
	}
	if clean == 0 {
		return s
	}
	b.WriteString(s[clean:])
	return b.String()
}
