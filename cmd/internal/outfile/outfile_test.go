// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func link(t *testing.T, to, name string) string {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// A file is replaced whole, where its links lead, and nothing else stays.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	old := write(t, filepath.Join(dir, "old"), "old", 0o640)
	alias := link(t, "old", filepath.Join(dir, "alias"))
	for name, want := range map[string]os.FileMode{alias: 0o640, filepath.Join(dir, "new"): 0} {
		if err := Check(name); err != nil {
			t.Fatal(err)
		}
		if err := Write(name, []byte("content")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if got, _ := os.ReadFile(name); err != nil || string(got) != "content" || want != 0 && info.Mode() != want {
			t.Errorf("%s: %q, %v, %v", name, got, info.Mode(), err)
		}
	}
	if to, err := os.Readlink(alias); err != nil || to != "old" {
		t.Errorf("the link was replaced: %q, %v", to, err)
	}
	if got, _ := os.ReadFile(old); string(got) != "content" {
		t.Errorf("%q", got)
	}
	link(t, "gone", filepath.Join(dir, "dangling"))
	for _, name := range []string{filepath.Join(dir, "nowhere", "x"), dir, filepath.Join(dir, "dangling"), filepath.Join(old, "x")} {
		checked, written := Check(name), Write(name, []byte("x"))
		if checked == nil || written == nil || strings.Contains(checked.Error(), ".sigbundle-") {
			t.Errorf("%s: %v, %v", name, checked, written)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What is read is known under all of its names.
func TestSet(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"folder", "another"} {
		if err := os.Mkdir(in(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, in("key"), "k", 0o600)
	write(t, in("folder/inside"), "i", 0o600)
	link(t, "key", in("alias"))
	link(t, "folder", in("way"))
	if err := os.Link(in("key"), in("twin")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	var s Set
	s.Add("--none", "")
	s.Add("--key", "key")
	s.Add("--from", "folder")
	s.Add("--out", "another/out") // to be written
	for name, want := range map[string]string{
		"key": "--key and --bundle: the same file key", in("key"): "--key", "alias": "--key", "twin": "--key",
		"another/../key": "--key", "way/inside": "--bundle: way/inside is a file of --from", "folder/inside": "--bundle:",
		"another/out": "--out", in("another/./out"): "--out",
		"new": "", "folder/new": "", "another/key": "", "another": "", os.DevNull: "",
	} {
		err := s.Apart("--bundle", name)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Free("--bundle", "key", Bundle); err == nil || !strings.HasPrefix(err.Error(), "--key and") {
		t.Error(err)
	}
	if err := s.Free("--bundle", "another", Bundle); err == nil || err.Error() != "another: a folder, want a file" {
		t.Error(err)
	}
	if err := s.Free("--bundle", "new", Bundle); err != nil {
		t.Error(err)
	}
}
