// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"iter"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// All reads the bundles of a file one after the other: either one bundle,
// printed in any way, or JSON Lines with a bundle on each line, where blank
// lines are ignored. It is JSON Lines if the first line that is not blank is
// a JSON value by itself.
//
// A bundle that is refused does not end the sequence, so that every line can
// be reported; a caller that wants all of them stops at the first error.
// Data that holds nothing yields the one refusal bundle.empty.
func All(data []byte) iter.Seq2[*Bundle, error] {
	return func(yield func(*Bundle, error) bool) {
		first, rest := nextLine(data)
		switch {
		case first == nil:
			yield(nil, refuse.New("bundle.empty", "no bundle in %d bytes", len(data)))
			return
		case len(blank(rest)) == 0 || !isValue(first):
			yield(Parse(data))
			return
		}
		for line := first; line != nil; line, rest = nextLine(rest) {
			if !yield(Parse(line)) {
				return
			}
		}
	}
}

// nextLine returns the first line of data that is not blank, nil if there is
// none, and what follows it.
func nextLine(data []byte) (line, rest []byte) {
	data = blank(data)
	if len(data) == 0 {
		return nil, nil
	}
	line, rest, _ = bytes.Cut(data, []byte("\n"))
	return line, rest
}

// blank returns data without the JSON white space before it.
func blank(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

// isValue reports whether line is one complete JSON value.
func isValue(line []byte) bool {
	d := strictjson.NewDecoder(line)
	return d.Skip() == nil && d.End() == nil
}
