// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/tlog"
)

func TestFindIssuer(t *testing.T) {
	l := Issuers{
		{URL: "https://oidc.eks.*.cloud.test/id/*", Pattern: true, Audience: "pattern"},
		{URL: "https://oidc.eks.one.cloud.test/id/A", Audience: "exact"},
		{URL: "https://*two.test", Pattern: true, Audience: "ambiguous"},
		{URL: "https://literal.test/*", Audience: "literal"},
	}
	for issuer, want := range map[string]string{
		"https://oidc.eks.one.cloud.test/id/A":     "exact",
		"https://oidc.eks.eu-1_x.cloud.test/id/B2": "pattern",
		"https://oidc.eks.one.two.cloud.test/id/B": "",
		"https://oidc.eks.one.cloud.test/id/B/C":   "",
		"https://oidc.eks.one.cloud.test/id/":      "",
		"https://oidc.eks..cloud.test/id/A":        "",
		"http://oidc.eks.one.cloud.test/id/B":      "",
		"xhttps://oidc.eks.one.cloud.test/id/B":    "",
		"https://oneandtwo.test":                   "",
		"https://literal.test/a":                   "",
		"https://literal.test/*":                   "literal",
		"":                                         "",
	} {
		if got := l.Find(issuer).Audience; got != want {
			t.Errorf("%q: %q, want %q", issuer, got, want)
		}
	}
}

// TestIssuers has the authority say what it wants, and get it.
func TestIssuers(t *testing.T) {
	for _, c := range []struct {
		name      string
		issuer    map[string]any
		claims    map[string]any
		audience  string // what Fulcio takes
		challenge string
		own       string // the audience that we were told
		code      refuse.Code
	}{
		{"the usual audience", map[string]any{"issuerUrl": testIssuer, "audience": "sigstore"}, nil, "sigstore", "", "", ""},
		{"another audience", map[string]any{"issuerUrl": testIssuer, "audience": "acme"}, map[string]any{"aud": "acme"}, "acme", "", "", ""},
		{"another audience, the usual token", map[string]any{"issuerUrl": testIssuer, "audience": "acme"}, nil, "acme", "", "", "sign.token.audience"},
		{"another audience of another issuer", map[string]any{"issuerUrl": "https://elsewhere.test", "audience": "acme"}, map[string]any{"aud": "acme"}, "acme", "", "", "sign.token.audience"},
		{"the audience that we were told", map[string]any{"issuerUrl": testIssuer, "audience": "acme"}, nil, "sigstore", "", "sigstore", ""},
		{"the subject is signed", map[string]any{"issuerUrl": testIssuer, "challengeClaim": "sub"}, nil, "", "sub", "", ""},
		{"the subject is signed, the address is not verified", map[string]any{"issuerUrl": testIssuer, "challengeClaim": "sub"}, map[string]any{"email_verified": false}, "", "sub", "", ""},
		{"the address is signed, and is not verified", map[string]any{"issuerUrl": testIssuer, "challengeClaim": "email"}, map[string]any{"email_verified": false}, "", "email", "", "sign.token.email"},
		{"the subject is wanted, and nobody said so", map[string]any{"issuerUrl": testIssuer}, nil, "", "sub", "", "sign.fulcio.denied"},
		{"a claim that is not there", map[string]any{"issuerUrl": testIssuer, "challengeClaim": "login"}, nil, "", "login", "", "sign.token.subject"},
		{"a claim that is no string", map[string]any{"issuerUrl": testIssuer, "challengeClaim": "exp"}, nil, "", "exp", "", "sign.token.subject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newInstance(t)
			i.Issuers, i.Audience, i.Challenge = []map[string]any{c.issuer}, c.audience, c.challenge
			client := i.client(time.Second)
			list, err := ReadIssuers(t.Context(), client, i.Fulcio.URL+"/")
			if err != nil {
				t.Fatal(err)
			}
			config := i.config(newToken(t, c.claims), tlog.V2)
			config.Issuer = NewFulcio(FulcioConfig{Client: client, URL: i.Fulcio.URL, Token: newToken(t, c.claims), Issuers: list, Audience: c.own})
			if c.code != "" {
				i.refused(t, config, sign.Message(strings.NewReader(artifact)), string(c.code))
				return
			}
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
		})
	}
}

