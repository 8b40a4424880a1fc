// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/loopback"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/tlog"
)

// instance is a Sigstore on loopback.
type instance struct{ *loopback.Instance }

func newInstance(t testing.TB) *instance { return &instance{loopback.New(t)} }

const (
	testIssuer = "https://accounts.example.test"
	testEmail  = "dev@example.test"
)

// newToken makes a token that no one has signed.
func newToken(t testing.TB, claims map[string]any) *oidc.Token {
	t.Helper()
	all := map[string]any{
		"iss": testIssuer, "aud": "sigstore", "sub": "42", "email": testEmail, "email_verified": true,
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
	token, err := oidc.Parse(b64([]byte(`{"alg":"RS256"}`)) + "." + b64(payload) + "." + b64([]byte("a signature, which stays secret")))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// client does not wait between attempts.
func (i *instance) client(timeout time.Duration) *Client {
	return NewClient(ClientConfig{Timeout: timeout, pause: func(context.Context, time.Duration) error { return nil }})
}

// config is one with all services of one generation of Rekor.
func (i *instance) config(token *oidc.Token, generations ...tlog.Generation) sign.Config {
	c := i.client(10 * time.Second)
	config := sign.Config{
		Root: i.Root, TimestampAuthorities: []sign.TimestampAuthority{NewTSA(TSAConfig{Client: c, URL: i.TSA.URL})},
		Issuer: NewFulcio(FulcioConfig{Client: c, URL: i.Fulcio.URL, Token: token}),
	}
	for _, g := range generations {
		if g == tlog.V1 {
			config.Logs = append(config.Logs, NewRekorV1(RekorConfig{Client: c, URL: i.Rekor1.URL}))
		} else {
			config.Logs = append(config.Logs, NewRekorV2(RekorConfig{Client: c, URL: i.Rekor2.URL, Root: i.Root}))
		}
	}
	return config
}

func mustKey(t testing.TB, a sign.Algorithm) *sign.Key {
	t.Helper()
	k, err := sign.GenerateKey(a)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// statementAbout is a small statement.
func statementAbout(t *testing.T, artifact string) []byte {
	t.Helper()
	s, err := sign.ReadSubject("artifact", bytes.NewReader([]byte(artifact)))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := sign.NewStatement([]sign.Subject{s}, dsse.PredicateType("slsaprovenance1"), []byte(`{"n": 12345678901234567890}`))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}
