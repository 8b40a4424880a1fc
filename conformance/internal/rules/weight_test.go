// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// heavy names what must not be linked into a program that verifies, by path
// and everything below it.
var heavy = []string{
	"net/http", "os/exec", "plugin",
	"google.golang.org/grpc", "github.com/go-openapi", "golang.org/x/crypto/ssh", "k8s.io/klog",
}

const (
	maxPackages   = 250
	maxThirdParty = 70
	maxModules    = 12
)

// sizes bounds programs, in bytes, stripped and built as the Makefile builds
// them. The command brings HTTP and TLS for signing, for refreshing trust and
// for registries, 5 MB in themselves.
var sizes = map[string]int64{
	"./conformance/internal/rules/testdata/verifier": 7 << 20,
	"./cmd/sigbundle": 14 << 20,
}

func below(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func forbid(t *testing.T, g graph, banned ...string) {
	t.Helper()
	for path := range g {
		for _, b := range banned {
			if below(path, b) {
				t.Errorf("%s is linked:\n\t%s", path, g.chain(path))
			}
		}
	}
}

func TestVerifySideIsLight(t *testing.T) {
	g := reach(t, verifySide...)
	forbid(t, g, heavy...)
	all := list(t)
	thirdParty, modules := 0, make(map[string]string)
	for path := range g {
		p := all[path]
		if p.Standard {
			continue
		}
		if p.Module != nil {
			modules[p.Module.Path] = path
		}
		if _, ok := p.own(); !ok {
			thirdParty++
		}
	}
	if len(g) > maxPackages || thirdParty > maxThirdParty || len(modules) > maxModules {
		t.Errorf("%d packages (at most %d), %d third-party (%d), %d modules (%d)",
			len(g), maxPackages, thirdParty, maxThirdParty, len(modules), maxModules)
		for name, path := range modules {
			t.Logf("module %s:\n\t%s", name, g.chain(path))
		}
	}
	t.Logf("%d packages, %d third-party, %d modules", len(g), thirdParty, len(modules))
}

// Each package of the verifying side keeps clear by itself, not only in sum.
func TestNoNetwork(t *testing.T) {
	for _, path := range append([]string{"trustroot/embedded", "trustroot/tufroot", "cmd/internal/inspect", "bundle/oci"}, verifySide...) {
		forbid(t, reach(t, path), "net/http", "os/exec")
	}
}

// What renders the manual is no part of the command.
func TestCommandHasNoRenderer(t *testing.T) {
	forbid(t, reach(t, "cmd/sigbundle"), "github.com/spf13/cobra/doc", "github.com/cpuguy83/go-md2man", "testing")
}

func TestBinarySize(t *testing.T) {
	if testing.Short() {
		return // linking takes long
	}
	for pkg, most := range sizes {
		out := filepath.Join(t.TempDir(), "program")
		cmd := exec.Command("go", "build", "-trimpath", "-tags", "nethttpomithttp2", "-ldflags", "-s -w", "-o", out, pkg)
		cmd.Dir = filepath.Join("..", "..", "..")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
		info, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > most {
			t.Errorf("%s has %d bytes, at most %d; `go tool nm -size -sort size` on an unstripped build says what grew", pkg, info.Size(), most)
		}
		t.Logf("%s has %d bytes", pkg, info.Size())
	}
}
