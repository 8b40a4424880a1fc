// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bufio"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The build script lists the targets that exist, in their order.
func TestBuildScript(t *testing.T) {
	t.Chdir("../../..")
	all, err := targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, target := range all {
		folder := strings.TrimPrefix(target.pkg, target.module+"/")
		want = append(want, "target "+folder+" "+target.function)
		// The compiler of OSS-Fuzz looks for the function in the folder and all
		// that it contains, by the beginning of its name.
		for _, other := range all {
			if other.name() != target.name() && strings.HasPrefix(other.dir+"/", target.dir+"/") && strings.HasPrefix(other.function, target.function) {
				t.Errorf("%s is found when %s is looked for", other.name(), target.name())
			}
		}
	}
	slices.Sort(want)
	data, err := os.ReadFile(".clusterfuzzlite/build.sh")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "target ") {
			got = append(got, line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf(".clusterfuzzlite/build.sh lists\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The dictionary has a form that libFuzzer reads; it stops at the first line
// that has another.
func TestDictionary(t *testing.T) {
	f, err := os.Open("../../../.clusterfuzzlite/sigstore.dict")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	word := regexp.MustCompile(`^"([^"\\]|\\["\\]|\\x[0-9a-f]{2})+"$`)
	seen := make(map[string]bool)
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !word.MatchString(line) || seen[line] {
			t.Errorf("%s: malformed, or there twice", line)
		}
		seen[line] = true
	}
	for _, w := range []string{`"\"verificationMaterial\""`, `"\"tlog_entries\""`, `"application/vnd.dev.sigstore.bundle.v0.3+json"`, `"1.3.6.1.4.1.57264.1.8"`} {
		if !seen[w] {
			t.Errorf("no %s", w)
		}
	}
}

func TestEncodeSeeds(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{`[]uint8 "ab\x00"`, "ff616200"},
		{`string ""`, "00"},
		{"uint8 \"7\"\n[]uint8 \"a\"", "07ff61"},
		{"string \"a\"\nint64 \"-1\"", "ffffffffffffffffff61"},
		{"string \"aa\"\nstring \"bb\"", "ffff61616262"},
		{"string \"\"\nstring \"bb\"", "00ff6262"},
		{"string \"a\"\nstring \"bcd\"", "55ff61626364"},
	} {
		got, err := encode(strings.Split(c.args, "\n"))
		if err != nil || hex.EncodeToString(got) != c.want {
			t.Errorf("%q: %x, %v, want %s", c.args, got, err, c.want)
		}
	}
	for _, args := range []string{`float64 "1"`, `uint8 "x"`, `string a`} {
		if got, err := encode([]string{args}); err == nil {
			t.Errorf("%q: %x", args, got)
		}
	}
}

// Seeds are what a target adds.
func TestSeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds package testing anew")
	}
	t.Chdir("../../..")
	dir := t.TempDir()
	err := chosen(t.Context(), `^dsse\.FuzzPAE$`, "^$", func(all []target) error { return writeSeeds(t.Context(), all, dir) })
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(filepath.Join(dir, "dsse_FuzzPAE_seed_corpus.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found := false
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		found = found || strings.HasPrefix(string(data[2:]), "application/vnd.in-toto+json")
	}
	if !found {
		t.Errorf("%d seeds, none of them known", len(r.File))
	}
}
