// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	t.Chdir("../../..")
	all, err := targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, target := range all {
		if found[target.name()] {
			t.Errorf("%s is there twice", target.name())
		}
		found[target.name()] = true
	}
	for _, name := range []string{"bundle.FuzzParse", "conformance/internal/mutate.FuzzVerdict", "trustroot/internal/tuf.FuzzMetadata"} {
		if !found[name] {
			t.Errorf("%s is not found", name)
		}
	}
}

func TestFigures(t *testing.T) {
	executions, inputs := figures([]byte(`fuzz: elapsed: 0s, gathering baseline coverage: 0/2 completed
fuzz: elapsed: 3s, execs: 9 (3/sec), new interesting: 1 (total: 3)
fuzz: elapsed: 6s, execs: 93501 (0/sec), new interesting: 51 (total: 53)
PASS
`))
	if executions != 93501 || inputs != 53 {
		t.Errorf("%d executions, %d inputs", executions, inputs)
	}
	if executions, inputs := figures([]byte("fuzz: elapsed: 3s, gathering baseline coverage: 11/504 completed\nPASS\n")); executions != 0 || inputs != 0 {
		t.Errorf("%d executions, %d inputs of a round that began nothing", executions, inputs)
	}
}

func TestOutOfTime(t *testing.T) {
	const ended = "fuzz: elapsed: 9m31s, execs: 401265 (199/sec), new interesting: 51 (total: 299)\n--- FAIL: FuzzAll (571.21s)\n    context deadline exceeded\nFAIL\n"
	if !outOfTime([]byte(ended)) {
		t.Error("the end of a round is a failure")
	}
	if outOfTime([]byte(ended+"    Failing input written to testdata/fuzz/FuzzAll/771e938e4458e983\n")) || outOfTime([]byte("--- FAIL: FuzzAll\n")) {
		t.Error("a failure is the end of a round")
	}
}

func TestKeep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fuzzing.md")
	b, a := target{pkg: "m/b", module: "m", function: "FuzzB", synopsis: "reads."}, target{pkg: "m/a", module: "m", function: "FuzzA", synopsis: "a|b"}
	for _, row := range []struct {
		target
		executions int64
	}{{b, 1}, {a, 2}, {b, 3}} {
		if err := keep(file, row.target, outcome{executions: row.executions, cpu: 90 * time.Second, inputs: 4}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(data), "---:|\n")
	lines := strings.Split(table, "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], `| a.FuzzA | a\|b | `) || !strings.HasSuffix(lines[0], " | 1.5 | 2 | 4 |") ||
		!strings.HasPrefix(lines[1], "| b.FuzzB | ") || !strings.HasSuffix(lines[1], " | 1.5 | 3 | 4 |") {
		t.Errorf("%q", lines)
	}
	if o, err := recorded(file, b); err != nil || o != (outcome{executions: 3, cpu: 90 * time.Second, inputs: 4}) {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := recorded(file, target{pkg: "m/c", module: "m", function: "FuzzC"}); err != nil || o != (outcome{}) {
		t.Errorf("%+v, %v of a target that never ran", o, err)
	}
}
