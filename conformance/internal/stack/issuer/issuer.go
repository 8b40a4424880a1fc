// SPDX-License-Identifier: Apache-2.0

// Package issuer is an OpenID Connect provider for tests: it approves
// everybody at once and makes tokens with the claims one asks for.
//
// A server holds two issuers, BASE/email and BASE/ci. Each has
//
//   - discovery and a key set (RS256 and ES256),
//   - the authorization code flow with PKCE, and the device flow,
//   - GET /mint, which answers with a token; each query parameter is a claim,
//     aud is the audience, and _ttl (seconds), _alg, _kid and _badsig make
//     unusual and bad tokens,
//   - GET /actions-token, the endpoint that GitHub Actions offers to a job.
//
// RS256 is the default because cosign takes a raw token only if it is RS256,
// and opens anything else as a file name.
package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
)

// Server is the provider. It is safe for concurrent use.
type Server struct {
	base         string // without a slash at the end
	rsaKey       *rsa.PrivateKey
	ecKey        *ecdsa.PrivateKey
	rsaID, ecID  string
	requestToken string

	mu     sync.Mutex
	grants map[string]grant // by code or device code; mu
}

// New makes the keys of a provider that is reachable at base, such as
// "http://127.0.0.1:8080".
func New(base string) (*Server, error) {
	rk, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	ek, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	// A key id of its own for each run: Fulcio must not meet an old key set.
	run := rand.Text()[:8]
	return &Server{
		base: base, rsaKey: rk, ecKey: ek, rsaID: run + "-rs", ecID: run + "-es",
		requestToken: rand.Text(), grants: map[string]grant{},
	}, nil
}

// URL is the issuer URL (the iss claim) of the issuer with that name.
func (s *Server) URL(name string) string { return s.base + "/" + name }

// RequestURL is what GitHub Actions would put into
// ACTIONS_ID_TOKEN_REQUEST_URL.
func (s *Server) RequestURL() string { return s.URL(CI) + "/actions-token?api-version=2.0" }

// RequestToken is what GitHub Actions would put into
// ACTIONS_ID_TOKEN_REQUEST_TOKEN.
func (s *Server) RequestToken() string { return s.requestToken }

// Handler serves the provider at its base.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request, string){
		"GET /{issuer}/.well-known/openid-configuration": s.discovery,
		"GET /{issuer}/keys":                             s.keys,
		"GET /{issuer}/mint":                             s.mint,
		"GET /{issuer}/actions-token":                    s.actionsToken,
		"GET /{issuer}/auth":                             s.authorize,
		"POST /{issuer}/device":                          s.device,
		"POST /{issuer}/token":                           s.exchange,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			name := r.PathValue("issuer")
			if defaults[name] == nil {
				http.NotFound(w, r)
				return
			}
			serve(w, r, name)
		})
	}
	return mux
}

func (s *Server) discovery(w http.ResponseWriter, _ *http.Request, name string) {
	u := s.URL(name)
	answer(w, map[string]any{
		"issuer":                                u,
		"authorization_endpoint":                u + "/auth",
		"token_endpoint":                        u + "/token",
		"device_authorization_endpoint":         u + "/device",
		"jwks_uri":                              u + "/keys",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"scopes_supported":                      []string{"openid", "email"},
		"id_token_signing_alg_values_supported": []string{"RS256", "ES256"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request, _ string) {
	point, err := s.ecKey.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, map[string]any{"keys": []any{
		map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": s.rsaID,
			"n": b64.EncodeToString(s.rsaKey.N.Bytes()), "e": "AQAB",
		},
		map[string]string{
			"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": s.ecID,
			"x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:]),
		},
	}})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client hung up: nothing to tell it
}

func fail(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

var errGrant = errors.New(`{"error":"invalid_grant"}`)
