// SPDX-License-Identifier: Apache-2.0

// Command advisories takes away, one at a time, the lines that guard against
// what other verifiers were fooled by, and runs the test that cites the
// advisory: it must turn red.
//
//	go run ./conformance/internal/weaken/advisories -only GHSA-wfqv
//
// The tree is never touched: the compiler reads the changed file through an
// overlay. The list is in list.go; that its guards and tests are where it says
// is tested with everything else.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	only := flag.String("only", "", "take advisories only whose `IDENTIFIER` contains this")
	flag.Parse()
	if err := run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "advisories:", err)
		os.Exit(1)
	}
}

func run(only string) error {
	tmp, err := os.MkdirTemp("", "advisories")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	green := 0
	for _, a := range list {
		if a.file == "" || !strings.Contains(a.ids, only) {
			continue
		}
		verdict := "red, as it must be"
		if err := a.remove(tmp); err != nil {
			green++
			verdict = err.Error()
		}
		fmt.Printf("%s: %s: %s\n", a.ids, a.test, verdict)
	}
	if green > 0 {
		return fmt.Errorf("%d guards are not missed", green)
	}
	return nil
}

// remove runs the test of an advisory without its guard.
func (a *advisory) remove(tmp string) error {
	source, err := os.ReadFile(a.file)
	if err != nil {
		return err
	}
	without := strings.Replace(string(source), a.guard, a.without, 1)
	changed, overlay := filepath.Join(tmp, "changed.go"), filepath.Join(tmp, "overlay.json")
	whole, err := filepath.Abs(a.file)
	if err != nil {
		return err
	}
	content, err := json.Marshal(map[string]map[string]string{"Replace": {whole: changed}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(changed, []byte(without), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(overlay, content, 0o600); err != nil {
		return err
	}
	out, err := exec.Command("go", "test", "-count=1", "-overlay", overlay, "-run", "^"+strings.ReplaceAll(a.test, "/", "$/")+"$", "./"+a.pkg).CombinedOutput()
	switch {
	case err == nil:
		return fmt.Errorf("green without %q of %s", a.guard, a.file)
	case !strings.Contains(string(out), "--- FAIL") && !strings.Contains(string(out), "panic:"):
		return fmt.Errorf("no test ran: %.500s", out)
	}
	return nil
}
