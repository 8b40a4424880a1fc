// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An output that exists has to be what an audit writes under that name,
// whole or cut off.
func TestCheckFiles(t *testing.T) {
	s := newShop(t)
	c := s.config()
	summary, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(c.State)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := summary.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kinds := map[string]string{
		"findings": string(s.findings()), "state": string(state), "summary": text.String(),
		"json":  "{\n  \"schema\": \"sigbundle.audit.summary.v1\",\n  \"source\": \"x\"}",
		"other": "{\"n\":2}", "text": "of 3 findings: 1 verified, 2 refused; 2 bundles\n",
		"empty": "", "part": `{"n":`, "artifact": "",
	}
	name := func(kind string) string { return filepath.Join(dir, kind+".file") }
	for kind, content := range kinds {
		write(t, name(kind), []byte(content))
	}
	write(t, name("artifact")+".sigstore", nil)
	for _, check := range []struct {
		what, takes string
		run         func(kind string) error
	}{
		{"findings", "findings empty part", func(k string) error { c := Config{File: name(k)}; return c.checkFiles() }},
		{"findings with a state", "findings empty part", func(k string) error { c := Config{File: name(k), State: name("none")}; return c.checkFiles() }},
		{"state", "state empty", func(k string) error { c := Config{File: name("none"), State: name(k)}; return c.checkFiles() }},
		{"summary", "summary json empty", func(k string) error { return CheckSummary(name(k)) }},
	} {
		for kind := range kinds {
			takes := strings.Contains(" "+check.takes+" ", " "+kind+" ")
			if err := check.run(kind); (err == nil) != takes {
				t.Errorf("%s over %s: %v", check.what, kind, err)
			}
		}
	}
}

// Links that others plant beside the outputs lead an audit to no other file,
// neither when it begins nor while it runs.
func TestPlantedLinks(t *testing.T) {
	for _, plant := range []string{"findings", "state", "state.next", ".sigbundle-state", "later state", "later findings", "dangling"} {
		s := newShop(t)
		c := s.config()
		victim := filepath.Join(t.TempDir(), "victim")
		write(t, victim, nil) // an empty file would pass for one of ours
		target := victim
		name := filepath.Join(filepath.Dir(s.out), strings.TrimPrefix(plant, "later "))
		if plant == "dangling" {
			name, target = s.out, victim+"2"
		}
		link := func() {
			os.Remove(name)
			if err := os.Symlink(target, name); err != nil {
				t.Fatal(err)
			}
		}
		if later := strings.HasPrefix(plant, "later "); !later {
			link()
		} else {
			n := 0
			c.step = func(string) error {
				if n++; n == 9 {
					link()
				}
				return nil
			}
		}
		_, err := Run(t.Context(), c)
		if refused := plant == "findings" || plant == "state" || plant == "dangling"; (err != nil) != refused {
			t.Errorf("%s: %v", plant, err)
		}
		if data, _ := os.ReadFile(victim); len(data) > 0 {
			t.Errorf("%s: the victim is now %.40q", plant, data)
		}
		if _, err := os.Stat(victim + "2"); err == nil {
			t.Errorf("%s: a file was made", plant)
		}
	}
	s := newShop(t)
	if _, err := Run(t.Context(), s.config()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(s.out), ".sigbundle-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// No output takes the place of an artifact that is gone.
func TestPlaceOfAnArtifact(t *testing.T) {
	for _, suffix := range suffixes {
		name := filepath.Join(t.TempDir(), "x")
		write(t, name+suffix, nil)
		c := Config{File: name}
		d := Config{File: name + "2", State: name}
		if c.checkFiles() == nil || d.checkFiles() == nil || CheckSummary(name) == nil {
			t.Errorf("%s: written where an artifact belongs", suffix)
		}
	}
}
