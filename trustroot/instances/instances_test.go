// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
)

func root(t *testing.T) []byte {
	t.Helper()
	data, err := embedded.TUFRoot(embedded.Staging)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAddFindRemove(t *testing.T) {
	s := At(t.TempDir())
	in := Instance{Name: "acme", Mirror: "https://tuf.acme.example", NotFound: []int{403}, TUFRoot: root(t)}
	added, err := s.Add(in)
	if err != nil || added.RootSHA256 != sum(in.TUFRoot) {
		t.Fatalf("%+v, %v", added, err)
	}
	if _, err := s.Add(in); refuse.CodeOf(err) != codeConfig {
		t.Errorf("added twice: %v", err)
	}
	got, err := s.Find("acme")
	if err != nil || got.Mirror != in.Mirror || got.NotFound[0] != 403 || string(got.TUFRoot) != string(in.TUFRoot) || got.BuiltIn {
		t.Errorf("%+v, %v", got, err)
	}
	list, err := s.List()
	if err != nil || len(list) != len(embedded.Instances())+1 {
		t.Errorf("%d instances, %v", len(list), err)
	}
	if info, err := os.Stat(filepath.Join(s.Config, "acme", rootFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.MkdirAll(s.CacheDir("acme"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove("acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.CacheDir("acme")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cache is still there: %v", err)
	}
	if _, err := s.Find("acme"); refuse.CodeOf(err) != codeUnknown || !strings.Contains(err.Error(), "known are public-good, staging, github") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(s.Config); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestAddRefuses(t *testing.T) {
	s := At(t.TempDir())
	good := Instance{Name: "acme", Mirror: "https://tuf.acme.example", TUFRoot: root(t)}
	for name, change := range map[string]func(*Instance){
		"no name":        func(in *Instance) { in.Name = "" },
		"upper case":     func(in *Instance) { in.Name = "Acme" },
		"a path":         func(in *Instance) { in.Name = "../acme" },
		"hidden":         func(in *Instance) { in.Name = ".acme" },
		"a flag":         func(in *Instance) { in.Name = "-acme" },
		"long":           func(in *Instance) { in.Name = strings.Repeat("a", maxName+1) },
		"built in":       func(in *Instance) { in.Name = embedded.GitHub },
		"no mirror":      func(in *Instance) { in.Mirror = "" },
		"no root":        func(in *Instance) { in.TUFRoot = nil },
		"both":           func(in *Instance) { in.ClientTrust = []byte("{}") },
		"bad root":       func(in *Instance) { in.TUFRoot = []byte("{}") },
		"altered root":   func(in *Instance) { in.TUFRoot = []byte(strings.Replace(string(in.TUFRoot), "202", "203", 1)) },
		"no trust files": func(in *Instance) { *in = Instance{Name: "x", ClientTrust: []byte("{}")} },
	} {
		in := good
		change(&in)
		if _, err := s.Add(in); refuse.CodeOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (Store{}).Add(good); err == nil {
		t.Error("added to no folder")
	}
	if list, err := (Store{}).List(); err != nil || len(list) != len(embedded.Instances()) {
		t.Errorf("the zero store: %v, %v", list, err)
	}
}

// What was added and was changed behind the command's back is not used.
func TestDamageIsRefused(t *testing.T) {
	for _, file := range []string{configFile, rootFile} {
		s := At(t.TempDir())
		if _, err := s.Add(Instance{Name: "acme", Mirror: "https://tuf.acme.example", TUFRoot: root(t)}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(s.Config, "acme", file)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(data, 'x'), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find("acme"); refuse.CodeOf(err) != codeConfig {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// A damaged instance stands in no one's way but its own, and can be removed.
func TestDamageStaysLocal(t *testing.T) {
	s := At(t.TempDir())
	for _, name := range []string{"acme", "lab"} {
		if _, err := s.Add(Instance{Name: name, Mirror: "https://tuf.acme.example", TUFRoot: root(t)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{filepath.Join("acme", configFile), "notes"} {
		if err := os.WriteFile(filepath.Join(s.Config, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{embedded.PublicGood, "lab"} {
		if _, err := s.Find(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := s.List()
	if err != nil || len(list) != len(embedded.Instances())+2 {
		t.Errorf("%d instances, %v", len(list), err)
	}
	if _, err := s.Find("notes"); refuse.CodeOf(err) != codeUnknown {
		t.Errorf("a stray file: %v", err)
	}
	if err := s.Remove("acme"); err != nil {
		t.Error(err)
	}
	if _, err := s.Find("acme"); refuse.CodeOf(err) != codeUnknown {
		t.Errorf("still there: %v", err)
	}
}

func TestDeviceNames(t *testing.T) {
	for _, name := range []string{"con", "aux", "nul", "prn", "com1", "lpt9", "con.x", "nul.tar.gz", "aux."} {
		if err := checkName(name); err == nil {
			t.Errorf("%s is a name for an instance", name)
		}
	}
	for _, name := range []string{"console", "com", "com10", "auxiliary", "x.con"} {
		if err := checkName(name); err != nil {
			t.Error(err)
		}
	}
}