// TestNoIssuers asks an authority that does not answer, and asks it once.
func TestNoIssuers(t *testing.T) {
	long := strings.Repeat("x", maxIssuerText+1)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   refuse.Code
	}{
		"old":          {status(404, "not here"), "sign.fulcio.status"},
		"broken":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "sign.fulcio.unreachable"},
		"busy":         {status(503, ""), "sign.fulcio.unavailable"},
		"slow":         {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "sign.fulcio.timeout"},
		"endless":      {func(w http.ResponseWriter, _ *http.Request) { flood(w) }, "sign.fulcio.oversize"},
		"elsewhere":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "sign.fulcio.status"},
		"no JSON":      {status(200, "<html>"), "sign.fulcio.malformed"},
		"no list":      {status(200, `{"issuers":{}}`), "sign.fulcio.malformed"},
		"no URL":       {status(200, `{"issuers":[{"audience":"a"}]}`), "sign.fulcio.malformed"},
		"two URLs":     {status(200, `{"issuers":[{"issuerUrl":"a","wildcardIssuerUrl":"b"}]}`), "sign.fulcio.malformed"},
		"a number":     {status(200, `{"issuers":[{"issuerUrl":"a","audience":1}]}`), "sign.fulcio.malformed"},
		"a long claim": {status(200, `{"issuers":[{"issuerUrl":"a","challengeClaim":"`+long+`"}]}`), "sign.fulcio.malformed"},
		"too many":     {status(200, `{"issuers":[`+strings.Repeat(`{"issuerUrl":"a"},`, maxIssuers)+`{"issuerUrl":"a"}]}`), "sign.fulcio.malformed"},
		"trailing":     {status(200, `{"issuers":[]}{}`), "sign.fulcio.malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			i.Fault["fulcio"] = c.answer
			budget := 10 * time.Second
			if name == "slow" {
				budget = time.Second
			}
			list, err := ReadIssuers(t.Context(), i.client(budget), i.Fulcio.URL)
			if refuse.CodeOf(err) != c.code || list != nil || i.Called("fulcio") != 1 {
				t.Errorf("%v after %d requests: %v", list, i.Called("fulcio"), err)
			}
		})
	}
}

// TestRenew has the token expire between two signatures.
func TestRenew(t *testing.T) {
	for _, c := range []struct {
		name string
		next map[string]any
		err  error
		code string
	}{
		{"the same holder", nil, nil, ""},
		{"another holder", map[string]any{"email": "mallory@example.test"}, nil, "sign.token.changed"},
		{"another workflow", map[string]any{"job_workflow_ref": "acme/app/.github/workflows/other.yml@refs/heads/main"}, nil, "sign.token.changed"},
		{"another issuer", map[string]any{"iss": "https://elsewhere.test"}, nil, "sign.token.changed"},
		{"another audience", map[string]any{"aud": "elsewhere"}, nil, "sign.token.audience"},
		{"expired again", map[string]any{"exp": 1}, nil, "sign.token.expired"},
		{"no more", nil, refuse.New("sign.token.missing", "none"), "sign.token.missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newInstance(t)
			config := i.config(nil, tlog.V2)
			asked := 0
			config.Issuer = NewFulcio(FulcioConfig{
				Client: i.client(time.Second), URL: i.Fulcio.URL, Token: newToken(t, map[string]any{"exp": 1}),
				Renew: func(context.Context) (*oidc.Token, error) { asked++; return newToken(t, c.next), c.err },
			})
			if c.code != "" {
				i.refused(t, config, sign.Message(strings.NewReader(artifact)), c.code)
				if i.Called("fulcio") != 0 {
					t.Error("a token that cannot do was sent")
				}
				return
			}
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
			if asked != 1 {
				t.Errorf("asked for %d tokens", asked)
			}
		})
	}
}
