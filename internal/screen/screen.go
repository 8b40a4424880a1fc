// SPDX-License-Identifier: Apache-2.0

// Package screen makes foreign text safe to print. Names in certificates,
// checkpoints and statements are an attacker's to choose. On a terminal a
// control character can erase the verdict above it, and a bidirectional
// override can reorder it. In the log of a CI job some plain text is a
// command to the runner.
package screen

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// most is how many bytes of one text are printed: the longest name that a
// certificate may hold. JSON has all of a longer text.
const most = 4096

// Escape returns s as one line, with an escape (\xNN, \uNNNN or \UNNNNNNNN) in
// place of everything that is not a printable character or an ordinary space,
// and of the characters that begin a command to a CI runner. A backslash is
// escaped where it would look like an escape, so that different texts never
// look the same. A text of more than 4096 bytes is cut, and its length and
// SHA-256 follow.
func Escape(s string) string {
	whole := s
	if len(s) > most {
		cut := most
		for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	var b strings.Builder
	lineStart, clean := true, 0 // s[:clean] is in b
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		shown := printable(r)
		if !shown || commands(s[i:], lineStart) || r == '\\' && looksEscaped(s[i+1:]) {
			b.WriteString(s[clean:i])
			switch {
			case r == utf8.RuneError && size == 1:
				fmt.Fprintf(&b, `\x%02x`, s[i])
			case r < 0x10000:
				fmt.Fprintf(&b, `\u%04x`, r)
			default:
				fmt.Fprintf(&b, `\U%08x`, r)
			}
			clean = i + size
		}
		// Readers of logs end lines at other characters than we do.
		lineStart = !shown || lineStart && r == ' '
		i += size
	}
	if clean == 0 && len(s) == len(whole) {
		return s
	}
	b.WriteString(s[clean:])
	if len(s) < len(whole) {
		fmt.Fprintf(&b, `\+ %d bytes in all, sha256:%x`, len(whole), sha256.Sum256([]byte(whole)))
	}
	return b.String()
}

// commands reports whether the first character of s is part of a command to a
// CI runner:
//
//	##vso[task.setvariable …]   Azure Pipelines, anywhere in a line
//	##[set-output …]            Azure Pipelines and GitHub Actions, anywhere
//	##teamcity[…]               TeamCity, anywhere
//	::set-output …::            GitHub Actions, after white space at the start of a line
//	section_start:…             GitLab, anywhere
//	section_end:…
//
// The # in front of the name is what is escaped, so that no foreign text
// completes a command that begins before it.
func commands(s string, lineStart bool) bool {
	switch s[0] {
	case '#':
		i := 1
		for i < min(len(s), maxCommand-1) && ('a' <= s[i]|0x20 && s[i]|0x20 <= 'z') {
			i++
		}
		return i < len(s) && s[i] == '['
	case ':':
		return lineStart
	case 's', 'S':
		for _, marker := range []string{"section_start:", "section_end:"} {
			if len(s) >= len(marker) && strings.EqualFold(s[:len(marker)], marker) {
				return true
			}
		}
	}
	return false
}

// looksEscaped reports whether s reads as the rest of an escape behind its
// backslash.
func looksEscaped(s string) bool {
	if s == "" {
		return false
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 || len(s) <= digits {
		return false
	}
	for _, c := range []byte(s[1 : digits+1]) {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

func printable(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) }
