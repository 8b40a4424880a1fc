// SPDX-License-Identifier: Apache-2.0

// Package names reads the names and digests that package managers write, and
// compares them: file names of Python distributions, gems and Homebrew bottles,
// package URLs, and subresource integrity.
//
// A name is parsed and compared, and never rewritten: two file names may differ
// in their bytes and name one distribution.
//
//	a, err := names.ParsePython("Foo_Bar-1.0-py3-none-any.whl")
//	b, err := names.ParsePython("foo_bar-1.0.0-py3-none-any.whl")
//	a.Equal(b) // true
//
// Refusals have the codes filename.malformed, purl.malformed, integrity.malformed
// and artifact.not_comparable. A name longer than [MaxLength] is refused.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// MaxLength bounds a name, in bytes. File systems stop at 255, and no index
// accepts more for one.
const MaxLength = 1024

// checkFile refuses what is no name of a file, whatever its kind.
func checkFile(name string) error {
	switch {
	case len(name) > MaxLength:
		return malformed("name of %d bytes, want at most %d", len(name), MaxLength)
	case !utf8.ValidString(name):
		return malformed("name %q: invalid UTF-8", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) }):
		return malformed("name %q: a path or white space, want the name of a file", name)
	}
	return nil
}

func malformed(format string, args ...any) error {
	return refuse.New("filename.malformed", format, args...)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// all reports whether s is not empty and all of its bytes are accepted.
func all(s string, accept func(byte) bool) bool {
	for i := range len(s) {
		if !accept(s[i]) {
			return false
		}
	}
	return s != ""
}

// number returns digits without the zeros in front.
func number(digits string) string {
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0"
	}
	return digits
}
