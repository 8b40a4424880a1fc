// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/loopback"
)

// shell runs commands in a directory of their own, against an instance on
// loopback, with these variables and no others.
type shell struct {
	*testing.T
	*loopback.Instance
	dir    string
	env    []string
	config string // client trust configuration
}

func newShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{T: t, Instance: loopback.New(t), dir: t.TempDir()}
	s.config = s.WriteConfig(s.dir, nil)
	s.write("app", "hello\n")
	s.env = []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.dir}
	return s
}

func (s *shell) write(name, content string) string {
	s.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		s.Fatal(err)
	}
	return path
}

// run runs a command, wants the exit code, and returns what it wrote to
// standard output and standard error.
func (s *shell) run(code int, stdin, name string, args ...string) string {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), name, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, s.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		s.Fatalf("%s %q: exit code %d, want %d\n%s", name, args, got, code, out)
	}
	return string(out)
}

// signs signs app and verifies it as somebody else would.
func (s *shell) signs(stdin string, args ...string) string {
	s.Helper()
	target := filepath.Join(s.dir, "app.sigstore.json")
	if err := os.RemoveAll(target); err != nil {
		s.Fatal(err)
	}
	out := s.run(0, stdin, "sigbundle", append([]string{"sign", "app", "--trust-config", s.config}, args...)...)
	s.run(0, "", "sigbundle", "verify", "app", "--trusted-root", s.root(), "--identity", "dev@example.test", "--issuer", "https://accounts.example.test")
	return out
}

// fails does not sign.
func (s *shell) fails(code int, want string, args ...string) {
	s.Helper()
	out := s.run(code, "", "sigbundle", append([]string{"sign", "app", "--trust-config", s.config}, args...)...)
	if !strings.Contains(out, want) {
		s.Errorf("%q does not say %q", out, want)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "app.sigstore.json")); err == nil {
		s.Error("a bundle was written")
	}
}

// root writes the instance's trusted root.
func (s *shell) root() string {
	s.Helper()
	data, err := s.World.TrustedRoot()
	if err != nil {
		s.Fatal(err)
	}
	return s.write("trusted_root.json", string(data))
}

