// SPDX-License-Identifier: Apache-2.0

// Package reviewed reads the reasons that people gave for what a tool found
// and what has to stay.
package reviewed

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Read returns the reason of each key in a file: a line "=> REASON" gives the
// reason of the keys on the lines below it, up to the next. Empty lines and
// those that begin with # are ignored. A key without a reason, or with two, is
// an error.
func Read(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	reasons := make(map[string]string)
	reason := ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if r, ok := strings.CutPrefix(line, "=> "); ok {
			reason = r
			continue
		}
		if reason == "" || reasons[line] != "" {
			return nil, fmt.Errorf("%s: no reason, or two, for %q", file, line)
		}
		reasons[line] = reason
	}
	return reasons, lines.Err()
}

// Cell keeps text from ending its cell of a table in Markdown.
func Cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
