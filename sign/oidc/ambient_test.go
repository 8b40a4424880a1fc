// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

func testClient() *call.Client {
	return call.NewClient(call.Config{Pause: func(context.Context, time.Duration) error { return nil }})
}

// environment is one with these variables and nothing else.
func environment(variables map[string]string) Environment {
	return Environment{
		Getenv: func(name string) string { return variables[name] }, TokenFile: "-", MetadataURL: "-",
		Run:    func(context.Context, string, ...string) ([]byte, error) { return nil, errors.New("request-secret") },
		client: testClient(),
	}
}

func TestAmbient(t *testing.T) {
	raw := rawToken(t, map[string]any{"sub": "the job"})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/github" && r.Header.Get("Authorization") == "Bearer request-secret" && r.URL.RawQuery == "api-version=2.0&audience=sigstore":
			writeJSON(w, map[string]any{"count": 1, "value": raw})
		case r.URL.Path == "/buildkite/jobs/job-1/oidc/tokens" && r.Method == http.MethodPost && r.Header.Get("Authorization") == "Token agent-secret":
			writeJSON(w, map[string]any{"token": raw})
		case r.URL.Path == "/computeMetadata/v1/instance/service-accounts/default/identity" && r.Header.Get("Metadata-Flavor") == "Google" && r.URL.Query().Get("audience") == "sigstore":
			_, _ = w.Write([]byte(raw))
		default:
			http.Error(w, "no: "+r.Header.Get("Authorization"), http.StatusForbidden)
		}
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(raw+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, e := range map[string]Environment{
		"variable SIGSTORE_ID_TOKEN": environment(map[string]string{"SIGSTORE_ID_TOKEN": raw, "GITLAB_CI": "true"}),
		"GitHub Actions": environment(map[string]string{
			"ACTIONS_ID_TOKEN_REQUEST_URL": s.URL + "/github?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret"}),
		"Buildkite": environment(map[string]string{
			"BUILDKITE_AGENT_ACCESS_TOKEN": "agent-secret", "BUILDKITE_AGENT_ENDPOINT": s.URL + "/buildkite", "BUILDKITE_JOB_ID": "job-1"}),
		"Google Cloud": func() Environment { e := environment(nil); e.MetadataURL = s.URL; return e }(),
		"Kubernetes":   func() Environment { e := environment(nil); e.TokenFile = file; return e }(),
		"SPIFFE": func() Environment {
			e := environment(map[string]string{"SPIFFE_ENDPOINT_SOCKET": "unix:///run/agent.sock"})
			e.Run = func(_ context.Context, name string, args ...string) ([]byte, error) {
				if name+" "+strings.Join(args, " ") != `sigbundle-spiffe token --audience=sigstore` {
					return nil, errors.New("another command")
				}
				return []byte(raw + "\n"), nil
			}
			return e
		}(),
		"CircleCI": func() Environment {
			e := environment(map[string]string{"CIRCLECI": "true"})
			e.Run = func(_ context.Context, name string, args ...string) ([]byte, error) {
				if name+" "+strings.Join(args, " ") != `circleci run oidc get --claims {"aud":"sigstore"}` {
					return nil, errors.New("another command")
				}
				return []byte(raw + "\n"), nil
			}
			return e
		}(),
	} {
		token, name, err := Ambient(t.Context(), e)
		if err != nil || name != want || token.Challenge() != "the job" {
			t.Errorf("%s: %q, %v", want, name, err)
		}
	}
}

func TestNoAmbient(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no: "+r.Header.Get("Authorization"), http.StatusForbidden)
	}))
	defer s.Close()
	// A command whose errors hold secrets, and one that is not there.
	absent := environment(map[string]string{"SPIFFE_ENDPOINT_SOCKET": "unix:///run/agent.sock"})
	absent.Run = nil
	t.Setenv("PATH", t.TempDir())
	if _, _, err := Ambient(t.Context(), absent); refuse.CodeOf(err) != "sign.token.ambient" || !strings.Contains(err.Error(), "no command sigbundle-spiffe in PATH") {
		t.Error(err)
	}
	for _, c := range []struct {
		code      refuse.Code
		variables map[string]string
	}{
		{"sign.token.missing", nil},
		{"sign.token.ambient", map[string]string{"GITHUB_ACTIONS": "true"}},
		{"sign.token.ambient", map[string]string{"GITLAB_CI": "true"}},
		{"sign.token.ambient", map[string]string{"CIRCLECI": "true"}},
		{"sign.token.ambient", map[string]string{"SPIFFE_ENDPOINT_SOCKET": "unix:///run/agent.sock"}},
		{"sign.oidc.status", map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": s.URL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret"}},
		{"sign.oidc.url", map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "http://runner.example.test/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret"}},
		{"sign.token.malformed", map[string]string{"SIGSTORE_ID_TOKEN": "request-secret"}},
	} {
		_, _, err := Ambient(t.Context(), environment(c.variables))
		if refuse.CodeOf(err) != c.code {
			t.Errorf("%v: %v", c.variables, err)
		}
		if err != nil && strings.Contains(err.Error(), "request-secret") {
			t.Errorf("a secret in %q", err)
		}
	}
}
