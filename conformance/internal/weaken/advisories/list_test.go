// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const top = "../../../../"

// Each advisory has the test that it names, and the line that the test depends
// on stands once where it is said to.
func TestList(t *testing.T) {
	seen := make(map[string]bool)
	for _, a := range list {
		for id := range strings.FieldsSeq(a.ids) {
			if seen[id] {
				t.Errorf("%s is listed twice", id)
			}
			seen[id] = true
		}
		if a.elsewhere == "" || !hasTest(t, a.pkg, a.test) {
			t.Errorf("%s: no test %s in %s", a.ids, a.test, a.pkg)
		}
		if a.file == "" {
			continue
		}
		source, err := os.ReadFile(top + a.file)
		if err != nil || strings.Count(string(source), a.guard) != 1 || a.without == a.guard {
			t.Errorf("%s: %s does not say %q once: %v", a.ids, a.file, a.guard, err)
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d identifiers", len(seen))
	}
}

// hasTest reports whether a package has a test, and it a subtest of a name.
func hasTest(t *testing.T, pkg, test string) bool {
	t.Helper()
	files, err := filepath.Glob(top + pkg + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	test, sub, _ := strings.Cut(test, "/")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := string(data)
		if strings.Contains(s, "func "+test+"(") && (sub == "" || strings.Contains(s, sub) || strings.Contains(s, strings.ReplaceAll(sub, "_", " "))) {
			return true
		}
	}
	return false
}
