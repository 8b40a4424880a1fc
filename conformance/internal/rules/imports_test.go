// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"
	"testing"
)

// floors is the plan of the house, from the ground up. Imports go down: a
// package may import only packages of lower floors. Change the plan first,
// with a reason, and docs/architecture.md with it.
var floors = [][]string{
	// ground: no package of ours
	{"internal/refuse", "internal/screen", "internal/strictjson", "internal/strictcert", "internal/window", "internal/fastverify", "cmd/internal/outfile", "internal/infile", "internal/age"},
	// formats that stand alone
	{"dsse", "internal/sigkey", "internal/fulcio", "trustroot/internal/tuf", "sign/internal/call"},
	{"internal/rfc3161", "trustroot/tufroot", "sign/oidc"},
	// protocols
	{"tlog", "ctlog", "trustroot/tufsync", "trustroot/kit"},
	// materials
	{"bundle", "trustroot"},
	{"trustroot/embedded", "trustroot/signingconfig", "cmd/internal/inspect", "verify/known", "bundle/oci", "bundle/carrier"},
	// judgement
	{"verify"},
	{"sign", "trustroot/insight", "bundle/oci/registry"},
	{"sign/sigstore"},
}

// doors stand on top, a list of path prefixes: commands, conformance and the
// tools of the house. They may import what they like; no floor imports them.
var doors = []string{"cmd", "conformance", "internal", "trustroot/internal/tuftest"}

func TestImportsGoDown(t *testing.T) {
	floor := make(map[string]int)
	for i, paths := range floors {
		for _, path := range paths {
			floor[path] = i
		}
	}
	for _, p := range ours(t) {
		name, _ := p.own()
		on, planned := floor[name]
		if !planned {
			if !slices.ContainsFunc(doors, func(d string) bool { return below(name, d) }) {
				t.Errorf("%s has no floor: put it into the plan in imports_test.go", name)
			}
			continue
		}
		for _, path := range p.Imports {
			imported, ok := own(path)
			if !ok {
				continue
			}
			if under, planned := floor[imported]; !planned {
				t.Errorf("%s, on floor %d, imports %s, which is a door", name, on, imported)
			} else if under >= on {
				t.Errorf("%s, on floor %d, imports %s, on floor %d: imports go down", name, on, imported, under)
			}
		}
	}
	for name := range floor {
		if list(t)[module+"/"+name] == nil {
			t.Errorf("the plan names %s, which does not exist", name)
		}
	}
}

// prescribed are the modules of this ecosystem that the house is built with,
// for the sake of one schema and one implementation of the mathematics. None
// of them is there for decoration.
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
			t.Errorf("nothing but tests imports %s", m)
			continue
		}
		t.Logf("%s: %s", m, strings.Join(importers, ", "))
	}
}
