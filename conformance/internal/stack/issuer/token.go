// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Email and CI name the two issuers of a server: one gives e-mail identities,
// the other has the claims of GitHub Actions.
const (
	Email = "email"
	CI    = "ci"
)

// Audience is the client id that Fulcio expects.
const Audience = "sigstore"

const (
	lifetime = 10 * time.Minute
	leeway   = 5 * time.Second // nbf stands this much before iat
)

// commit stands in every CI claim that names a revision.
const commit = "0123456789abcdef0123456789abcdef01234567"

var defaults = map[string]map[string]any{
	Email: {"sub": "dev", "email": "dev@example.test", "email_verified": true},
	CI: {
		"sub":                   "repo:acme/app:ref:refs/heads/main",
		"event_name":            "push",
		"job_workflow_ref":      "acme/app/.github/workflows/release.yml@refs/heads/main",
		"job_workflow_sha":      commit,
		"ref":                   "refs/heads/main",
		"repository":            "acme/app",
		"repository_id":         "1",
		"repository_owner":      "acme",
		"repository_owner_id":   "2",
		"repository_visibility": "public",
		"run_attempt":           "1",
		"run_id":                "42",
		"runner_environment":    "github-hosted",
		"sha":                   commit,
		"workflow":              "release",
		"workflow_ref":          "acme/app/.github/workflows/release.yml@refs/heads/main",
		"workflow_sha":          commit,
	},
}

// Request says which token to make. The zero value, with an Issuer, is a good
// token for Fulcio.
type Request struct {
	// Issuer is Email or CI.
	Issuer string
	// Audience is the aud claim, Audience if empty.
	Audience string
	// Nonce is the nonce claim, left out if empty.
	Nonce string
	// Claims replace or add to the default claims of the issuer.
	Claims map[string]any
	// Lifetime is the time from now to exp, ten minutes if 0; a negative one
	// makes a token that has expired.
	Lifetime time.Duration
	// Algorithm is RS256 (also if empty) or ES256.
	Algorithm string
	// KeyID replaces the key id in the header, so that no key is found.
	KeyID string
	// Spoil changes one bit of the signature.
	Spoil bool
}

var b64 = base64.RawURLEncoding

// Token makes and signs an identity token (JWS compact form).
func (s *Server) Token(r Request) (string, error) {
	claims, err := s.claims(r, time.Now())
	if err != nil {
		return "", err
	}
	header := map[string]string{"typ": "JWT", "alg": "RS256", "kid": s.rsaID}
	if r.Algorithm == "ES256" {
		header["alg"], header["kid"] = "ES256", s.ecID
	}
	alg := header["alg"]
	if r.KeyID != "" {
		header["kid"] = r.KeyID
	}
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	input := b64.EncodeToString(h) + "." + b64.EncodeToString(c)
	sig, err := s.sign(alg, []byte(input))
	if err != nil {
		return "", err
	}
	if r.Spoil {
		sig[0] ^= 1
	}
	return input + "." + b64.EncodeToString(sig), nil
}

func (s *Server) claims(r Request, now time.Time) (map[string]any, error) {
	base := defaults[r.Issuer]
	if base == nil {
		return nil, fmt.Errorf("no issuer %q", r.Issuer)
	}
	if r.Audience == "" {
		r.Audience = Audience
	}
	if r.Lifetime == 0 {
		r.Lifetime = lifetime
	}
	c := maps.Clone(base)
	c["iss"] = s.URL(r.Issuer)
	c["aud"] = r.Audience
	c["iat"] = now.Unix()
	c["nbf"] = now.Add(-leeway).Unix()
	c["exp"] = now.Add(r.Lifetime).Unix()
	if r.Nonce != "" {
		c["nonce"] = r.Nonce
	}
	maps.Copy(c, r.Claims)
	return c, nil
}

func (s *Server) sign(alg string, input []byte) ([]byte, error) {
	d := sha256.Sum256(input)
	if alg == "RS256" {
		return rsa.SignPKCS1v15(rand.Reader, s.rsaKey, crypto.SHA256, d[:])
	}
	// RFC 7518, Section 3.4: R and S as 32 octets each.
	r, t, err := ecdsa.Sign(rand.Reader, s.ecKey, d[:])
	if err != nil {
		return nil, err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	t.FillBytes(sig[32:])
	return sig, nil
}
