// SPDX-License-Identifier: Apache-2.0

// Command differ holds this module's verdicts against those of other clients,
// and writes what it found as Markdown. It fails if there is a disagreement
// that no rule explains. Clients that cannot run here are named.
//
//	differ [-public DIR] [-stories DIR] [-out FILE] [-list FILE] [-clients DIR]
//
// The folders in SIGBUNDLE_SUITE and SIGBUNDLE_CORPUS, if set, are asked too,
// and are not in the report.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sigbundle/sigbundle/conformance/internal/oracle/differ"
	"github.com/sigbundle/sigbundle/conformance/internal/oracle/tufdiff"
)

func main() {
	var o differ.Options
	flag.StringVar(&o.Public, "public", "../../testdata/public", "the `FOLDER` testdata/public")
	flag.StringVar(&o.Stories, "stories", "../../testdata/virtual", "the `FOLDER` testdata/virtual")
	out := flag.String("out", "", "write the report to `FILE`")
	list := flag.String("list", "", "write every disagreement and its class to `FILE`, a line each")
	dir := flag.String("clients", "", "install the other clients in `FOLDER`; empty: the user's cache")
	flag.IntVar(&o.Every[0], "every", 3, "ask sigstore-go about one of so many mutants of each kind")
	flag.IntVar(&o.Every[1], "every-other", 18, "the same for the other clients")
	flag.Parse()
	o.Suite, o.Corpus = os.Getenv("SIGBUNDLE_SUITE"), os.Getenv("SIGBUNDLE_CORPUS")
	if err := run(o, *dir, *out, *list); err != nil {
		fmt.Fprintln(os.Stderr, "differ:", err)
		os.Exit(1)
	}
}

func run(o differ.Options, dir, out, list string) error {
	if dir == "" {
		var err error
		if dir, err = differ.Cache(); err != nil {
			return err
		}
	}
	clients, missing := differ.Clients(dir)
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	found, err := differ.Run(o, clients)
	if err != nil {
		return err
	}
	found.Missing = missing
	report(found)
	if list != "" {
		if err := os.WriteFile(list, []byte(found.List()), 0o644); err != nil {
			return err
		}
	}
	repositories, err := tufRepositories(dir)
	if err != nil {
		missing["python-tuf"] = err
		fmt.Printf("NOT RUN: python-tuf: %v\n", err)
	} else {
		fmt.Print(repositories.Summary())
	}
	if out != "" && len(missing) == 0 && o.Suite == "" && o.Corpus == "" {
		if err := os.WriteFile(out, []byte(found.Markdown()+repositories.Markdown()), 0o644); err != nil {
			return err
		}
	}
	if n := len(found.Unexplained); n > 0 {
		return fmt.Errorf("%d disagreements that no rule explains", n)
	}
	if repositories != nil && len(repositories.Unexplained()) > 0 {
		return fmt.Errorf("%d disagreements about TUF repositories that no line explains", len(repositories.Unexplained()))
	}
	return nil
}

// tufRepositories holds our TUF client against python-tuf's.
func tufRepositories(dir string) (*tufdiff.Outcome, error) {
	interpreter, err := differ.InstallPython(dir)
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "tufdiff-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	theirs, err := tufdiff.StartPython(interpreter, filepath.Join(scratch, "python"))
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cases, err := tufdiff.Cases(tufdiff.Seed, tufdiff.Random)
	if err != nil {
		return nil, err
	}
	return tufdiff.Run(cases, tufdiff.NewOurs(filepath.Join(scratch, "ours")), tufdiff.Offline{}, theirs)
}

// report prints what a person who waits for it wants to know.
func report(found *differ.Outcome) {
	fmt.Print(found.Summary())
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range found.Missing {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Printf("NOT RUN: %s: %v\n", name, found.Missing[name])
	}
	// Of disagreements that are alike, one stands for all.
	type kind struct{ client, code, words string }
	count, first := make(map[kind]int), make(map[kind]*differ.Disagreement)
	var kinds []kind
	for _, d := range found.Unexplained {
		k := kind{d.Client, d.Code, d.Words()}
		if count[k]++; count[k] == 1 {
			first[k] = d
			kinds = append(kinds, k)
		}
	}
	slices.SortStableFunc(kinds, func(a, b kind) int { return cmp.Compare(count[b], count[a]) })
	for _, k := range kinds {
		fmt.Printf("UNEXPLAINED, %d times: %v\n", count[k], first[k])
	}
}
