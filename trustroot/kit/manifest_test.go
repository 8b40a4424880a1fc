// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestManifest(t *testing.T) {
	f := line("bundles/a.sigstore", "A")
	base := ID{1, 2}
	whole := Manifest{Instance: "test", AsOf: now, Base: base, Files: []File{f, line("bundles/b.sigstore", "B")}}
	text := string(whole.encode())
	if m, err := parseManifest([]byte(text)); err != nil || string(m.encode()) != text || m.Base != base || m.Instance != "test" {
		t.Fatalf("%+v, %v", m, err)
	}
	long := strings.Repeat("x", 244)
	digest := fmt.Sprintf("%x", f.SHA256)
	for _, c := range []struct {
		what, with string
		code       refuse.Code
	}{
		{Schema, "sigbundle.kit.v2", "kit.malformed"},
		{`"schema": "` + Schema + `",`, ``, "kit.malformed"},
		{`"schema":`, `"other": 1, "schema":`, "kit.malformed"},
		{`"test"`, `1`, "kit.malformed"},
		{`"test"`, `"a\u0022"`, "kit.name"},
		{`"test"`, `"` + strings.Repeat("x", 255) + `"`, ""},
		{`"test"`, `"` + strings.Repeat("x", 256) + `"`, "kit.limit"},
		{now.Format(time.RFC3339), "yesterday", "kit.malformed"},
		{`"asOf": "` + now.Format(time.RFC3339) + `",`, ``, "kit.malformed"},
		{now.Format(time.RFC3339), "1979-12-31T23:59:59Z", "kit.malformed"},
		{now.Format(time.RFC3339), "1980-01-01T00:00:00Z", ""},
		{now.Format(time.RFC3339), "9999-12-31T23:59:59Z", ""},
		{`"asOf": "2`, `"asOf": 2, "x": "`, "kit.malformed"},
		{base.String(), base.String()[2:], "kit.malformed"},
		{base.String(), base.String() + "00", "kit.malformed"},
		{base.String(), "x" + base.String()[1:], "kit.malformed"},
		{base.String(), base.String() + "x", "kit.malformed"},
		{`"` + base.String() + `"`, `1`, "kit.malformed"},
		{`"files": [`, `"files": [],"x": [`, "kit.malformed"},
		{"]\n}\n", "]\n}\n{}", "kit.malformed"},
		{"]\n}\n", "]\n", "kit.malformed"},

		{`"bundles/a.sigstore"`, `"a"`, "kit.name"},
		{`"bundles/a.sigstore"`, `1`, "kit.malformed"},
		{`"bundles/a.sigstore"`, `"bundles/b.sigstore"`, "kit.malformed"},
		{`"bundles/a.sigstore"`, `"bundles/c.sigstore"`, "kit.malformed"},
		{`"bundles/b.sigstore"`, `"bundles/b` + long[9:] + `xxx.sigstore"`, "kit.name"},
		{`"bundles/b.sigstore"`, `"bundles/b` + long[9:] + `xx.sigstore"`, ""},
		{`"bundles/b.sigstore"`, `"bundles/a/b"`, "kit.name"},
		{`"size": 1`, `"size": -1`, "kit.limit"},
		{`"size": 1`, `"size": 0`, ""},
		{`"size": 1`, `"size": 1073741824`, ""},
		{`"size": 1`, `"size": 1073741825`, "kit.limit"},
		{`"size": 1`, `"size": true`, "kit.malformed"},
		{digest, digest[2:], "kit.malformed"},
		{`"` + digest + `"`, `1`, "kit.malformed"},
		{digest + `"`, digest + `", "inBase": true`, ""},
		{digest + `"`, digest + `", "inBase": 1`, "kit.malformed"},
		{digest + `"`, digest + `", "other": 1`, "kit.malformed"},
	} {
		changed := strings.Replace(text, c.what, c.with, 1)
		if changed == text {
			t.Fatalf("no %s in %s", c.what, text)
		}
		_, err := parseManifest([]byte(changed))
		if got := refuse.CodeOf(err); got != c.code || (err == nil) != (c.code == "") {
			t.Errorf("%.80s instead of %.80s: %v, code %q, want %q", c.with, c.what, err, got, c.code)
		}
	}
}

