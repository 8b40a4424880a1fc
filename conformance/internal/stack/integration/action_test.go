// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

// action is action.yml, as far as a runner looks at it.
type action struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

type step struct {
	ID, Name, If, Shell, Run string
	Env                      map[string]string
}

// repository is the folder above this module, where action.yml is.
func repository(t *testing.T) string {
	t.Helper()
	module, err := stack.ModuleRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(module, "..", "..", "..")
}

// readAction refuses members that the runner of this test would pass over.
func readAction(t *testing.T) action {
	t.Helper()
	file, err := os.Open(filepath.Join(repository(t), "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var raw struct {
		Name, Description string
		action            `yaml:",inline"`
	}
	d := yaml.NewDecoder(file)
	d.KnownFields(true)
	if err := d.Decode(&raw); err != nil {
		t.Fatal(err)
	}
	return raw.action
}

// runner does with an action what GitHub's does, as far as this one needs it.
type runner struct {
	*bench
	action  action
	temp    string
	env     []string
	outputs string // file that GITHUB_OUTPUT names
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	b := newBench(t)
	temp := t.TempDir()
	r := &runner{bench: b, action: readAction(t), temp: temp, outputs: filepath.Join(temp, "output")}
	r.env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH="+repository(t), "RUNNER_TEMP="+temp,
		"GITHUB_OUTPUT="+r.outputs, "ACTIONS_ID_TOKEN_REQUEST_URL="+b.RequestURL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN="+b.RequestToken)
	return r
}

var (
	expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)
	comparison = regexp.MustCompile(`^inputs\.([a-z-]+) (==|!=) ''$`)
)

// run runs the steps with these inputs and stops at the first that fails.
func (r *runner) run(t *testing.T, inputs map[string]string) error {
	t.Helper()
	values := make(map[string]string)
	for name, in := range r.action.Inputs {
		values["inputs."+name] = in.Default
	}
	for name, value := range inputs {
		if _, ok := r.action.Inputs[name]; !ok {
			t.Fatalf("there is no input %s", name)
		}
		values["inputs."+name] = value
	}
	values["runner.temp"] = r.temp
	for _, s := range r.action.Runs.Steps {
		if s.If != "" {
			m := comparison.FindStringSubmatch(s.If)
			if m == nil {
				t.Fatalf("the condition %q is beyond this test", s.If)
			}
			if (values["inputs."+m[1]] == "") != (m[2] == "==") {
				continue
			}
		}
		if err := r.step(t, s, values); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) step(t *testing.T, s step, values map[string]string) error {
	t.Helper()
	script := filepath.Join(r.temp, "step.sh")
	if err := os.WriteFile(script, []byte(s.Run), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	cmd.Dir, cmd.Env = string(r.Folder), r.env
	for name, text := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+expression.ReplaceAllStringFunc(text, func(e string) string {
			value, ok := values[expression.FindStringSubmatch(e)[1]]
			if !ok {
				t.Fatalf("%s: %s has no value", s.Name, e)
			}
			return value
		}))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", s.Name, err, out)
	}
	return nil
}

// listed reads the list that the steps put out last.
func (r *runner) listed(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(r.outputs)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	name, end, _ := strings.Cut(lines[0], "<<")
	if name != "bundles" || len(end) < 32 || lines[len(lines)-1] != end {
		t.Fatalf("output %q", data)
	}
	return lines[1 : len(lines)-1]
}

// TestActionForm holds action.yml to what its head says.
func TestActionForm(t *testing.T) {
	t.Parallel()
	a := readAction(t)
	if a.Runs.Using != "composite" {
		t.Errorf("using %q", a.Runs.Using)
	}
	used := make(map[string]bool)
	for _, s := range a.Runs.Steps {
		if s.Shell != "bash" || s.Name == "" || s.Run == "" {
			t.Errorf("step %q: shell %q", s.Name, s.Shell)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("step %q: an expression in a script can be made to run anything", s.Name)
		}
		for _, text := range append(slices.Collect(maps.Values(s.Env)), "${{"+s.If+"}}") {
			for name := range a.Inputs {
				if regexp.MustCompile(`\binputs\.` + name + `( |\}|$)`).MatchString(text) {
					used[name] = true
				}
			}
		}
	}
	for name, in := range a.Inputs {
		if in.Description == "" || !used[name] {
			t.Errorf("input %s: used %v, description %q", name, used[name], in.Description)
		}
	}
}

// TestAction signs and verifies as a workflow of GitHub would.
func TestAction(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.Write(t, "with space.txt", []byte("spaced\n"))
	r.Write(t, "$(touch pwned).txt", []byte("not a command\n"))
	with := func(more map[string]string) map[string]string {
		inputs := map[string]string{"signing-config": r.SigningConfig(stack.RekorV2), "trusted-root": r.TrustedRoot(), "issuer": r.URLs.IssuerCI}
		maps.Copy(inputs, more)
		return inputs
	}
	inputs := with(map[string]string{"sign": "artifact\n*.txt\n", "verify": "artifact\n*.txt", "identity": stacktest.CIIdentity})
	if err := r.run(t, inputs); err != nil {
		t.Fatal(err)
	}
	want := []string{"artifact.sigstore.json", "$(touch pwned).txt.sigstore.json", "with space.txt.sigstore.json"}
	if got := r.listed(t); !slices.Equal(got, want) {
		t.Errorf("bundles %q", got)
	}
	b := r.bench
	b.ok(t, "sigbundle", "verify artifact --trusted-root "+r.TrustedRoot()+" --identity "+stacktest.CIIdentity+" --issuer "+r.URLs.IssuerCI)
	if _, err := os.Stat(r.File("pwned")); err == nil {
		t.Error("a file name was run")
	}
	if err := r.run(t, with(map[string]string{"sign": "artifact\nother", "predicate": "predicate", "predicate-type": predicateType, "bundle": "att.json"})); err != nil {
		t.Fatal(err)
	}
	if err := r.run(t, with(map[string]string{"verify": "artifact\nother", "bundle": "att.json", "identity-regexp": `https://github\.com/acme/app/.*`})); err != nil {
		t.Fatal(err)
	}
	for reason, more := range map[string]map[string]string{
		"identity.san":          {"verify": "artifact", "identity": "https://github.com/acme/other"},
		"either identity or":    {"verify": "artifact"},
		"no file matches none*": {"sign": "artifact\nnone*"},
		"bundle goes with one":  {"sign": "artifact\nother", "bundle": "b.json"},
		"artifact.mismatch":     {"verify": "predicate", "bundle": "artifact.sigstore.json", "identity": stacktest.CIIdentity},
	} {
		if err := r.run(t, with(more)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("want %q: %v", reason, err)
		}
	}
}

// TestActionInstance takes services and trust from the instance's repository.
func TestActionInstance(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.ok(t, "sigbundle", "trust add stack --trust-dir "+filepath.Join(r.temp, "sigbundle", "trust")+" --root "+r.TUFRoot()+" --mirror "+r.URLs.TUF)
	inputs := map[string]string{"instance": "stack", "sign": "artifact", "verify": "artifact", "identity": stacktest.CIIdentity, "issuer": r.URLs.IssuerCI}
	if err := r.run(t, inputs); err != nil {
		t.Fatal(err)
	}
}
