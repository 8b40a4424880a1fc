// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// block is a fenced block of a document. What its first word says is done:
//
//	sh       run, as one script, which must succeed
//	console  run each line that begins with $; the lines below are in its output,
//	         and an ellipsis stands for lines that are not shown
//	file     write the block to the file of the second word
//
//	go       write the block to the file of the second word; the files of a
//	         document are one package, whose tests must pass, or that must end with 0
//
// A block whose words end with "network" is not run; its flags are checked.
type block struct {
	info []string
	line int
	text string
}

func (b block) is(kind string) bool {
	return len(b.info) > 0 && b.info[0] == kind && b.info[len(b.info)-1] != "network"
}

// documents are those whose examples are tests, by their names from the top of
// the repository.
func documents(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../../docs/guide/*.md")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	return append(names, "../../README.md")
}

func blocksOf(t *testing.T, name string) []block {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	open := false
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			blocks = append(blocks, block{info: strings.Fields(info), line: n})
			open = true
		case fence:
			open = false
		case open:
			blocks[len(blocks)-1].text += line
		}
	}
	if open {
		t.Errorf("%s: a block does not end", name)
	}
	return blocks
}

// reader is somebody in an empty folder with a copy of this repository in it,
// and with the signing services of a job.
func reader(t *testing.T, name string) *shell {
	t.Helper()
	s := ci(t)
	s.Audience = "sigstore"
	if err := os.RemoveAll(filepath.Join(s.dir, "dist")); err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(top, filepath.Join(s.dir, "sigbundle")); err != nil {
		t.Fatal(err)
	}
	// Who signs here signs with the services on loopback, in place of the
	// public ones.
	instance := ""
	if strings.HasSuffix(name, "quickstart-signer.md") {
		instance = "--instance here"
	}
	s.write("path/sigbundle", `#!/bin/sh
PATH=${PATH#*:}
case "$1 $2" in
"trust refresh") test $# -gt 2 || exec sigbundle trust add here --client-trust `+s.config+` ;;
"sign "*|"attest "*|"verify "*) exec sigbundle "$@" `+instance+` ;;
esac
exec sigbundle "$@"
`)
	s.env = append(s.env, "GITHUB_ACTIONS=", "SIGSTORE_ID_TOKEN="+jwt(t, map[string]any{
		"iss": "https://token.actions.githubusercontent.com", "email": nil,
		"sub": "repo:example/app:ref:refs/tags/v1", "job_workflow_ref": "example/app/.github/workflows/release.yml@refs/tags/v1",
	}))
	return s
}

// TestGuide does what the documents say, block by block, in a folder each.
func TestGuide(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the examples are for a POSIX shell")
	}
	for _, name := range documents(t) {
		blocks := blocksOf(t, name)
		runs := slices.ContainsFunc(blocks, func(b block) bool { return b.is("sh") || b.is("console") || b.is("go") && len(b.info) > 1 })
		if !runs {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			uses := func(program string) bool {
				return slices.ContainsFunc(blocks, func(b block) bool { return b.is("sh") && strings.Contains(b.text, "\n"+program+" ") })
			}
			if _, err := exec.LookPath("openssl"); err != nil && uses("openssl") {
				t.Skip("openssl is not installed")
			}
			s := reader(t, name)
			program := make(map[string]string)
			for _, b := range blocks {
				switch {
				case b.is("go") && len(b.info) > 1:
					program[b.info[1]] = b.text
				case b.is("sh"):
					if code, out := s.sh("-euc", b.text); code != 0 {
						t.Fatalf("%s:%d: exit code %d\n%s", name, b.line, code, out)
					}
				case b.is("console"):
					s.console(name, b)
				case b.is("file"):
					s.write(b.info[1], b.text)
				}
			}
			if len(program) > 0 {
				s.program(program)
			}
		})
	}
}

// program builds the files as a package of this module, in a folder that exists
// for the compiler only, and runs it where the reader is.
func (s *shell) program(files map[string]string) {
	s.Helper()
	top, err := filepath.EvalSymlinks(filepath.Join(s.dir, "sigbundle"))
	if err != nil {
		s.Fatal(err)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	build := []string{"build"}
	for name, text := range files {
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			s.Errorf("%s is not formatted: %v", name, err)
		}
		overlay.Replace[filepath.Join(top, "docs", "guide", "program", name)] = s.write(name, text)
		if strings.HasSuffix(name, "_test.go") {
			build = []string{"test", "-c", "-vet=off"}
		}
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		s.Fatal(err)
	}
	binary := filepath.Join(s.dir, "program.exe")
	cmd := exec.CommandContext(s.Context(), "go", append(build, "-overlay", s.write("overlay.json", string(data)), "-o", binary, "./docs/guide/program")...)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	s.run(0, "", binary)
}

// sh runs a script, which ends at the first error if the options say so.
func (s *shell) sh(options, script string) (int, string) {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), "sh", options, script)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// console runs the commands of a block and looks for the lines that it shows.
func (s *shell) console(name string, b block) {
	s.Helper()
	for part := range strings.SplitSeq("\n"+b.text, "\n$ ") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		command, shown, _ := strings.Cut(part, "\n")
		for strings.HasSuffix(command, `\`) {
			next, rest, _ := strings.Cut(shown, "\n")
			command, shown = command+"\n"+next, rest
		}
		code, out := s.sh("-uc", command)
		want := 0
		if strings.HasPrefix(shown, "refused") {
			want = 1
		}
		if code != want {
			s.Fatalf("%s:%d: exit code %d, want %d\n%s\n%s", name, b.line, code, want, command, out)
		}
		rest := "\n" + out
		for line := range strings.Lines(shown) {
			line = strings.TrimRight(line, "\n")
			if line == "…" || line == "" {
				continue
			}
			_, after, found := strings.Cut(rest, "\n"+line+"\n")
			if !found {
				s.Fatalf("%s:%d: %s\ndoes not print, in this order, the line\n%s\nbut\n%s", name, b.line, command, line, out)
			}
			rest = "\n" + after
		}
	}
}

// TestGuideFlags looks up each flag of ours that a document names, also in the
// examples that need a network.
func TestGuideFlags(t *testing.T) {
	root := newCommand(strings.NewReader(""), os.Stdout, os.Stderr)
	named := regexp.MustCompile(`--[a-z][a-z0-9-]*`)
	joined := regexp.MustCompile(`\\\n\s*`)
	part := regexp.MustCompile(`(?:^|[|;&(]|\$ )\s*(?:- )*sigbundle ([^|;&\n]*)`)
	any := map[string]bool{"--help": true, "--version": true}
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) { any["--"+f.Name] = true })
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect(root)
	checked := 0
	for _, name := range documents(t) {
		for _, b := range blocksOf(t, name) {
			for line := range strings.Lines(joined.ReplaceAllString(b.text, " ")) {
				for _, m := range part.FindAllStringSubmatch(line, -1) {
					words := strings.Fields(m[1])
					cmd, _, err := root.Find(words)
					if err != nil || cmd == root {
						if len(words) > 0 && !strings.HasPrefix(words[0], "-") {
							t.Errorf("%s:%d: no command %q", name, b.line, m[1])
						}
						continue
					}
					for _, flag := range named.FindAllString(m[1], -1) {
						checked++
						if flag != "--help" && cmd.Flags().Lookup(flag[2:]) == nil {
							t.Errorf("%s:%d: %s has no flag %s", name, b.line, cmd.CommandPath(), flag)
						}
					}
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("%d flags checked, want those of all documents", checked)
	}

	// The last column of the tables of migrating.md is ours.
	data, err := os.ReadFile("../../docs/guide/migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) < 2 {
			continue
		}
		rows++
		for _, flag := range named.FindAllString(cells[len(cells)-1], -1) {
			if !any[flag] {
				t.Errorf("migrating.md: no command has the flag %s: %s", flag, line)
			}
		}
	}
	if rows < 40 {
		t.Errorf("migrating.md: %d rows read", rows)
	}
}
