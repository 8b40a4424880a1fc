// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An output that is there has to be what an audit writes under that name,
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
		"other": "{\"n\":2}", "text": "of 3 bundles audited, 1 verified, 2 refused\n",
		"empty": "", "part": `{"n":`, "artifact": "",
	}
	name := func(kind string) string { return filepath.Join(dir, kind+".file") }
	for kind, content := range kinds {
		write(t, name(kind), []byte(content))
	}
	write(t, name("artifact")+".sigstore", nil)
	next := func(kind string) Config {
		link := filepath.Join(dir, kind)
		write(t, link+".next", []byte(kinds[kind]))
		return Config{File: name("none"), State: link}
	}
	for _, check := range []struct {
		what, takes string
		run         func(kind string) error
	}{
		{"findings", "findings empty part", func(k string) error { c := Config{File: name(k)}; return c.checkFiles() }},
		{"findings with a state", "findings empty part", func(k string) error { c := Config{File: name(k), State: name("none")}; return c.checkFiles() }},
		{"state", "state empty", func(k string) error { c := Config{File: name("none"), State: name(k)}; return c.checkFiles() }},
		{"next state", "state empty artifact", func(k string) error { c := next(k); return c.checkFiles() }},
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
