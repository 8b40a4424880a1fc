// SPDX-License-Identifier: Apache-2.0

//go:build unix

package action

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bash runs a script after files.sh, in a folder of its own, and returns what
// it printed.
func bash(t *testing.T, script string, env ...string) (string, error) {
	t.Helper()
	functions, err := os.ReadFile("files.sh") // in this process: go test then knows that it matters
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", string(functions)+"\n"+script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), append([]string{"INSTANCE=public-good", "TRUSTED_ROOT=", "RUNNER_TEMP=/tmp", "FILES=*"}, env...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// outside returns the lines that a runner would look for commands in.
func outside(t *testing.T, out string) []string {
	t.Helper()
	var lines []string
	stopped := ""
	tokens := make(map[string]bool)
	stop := regexp.MustCompile(`^::stop-commands::(stop-[0-9a-f]{32})$`)
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		switch m := stop.FindStringSubmatch(line); {
		case stopped != "" && line == "::"+stopped+"::":
			stopped = ""
		case stopped != "":
		case m != nil:
			if stopped = m[1]; tokens[stopped] {
				t.Error("one token twice")
			}
			tokens[stopped] = true
		default:
			lines = append(lines, line)
		}
	}
	if stopped != "" {
		t.Error("commands are stopped for good")
	}
	return lines
}

// TestForeignText has the runner take no line of foreign text for a command.
func TestForeignText(t *testing.T) {
	for name, script := range map[string]string{
		"a command":              `quiet printf '%s\n' '::add-mask::x' '::set-env name=PATH::/evil'`,
		"without a line's end":   `quiet printf '::set-output name=bundles::evil'`,
		"an end that is made up": `quiet printf '::stop-commands::x\n::x::\n::error::evil\n'`,
		"on standard error":      `quiet bash -c "echo '::error::evil' >&2"`,
		"a failing command":      `quiet bash -c "echo '::error::evil'; exit 3" || [[ $? == 3 ]]`,
		"a pattern":              `FILES='::error::evil*' && list_files`,
		"a file's name":          `touch $'a\n::error::evil' && FILES='a*' && list_files`,
		"twice":                  `quiet echo ::error::a; quiet echo ::error::b`,
	} {
		out, _ := bash(t, script)
		if lines := outside(t, out); len(lines) > 0 {
			t.Errorf("%s: the runner reads %q", name, lines)
		}
		if !strings.Contains(out, "::") {
			t.Errorf("%s: nothing ran: %q", name, out)
		}
	}
	// In one stream: the order of two streams is lost.
	if out, err := bash(t, `quiet bash -c 'echo "on standard error" >&2' 2>/dev/null`); err != nil || !strings.Contains(out, "on standard error") {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := bash(t, `quiet false; echo not reached`); err == nil || strings.Contains(out, "reached") {
		t.Errorf("a failure is lost: %q", out)
	}
	out, err := bash(t, `touch 'a b' $'c\td' && FILES='a*' && list_files && echo "${#files[@]}"`)
	if err != nil || out != "1\n" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := bash(t, `touch $'c\td' && FILES='c*' && list_files`); err == nil {
		t.Errorf("a name with control characters: %q", out)
	}
}

// TestOutputs has no item end its list.
func TestOutputs(t *testing.T) {
	out, err := bash(t, `GITHUB_OUTPUT=out; output bundles end- EOF 'x<<EOF' 'PATH=/evil'; cat out`)
	if !regexp.MustCompile(`^bundles<<(end-[0-9a-f]{32})\nend-\nEOF\nx<<EOF\nPATH=/evil\n(end-[0-9a-f]{32})\n$`).MatchString(out) || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestEscape writes names as certificates do.
func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"https://github.com/o/r/.github/workflows/my build.yml@refs/heads/main": "https://github.com/o/r/.github/workflows/my%20build.yml@refs/heads/main",
		"https://github.com/o/r/w.yml@refs/heads/\u00fc":                        "https://github.com/o/r/w.yml@refs/heads/%C3%BC",
		"https://github.com/o/r/w.yml@refs/tags/v1+a-b_c~d":                     "https://github.com/o/r/w.yml@refs/tags/v1+a-b_c~d",
		"https://github.com/o/r/my%20build.yml@refs/heads/main":                 "https://github.com/o/r/my%20build.yml@refs/heads/main",
		"https://github.com/o/r/$(touch x)`y`\"z":                               "https://github.com/o/r/$(touch%20x)%60y%60%22z",
		"a b@example.test": "a b@example.test",
	} {
		if out, err := bash(t, `escape "$TEXT"`, "TEXT="+text); err != nil || out != want {
			t.Errorf("%q: %q, %v, want %q", text, out, err, want)
		}
	}
}

