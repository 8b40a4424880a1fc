// SPDX-License-Identifier: Apache-2.0

// Package screen makes foreign text safe to print. Names in certificates,
// checkpoints and statements are an attacker's to choose; on a terminal a
// control character can erase the verdict above it, and a bidirectional
// override can reorder it.
package screen

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s with everything that is not a printable character, an
// ordinary space apart, written as an escape. What it returns is one line.
func Escape(s string) string {
	clean := true
	for _, r := range s {
		if !printable(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case printable(r):
			b.WriteString(s[i : i+size])
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

func printable(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) }
