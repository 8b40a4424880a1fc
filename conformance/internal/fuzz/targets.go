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
	"regexp"
	"slices"
	"strconv"
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

Written by ` + "`make fuzz-record`" + `; do not edit. Each row is a fuzz target:
a parser, or the whole verdict, that is given input that grows out of valid input by
what reaches new code. No target may panic or run away; what is accepted must
mean the same when it is written out and read again; what is refused has a code
of the table. A run that finds anything is not here: that is mended first.

## How to run

- ` + "`make fuzz T=1m`" + `: every target for a minute of processor time.
- ` + "`make fuzz-record`" + `: the runs of the table below.
- ` + "`go test -run '^$' -fuzz '^FuzzBounds$' ./internal/bounds`" + `: one target. This one
  repeats a pattern up to 4 MiB and holds time and memory of each reader against
  the table of ` + "`make bounds`" + `.
- ` + "`.clusterfuzzlite`" + ` builds all targets for libFuzzer in the form of OSS-Fuzz, each
  with its seeds and a dictionary. With a copy of OSS-Fuzz's repository:
  ` + "`python3 infra/helper.py build_fuzzers --external PATH`" + `, then
  ` + "`python3 infra/helper.py run_fuzzer --external PATH bundle_FuzzParse`" + `.
  ` + "`.github/workflows/fuzz.yml`" + ` runs it for each pull request and every night.
- ` + "`go run ./conformance/internal/fuzz -seeds DIR`" + `: the seeds alone.

## The record

Time is processor time of all runs, so that a busy machine does not count, and
the date is of the last. "Inputs" are those that reach code which no other input
reaches.

| target | what it does | date | CPU minutes | executions | inputs |
|---|---|---|---:|---:|---:|
`

// row matches the row of a target.
var row = regexp.MustCompile(`^\| (\S+) \| .* \| [0-9-]{10} \| ([0-9.]+) \| (\d+) \| (\d+) \|$`)

// rows reads the rows of a record; one that is not there or is not named has
// none.
func rows(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); row.MatchString(line) {
			all = append(all, line)
		}
	}
	return all, nil
}

// recorded returns what a record has of a target.
func recorded(file string, t target) (outcome, error) {
	all, err := rows(file)
	if err != nil {
		return outcome{}, err
	}
	for _, line := range all {
		if f := row.FindStringSubmatch(line); f[1] == t.name() {
			minutes, err := strconv.ParseFloat(f[2], 64)
			if err != nil {
				return outcome{}, err
			}
			executions, _ := strconv.ParseInt(f[3], 10, 64)
			inputs, _ := strconv.Atoi(f[4])
			return outcome{cpu: time.Duration(minutes * float64(time.Minute)), executions: executions, inputs: inputs}, nil
		}
	}
	return outcome{}, nil
}

// keep puts the row of a target into a record, in the place of an older one.
// Rows are in the order of their names.
func keep(file string, t target, o outcome) error {
	all, err := rows(file)
	if err != nil || file == "" {
		return err
	}
	all = slices.DeleteFunc(all, func(line string) bool { return row.FindStringSubmatch(line)[1] == t.name() })
	all = append(all, fmt.Sprintf("| %s | %s | %s | %.1f | %d | %d |", t.name(), strings.ReplaceAll(t.synopsis, "|", "\\|"),
		time.Now().UTC().Format(time.DateOnly), o.cpu.Minutes(), o.executions, o.inputs))
	slices.Sort(all)
	return os.WriteFile(file, []byte(heading+strings.Join(all, "\n")+"\n"), 0o644)
}
