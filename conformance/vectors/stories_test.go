// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// tell is [Tell], once for all tests.
var tell = sync.OnceValues(Tell)

func told(t *testing.T) []Told {
	t.Helper()
	list, err := tell()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Every story ends as it says, and without what is wrong in it, well.
func TestStories(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range told(t) {
		if seen[s.Path()] {
			t.Errorf("%s: told twice", s.Path())
		}
		seen[s.Path()] = true
		t.Run(s.Path(), func(t *testing.T) {
			t.Parallel()
			report, err := s.Report, s.Err
			if got := codes.Of(err); got != s.Code || err != nil && got == "" {
				t.Fatalf("%q, want %q: %v", got, s.Code, err)
			}
			var notes []string
			for _, n := range report.Notes {
				notes = append(notes, n.Code)
			}
			if slices.Sort(notes); !slices.Equal(slices.Compact(notes), s.Notes) {
				t.Errorf("notes %q, want %q", notes, s.Notes)
			}
			if s.Code != "" {
				onlyCheck(t, &s.Story, report, err)
			}
			if s.Break == nil && s.Rebuild == nil {
				return
			}
			right, err := s.Right()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := right.Judge(true); err != nil {
				t.Errorf("without what is wrong: %v", err)
			}
		})
	}
}

// onlyCheck asserts that the story's check failed and no other: all others
// passed, had nothing to do, or rest on something that failed.
func onlyCheck(t *testing.T, s *Story, rep *report.Report, err error) {
	t.Helper()
	var refused *verify.Error
	if !errors.As(err, &refused) {
		if s.Check != "bundle" && s.Check != "trust" {
			t.Errorf("refused before any check: %v", err)
		}
		return
	}
	if refused.Check.String() != s.Check {
		t.Errorf("refused by %q: %v", refused.Check, err)
	}
	for _, step := range rep.Checks {
		if step.Status == report.Failed && step.Check != refused.Check {
			t.Errorf("%s failed as well: %s", step.Check, step.Detail)
		}
	}
}

func TestAnecdotes(t *testing.T) {
	for _, a := range Anecdotes() {
		if err := a.Do(); codes.Of(err) != a.Code {
			t.Errorf("%s: %q, want %q: %v", a.What, codes.Of(err), a.Code, err)
		}
	}
}

// What stands in the repository is what would be generated: no file differs,
// none is missing and none is left over.
func TestGenerated(t *testing.T) {
	const top = "../.."
	files, err := Files(told(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(top, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what go generate ./conformance/vectors makes (%v)", name, err)
		}
	}
	err = filepath.WalkDir(top+"/testdata/virtual", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if name, err := filepath.Rel(top, path); err != nil || files[filepath.ToSlash(name)] == nil {
			t.Errorf("%s is no story's", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Files are read back as what they were written from.
func TestLoad(t *testing.T) {
	for _, s := range All() {
		data, err := os.ReadFile(filepath.Join("../../testdata/virtual", s.Path()))
		if err != nil {
			t.Fatal(err)
		}
		c, want, err := Load(data)
		if err != nil {
			t.Fatal(err)
		}
		report, _ := c.Judge(true)
		if !bytes.Equal(report.MarshalIndent(), want) {
			t.Errorf("%s: the report differs", s.Path())
		}
	}
}

// judging lists the families of the codes that come about when a bundle is
// judged.
var judging = []string{
	"artifact", "bundle", "certificate", "chain", "identity", "key", "policy", "rule",
	"sct", "signature", "statement", "time", "timestamp", "tlog", "trust",
}

// Every check has a story that fails it, every code one that produces it: a
// code that nothing produces is not documented but removed.
func TestComplete(t *testing.T) {
	found := examples(told(t))
	for _, d := range refuse.All() {
		if family, _, _ := strings.Cut(string(d.Code), "."); !slices.Contains(judging, family) {
			continue // of another part, whose own tests produce it
		}
		if strings.HasPrefix(d.Cause, "A finding:") {
			continue // of trust lint, whose own tests produce it
		}
		if _, ok := found[string(d.Code)]; !ok {
			t.Errorf("no story and no anecdote has the code %s", d.Code)
		}
	}
	for code := range found {
		if refuse.Describe(refuse.Code(code)) == (refuse.Description{}) {
			t.Errorf("the code %s is not described", code)
		}
	}
	failed := make(map[string]int)
	for _, s := range told(t) {
		if s.Code != "" {
			failed[s.Check]++
		}
	}
	for c := report.CheckSigner; c <= report.CheckRules; c++ {
		if failed[c.String()] == 0 {
			t.Errorf("no story fails the check %s", c)
		}
	}
	t.Logf("%d stories, %d of them refused, %d anecdotes, %d codes", len(told(t)), refusals(failed), len(Anecdotes()), len(found))
}

func refusals(failed map[string]int) (n int) {
	for _, f := range failed {
		n += f
	}
	return n
}

// What docs/reference/decisions.md says is held by a story or a test is.
func TestDecisions(t *testing.T) {
	data, err := os.ReadFile("../../docs/reference/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, s := range All() {
		known[strings.TrimSuffix(s.Path(), ".txtar")] = true
	}
	tests := testsBelow(t, "../..")
	words := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(data), -1)
	for _, w := range words {
		check, _, isPath := strings.Cut(w[1], "/")
		isCheck := slices.ContainsFunc(All(), func(s Story) bool { return s.Check == check })
		if _, err := os.Stat(filepath.Join("../..", w[1])); err == nil {
			continue // a package
		}
		if isPath && isCheck && !known[w[1]] {
			t.Errorf("there is no story %s", w[1])
		}
		if strings.HasPrefix(w[1], "Test") && !tests[w[1]] {
			t.Errorf("there is no test %s", w[1])
		}
	}
}

// testsBelow returns the names of the tests of a tree.
func testsBelow(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	pattern := regexp.MustCompile(`(?m)^func (Test\w+)`)
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		data, err := os.ReadFile(file)
		for _, m := range pattern.FindAllStringSubmatch(string(data), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
