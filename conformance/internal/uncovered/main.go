// SPDX-License-Identifier: Apache-2.0

// Command coverage shows which statements of the verify side no test runs, and
// why none has to.
//
//	go run ./conformance/internal/uncovered -out docs/evidence/coverage.md
//
// It runs the tests of the packages that judge evidence or trust, and those
// above them that see the whole, and counts a statement as run whichever test
// ran it. A package with less than 95 percent makes the command fail, and so
// does a block of statements that no test runs and reviewed.txt has no reason
// for.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/cover"

	"github.com/sigbundle/sigbundle/conformance/internal/reviewed"
)

const module = "github.com/sigbundle/sigbundle/"

// least is the part of its statements, in percent, that tests run of every
// package.
const least = 95.0

// judges are the packages that are measured.
var judges = []string{
	"verify", "trustroot", "bundle", "tlog", "ctlog", "dsse",
	"internal/fulcio", "internal/rfc3161", "internal/sigkey", "internal/strictjson", "internal/strictcert",
	"internal/screen", "internal/fastverify", "internal/window", "internal/refuse",
	"trustroot/internal/tuf", "trustroot/tufroot", "trustroot/kit",
}

// above are packages whose tests see several of these at work.
var above = []string{"trustroot/tufsync", "conformance/vectors", "conformance", "conformance/virtual"}

func main() {
	out := flag.String("out", "", "write the table to `FILE` (default: print it)")
	profile := flag.String("profile", "", "read this `FILE` of go test -coverprofile instead of running the tests")
	reasons := flag.String("reviewed", "conformance/internal/uncovered/reviewed.txt", "reasons of what no test runs")
	flag.Parse()
	if err := run(*profile, *reasons, *out); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

func run(profile, reviewedFile, out string) error {
	reasons, err := reviewed.Read(reviewedFile)
	if err != nil {
		return err
	}
	if profile == "" {
		dir, err := os.MkdirTemp("", "coverage")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		profile = filepath.Join(dir, "profile")
		if err := test(profile); err != nil {
			return err
		}
	}
	files, err := cover.ParseProfiles(profile)
	if err != nil {
		return err
	}
	packages, err := measure(judges, files)
	if err != nil {
		return err
	}
	table, wrong := render(packages, reasons)
	for _, w := range wrong {
		fmt.Fprintln(os.Stderr, w)
	}
	if out == "" {
		fmt.Print(table)
	} else if err := os.WriteFile(out, []byte(table), 0o644); err != nil {
		return err
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d findings", len(wrong))
	}
	return nil
}

// test runs the tests and writes a profile of what they ran.
func test(profile string) error {
	var pkgs, tests []string
	for _, p := range judges {
		pkgs = append(pkgs, "./"+p)
	}
	for _, p := range slices.Concat(judges, above) {
		tests = append(tests, "./"+p)
	}
	cmd := exec.Command("go", append([]string{"test", "-count=1", "-coverprofile=" + profile, "-coverpkg=" + strings.Join(pkgs, ",")}, tests...)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}
