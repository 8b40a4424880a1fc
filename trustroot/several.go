// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// MaxRoots bounds the trust roots of one file.
const MaxRoots = 16

// ParseAll reads one trust root, or several in JSON Lines, one on each line, as
// the GitHub client's trusted-root command prints them. The roots are not
// merged: each one judges alone. Refusals are those of [Parse].
func ParseAll(data []byte) ([]*Root, error) {
	lines := rootLines(data)
	if lines == nil {
		r, err := Parse(data)
		if err != nil {
			return nil, err
		}
		return []*Root{r}, nil
	}
	var all []*Root
	for i, line := range lines {
		if len(line) == 0 {
			continue
		}
		if len(all) == MaxRoots {
			return nil, refuse.New(codeLimit, "more than %d trust roots in one file", MaxRoots)
		}
		r, err := Parse(line)
		if err != nil {
			return nil, refuse.Wrap(codeMalformed, err, "line %d", i+1)
		}
		all = append(all, r)
	}
	return all, nil
}

// rootLines returns the lines of JSON Lines, without the white space around
// them, and nil for one document: that has one line, or a first line that no
// object ends with.
func rootLines(data []byte) (lines [][]byte) {
	data = bytes.TrimSpace(data)
	first, _, several := bytes.Cut(data, []byte("\n"))
	first = bytes.TrimSpace(first)
	if !several || !bytes.HasSuffix(first, []byte("}")) || bytes.Count(first, []byte("{")) != bytes.Count(first, []byte("}")) {
		return nil
	}
	for line := range bytes.Lines(data) {
		if lines = append(lines, bytes.TrimSpace(line)); len(lines) > 4*MaxRoots {
			break // of which at most every second one is empty in files that are meant
		}
	}
	return lines
}