// A manifest is written in one way, which other programs rely on.
func TestManifestText(t *testing.T) {
	m := Manifest{AsOf: now}
	if got, want := string(m.encode()), "{\n  \"schema\": \"sigbundle.kit.v1\",\n  \"instance\": \"\",\n  \"asOf\": \""+now.Format(time.RFC3339)+"\",\n  \"files\": []\n}\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	zero := strings.Repeat("0", 64)
	m.Files = []File{{Name: "bundles/a.sigstore"}}
	if got := string(m.encode()); !strings.HasSuffix(got, "[\n    {\"name\": \"bundles/a.sigstore\", \"size\": 0, \"sha256\": \""+zero+"\"}\n  ]\n}\n") {
		t.Errorf("one file: %s", got)
	}
	m.Files = append(m.Files, File{Name: "bundles/b.sigstore", InBase: true})
	want := "[\n    {\"name\": \"bundles/a.sigstore\", \"size\": 0, \"sha256\": \"" + zero + "\"},\n    {\"name\": \"bundles/b.sigstore\", \"size\": 0, \"sha256\": \"" + zero + "\", \"inBase\": true}\n  ]\n}\n"
	if got := string(m.encode()); !strings.HasSuffix(got, want) || strings.Contains(got, "base\":") {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestBoundsOfContents(t *testing.T) {
	for what, c := range map[string]struct {
		contents Contents
		code     refuse.Code
	}{
		"the first year":            {Contents{AsOf: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}, ""},
		"the year before":           {Contents{AsOf: time.Date(1979, 12, 31, 0, 0, 0, 0, time.UTC)}, "kit.malformed"},
		"the last year":             {Contents{AsOf: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, ""},
		"the year after":            {Contents{AsOf: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "kit.malformed"},
		"every printable character": {Contents{AsOf: now, Instance: " !~"}, ""},
		"a control character":       {Contents{AsOf: now, Instance: "a\x1f"}, "kit.name"},
		"another":                   {Contents{AsOf: now, Instance: "\x7f"}, "kit.name"},
		"a backslash":               {Contents{AsOf: now, Instance: `\`}, "kit.name"},
		"a quote":                   {Contents{AsOf: now, Instance: `"`}, "kit.name"},
		"a long instance":           {Contents{AsOf: now, Instance: strings.Repeat("x", 255)}, ""},
		"too long an instance":      {Contents{AsOf: now, Instance: strings.Repeat("x", 256)}, "kit.limit"},
		"a long name":               {Contents{AsOf: now, Files: map[string][]byte{"bundles/" + strings.Repeat("x", 238) + ".sigstore": nil}}, ""},
		"too long a name":           {Contents{AsOf: now, Files: map[string][]byte{"bundles/" + strings.Repeat("x", 239) + ".sigstore": nil}}, "kit.name"},
		"names of the ends":         {Contents{AsOf: now, Files: map[string][]byte{"bundles/09AZaz_+-@~.sigstore": nil, "repository/ ~": nil}}, ""},
		"a name with a control":     {Contents{AsOf: now, Files: map[string][]byte{"bundles/\x1f.sigstore": nil}}, "kit.name"},
		"a name with another":       {Contents{AsOf: now, Files: map[string][]byte{"bundles/\x7f.sigstore": nil}}, "kit.name"},
		"the other folder":          {Contents{AsOf: now, Files: map[string][]byte{"bundles": nil}}, "kit.name"},
	} {
		k, err := New(c.contents)
		if got := refuse.CodeOf(err); got != c.code || (k == nil) != (c.code != "") {
			t.Errorf("%s: %v, code %q, want %q", what, err, got, c.code)
		}
	}
	if k, err := New(Contents{AsOf: now.Add(999 * time.Millisecond)}); err != nil || !k.Manifest().AsOf.Equal(now) || k.Names(BundlesDir) != nil || k.File("bundles/x") != nil {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestManyFiles(t *testing.T) {
	m := Manifest{AsOf: now}
	for i := range 100_001 {
		m.Files = append(m.Files, File{Name: fmt.Sprintf("bundles/%06d.sigstore", i)})
	}
	_, err := parseManifest(m.encode())
	refused(t, "100,001 files", err, "kit.limit")
	m.Files = m.Files[1:]
	if _, err := parseManifest(m.encode()); err != nil {
		t.Errorf("100,000 files: %v", err)
	}
	many := make(map[string][]byte, 100_000)
	for i := range 100_000 {
		many[fmt.Sprint("bundles/", i, ".sigstore")] = nil
	}
	if _, err := New(Contents{AsOf: now, Files: many}); err != nil {
		t.Errorf("a kit of 100,000 files: %v", err)
	}
}
