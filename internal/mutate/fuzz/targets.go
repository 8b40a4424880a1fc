// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// target is a fuzz target.
type target struct {
	pkg      string // import path
	dir      string // of the package
	module   string // that the package is of
	function string
	synopsis string // first sentence of its comment
}

// name is short: the package below the module, and the function.
func (t target) name() string {
	return strings.TrimPrefix(t.pkg, t.module+"/") + "." + t.function
}

// targets finds the fuzz targets of the module in the working directory, in
// the order of their names. Each says in a comment what it tries.
func targets(ctx context.Context) ([]target, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Module.Path}}\t{{.ImportPath}}\t{{.Dir}}", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []target
	for line := range bytes.Lines(out) {
		f := strings.Split(strings.TrimSpace(string(line)), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("go list: %q", line)
		}
		files, err := filepath.Glob(filepath.Join(f[2], "*_test.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, d := range file.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
					continue
				}
				t := target{pkg: f[1], dir: f[2], module: f[0], function: fn.Name.Name,
					synopsis: strings.TrimPrefix(new(doc.Package).Synopsis(fn.Doc.Text()), fn.Name.Name+" ")}
				if t.synopsis == "" {
					return nil, fmt.Errorf("%s does not say what it tries", t.name())
				}
				all = append(all, t)
			}
		}
	}
	slices.SortFunc(all, func(a, b target) int { return cmp.Compare(a.name(), b.name()) })
	return all, nil
}

const heading = `# What was fuzzed

Written by ` + "`make fuzz-record`" + `; do not edit. Each row is one run of a fuzz target:
a parser, or the whole verdict, is given input that grows out of valid input by
what reaches new code. No target may panic or run away; what is accepted must
mean the same when it is written out and read again; what is refused has a code
of the table. A run that found anything would not be here: what it finds is
mended first and kept as a test.

Time is processor time, so that a busy machine does not count. "Inputs" are
those that reach code which no other input reaches.

| target | what it does | date | CPU minutes | executions | inputs |
|---|---|---|---:|---:|---:|
`

// keep puts the row of a target into the table in a file, in the place of an
// older one. Rows are in the order of their names.
func keep(file string, t target, o outcome) error {
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	key := "| " + t.name() + " |"
	rows := []string{fmt.Sprintf("%s %s | %s | %.1f | %d | %d |\n", key, strings.ReplaceAll(t.synopsis, "|", "\\|"),
		time.Now().UTC().Format(time.DateOnly), o.cpu.Minutes(), o.executions, o.inputs)}
	_, table, _ := strings.Cut(string(data), "|---|---|---|---:|---:|---:|\n")
	for row := range strings.Lines(table) {
		if !strings.HasPrefix(row, key) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return os.WriteFile(file, []byte(heading+strings.Join(rows, "")), 0o644)
}
