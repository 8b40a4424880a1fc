// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// released is testdata/api.txt as the latest release has it; a release copies
// the one to the other. Before the first release it does not exist.
const released = "../../../testdata/api.released.txt"

// exportedName is the name that a line of api.txt is about, of a type's member
// with that of the type.
var exportedName = regexp.MustCompile(`^pkg (\S+), (?:(?:const|var|func) (\w+)|method \(\*?(\w+)(?:\[[^]]*\])?\) (\w+)|type (\w+)(?: (?:struct|interface), (\w+))?)`)

// unnamed returns the exported names that are in the lines before and not in
// those after, and that the news do not mention between backquotes.
func unnamed(before, after, news string) []string {
	names := func(text string) map[string]bool {
		all := make(map[string]bool)
		for line := range strings.Lines(text) {
			if m := exportedName.FindStringSubmatch(line); m != nil {
				name := strings.Trim(strings.Join(m[2:], "."), ".")
				all[m[1]+"."+strings.ReplaceAll(name, "..", ".")] = true
			}
		}
		return all
	}
	left := names(after)
	var lost []string
	for name := range names(before) {
		short := name[strings.LastIndex(name, "/")+1:]
		if !left[name] && !strings.Contains(news, "`"+name+"`") && !strings.Contains(news, "`"+short+"`") {
			lost = append(lost, name)
		}
	}
	slices.Sort(lost)
	return lost
}

// TestNewsNamesWhatWasLost holds NEWS.md to the names that are exported no more.
func TestNewsNamesWhatWasLost(t *testing.T) {
	const before = `pkg verify, func All(x int) error
pkg verify, func Kept()
pkg verify, method (*Verifier) Verify(b int) error
pkg verify/report, type Report struct
pkg verify/report, type Report struct, Code string
`
	for _, c := range []struct {
		after, news string
		want        []string
	}{
		{before, "", nil},
		{"pkg verify, func Kept(x int)\n", "", []string{"verify.All", "verify.Verifier.Verify", "verify/report.Report", "verify/report.Report.Code"}},
		{"pkg verify, func Kept()\n", "`verify.All` and `verify/report.Report`, `report.Report.Code`", []string{"verify.Verifier.Verify"}},
		{"pkg verify, func Kept()\n", "verify.All", []string{"verify.All", "verify.Verifier.Verify", "verify/report.Report", "verify/report.Report.Code"}},
	} {
		if got := unnamed(before, c.after, c.news); !slices.Equal(got, c.want) {
			t.Errorf("%q, %q: %q, want %q", c.after, c.news, got, c.want)
		}
	}

	old, err := os.ReadFile(released)
	if errors.Is(err, fs.ErrNotExist) {
		return // nothing is released
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range unnamed(string(old), string(read(t, "testdata/api.txt")), string(read(t, "NEWS.md"))) {
		t.Errorf("NEWS.md does not say what became of %s", name)
	}
}

// TestNewsIsShort holds each section to one line for each thing that changed.
func TestNewsIsShort(t *testing.T) {
	for section := range strings.SplitSeq(string(read(t, "NEWS.md")), "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		if n := strings.Count("\n"+text, "\n- "); n > 15 {
			t.Errorf("NEWS.md, %s: %d lines, want at most 15, by package", title, n)
		}
	}
}
