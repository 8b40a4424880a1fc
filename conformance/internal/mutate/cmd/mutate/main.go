// SPDX-License-Identifier: Apache-2.0

// Command mutate judges all mutants and writes the table of their outcomes.
// It fails if any of them was accepted that should not have been, or refused
// for a reason that does not suit it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sigbundle/sigbundle/conformance/internal/mutate"
)

func main() {
	out := flag.String("out", "", "write the table to `FILE`")
	items := flag.String("items", "", "write what became of each item and place to `FILE`")
	data := flag.String("data", "testdata/public", "the `FOLDER` of real bundles")
	every := flag.Int("every", 1, "judge one of so many mutants of each kind")
	workers := flag.Int("workers", runtime.GOMAXPROCS(0), "mutants judged at a time")
	flag.Parse()
	if err := run(*out, *items, *data, mutate.Options{Every: *every, Workers: *workers}); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(out, items, data string, o mutate.Options) error {
	h, err := mutate.NewHouse(os.DirFS(data))
	if err != nil {
		return err
	}
	t := h.Run(o)
	if out == "" {
		fmt.Print(t.Markdown())
	} else if err := os.WriteFile(out, []byte(t.Markdown()), 0o644); err != nil {
		return err
	}
	if items != "" {
		if err := os.MkdirAll(filepath.Dir(items), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(items, []byte(t.Items()), 0o644); err != nil {
			return err
		}
	}
	for _, f := range t.Failures {
		fmt.Fprintln(os.Stderr, f)
	}
	fmt.Fprintf(os.Stderr, "%d mutants, %d accepted forgeries, %d other failures\n", t.Total(), t.Forgeries(), len(t.Failures)-t.Forgeries())
	if len(t.Failures) > 0 {
		return fmt.Errorf("%d mutants did not end as they should", len(t.Failures))
	}
	return nil
}
