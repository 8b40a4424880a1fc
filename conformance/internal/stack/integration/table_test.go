// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"debug/buildinfo"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

var update = flag.Bool("update", false, "write docs/evidence/matrix.md")

// matrix is what was found, by kind of signature, signer and verifier.
type matrix map[[3]string]string

// titles are what docs/evidence/matrix.md calls the clients.
var titles = map[string]string{"sigbundle": "sigbundle", "cosign": "cosign", "peer-go": "sigstore-go"}

// table is the matrix in Markdown. A cell that no test filled says so.
func (m matrix) table() string {
	var b strings.Builder
	b.WriteString("| signed by | content, log, signer |")
	for _, verifier := range clients {
		b.WriteString(" " + titles[verifier] + " |")
	}
	b.WriteString("\n|" + strings.Repeat("---|", 2+len(clients)) + "\n")
	for _, signer := range clients {
		for _, c := range cells() {
			b.WriteString("| " + titles[signer] + " | " + c.String() + " |")
			for _, verifier := range clients {
				result := m[[3]string{c.String(), signer, verifier}]
				if result == "" {
					result = "NOT TESTED"
				}
				b.WriteString(" " + result + " |")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

const matrixHead = `# Who verifies whose signatures

Every client signs, and every client verifies what the others signed, against
the real Fulcio, CT log, timestamp authority and Rekor of both versions on
loopback. "ok" means that the bundle verified for its artifact, and was refused
for another one. Written by ` + "`make matrix`; `make integration`" + ` fails when it finds
something else. The other clients are cosign COSIGN and sigstore-go PEER.

`

// checkMatrix compares the matrix with docs/evidence/matrix.md, or writes it there.
func checkMatrix(t *testing.T, m matrix) {
	t.Helper()
	s := stacktest.Start(t)
	head := strings.NewReplacer(
		"COSIGN", linked(t, s.Binary("cosign"), "github.com/sigstore/cosign/v3"),
		"PEER", linked(t, s.Binary("peer-go"), "github.com/sigstore/sigstore-go"),
	).Replace(matrixHead)
	text, file := head+m.table(), filepath.Join(repository(t), "docs", "evidence", "matrix.md")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(file); err != nil || string(old) != text {
		t.Errorf("docs/evidence/matrix.md says something else (%v); if what was found is right, make matrix", err)
	}
}

// linked is the version of a module in a program.
func linked(t *testing.T, program, module string) string {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module {
			return m.Version
		}
	}
	t.Fatalf("%s has no %s", program, module)
	return ""
}