// jwt makes a token that no one has signed.
func jwt(t testing.TB, claims map[string]any) string {
	t.Helper()
	all := map[string]any{
		"iss": "https://accounts.example.test", "aud": "sigstore", "sub": "42", "email": "dev@example.test", "email_verified": true,
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	for name, value := range claims {
		all[name] = value
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"RS256"}`)) + "." + b64(payload) + "." + b64([]byte("a signature, which stays secret"))
}

// runner hands tokens out for whatever audience is asked for, as GitHub's
// does, and counts.
func (s *shell) runner(claims map[string]any) *int {
	asked := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		all := map[string]any{"aud": r.URL.Query().Get("audience")}
		for name, value := range claims {
			all[name] = value
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"value": jwt(s, all)})
	}))
	s.Cleanup(server.Close)
	s.env = append(s.env, "ACTIONS_ID_TOKEN_REQUEST_URL="+server.URL+"/?v=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-secret")
	return asked
}

// TestSignToken reads the token in every way, and tells what is refused from
// what cannot be read.
func TestSignToken(t *testing.T) {
	s := newShell(t)
	s.fails(2, "no such file", "--identity-token-file", "missing")
	s.fails(2, "not a regular file", "--identity-token-file", ".")
	s.fails(1, "sign.token.malformed", "--identity-token-file", "app")
	s.fails(1, "sign.token.malformed", "--identity-token-file", "-") // nothing on it
	s.fails(1, "sign.token.missing")
	s.fails(2, "--audience: empty", "--identity-token", "x", "--audience", "")
	token := jwt(t, nil)
	s.write("token", token)
	for _, args := range [][]string{{"--identity-token-file", "-"}, {"--identity-token-file", "/dev/stdin"}, {"--identity-token-file", "token"}, {"--identity-token", token}} {
		if out := s.signs(token+"\n", args...); strings.Contains(out, token[:40]) {
			t.Errorf("the token is in %q", out)
		}
	}
	s.env = append(s.env, "SIGSTORE_ID_TOKEN="+token)
	s.signs("")
}

// TestTokenInErrors prints no token that is in the wrong place.
func TestTokenInErrors(t *testing.T) {
	s := newShell(t)
	token := jwt(t, nil)
	for _, args := range [][]string{
		{"sign", "app", "--identity-token", token, "--identity-token", token},
		{"sign", token},
		{"sign", "app", "--identity-token-file", token},
		{"sign", "app", "--key", token},
		{"sign", "app", "--oidc-flow", token},
		{"sign", "app", "--timeout", token},
		{"sign", "app", "--identity-token=" + token, "--audience", "x", "--" + token},
		{"attest", "app", "--predicate", "app", "--type", token},
		{"keygen", token},
		{token},
	} {
		cmd := exec.CommandContext(t.Context(), "sigbundle", append(args, "--trust-config", s.config)...)
		cmd.Dir, cmd.Env = s.dir, s.env
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%q succeeds", args)
		}
		for _, part := range strings.Split(token, ".")[1:] {
			if strings.Contains(string(out), part) {
				t.Errorf("%q: a part of the token in %q", args, out)
			}
		}
	}
}

// TestSignAudience asks for tokens that are good for Sigstore alone, unless the
// user says otherwise. What the authority says is no reason.
func TestSignAudience(t *testing.T) {
	acme := []map[string]any{{"issuerUrl": "https://accounts.example.test", "audience": "acme"}}
	t.Run("as the authority says", func(t *testing.T) {
		s := newShell(t)
		s.Issuers, s.Audience = acme, "acme"
		asked := s.runner(nil)
		s.fails(1, "sign.token.audience")
		if *asked != 1 || s.Called("fulcio") != 1 {
			t.Errorf("%d tokens, %d requests", *asked, s.Called("fulcio"))
		}
		s.signs("", "--audience", "acme")
	})
	t.Run("as usual", func(t *testing.T) {
		s := newShell(t)
		s.Issuers, s.Audience = []map[string]any{{"issuerUrl": "https://accounts.example.test", "audience": "sigstore", "challengeClaim": "email"}}, "sigstore"
		asked := s.runner(nil)
		if out := s.signs(""); strings.Contains(out, "audience") || *asked != 1 {
			t.Errorf("%d tokens: %q", *asked, out)
		}
	})
	t.Run("as we say", func(t *testing.T) {
		s := newShell(t)
		s.Issuers, s.Audience = acme, "ours"
		asked := s.runner(map[string]any{"email": nil, "sub": "dev@example.test"})
		if out := s.signs("", "--audience", "ours"); *asked != 1 || s.Called("fulcio") != 1 {
			t.Errorf("%d tokens, %d requests: %q", *asked, s.Called("fulcio"), out)
		}
	})
	t.Run("the authority says nothing", func(t *testing.T) {
		s := newShell(t)
		s.Audience = "sigstore"
		s.runner(nil)
		if out := s.signs(""); strings.Count(out, "note: what tokens the certificate authority takes is not known, going by the audience sigstore") != 1 {
			t.Errorf("%q", out)
		}
	})
	t.Run("a given token for another audience", func(t *testing.T) {
		s := newShell(t)
		s.Issuers, s.Audience, s.Challenge = acme, "acme", ""
		s.signs("", "--identity-token", jwt(t, map[string]any{"aud": "acme"}))
	})
	t.Run("a given token for nobody here", func(t *testing.T) {
		s := newShell(t)
		s.Issuers = acme
		s.fails(1, "sign.token.audience", "--identity-token", jwt(t, map[string]any{"aud": "bank"}))
	})
	t.Run("a given token that says all", func(t *testing.T) {
		s := newShell(t)
		s.signs("", "--identity-token", jwt(t, map[string]any{"email": nil, "sub": "dev@example.test"}))
		if s.Called("fulcio") != 1 {
			t.Error("the authority was asked for what was known")
		}
	})
	t.Run("the subject is signed", func(t *testing.T) {
		s := newShell(t)
		s.Issuers, s.Challenge = []map[string]any{{"issuerUrl": "https://accounts.example.test", "challengeClaim": "sub"}}, "sub"
		s.signs("", "--identity-token", jwt(t, nil))
	})
}

// TestSignSPIFFE runs the command that asks the Workload API, where there is
// nothing else.
func TestSignSPIFFE(t *testing.T) {
	s := newShell(t)
	s.env = append(s.env, "SPIFFE_ENDPOINT_SOCKET=unix:///run/agent.sock", "PATH="+os.Getenv("PATH"))
	s.fails(1, "no command sigbundle-spiffe in PATH")
	s.write("sigbundle-spiffe", "#!/bin/sh\necho a secret >&2; exit 3\n")
	s.env = append(s.env, "PATH="+s.dir+":"+os.Getenv("PATH"))
	s.fails(1, "the command sigbundle-spiffe token did not succeed")
	token := jwt(t, map[string]any{"email": nil, "sub": "dev@example.test"})
	s.write("sigbundle-spiffe", "#!/bin/sh\ntest \"$*\" = 'token --audience=sigstore' && test -n \"$SPIFFE_ENDPOINT_SOCKET\" && echo "+token+"\n")
	s.signs("")
}

// TestSignDetached says what the bundle lacks.
func TestSignDetached(t *testing.T) {
	s := newShell(t)
	s.Detached = true
	token := jwt(t, map[string]any{"email": nil, "sub": "dev@example.test"})
	s.fails(1, "sign.fulcio.detached_sct", "--identity-token", token)
	s.fails(2, "--allow-detached-sct and --key exclude each other", "--key", "k", "--allow-detached-sct")
	out := s.run(0, "", "sigbundle", "sign", "app", "--trust-config", s.config, "--identity-token", token, "--allow-detached-sct")
	if !strings.Contains(out, "--require sct=0 --trusted-root") || !strings.Contains(out, "note: the certificate's signed certificate timestamp was verified and is not in the bundle") {
		t.Errorf("%q", out)
	}
	verify := []string{"verify", "app", "--trusted-root", s.root(), "--identity", "dev@example.test", "--issuer", "https://accounts.example.test"}
	if out := s.run(1, "", "sigbundle", verify...); !strings.Contains(out, "sct.missing") {
		t.Errorf("%q", out)
	}
	s.run(0, "", "sigbundle", append(verify, "--require", "sct=0")...)
}
