// SPDX-License-Identifier: Apache-2.0

// Command source shows whether the tests would notice a weakened verifier.
// It removes or inverts each check, comparison and bound of the packages that
// it is given, one at a time, and runs their tests: some test must turn red.
//
//	go run ./conformance/internal/weaken -out docs/evidence/survivors.md tlog ctlog
//
// A package is compiled once, with each change behind a switch that reads the
// environment (package mutant), together with the tests of the packages above.
// Each test runs once alone, to record its time and the changes that make a
// difference to a value it meets; a change is then held against these tests
// only, the fastest first, up to the first that turns red or does not end. A
// change that no test meets has survived. What the compiler needs to know, such
// as the length of an array, has no switch, and is compiled and tested alone.
//
// The tree is never touched: the compiler reads the changed files through an
// overlay. Changes that no test notices, the survivors, are listed with the
// reason given in reviewed.txt; a survivor without a reason makes the command
// fail, and so does a reason without a survivor. Changes with a reason are not
// held against the packages above: a person has read them. Outcomes are kept in a state file and reused as long as no Go file of
// the package has changed, so that a run can be broken off and taken up again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/reviewed"
)

// above are the packages whose tests a change is held against after those of
// its own package: they see the verifier as a whole.
const above = "./conformance/vectors,./bundle,./trustroot,./verify,./conformance/virtual,./conformance/internal/mutate"

func main() {
	c := campaign{above: strings.Split(above, ",")}
	out := flag.String("out", "", "write the table of survivors to `FILE`")
	flag.StringVar(&c.state.file, "state", filepath.Join(os.TempDir(), "sigbundle-mutants.jsonl"), "keep outcomes in `FILE`")
	flag.DurationVar(&c.timeout, "timeout", 90*time.Second, "how long tests may run before a change counts as noticed")
	flag.Func("above", "comma-separated `PACKAGES` with tests that see the whole (default "+above+"; empty for none)", func(s string) error {
		c.above = strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
		return nil
	})
	most := flag.Duration("for", 0, "stop trying after this long; zero: when all is done")
	reasons := flag.String("reviewed", "conformance/internal/weaken/reviewed.txt", "reasons of survivors")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *most > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *most)
		defer cancel()
	}
	if err := run(ctx, &c, flag.Args(), *reasons, *out); err != nil {
		fmt.Fprintln(os.Stderr, "source:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c *campaign, packages []string, reasons, out string) error {
	if len(packages) == 0 {
		return fmt.Errorf("name the packages to change")
	}
	if err := c.state.load(); err != nil {
		return err
	}
	var err error
	if c.reasons, err = reviewed.Read(reasons); err != nil {
		return err
	}
	var results []result
	for _, p := range packages {
		rs, err := c.run(ctx, strings.Trim(p, "./"))
		if err != nil {
			return err
		}
		results = append(results, rs...)
	}
	table, unexplained := render(results, c.reasons)
	if out != "" {
		if err := os.WriteFile(out, []byte(table), 0o644); err != nil {
			return err
		}
	} else {
		fmt.Print(table)
	}
	stale := needless(results, c.reasons)
	for _, key := range stale {
		fmt.Fprintln(os.Stderr, "reason without a survivor:", key)
	}
	if unexplained > 0 || len(stale) > 0 {
		return fmt.Errorf("%d survivors without a reason, %d reasons without a survivor", unexplained, len(stale))
	}
	return nil
}
