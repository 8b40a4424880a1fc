// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"strings"

	"golang.org/x/tools/cover"

	"github.com/sigbundle/sigbundle/conformance/internal/reviewed"
)

// measured is what tests run of a package.
type measured struct {
	name       string
	statements int
	ran        int
	left       []block // in order of files and lines
}

// block is statements in a row that no test runs. What precedes them, the line
// of a condition mostly, tells it from others of the function, a number the
// second from the first.
type block struct {
	file, function, line string
	number               int // from 1
	statements           int
}

// key names a block as reviewed.txt does: lines may move, and it stays.
func (b block) key() string {
	s := b.file + " " + b.function + " | " + b.line
	if b.number > 1 {
		s += fmt.Sprintf(" #%d", b.number)
	}
	return s
}

// measure sorts a profile into the packages of these names, in their order.
func measure(names []string, files []*cover.Profile) ([]*measured, error) {
	byName := make(map[string]*measured)
	var list []*measured
	for _, name := range names {
		m := &measured{name: name}
		byName[name] = m
		list = append(list, m)
	}
	for _, f := range files {
		file := strings.TrimPrefix(f.FileName, module)
		m := byName[path.Dir(file)]
		if m == nil {
			return nil, fmt.Errorf("%s is of none of the packages", file)
		}
		s, err := readSource(file)
		if err != nil {
			return nil, err
		}
		seen := make(map[string]int)
		for _, b := range f.Blocks {
			m.statements += b.NumStmt
			if b.Count > 0 {
				m.ran += b.NumStmt
				continue
			}
			if b.NumStmt == 0 {
				continue
			}
			left := block{file: file, function: s.function(b.StartLine), line: s.line(b), statements: b.NumStmt}
			at := left.function + left.line
			seen[at]++
			left.number = seen[at]
			m.left = append(m.left, left)
		}
	}
	for _, m := range list {
		if m.statements == 0 {
			return nil, fmt.Errorf("the profile has nothing of %s", m.name)
		}
	}
	return list, nil
}

// source is a file as blocks are named by it.
type source struct {
	lines []string
	fset  *token.FileSet
	file  *ast.File
}

func readSource(name string) (*source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s := &source{lines: strings.Split(string(text), "\n"), fset: token.NewFileSet()}
	s.file, err = parser.ParseFile(s.fset, name, text, 0)
	return s, err
}

// function returns the name of what is declared around a line.
func (s *source) function(line int) string {
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || s.fset.Position(f.Pos()).Line > line || s.fset.Position(f.End()).Line < line {
			continue
		}
		if f.Recv == nil {
			return f.Name.Name
		}
		receiver, _, _ := strings.Cut(strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*"), "[")
		return receiver + "." + f.Name.Name
	}
	return "var"
}

// line returns the text of the line that a block begins on.
func (s *source) line(b cover.ProfileBlock) string {
	return strings.TrimSuffix(strings.TrimSpace(s.lines[b.StartLine-1]), " {")
}

// render writes the table, and what is wrong: packages with too little and
// blocks without a reason. A reason may stand without a block, since some
// blocks are run by chance.
func render(packages []*measured, reasons map[string]string) (string, []string) {
	var b strings.Builder
	var wrong []string
	b.WriteString(`# Statements of the verify side that no test runs

Written by ` + "`make cover`" + `; do not edit. Of each package that judges evidence or
trust: how many statements it has and how many the tests run, on Linux; the
tests are the package's own and those of the packages above it, without the
cases of any folder outside of this repository. Below is each block of
statements that none of them runs, by the line that it begins on, with the
reason from conformance/internal/uncovered/reviewed.txt.

| package | statements | run | percent |
|---|---:|---:|---:|
`)
	all := measured{name: "all"}
	for _, m := range packages {
		percent := 100 * float64(m.ran) / float64(m.statements)
		fmt.Fprintf(&b, "| %s | %d | %d | %.1f |\n", m.name, m.statements, m.ran, percent)
		if percent < least {
			wrong = append(wrong, fmt.Sprintf("%s: %.1f percent are run, at least %g are to be", m.name, percent, least))
		}
		all.statements += m.statements
		all.ran += m.ran
	}
	fmt.Fprintf(&b, "| %s | %d | %d | %.1f |\n", all.name, all.statements, all.ran, 100*float64(all.ran)/float64(all.statements))
	b.WriteString("\n## What is left\n\n| place | begins on | statements | reason |\n|---|---|---:|---|\n")
	for _, m := range packages {
		for _, left := range m.left {
			reason := reasons[left.key()]
			if reason == "" {
				reason = "**not reviewed**"
				wrong = append(wrong, "not reviewed: "+left.key())
			}
			fmt.Fprintf(&b, "| %s %s | `%s` | %d | %s |\n", left.file, left.function, reviewed.Cell(left.line), left.statements, reviewed.Cell(reason))
		}
	}
	return b.String(), wrong
}
