// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/sign/oidc"
)

const me = "spiffe://example.test/release"

// agent is a Workload API. What it does wrong is set by the fields.
type agent struct {
	workload.UnimplementedSpiffeWorkloadAPIServer
	t      *testing.T
	socket string
	ids    []string             // whom it has tokens of
	claims func(map[string]any) // changes a token
	err    error
}

func newAgent(t *testing.T) *agent {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "api.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{t: t, socket: "unix://" + path, ids: []string{me}}
	server := grpc.NewServer()
	workload.RegisterSpiffeWorkloadAPIServer(server, a)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return a
}

// FetchJWTSVID implements the Workload API (SPIFFE Workload API, Section 6).
func (a *agent) FetchJWTSVID(ctx context.Context, r *workload.JWTSVIDRequest) (*workload.JWTSVIDResponse, error) {
	if md, _ := metadata.FromIncomingContext(ctx); len(md.Get("workload.spiffe.io")) != 1 {
		return nil, status.Error(codes.InvalidArgument, "security header missing")
	}
	if a.err != nil {
		return nil, a.err
	}
	resp := new(workload.JWTSVIDResponse)
	for _, id := range a.ids {
		if r.SpiffeId == "" || r.SpiffeId == id || a.claims != nil {
			resp.Svids = append(resp.Svids, &workload.JWTSVID{SpiffeId: id, Svid: a.token(id, r.Audience)})
		}
	}
	return resp, nil
}

func (a *agent) token(id string, audience []string) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Error(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, new(jose.SignerOptions).WithType("JWT"))
	if err != nil {
		a.t.Error(err)
	}
	claims := map[string]any{"iss": "https://oidc.example.test", "sub": id, "aud": audience, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	if a.claims != nil {
		a.claims(claims)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		a.t.Error(err)
	}
	return text
}

// ran runs the command, and wants the exit code.
func ran(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := command.Run(newCommand(), args, &out, &errs); got != code {
		t.Fatalf("%q: exit code %d, want %d: %s", args, got, code, errs.String())
	}
	return out.String(), errs.String()
}

func TestToken(t *testing.T) {
	a := newAgent(t)
	t.Setenv("SPIFFE_ENDPOINT_SOCKET", a.socket)
	out, stderr := ran(t, 0, "token", "--audience=acme")
	token, err := oidc.Parse(out)
	if err != nil || token.Challenge() != me || !token.IsFor("acme") || strings.Count(out, "\n") != 1 || stderr != "" {
		t.Errorf("%q, %q, %v", out, stderr, err)
	}
	t.Setenv("SPIFFE_ENDPOINT_SOCKET", "unix:///nonexistent")
	if out, _ = ran(t, 0, "token", "--socket", a.socket); out == "" {
		t.Error("no token")
	}
	a.ids = []string{"spiffe://example.test/other", me}
	if _, stderr = ran(t, 1, "token", "--socket", a.socket); !strings.Contains(stderr, "2 identities, want --spiffe-id") {
		t.Error(stderr)
	}
	out, _ = ran(t, 0, "token", "--socket", a.socket, "--spiffe-id", me)
	if token, err := oidc.Parse(out); err != nil || token.Challenge() != me {
		t.Errorf("%v", err)
	}
}

// TestOutput writes what no one else can read, and leaves nothing behind.
func TestOutput(t *testing.T) {
	a := newAgent(t)
	dir := t.TempDir()
	name := filepath.Join(dir, "token")
	if err := os.WriteFile(name, []byte("eyolder.token.readable-by-all"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := ran(t, 0, "token", "--socket", a.socket, "--output", name); out != "" {
		t.Errorf("wrote %q to standard output", out)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if token, err := oidc.FromFile(name); err != nil || token.Challenge() != me {
		t.Error(err)
	}
	ran(t, 2, "token", "--socket", a.socket, "--output", filepath.Join(dir, "nosuch", "token"))
	ran(t, 2, "token", "--socket", a.socket, "--output", dir)
	other := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(other, []byte("important"), 0o644); err != nil {
		t.Fatal(err)
	}
	ran(t, 2, "token", "--socket", a.socket, "--output", other)
	if data, err := os.ReadFile(other); err != nil || string(data) != "important" {
		t.Errorf("%q, %v", data, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestRefused has one thing wrong each time.
func TestRefused(t *testing.T) {
	claim := func(name string, value any) func(*agent) {
		return func(a *agent) { a.claims = func(c map[string]any) { c[name] = value } }
	}
	for _, c := range []struct {
		name, want string
		wrong      func(*agent)
		args       []string
	}{
		{"no identity", `PermissionDenied: "no identity issued"`, func(a *agent) { a.err = status.Error(codes.PermissionDenied, "no identity issued") }, nil},
		{"what the agent says is escaped", `Internal: "\u005cx1b[2J"`, func(a *agent) { a.err = status.Error(codes.Internal, "\x1b[2J") }, nil},
		{"an empty list", "sign.token.ambient", func(a *agent) { a.ids = nil }, nil},
		{"another audience", "sign.token.ambient", claim("aud", []string{"bank"}), nil},
		{"expired", "sign.token.ambient", claim("exp", 1), nil},
		{"almost expired", "sign.token.expired", claim("exp", time.Now().Add(3*time.Second).Unix()), nil},
		{"not a SPIFFE ID", "sign.token.ambient", claim("sub", "root"), nil},
		{"no issuer", "sign.token.issuer", claim("iss", nil), nil},
		{"another identity", "sign.token.subject", claim("sub", "spiffe://example.test/other"), []string{"--spiffe-id", me}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAgent(t)
			c.wrong(a)
			out, stderr := ran(t, 1, append([]string{"token", "--socket", a.socket}, c.args...)...)
			if out != "" || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "eyJ") {
				t.Errorf("%q, %q", out, stderr)
			}
		})
	}
	// No server exists.
	if _, stderr := ran(t, 1, "token", "--socket", "unix:///nonexistent/api.sock"); !strings.Contains(stderr, "Unavailable") {
		t.Error(stderr)
	}
}

func TestUsage(t *testing.T) {
	t.Setenv("SPIFFE_ENDPOINT_SOCKET", "")
	for _, args := range [][]string{
		{"nosuch"}, {"token", "extra"}, {"token"}, {"token", "--socket", "/run/api.sock"}, {"token", "--socket", "https://example.test"},
		{"token", "--socket", "unix:///run/api.sock", "--audience", ""}, {"token", "--socket", "unix:///run/api.sock", "--spiffe-id", "example"},
	} {
		if _, stderr := ran(t, 2, args...); !strings.HasPrefix(stderr, "sigbundle-spiffe: ") {
			t.Errorf("%q: %q", args, stderr)
		}
	}
	if out, _ := ran(t, 0); !strings.Contains(out, "Usage:") {
		t.Errorf("%q", out)
	}
}
