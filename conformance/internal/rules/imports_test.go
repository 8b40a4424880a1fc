// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floor is one level of the layout.
type floor struct {
	name     string
	packages []string
}

// floors is the layout, from the ground up. A package imports only packages of
// lower floors, and every package of the module is listed. The tests of a
// package may also use conformance. Change this list first, with a reason in
// the commit, and then `make api`, which writes docs/reference/architecture.md.
var floors = []floor{
	{"ground", []string{"internal/age", "internal/bounds", "internal/fastverify", "internal/infile", "internal/refuse", "internal/screen", "internal/strictcert", "internal/strictjson", "internal/window", "internal/zerotest"}},
	{"formats", []string{"dsse", "internal/cms", "internal/fulcio", "internal/sigkey", "sign/internal/call", "trustroot/internal/tuf", "trustroot/internal/tuftest", "verify/codes", "verify/names"}},
	{"formats", []string{"internal/rfc3161", "sign/oidc", "trustroot/tufroot", "verify/report"}},
	{"protocols", []string{"ctlog", "tlog", "trustroot/kit", "trustroot/tufsync"}},
	{"materials", []string{"bundle", "trustroot"}},
	{"materials", []string{"bundle/carrier", "bundle/gitsign", "bundle/model", "bundle/oci", "trustroot/embedded", "trustroot/signingconfig", "verify/known"}},
	{"materials", []string{"bundle/oci/registry", "trustroot/insight", "trustroot/instances"}},
	{"judgement", []string{"verify"}},
	{"judgement", []string{"sign", "verify/choose", "verify/impact"}},
	{"judgement", []string{"sign/sigstore", "verify/audit", "verify/lock"}},
	{"proof", []string{"conformance", "conformance/virtual"}},
	{"proof", []string{"conformance/loopback", "conformance/ocitest", "conformance/vectors"}},
	{"instruments", []string{"conformance/internal/mutate", "conformance/internal/reviewed", "conformance/internal/weaken/mutant"}},
	{"instruments", []string{
		"conformance/internal/bounds", "conformance/internal/fuzz", "conformance/internal/mutate/cmd/mutate", "conformance/internal/renew",
		"conformance/internal/rules", "conformance/internal/soak", "conformance/internal/testreport", "conformance/internal/uncovered",
		"conformance/internal/weaken", "conformance/internal/weaken/advisories", "conformance/vectors/generate",
	}},
	{"commands", []string{"cmd/internal/command", "cmd/internal/inspect", "cmd/internal/outfile", "cmd/internal/release"}},
	{"commands", []string{"cmd/internal/flags"}},
	{"commands", []string{"cmd/action", "cmd/sigbundle", "cmd/sigbundle-conformance", "cmd/sigbundle-tuf-conformance"}},
}

func TestImportsGoDown(t *testing.T) {
	on := make(map[string]int)
	for i, f := range floors {
		for _, path := range f.packages {
			if _, twice := on[path]; twice {
				t.Errorf("%s is listed twice", path)
			}
			on[path] = i
		}
	}
	for _, p := range ours(t) {
		name, _ := p.own()
		level, listed := on[name]
		if !listed {
			t.Errorf("%s is not in the layout: add it to floors", name)
			continue
		}
		for _, path := range p.Imports {
			if imported, ok := own(path); ok && on[imported] >= level {
				t.Errorf("%s, on level %d, imports %s, on level %d: imports go down", name, level, imported, on[imported])
			}
		}
	}
	for name := range on {
		if list(t)[module+"/"+name] == nil {
			t.Errorf("the layout lists %s, which does not exist", name)
		}
	}
}

const (
	architecture = "docs/reference/architecture.md"
	tableBegins  = "<!-- layout: written by make api -->\n"
	tableEnds    = "<!-- layout ends -->\n"
)

// TestArchitecture holds the table of docs/reference/architecture.md to the layout and
// to the first sentence of each package's documentation.
func TestArchitecture(t *testing.T) {
	var b strings.Builder
	b.WriteString("| floor | package | purpose |\n|---|---|---|\n")
	for _, f := range slices.Backward(floors) {
		for _, path := range f.packages {
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", f.name, path, synopsis(t, path))
		}
	}
	text := string(read(t, architecture))
	before, rest, _ := strings.Cut(text, tableBegins)
	_, after, found := strings.Cut(rest, tableEnds)
	if !found {
		t.Fatalf("%s has no place for the table", architecture)
	}
	want := before + tableBegins + b.String() + tableEnds + after
	if *update {
		if err := os.WriteFile(filepath.Join("..", "..", "..", architecture), []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != want {
		t.Errorf("the table of %s is not that of the layout: make api", architecture)
	}
}

// synopsis returns what the first sentence of a package's documentation says
// after the name.
func synopsis(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", filepath.FromSlash(path))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc == nil || strings.HasSuffix(f.Name.Name, "_test") {
			continue
		}
		words := strings.Fields(f.Doc.Text())
		if len(words) < 3 || words[0] != "Package" && words[0] != "Command" {
			t.Errorf("%s: the documentation begins with %q, want Package or Command and the name", path, strings.Join(words[:min(2, len(words))], " "))
			return ""
		}
		text := strings.Join(words[2:], " ")
		if i := strings.IndexAny(text, ".:"); i >= 0 {
			text = text[:i]
		}
		return strings.ReplaceAll(text, "|", `\|`)
	}
	t.Errorf("%s has no documentation", path)
	return ""
}

// prescribed are the modules of this ecosystem that the product is built with,
// for the sake of one schema and one implementation of the mathematics.
var prescribed = []string{
	"github.com/sigstore/protobuf-specs",
	"github.com/transparency-dev/merkle",
	"github.com/google/certificate-transparency-go",
	"github.com/in-toto/attestation",
	"github.com/secure-systems-lab/go-securesystemslib",
	"github.com/theupdateframework/go-tuf/v2",
}

func TestPrescribedModulesAreUsed(t *testing.T) {
	for _, m := range prescribed {
		var importers []string
		for _, p := range ours(t) {
			if slices.ContainsFunc(p.Imports, func(path string) bool { return below(path, m) }) {
				name, _ := p.own()
				importers = append(importers, name)
			}
		}
		if len(importers) == 0 {
			t.Errorf("only tests import %s", m)
			continue
		}
		t.Logf("%s: %s", m, strings.Join(importers, ", "))
	}
}
