// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const robot = "releases@project.iam.gserviceaccount.test"

// google is a metadata server and IAM in one. What it does wrong is set by
// the fields.
type google struct {
	*httptest.Server
	account  string // whose token it hands out
	metadata int    // status of the metadata server
	iam      int    // status of IAM
	access   any
	calls    []string
}

func newGoogle(t *testing.T) *google {
	t.Helper()
	g := &google{account: robot, metadata: http.StatusOK, iam: http.StatusOK, access: "access-secret-1"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+accountPath+"token", func(w http.ResponseWriter, r *http.Request) {
		g.calls = append(g.calls, "metadata")
		if r.Header.Get("Metadata-Flavor") != "Google" || r.URL.Query().Get("scopes") != iamScope {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if g.metadata != http.StatusOK {
			http.Error(w, "no", g.metadata)
			return
		}
		writeJSON(w, map[string]any{"access_token": g.access, "expires_in": 3600, "token_type": "Bearer"})
	})
	mux.HandleFunc("POST /v1/projects/-/serviceAccounts/", func(w http.ResponseWriter, r *http.Request) {
		g.calls = append(g.calls, "iam")
		var q struct {
			Audience     string
			IncludeEmail bool
		}
		err := json.NewDecoder(r.Body).Decode(&q)
		name, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/projects/-/serviceAccounts/"), ":generateIdToken")
		if err != nil || !ok || name != robot || r.Header.Get("Authorization") != "Bearer access-secret-1" || !q.IncludeEmail {
			http.Error(w, "no: "+r.Header.Get("Authorization"), http.StatusForbidden)
			return
		}
		w.WriteHeader(g.iam)
		writeJSON(w, map[string]any{"token": rawToken(t, map[string]any{
			"iss": "https://accounts.google.com", "aud": q.Audience, "sub": "1", "email": g.account, "email_verified": true})})
	})
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	return g
}

func (g *google) environment(account string) Environment {
	e := environment(map[string]string{"GOOGLE_SERVICE_ACCOUNT_NAME": account})
	e.MetadataURL, e.IAMURL = g.URL, g.URL
	return e
}

func TestImpersonation(t *testing.T) {
	g := newGoogle(t)
	e := g.environment(robot)
	e.Audience = "another"
	token, name, err := Ambient(t.Context(), e)
	if err != nil || name != "Google Cloud" || token.Challenge() != robot || !token.verified || token.audience[0] != "another" {
		t.Fatalf("%q, %v", name, err)
	}
	if strings.Join(g.calls, " ") != "metadata iam" {
		t.Errorf("asked %v", g.calls)
	}
}

// TestImpersonationAttacks has one thing wrong each time. The machine's own
// token never stands in, and the access token goes nowhere else.
func TestImpersonationAttacks(t *testing.T) {
	for _, c := range []struct {
		name, account string
		attack        func(*google)
		code          refuse.Code
		calls         string
	}{
		{"another account's token", robot, func(g *google) { g.account = "other@project.test" }, "sign.token.ambient", "metadata iam"},
		{"not allowed", robot, func(g *google) { g.iam = http.StatusForbidden }, "sign.oidc.status", "metadata iam"},
		{"busy", robot, func(g *google) { g.iam = http.StatusServiceUnavailable }, "sign.oidc.unavailable", "metadata iam iam iam iam"},
		{"no access token", robot, func(g *google) { g.access = "" }, "sign.oidc.malformed", "metadata"},
		{"access token of another form", robot, func(g *google) { g.access = 5 }, "sign.oidc.malformed", "metadata"},
		{"machine without an account", robot, func(g *google) { g.metadata = http.StatusNotFound }, "sign.oidc.status", "metadata"},
		{"another method of the API", robot + ":signJwt?", nil, "sign.token.ambient", ""},
		{"another account by its path", "../serviceAccounts/" + robot, nil, "sign.token.ambient", ""},
		{"dots", "..", nil, "sign.token.ambient", ""},
		{"too long", strings.Repeat("a", maxAccount+1), nil, "sign.token.ambient", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGoogle(t)
			if c.attack != nil {
				c.attack(g)
			}
			_, _, err := Ambient(t.Context(), g.environment(c.account))
			if refuse.CodeOf(err) != c.code || strings.Contains(err.Error(), "access-secret") {
				t.Error(err)
			}
			if got := strings.Join(g.calls, " "); got != c.calls {
				t.Errorf("asked %q, want %q", got, c.calls)
			}
		})
	}
	e := newGoogle(t).environment(robot)
	e.IAMURL = "http://iam.example.test" // without TLS
	if _, _, err := Ambient(t.Context(), e); refuse.CodeOf(err) != "sign.oidc.url" {
		t.Error(err)
	}
}
