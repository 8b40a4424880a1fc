// SPDX-License-Identifier: Apache-2.0

// Command trustrenew rewrites trustroot/embedded/data from released packages
// of other Sigstore clients. Run it with `make trust-renew` from the top of
// the repository; it needs go, npm, pip and cargo, and uses nothing else.
//
// Two things vouch for what is written. Every file that several packages
// carry must be the same in all of them, byte for byte, or, for TUF roots,
// the versions must form a chain in which each one is signed by the threshold
// of the one before. A trusted root that one package alone carries has to
// verify the real bundles that another package publishes. And the versions of the packages are written down below, so that a
// renewal is a change to review: raise them, run, read the diff.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const target = "trustroot/embedded/data"

// file is one file of trust material as one package carries it.
type file struct {
	name string // below target
	from string // package and version
	path string // inside the package
	data []byte
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "trustrenew:", err)
		os.Exit(1)
	}
}

func run() error {
	work, err := os.MkdirTemp("", "trustrenew")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	found, err := collect(work)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range found {
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	doc := new(strings.Builder)
	doc.WriteString(preface)
	for _, name := range names {
		copies := slices.DeleteFunc(slices.Clone(found), func(f file) bool { return f.name != name })
		best, note, err := choose(copies)
		if err == nil && len(copies) == 1 && name == github+"trusted_root.json" {
			note, err = heldAgainstBundles(best.data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := write(name, best.data); err != nil {
			return err
		}
		describe(doc, best, copies, note)
	}
	return write("PROVENANCE.md", []byte(doc.String()))
}

// choose picks the copy to embed and says how the others bear it out.
func choose(copies []file) (file, string, error) {
	if strings.HasSuffix(copies[0].name, "/root.json") {
		return newestRoot(copies)
	}
	for _, f := range copies[1:] {
		if !bytes.Equal(f.data, copies[0].data) {
			return file{}, "", fmt.Errorf("%s and %s differ", copies[0].from, f.from)
		}
	}
	if len(copies) == 1 {
		return copies[0], "Only this package carries it.", nil
	}
	return copies[0], "All copies are the same, byte for byte.", nil
}

func write(name string, data []byte) error {
	name = filepath.Join(target, filepath.FromSlash(name))
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return nil
	}
	fmt.Println("writing", name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

const preface = `# Provenance of the embedded trust material

Written by ` + "`make trust-renew`" + ` from packages as of ` + pinned + `; do not edit by hand.
`

func describe(doc *strings.Builder, best file, copies []file, note string) {
	fmt.Fprintf(doc, "\n## %s\n\n%s SHA-256 `%x`, %s.\n\n", best.name, note, sha256.Sum256(best.data), dated(best))
	doc.WriteString("| package | path in it | SHA-256 |\n|---|---|---|\n")
	for _, f := range copies {
		from := f.from
		if f.from == best.from {
			from = "**" + from + "**"
		}
		fmt.Fprintf(doc, "| %s | `%s` | `%x` |\n", from, f.path, sha256.Sum256(f.data))
	}
}
