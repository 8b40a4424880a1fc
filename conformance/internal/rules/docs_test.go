// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// texts calls f for each text file of the repository, fixtures excepted.
func texts(t *testing.T, f func(name, text string)) {
	t.Helper()
	root := os.DirFS("../../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base == ".git" || base == "bin" || base == "testdata" || base == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		switch path.Ext(name) {
		case ".md", ".go", ".mk", ".yml", ".yaml", ".json", ".sh":
		default:
			if path.Base(name) != "Makefile" {
				return nil
			}
		}
		data, err := fs.ReadFile(root, name)
		if err == nil {
			f(name, string(data))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinks follows the links between documents, and the paths of documents
// in comments and messages.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	mention := regexp.MustCompile(`(?:\.\./)*\bdocs/[a-z0-9/._-]*\.(?:md|json)\b`)
	fence := regexp.MustCompile("(?ms)^```.*?^```$")
	exists := func(name string) bool {
		_, err := os.Stat(path.Join("../../..", name))
		return err == nil
	}
	documents := 0
	texts(t, func(name, text string) {
		for _, m := range mention.FindAllString(text, -1) {
			if !strings.HasPrefix(m, "..") && !exists(m) {
				t.Errorf("%s: names %s, which does not exist", name, m)
			}
		}
		if path.Ext(name) != ".md" {
			return
		}
		documents++
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			if target := path.Join(path.Dir(name), m[1]); !exists(target) {
				t.Errorf("%s: links to %s, which does not exist", name, target)
			}
		}
	})
	if documents < 20 {
		t.Errorf("%d documents read, want all of them", documents)
	}
}

// TestIndex holds docs/README.md to the documents beside it.
func TestIndex(t *testing.T) {
	index := string(read(t, "docs/README.md"))
	err := fs.WalkDir(os.DirFS("../../../docs"), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
