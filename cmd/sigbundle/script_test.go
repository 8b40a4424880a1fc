// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are what the scripts can run, all of them this test binary.
var commands = map[string]func(){"sigbundle": main}

func TestMain(m *testing.M) { testscript.Main(m, commands) }

// TestScript runs testdata/script: what a person types, what they read, and
// the exit code. The scripts know these commands besides testscript's own:
//
//	exit CODE COMMAND ARGUMENT...  run a command that must end with CODE
//	jsonl OUT FILE...              write each JSON file as one line of OUT
//	head N FILE OUT                write the first N bytes of FILE to OUT
//	valid FILE                     the file is JSON, or JSON Lines
//	replace FILE OLD NEW OUT       write FILE with OLD replaced to OUT
//	zeros N FILE                   write a file of N bytes, with holes
//	many N FILE                    write a file of N lines that are no bundles
//
// Under the condition [offline], sigbundle-offline is the command in a process
// that the kernel kills if it opens a socket.
func TestScript(t *testing.T) {
	public, err := filepath.Abs(filepath.Join("..", "..", "testdata", "public"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PUBLIC", public)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("ESC", "\x1b")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "offline" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return commands["sigbundle-offline"] != nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": cmdExit, "jsonl": cmdJSONL, "head": cmdHead, "valid": cmdValid, "replace": cmdReplace, "zeros": cmdZeros, "many": cmdMany,
		},
	})
}

func cmdExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func cmdJSONL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: jsonl OUT FILE...")
	}
	var out bytes.Buffer
	for _, name := range args[1:] {
		ts.Check(json.Compact(&out, []byte(ts.ReadFile(name))))
		out.WriteByte('\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o666))
}

func cmdHead(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: head N FILE OUT")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data := ts.ReadFile(args[1])
	if n > len(data) {
		ts.Fatalf("%s has only %d bytes", args[1], len(data))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(data[:n]), 0o666))
}

func cmdValid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: valid FILE")
	}
	for line := range bytes.Lines([]byte(ts.ReadFile(args[0]))) {
		if !json.Valid(line) && !json.Valid([]byte(ts.ReadFile(args[0]))) {
			ts.Fatalf("%s is not JSON", args[0])
		}
	}
}

func cmdReplace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: replace FILE OLD NEW OUT")
	}
	old := ts.ReadFile(args[0])
	changed := strings.ReplaceAll(old, args[1], args[2])
	if changed == old {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(changed), 0o666))
}

func cmdZeros(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: zeros N FILE")
	}
	n, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	name := ts.MkAbs(args[1])
	ts.Check(os.WriteFile(name, nil, 0o666))
	ts.Check(os.Truncate(name, n))
}

func cmdMany(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: many N FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bytes.Repeat([]byte("{}\n"), n), 0o666))
}
