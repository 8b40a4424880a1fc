// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func newServer(t *testing.T) (*Server, *httptest.Server) {
	t.Helper()
	var h http.Handler
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(ts.Close)
	s, err := New(ts.URL)
	if err != nil {
		t.Fatal(err)
	}
	h = s.Handler()
	return s, ts
}

func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %q", token)
	}
	b, err := b64.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t *testing.T, req *http.Request, err error) (int, string, http.Header) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // redirects are for us to see
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

func get(t *testing.T, u string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, u, nil)
	return do(t, req, err)
}

func post(t *testing.T, u string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, u, strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	code, body, _ := do(t, req, err)
	return code, body
}

func TestMint(t *testing.T) {
	s, ts := newServer(t)
	code, tok, _ := get(t, ts.URL+"/email/mint?email=me@example.test&email_verified=false&aud=x&_ttl=-60")
	c := claims(t, tok)
	if code != 200 || c["email"] != "me@example.test" || c["email_verified"] != false || c["aud"] != "x" || c["iss"] != s.URL(Email) {
		t.Errorf("%d %v", code, c)
	}
	if c["exp"].(float64) >= c["iat"].(float64) {
		t.Error("not expired")
	}
	if code, _, _ := get(t, ts.URL+"/nobody/mint"); code != 404 {
		t.Errorf("unknown issuer: %d", code)
	}
}

func TestActionsToken(t *testing.T) {
	s, _ := newServer(t)
	if code, _, _ := get(t, s.RequestURL()); code != 401 {
		t.Errorf("without a token: %d", code)
	}
	req, err := http.NewRequest(http.MethodGet, s.RequestURL()+"&audience=sigstore", nil)
	if err == nil {
		req.Header.Set("Authorization", "bearer "+s.RequestToken())
	}
	_, body, _ := do(t, req, err)
	var answer struct{ Value string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if c := claims(t, answer.Value); c["aud"] != "sigstore" || c["repository"] != "acme/app" {
		t.Error(c)
	}
}

func TestCodeFlow(t *testing.T) {
	_, ts := newServer(t)
	verifier := "a verifier of some length that nobody knows"
	d := sha256.Sum256([]byte(verifier))
	auth := url.Values{
		"client_id": {"sigstore"}, "nonce": {"n"}, "state": {"st"}, "redirect_uri": {"http://localhost:1/cb"},
		"code_challenge": {b64.EncodeToString(d[:])},
	}
	approve := func() url.Values {
		code, _, h := get(t, ts.URL+"/email/auth?"+auth.Encode())
		back, err := url.Parse(h.Get("Location"))
		if err != nil || code != 302 || back.Query().Get("state") != "st" {
			t.Fatalf("%d %v", code, h)
		}
		return url.Values{"code": {back.Query().Get("code")}, "redirect_uri": auth["redirect_uri"], "code_verifier": {verifier}}
	}
	form := approve()
	code, body := post(t, ts.URL+"/email/token", form)
	var answer struct {
		IDToken string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if claims(t, answer.IDToken)["nonce"] != "n" {
		t.Error("nonce is lost")
	}
	if code, _ := post(t, ts.URL+"/email/token", form); code != 400 {
		t.Errorf("second use of a code: %d", code)
	}
	form = approve()
	form.Set("code_verifier", "another")
	if code, _ := post(t, ts.URL+"/email/token", form); code != 400 {
		t.Errorf("wrong verifier: %d", code)
	}
	auth.Set("redirect_uri", "http://evil.example/")
	if code, _, _ := get(t, ts.URL+"/email/auth?"+auth.Encode()); code != 400 {
		t.Errorf("foreign redirect: %d", code)
	}
}

func TestDeviceFlow(t *testing.T) {
	_, ts := newServer(t)
	_, body := post(t, ts.URL+"/ci/device", url.Values{"client_id": {"sigstore"}})
	var device struct {
		Code string `json:"device_code"`
	}
	if err := json.Unmarshal([]byte(body), &device); err != nil {
		t.Fatal(err)
	}
	if code, body := post(t, ts.URL+"/ci/token", url.Values{"device_code": {device.Code}}); code != 200 {
		t.Errorf("%d %s", code, body)
	}
}