// TestSignFiles passes to the command what the inputs say, a word for a word.
func TestSignFiles(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "sigbundle", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	// One word a line, in brackets.
	if err := os.WriteFile(filepath.Join(bin, "sigbundle"), []byte("#!/bin/sh\nprintf '[%s]\\n' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	base := []string{"RUNNER_TEMP=" + filepath.Dir(filepath.Dir(bin)), "GITHUB_OUTPUT=out",
		"FILES=a*", "PREDICATE=", "PREDICATE_TYPE=", "BUNDLE=", "REPLACE=false", "SIGNING_CONFIG="}
	const files = `touch 'a b' ac && sign_files && cat out`
	word := regexp.MustCompile(`(?m)^\[(.*)\]$`)
	for name, c := range map[string]struct {
		env  []string
		want []string // nil: it fails, and nothing runs
	}{
		"once":                       {nil, []string{"sign", "--instance", "public-good", "--", "a b", "ac"}},
		"again":                      {[]string{"REPLACE=true"}, []string{"sign", "--replace", "--instance", "public-good", "--", "a b", "ac"}},
		"again, into a bundle":       {[]string{"REPLACE=true", "BUNDLE=x y", "FILES=ac"}, []string{"sign", "--bundle", "x y", "--instance", "public-good", "--", "ac"}},
		"again, a configuration":     {[]string{"REPLACE=true", "SIGNING_CONFIG=s c", "TRUSTED_ROOT=t r"}, []string{"sign", "--signing-config", "s c", "--replace", "--trusted-root", "t r", "--", "a b", "ac"}},
		"a statement":                {[]string{"PREDICATE=p $(touch x)", "PREDICATE_TYPE=spdx"}, []string{"attest", "--instance", "public-good", "--predicate", "p $(touch x)", "--type", "spdx", "--", "a b", "ac"}},
		"a statement again":          {[]string{"PREDICATE=p", "PREDICATE_TYPE=spdx", "REPLACE=true"}, nil},
		"one bundle, two files":      {[]string{"BUNDLE=x"}, nil},
		"replace is nothing":         {[]string{"REPLACE="}, nil},
		"replace is yes":             {[]string{"REPLACE=yes"}, nil},
		"replace is several words":   {[]string{"REPLACE=true --bundle x"}, nil},
		"replace is a flag":          {[]string{"REPLACE=--key=k"}, nil},
		"replace is a substitution":  {[]string{"REPLACE=$(touch x)"}, nil},
		"replace is a command":       {[]string{"REPLACE=true\n::error::evil"}, nil},
		"a file that looks like one": {[]string{"FILES=-*"}, nil},
	} {
		out, err := bash(t, files+` && [[ ! -e x ]]`, append(base, c.env...)...)
		var got []string
		for _, m := range word.FindAllStringSubmatch(out, -1) {
			got = append(got, m[1])
		}
		if (err == nil) != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v\n%s", name, got, err, out)
		}
		if c.want == nil && len(outside(t, out)) > 0 {
			t.Errorf("%s: the runner reads %q", name, out)
		}
	}
}

// TestSignFails hands out no list of bundles that there are not.
func TestSignFails(t *testing.T) {
	for _, predicate := range []string{"", "p"} {
		out, err := bash(t, `sigbundle=false; touch ac out; sign_files && cat out`, "GITHUB_OUTPUT=out",
			"FILES=a*", "PREDICATE="+predicate, "PREDICATE_TYPE=spdx", "BUNDLE=", "REPLACE=false", "SIGNING_CONFIG=")
		if err == nil || strings.Contains(out, "bundles<<") {
			t.Errorf("%q, %v", out, err)
		}
	}
}

// TestInputs has every input reach the step that uses it, through its
// environment only.
func TestInputs(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	sign := string(data)[strings.Index(string(data), "- name: Sign"):strings.Index(string(data), "- name: Verify")]
	for _, line := range []string{
		"FILES: ${{ inputs.sign }}", "PREDICATE: ${{ inputs.predicate }}", "PREDICATE_TYPE: ${{ inputs.predicate-type }}",
		"BUNDLE: ${{ inputs.bundle }}", "REPLACE: ${{ inputs.replace }}", "SIGNING_CONFIG: ${{ inputs.signing-config }}",
		"INSTANCE: ${{ inputs.instance }}", "TRUSTED_ROOT: ${{ inputs.trusted-root }}", "sign_files",
	} {
		if !strings.Contains(sign, "\n        "+line+"\n") {
			t.Errorf("the step that signs lacks %q", line)
		}
	}
	expression := regexp.MustCompile(`^        [A-Z_]+: (\$\{\{ inputs\.[a-z-]+ \}\}|\$\{\{ runner\.temp \}\}/sigbundle/trust)$`)
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "${{") && !expression.MatchString(line) && !strings.HasPrefix(line, "    value: ${{ steps.") {
			t.Errorf("an expression outside the environment: %q", line)
		}
	}
}
