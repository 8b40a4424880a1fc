// SPDX-License-Identifier: Apache-2.0

// Command testreport reads the output of go test -json and prints what a person
// needs: a line for each package, the output of the tests that failed and of no
// others, and the tests that were skipped, with their number.
//
//	go test -json ./... | go run ./conformance/internal/testreport
//
// It fails if a test, a package or a build failed, and if the input ends too
// early.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	ok, err := report(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// event is a line of the input; see go doc test2json.
type event struct {
	Action, Package, Test, Output, ImportPath string
}

// test names a test; the empty name is the package itself.
type test struct{ pkg, name string }

// report prints the report and returns whether everything passed.
func report(in io.Reader, out io.Writer) (ok bool, err error) {
	ok = true
	text := make(map[test]*strings.Builder) // of what has not ended
	begun := make(map[string]bool)          // packages that have not ended
	var skipped []string
	var build strings.Builder
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return false, err
		}
		var e event
		if json.Unmarshal(line, &e) != nil { // of the go command itself
			fmt.Fprintf(out, "%s", line)
			continue
		}
		key := test{e.Package, e.Test}
		switch e.Action {
		case "start":
			begun[e.Package] = true
		case "output":
			if text[key] == nil {
				text[key] = new(strings.Builder)
			}
			text[key].WriteString(e.Output)
		case "build-output":
			build.WriteString(e.Output)
		case "build-fail":
			ok = false
			fmt.Fprint(out, build.String())
			build.Reset()
		case "pass", "skip", "fail":
			own := ""
			if b := text[key]; b != nil {
				own = b.String()
			}
			delete(text, key)
			switch {
			case e.Action == "fail" && e.Test == "":
				ok = false
				unfinished(out, text, e.Package)
				fmt.Fprint(out, own)
			case e.Action == "fail":
				ok = false
				fmt.Fprint(out, own)
			case e.Test == "" && e.Action == "pass": // not one without tests
				fmt.Fprint(out, last(own))
			case e.Test == "":
			case e.Action == "skip":
				skipped = append(skipped, skip(e, own))
			}
			if e.Test == "" {
				delete(begun, e.Package)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(begun)) {
		ok = false
		unfinished(out, text, pkg)
		fmt.Fprintf(out, "FAIL\t%s: the input ends before the package does\n", pkg)
	}
	slices.Sort(skipped)
	for _, s := range skipped {
		fmt.Fprint(out, s)
	}
	fmt.Fprintf(out, "skipped: %d tests\n", len(skipped))
	return ok, nil
}

// unfinished prints the output of the tests of a package that were running when
// it ended: one of them caused the end, by a panic or by taking too long.
func unfinished(out io.Writer, text map[test]*strings.Builder, pkg string) {
	for _, key := range slices.SortedFunc(maps.Keys(text), func(a, b test) int { return strings.Compare(a.name, b.name) }) {
		if key.pkg == pkg && key.name != "" {
			fmt.Fprint(out, text[key].String())
			delete(text, key)
		}
	}
}

// last returns the last line: the verdict on a package.
func last(s string) string {
	lines := slices.Collect(strings.Lines(s))
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// skip names a test that was skipped, with its reason.
func skip(e event, own string) string {
	reason := ""
	for line := range strings.Lines(own) {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "===") && !strings.HasPrefix(t, "--- SKIP") {
			reason = ": " + t
		}
	}
	return fmt.Sprintf("--- SKIP: %s in %s%s\n", e.Test, e.Package, reason)
}
