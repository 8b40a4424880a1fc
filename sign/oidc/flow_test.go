// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// provider is an identity provider that approves everything at once. What it
// does wrong is set by the fields.
type provider struct {
	*httptest.Server
	t *testing.T

	issuer    string                           // in discovery; "" is the right one
	claims    func(map[string]any)             // changes the token
	browser   string                           // replaces the address for browsers
	page      string                           // replaces the address for people with a device
	user      string                           // replaces the code for them
	back      func(q url.Values)               // changes what the browser brings back
	answers   []string                         // errors before the device gets its token
	exchanged func(w http.ResponseWriter) bool // answers instead of the token endpoint

	challenge, nonce, redirect string
	posts                      atomic.Int32
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		issuer := p.issuer
		if issuer == "" {
			issuer = p.URL
		}
		writeJSON(w, map[string]any{
			"issuer": issuer, "authorization_endpoint": cmp.Or(p.browser, p.URL+"/auth?tenant=1"),
			"token_endpoint": p.URL + "/token", "device_authorization_endpoint": p.URL + "/device", "scopes_supported": []string{"openid"},
		})
	})
	mux.HandleFunc("/auth", p.auth)
	mux.HandleFunc("/device", func(w http.ResponseWriter, r *http.Request) {
		p.challenge, p.nonce = r.FormValue("code_challenge"), r.FormValue("nonce")
		writeJSON(w, map[string]any{"device_code": "the-secret-device-code", "user_code": cmp.Or(p.user, "ABCD"), "verification_uri": cmp.Or(p.page, p.URL+"/approve"), "interval": 2})
	})
	mux.HandleFunc("/token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *provider) auth(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("tenant") != "1" || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		http.Error(w, "bad question", http.StatusBadRequest)
		return
	}
	p.challenge, p.nonce, p.redirect = q.Get("code_challenge"), q.Get("nonce"), q.Get("redirect_uri")
	if p.redirect == outOfBand {
		_, _ = io.WriteString(w, "the-secret-code")
		return
	}
	answer := url.Values{"code": {"the-secret-code"}, "state": {q.Get("state")}}
	if p.back != nil {
		p.back(answer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	n := int(p.posts.Add(1))
	if n <= len(p.answers) {
		w.WriteHeader(http.StatusBadRequest)
		writeJSON(w, map[string]any{"error": p.answers[n-1]})
		return
	}
	if p.exchanged != nil && p.exchanged(w) {
		return
	}
	if r.FormValue("redirect_uri") != p.redirect {
		http.Error(w, "bad redirect", http.StatusBadRequest)
		return
	}
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge || !strings.HasPrefix(r.FormValue("code")+r.FormValue("device_code"), "the-secret") {
		http.Error(w, "bad verifier", http.StatusBadRequest)
		return
	}
	claims := map[string]any{
		"iss": p.URL, "aud": "sigstore", "sub": "42", "email": "dev@example.test", "email_verified": true,
		"nonce": p.nonce, "exp": time.Now().Add(time.Hour).Unix(),
	}
	if p.claims != nil {
		p.claims(claims)
	}
	writeJSON(w, map[string]any{"access_token": "not an identity token", "id_token": rawToken(p.t, claims)})
}

func rawToken(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"none"}`)) + "." + b64(payload) + "." + b64([]byte("signature"))
}

// config has a browser that opens whatever it is given.
func (p *provider) config() FlowConfig {
	return FlowConfig{
		Issuer: p.URL, Show: func(string) {}, Timeout: 3 * time.Second,
		Open: func(address string) error {
			resp, err := http.Get(address)
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				err = resp.Body.Close()
			}
			return err
		},
		pause: func(context.Context, time.Duration) error { return nil },
	}
}

func (p *provider) run(t *testing.T, flow func(context.Context, FlowConfig) (*Token, error), code string) {
	t.Helper()
	token, err := flow(t.Context(), p.config())
	if got := string(refuse.CodeOf(err)); got != code {
		t.Fatalf("code %q, want %q: %v", got, code, err)
	}
	if err == nil && token.Challenge() != "dev@example.test" {
		t.Errorf("token of %q", token.Challenge())
	}
	if err != nil && strings.Contains(err.Error(), "the-secret") {
		t.Errorf("a code in %q", err)
	}
}

func TestFlows(t *testing.T) {
	newProvider(t).run(t, Browser, "")
	p := newProvider(t)
	p.answers = []string{"authorization_pending", "slow_down", "authorization_pending"}
	p.run(t, Device, "")
}

// TestAttacks has one thing wrong with the answer each time.
func TestAttacks(t *testing.T) {
	claim := func(name string, value any) func(*provider) {
		return func(p *provider) { p.claims = func(c map[string]any) { c[name] = value } }
	}
	back := func(name, value string) func(*provider) {
		return func(p *provider) { p.back = func(q url.Values) { q.Set(name, value) } }
	}
	flows := map[string]func(context.Context, FlowConfig) (*Token, error){"browser": Browser, "device": Device, "paste": pasted}
	for _, c := range []struct {
		name, flow, code string
		attack           func(*provider)
	}{
		{"another nonce", "", "sign.token.nonce", claim("nonce", "replayed")},
		{"no nonce", "", "sign.token.nonce", claim("nonce", nil)},
		{"another audience", "", "sign.token.audience", claim("aud", "somebody else")},
		{"another issuer", "", "sign.token.issuer", claim("iss", "https://evil.example.test")},
		{"expired", "", "sign.token.expired", claim("exp", 1)},
		{"no expiry", "", "sign.token.expired", claim("exp", 0)},
		{"not yet", "", "sign.token.early", claim("nbf", time.Now().Add(time.Hour).Unix())},
		{"unverified email", "", "sign.token.email", claim("email_verified", false)},
		{"issuer of discovery", "", "sign.oidc.issuer", func(p *provider) { p.issuer = "https://evil.example.test" }},
		{"a file", "browser", "sign.oidc.url", func(p *provider) { p.browser = "file:///etc/passwd" }},
		{"a flag", "browser", "sign.oidc.url", func(p *provider) { p.browser = "--version" }},
		{"a program", "browser", "sign.oidc.url", func(p *provider) { p.browser = "ms-settings:display" }},
		{"no host", "paste", "sign.oidc.url", func(p *provider) { p.browser = "https:/auth" }},
		{"in the clear", "browser", "sign.oidc.url", func(p *provider) { p.browser = "http://login.example.test/auth" }},
		{"in the clear", "paste", "sign.oidc.url", func(p *provider) { p.browser = "http://login.example.test/auth" }},
		{"a name before the host", "browser", "sign.oidc.url", func(p *provider) { p.browser = "https://accounts.example.test@evil.example.test/auth" }},
		{"a long address", "browser", "sign.oidc.url", func(p *provider) { p.browser = "https://h.example.test/" + strings.Repeat("a", maxPage) }},
		{"a script", "browser", "sign.oidc.url", func(p *provider) { p.browser = "javascript://h.example.test/%0aalert(1)" }},
		{"a page in the clear", "device", "sign.oidc.url", func(p *provider) { p.page = "http://login.example.test/" }},
		{"a page of a script", "device", "sign.oidc.url", func(p *provider) { p.page = "javascript:alert(1)" }},
		{"a page that is a file", "device", "sign.oidc.url", func(p *provider) { p.page = "file:///etc/passwd" }},
		{"a page of another host", "device", "sign.oidc.url", func(p *provider) { p.page = "https://accounts.example.test@evil.example.test/" }},
		{"a long page", "device", "sign.oidc.url", func(p *provider) { p.page = "https://h.example.test/" + strings.Repeat("a", maxPage) }},
		{"a long code", "device", "sign.oidc.malformed", func(p *provider) { p.user = strings.Repeat("A", maxUserCode+1) }},
		{"another state", "browser", "sign.oidc.timeout", back("state", "forged")},
		{"no state", "browser", "sign.oidc.timeout", back("state", "")},
		{"issuer of the answer", "browser", "sign.oidc.issuer", back("iss", "https://evil.example.test")},
		{"denied", "browser", "sign.oidc.denied", back("error", "access_denied")},
		{"no code", "browser", "sign.oidc.malformed", back("code", "")},
		{"another code", "browser", "sign.oidc.status", back("code", "injected")},
		{"denied", "device", "sign.oidc.denied", func(p *provider) { p.answers = []string{"access_denied"} }},
		{"too late", "device", "sign.oidc.denied", func(p *provider) { p.answers = []string{"expired_token"} }},
		{"no token", "", "sign.token.malformed", func(p *provider) {
			p.exchanged = func(w http.ResponseWriter) bool { writeJSON(w, map[string]any{"access_token": "x"}); return true }
		}},
		{"too much", "", "sign.oidc.oversize", func(p *provider) {
			p.exchanged = func(w http.ResponseWriter) bool { _, _ = io.WriteString(w, strings.Repeat(" ", 1<<20)); return true }
		}},
	} {
		for name, flow := range flows {
			if c.flow != "" && c.flow != name {
				continue
			}
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				p := newProvider(t)
				c.attack(p)
				p.run(t, flow, c.code)
			})
		}
	}
}

// A stranger's page calls back first. It is turned away, and the right answer
// still counts (GHSA-hm8f-75xx-w2vr, CVE-2026-24408: another client never
// compared the state, so that a stranger could have his own token used).
func TestCVE_2026_24408_ForgedCallback(t *testing.T) {
	p := newProvider(t)
	c := p.config()
	open := c.Open
	c.Open = func(address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		resp, err := http.Get(u.Query().Get("redirect_uri") + "?code=forged&state=guessed")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a forged answer got status %d", resp.StatusCode)
		}
		return open(address)
	}
	if _, err := Browser(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// TestCallbackHost answers under no name but its own, so that a page whose name
// leads to this machine cannot read it, and a look uses no answer up.
func TestCallbackHost(t *testing.T) {
	p := newProvider(t)
	c := p.config()
	open := c.Open
	c.Open = func(address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		q := u.Query()
		back := q.Get("redirect_uri") + "?code=stolen&state=" + q.Get("state")
		port := strings.TrimSuffix(q.Get("redirect_uri")[strings.LastIndex(q.Get("redirect_uri"), ":")+1:], callback)
		for _, a := range []struct{ method, host string }{
			{http.MethodGet, "evil.example.test:" + port}, {http.MethodGet, "evil.example.test"}, {http.MethodGet, "localhost"},
			{http.MethodGet, "localhost.:" + port}, {http.MethodGet, "127.0.0.1:" + port}, {http.MethodGet, "localhost:1"},
			{http.MethodHead, "localhost:" + port}, {http.MethodPost, "localhost:" + port},
		} {
			r, err := http.NewRequestWithContext(t.Context(), a.method, back, nil)
			if err != nil {
				return err
			}
			r.Host = a.host
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			if resp.StatusCode < 400 {
				t.Errorf("%s %s: status %d", a.method, a.host, resp.StatusCode)
			}
		}
		return open(address)
	}
	if _, err := Browser(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// TestFresh asks no question twice, nor one that can be guessed.
func TestFresh(t *testing.T) {
	p := newProvider(t)
	seen := make(map[string]bool)
	for range 3 {
		f, err := newFlow(t.Context(), p.config())
		if err != nil {
			t.Fatal(err)
		}
		// RFC 6749, Section 10.10, wants 128 bits; RFC 7636, Section 4.1, 43
		// characters.
		if len(f.state) < 26 || len(f.nonce) < 26 || len(f.verifier) < 43 {
			t.Errorf("%d, %d and %d characters", len(f.state), len(f.nonce), len(f.verifier))
		}
		for _, s := range []string{f.state, f.nonce, f.verifier} {
			if seen[s] {
				t.Errorf("%q was asked before", s)
			}
			seen[s] = true
		}
	}
}

// TestPlain refuses to redeem a code at an address without TLS.
func TestPlain(t *testing.T) {
	f := &flow{FlowConfig: FlowConfig{ClientID: clientID}, client: testClient(), token: "http://provider.example.test/token"}
	_, err := f.exchange(t.Context(), url.Values{}, "the-secret-code")
	if refuse.CodeOf(err) != "sign.oidc.url" {
		t.Error(err)
	}
	// Nor does it ask there where to redeem one.
	for _, issuer := range []string{"http://provider.example.test", "http://127.0.0.1.example.test", "http://localhost.example.test", "ftp://127.0.0.1", "http://192.0.2.1"} {
		for _, flow := range []func(context.Context, FlowConfig) (*Token, error){Browser, Device} {
			if _, err := flow(t.Context(), FlowConfig{Issuer: issuer, Show: func(string) {}}); refuse.CodeOf(err) != "sign.oidc.url" {
				t.Errorf("%s: %v", issuer, err)
			}
		}
	}
}

func TestTokenPrints(t *testing.T) {
	token, err := Parse(rawToken(t, map[string]any{"sub": "me"}))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"token": token})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, token, token, token), fmt.Sprint(*token), string(text)} {
		if strings.Contains(s, token.raw[20:40]) || strings.Contains(s, "me") {
			t.Errorf("printed as %s", s)
		}
	}
}
