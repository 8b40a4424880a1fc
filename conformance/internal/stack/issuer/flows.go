// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// grant is an approval that waits to be exchanged for a token.
type grant struct {
	issuer, audience, nonce string
	challenge               string // PKCE S256, empty if the client sent none
	redirect                string // empty in the device flow
}

func (s *Server) mint(w http.ResponseWriter, r *http.Request, name string) {
	req, err := parseRequest(r.URL.Query())
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	req.Issuer = name
	tok, err := s.Token(req)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	_, _ = io.WriteString(w, tok)
}

// parseRequest reads the query of /mint.
func parseRequest(q url.Values) (Request, error) {
	req := Request{
		Audience: q.Get("aud"), Algorithm: q.Get("_alg"), KeyID: q.Get("_kid"),
		Spoil: q.Has("_badsig"), Claims: map[string]any{},
	}
	if s := q.Get("_ttl"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return Request{}, err
		}
		req.Lifetime = time.Duration(n) * time.Second
	}
	for k, v := range q {
		switch {
		case k == "aud" || strings.HasPrefix(k, "_"):
		case v[0] == "true" || v[0] == "false":
			req.Claims[k] = v[0] == "true"
		default:
			req.Claims[k] = v[0]
		}
	}
	return req, nil
}

// actionsToken has the shape of GitHub's endpoint: a bearer token is needed,
// ?audience= is the audience, and the answer is {"value": TOKEN}.
func (s *Server) actionsToken(w http.ResponseWriter, r *http.Request, name string) {
	kind, tok, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "bearer") || subtle.ConstantTimeCompare([]byte(tok), []byte(s.requestToken)) != 1 {
		fail(w, http.StatusUnauthorized, errors.New("bearer token of the job wanted"))
		return
	}
	id, err := s.Token(Request{Issuer: name, Audience: r.URL.Query().Get("audience")})
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, map[string]any{"count": len(id), "value": id})
}

// authorize approves at once and sends the browser back (RFC 6749, Section 4.1.2).
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, name string) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Hostname() != "localhost" && back.Hostname() != "127.0.0.1" {
		fail(w, http.StatusBadRequest, errors.New("redirect_uri must be loopback"))
		return
	}
	code := s.grant(grant{name, q.Get("client_id"), q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")})
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// device starts the device flow (RFC 8628, Section 3.2); it is approved already.
func (s *Server) device(w http.ResponseWriter, r *http.Request, name string) {
	code := s.grant(grant{name, r.FormValue("client_id"), r.FormValue("nonce"), r.FormValue("code_challenge"), ""})
	u := s.URL(name) + "/approve"
	answer(w, map[string]any{
		"device_code": code, "user_code": "TEST", "verification_uri": u, "verification_uri_complete": u,
		"interval": 1, "expires_in": 60,
	})
}

func (s *Server) grant(g grant) (code string) {
	code = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[code] = g
	return code
}

// exchange is the token endpoint. A code is good for one attempt.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, name string) {
	code := r.FormValue("code")
	if code == "" {
		code = r.FormValue("device_code")
	}
	s.mu.Lock()
	g, ok := s.grants[code]
	delete(s.grants, code)
	s.mu.Unlock()
	d := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || g.issuer != name || g.redirect != r.FormValue("redirect_uri") ||
		g.challenge != "" && g.challenge != b64.EncodeToString(d[:]) {
		fail(w, http.StatusBadRequest, errGrant)
		return
	}
	id, err := s.Token(Request{Issuer: name, Audience: g.audience, Nonce: g.nonce})
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": int(lifetime.Seconds()), "id_token": id})
}
