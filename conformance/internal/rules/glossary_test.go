// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// glossary are words that texts do not use, each with the words in its place.
// CONTRIBUTING.md has the same table for people.
var glossary = []struct{ not, use string }{
	{`counts? for nothing`, "is invalid, is ignored"},
	{`(is|are|was|were) none`, "is invalid, is not one"},
	{`(is|are) another`, "differs"},
	{`(write|writes|written|writing|wrote) over`, "overwrite"},
	{`but for`, "except"},
	{`nobody`, "no one, unknown"},
	{`anybody`, "anyone"},
	{`whoever`, "the noun that is meant"},
	{`(is|are) there`, "exists"},
	{`helpers?`, "intermediate, for a certificate"},
	{`rooms?|doors?|houses?`, "package, function, layout"},
}

// meant are phrases that have a word of the glossary in a meaning of its own.
var meant = regexp.MustCompile(`(?i)\bthere (is|are|was|were) none\b|\bcredential helpers?\b|\bhelper\.py\b|=helper\b|^// houses |^// house |\bnew\w*House\b|\bhouses?\[`)

// fixtures are files whose strings are data: names of cases, or texts that other
// programs or tests compare. Their comments are read.
var fixtures = regexp.MustCompile(`_test\.go$|^conformance/internal/mutate/|^conformance/vectors/codes\.go$|^conformance/internal/oracle/tufdiff/`)

// Comments, messages, help texts and descriptions of codes use one word for one
// thing.
func TestGlossary(t *testing.T) {
	var words []*regexp.Regexp
	for _, g := range glossary {
		words = append(words, regexp.MustCompile(`(?i)\b(`+g.not+`)\b`))
	}
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "rules/glossary_test.go") {
			return
		}
		text := read(t, path)
		fset := token.NewFileSet()
		file := fset.AddFile(path, -1, len(text))
		var s scanner.Scanner
		s.Init(file, text, nil, scanner.ScanComments)
		for {
			pos, tok, literal := s.Scan()
			if tok == token.EOF {
				return
			}
			if tok != token.COMMENT && (tok != token.STRING || fixtures.MatchString(path)) {
				continue
			}
			for i, line := range strings.Split(literal, "\n") {
				line = meant.ReplaceAllString(line, "")
				for j, w := range words {
					if found := w.FindString(line); found != "" {
						t.Errorf("%s:%d: %q, want: %s", path, fset.Position(pos).Line+i, found, glossary[j].use)
					}
				}
			}
		}
	})
}
