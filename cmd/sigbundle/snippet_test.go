// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// commandsOf returns the shell commands below a key of the YAML in a section
// of docs/guide/signing.md: a list of plain scalars, which may go on in the lines
// that follow (YAML 1.2, Section 7.3.3).
func commandsOf(t *testing.T, section, key string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "guide", "signing.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(data), "\n### "+section+"\n")
	_, text, fenced := strings.Cut(text, "```yaml\n")
	text, _, ended := strings.Cut(text, "```")
	if !ok || !fenced || !ended {
		t.Fatalf("docs/guide/signing.md has no snippet for %s", section)
	}
	var commands []string
	deep := -1 // indentation of the key
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, " ")
		indent := len(line) - len(rest)
		rest = strings.TrimSpace(rest)
		switch command, item := strings.CutPrefix(rest, "- "); {
		case rest == key+":":
			deep = indent
		case deep < 0:
		case indent <= deep:
			deep = -1
		case item:
			commands = append(commands, command)
		default:
			commands[len(commands)-1] += " " + rest
		}
	}
	for _, c := range commands { // what would not be plain
		if strings.ContainsAny(c[:1], `"'|>&*!%@{[`) || strings.Contains(c, ": ") || strings.Contains(c, " #") {
			t.Errorf("%q means something else in YAML", c)
		}
	}
	if len(commands) != 4 {
		t.Fatalf("%d commands: %q", len(commands), commands)
	}
	return strings.Join(commands, "\n") + "\n"
}

// ci is a job's machine: the toolchain installs nothing, and the instance that
// sigbundle refreshes and uses is the one on loopback.
func ci(t *testing.T) *shell {
	t.Helper()
	s := newShell(t)
	for _, dir := range []string{"dist", "path"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.write("dist/app.tar.gz", "hello\n")
	s.write("path/go", "#!/bin/sh\ntest \"$*\" = 'install github.com/sigbundle/sigbundle/cmd/sigbundle@VERSION'\n")
	s.write("path/sigbundle", `#!/bin/sh
PATH=${PATH#*:}
case "$1 $2" in
"trust refresh") test $# = 2 && exec sigbundle trust add here --client-trust `+s.config+` ;;
*) exec sigbundle "$@" --instance here ;;
esac
`)
	s.env = slices.DeleteFunc(s.env, func(v string) bool { return strings.HasPrefix(v, "PATH=") })
	s.env = append(s.env, "PATH="+filepath.Join(s.dir, "path")+":"+os.Getenv("PATH"))
	return s
}

// TestSnippetGitLab runs what the documentation has GitLab run.
func TestSnippetGitLab(t *testing.T) {
	script := commandsOf(t, "GitLab CI", "script")
	variables := []string{
		"CI=true", "GITLAB_CI=true", "CI_SERVER_URL=https://gitlab.example.test", "CI_COMMIT_BRANCH=main",
		"CI_PROJECT_URL=https://gitlab.example.test/group/app",
	}
	job := map[string]any{
		"iss": "https://gitlab.example.test", "email": nil, "sub": "project_path:group/app:ref_type:branch:ref:main",
		"ci_config_ref_uri": "gitlab.example.test/group/app//.gitlab-ci.yml@refs/heads/main", "user_email": "dev@example.test",
	}
	s := ci(t)
	s.Audience = "sigstore"
	s.env = append(s.env, append(variables, "SIGSTORE_ID_TOKEN="+jwt(t, job))...)
	if out := s.run(0, "", "sh", "-ec", script); !strings.Contains(out, "signed dist/app.tar.gz") || !strings.Contains(out, "verified  dist/app.tar.gz") {
		t.Errorf("%s", out)
	}

	// Without id_tokens, and on another branch.
	s = ci(t)
	s.env = append(s.env, variables...)
	if out := s.run(1, "", "sh", "-ec", script); !strings.Contains(out, "declared under id_tokens") {
		t.Errorf("%s", out)
	}
	job["ci_config_ref_uri"] = "gitlab.example.test/group/app//.gitlab-ci.yml@refs/heads/evil"
	s.env = append(s.env, "SIGSTORE_ID_TOKEN="+jwt(t, job))
	script = strings.Replace(script, "sigbundle trust refresh", "true", 1) // it knows the instance
	if out := s.run(1, "", "sh", "-ec", script); !strings.Contains(out, "identity.san") {
		t.Errorf("%s", out)
	}
}

// TestSnippetBuildkite runs what the documentation has Buildkite run, against
// an agent that hands tokens out to the job.
func TestSnippetBuildkite(t *testing.T) {
	// The agent that uploads a pipeline puts variables in, and makes $$ into $.
	script := commandsOf(t, "Buildkite", "command")
	if strings.Contains(strings.ReplaceAll(script, "$$", ""), "$") {
		t.Errorf("a variable would be put in before the job runs: %s", script)
	}
	script = strings.ReplaceAll(script, "$$", "$")
	s := ci(t)
	s.Audience = "sigstore"
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Audience string }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost ||
			r.URL.Path != "/v3/jobs/0190/oidc/tokens" || r.Header.Get("Authorization") != "Token agent-secret" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"token": jwt(t, map[string]any{
			"iss": "https://agent.buildkite.com", "aud": q.Audience, "email": nil, "sub": "organization:acme:pipeline:app:ref:refs/heads/main:commit:1:step:sign",
			"organization_slug": "acme", "pipeline_slug": "app",
		})})
	}))
	defer agent.Close()
	s.env = append(s.env, "BUILDKITE=true", "BUILDKITE_AGENT_ACCESS_TOKEN=agent-secret", "BUILDKITE_AGENT_ENDPOINT="+agent.URL+"/v3",
		"BUILDKITE_JOB_ID=0190", "BUILDKITE_ORGANIZATION_SLUG=acme", "BUILDKITE_PIPELINE_SLUG=app")
	if out := s.run(0, "", "sh", "-ec", script); !strings.Contains(out, "signed dist/app.tar.gz") || !strings.Contains(out, "verified  dist/app.tar.gz") {
		t.Errorf("%s", out)
	}
	// Another pipeline's name.
	s.env = append(s.env, "BUILDKITE_PIPELINE_SLUG=other")
	again := strings.NewReplacer("sigbundle trust refresh", "true", "sigbundle sign", "sigbundle sign --replace").Replace(script)
	if out := s.run(1, "", "sh", "-ec", again); !strings.Contains(out, "identity.san") {
		t.Errorf("%s", out)
	}
	// A job that may not ask.
	s.env = append(s.env, "BUILDKITE_AGENT_ACCESS_TOKEN=agent-secret-2")
	if out := s.run(1, "", "sh", "-ec", again); !strings.Contains(out, "sign.oidc.status") || strings.Contains(out, "agent-secret") {
		t.Errorf("%s", out)
	}
}
