// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/trustroot/kit"
)

// Two files of a kit do not come to one place, however the folders are
// spelled, and a file that exists is taken for that of the kit only if it
// holds the same.
func TestImportToOnePlace(t *testing.T) {
	k, err := kit.New(kit.Contents{Instance: "x", AsOf: time.Now(), Files: map[string][]byte{
		"repository/r": []byte("r"), "bundles/expected.jsonl": []byte("BUNDLE"), "policy/expected.jsonl": []byte("POLICY"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, exists := range []bool{true, false} {
		dir := t.TempDir()
		t.Chdir(dir)
		if err := os.Symlink(dir, "self"); err != nil {
			t.Fatal(err)
		}
		if exists {
			if err := os.Mkdir("in", 0o700); err != nil {
				t.Fatal(err)
			}
		}
		for _, spelled := range []string{filepath.Join(dir, "in"), "./in", "in/", "self/in", "self/self/../in", "x/../in"} {
			for _, pair := range [][2]string{{spelled, "in"}, {"in", spelled}} {
				places := []outlet{{"--bundles", kit.BundlesDir, pair[0], false}, {"--policy", kit.PolicyDir, pair[1], true}}
				if err := checkFree(k, places); err == nil {
					t.Errorf("exists %v: %q and %q are free", exists, pair[0], pair[1])
				}
			}
		}
		if err := checkFree(k, []outlet{{"--bundles", kit.BundlesDir, "in", false}, {"--policy", kit.PolicyDir, "other", true}}); err != nil {
			t.Error(err)
		}
	}
	if err := extract(k, kit.BundlesDir, "in"); err != nil {
		t.Fatal(err)
	}
	if err := extract(k, kit.BundlesDir, "in"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := extract(k, kit.PolicyDir, "in"); err == nil {
		t.Error("another file is taken for that of the kit")
	}
	for what, put := range map[string]func(name string) error{
		"cut":        func(name string) error { return os.WriteFile(name, []byte("POLIC"), 0o600) },
		"longer":     func(name string) error { return os.WriteFile(name, []byte("POLICY\n"), 0o600) },
		"a folder":   func(name string) error { return os.Mkdir(name, 0o700) },
		"a link":     func(name string) error { return os.Symlink("same", name) },
		"a link out": func(name string) error { return os.Symlink("../in/expected.jsonl", name) },
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "same"), []byte("POLICY"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := put(filepath.Join(dir, "expected.jsonl")); err != nil {
			t.Fatal(err)
		}
		if err := extract(k, kit.PolicyDir, dir); err == nil {
			t.Errorf("%s is taken for the file in the kit", what)
		}
	}
}
