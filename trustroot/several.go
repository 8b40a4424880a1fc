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
	data = bytes.TrimSpace(data)
	if !severalRoots(data) {
		r, err := Parse(data)
		if err != nil {
			return nil, err
		}
		return []*Root{r}, nil
	}
	var all []*Root
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(all) == MaxRoots {
			return nil, refuse.New(codeLimit, "more than %d trust roots in one file", MaxRoots)
		}
		r, err := Parse(line)
		if err != nil {
			return nil, refuse.Wrap(codeMalformed, err, "line %d", number)
		}
		all = append(all, r)
	}
	return all, nil
}

// severalRoots tells JSON Lines from one document: that has one line, or a first
// line that no object ends with.
func severalRoots(data []byte) bool {
	first, _, several := bytes.Cut(data, []byte("\n"))
	first = bytes.TrimSpace(first)
	return several && bytes.HasSuffix(first, []byte("}")) && bytes.Count(first, []byte("{")) == bytes.Count(first, []byte("}"))
}
