// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each attack of the threat model names the test that holds its defence.
func TestThreatsHaveTests(t *testing.T) {
	const root = "../../.."
	data, err := os.ReadFile(filepath.Join(root, "docs", "reference", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(data), "\n## Attacks\n")
	table, _, _ = strings.Cut(table, "\n## ")
	named := regexp.MustCompile(`([a-z0-9/_-]+)\.(Test[A-Za-z0-9]+)`)
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| attacker ") {
			continue
		}
		rows++
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
		tests := named.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(tests) == 0 {
			t.Errorf("no test in the row: %s", line)
		}
		for _, test := range tests {
			files, err := filepath.Glob(filepath.Join(root, test[1], "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, name := range files {
				source, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				found = found || strings.Contains(string(source), "\nfunc "+test[2]+"(")
			}
			if !found {
				t.Errorf("%s: package %s has no test %s", "docs/reference/threat-model.md", test[1], test[2])
			}
		}
	}
	if rows < 10 {
		t.Errorf("%d rows read, want all of the table", rows)
	}
}
