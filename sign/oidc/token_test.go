// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestMalformed(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	for _, s := range []string{
		"", "a.b", "a.b.c.d", "..", "a.!.c", "a." + b64([]byte(`[]`)) + ".c", "a." + b64([]byte(`{"a":1}x`)) + ".c",
		"a." + b64([]byte(`{"sub":"a","sub":"b"}`)) + ".c", "a." + b64([]byte(`{"exp":"soon"}`)) + ".c",
		"a." + b64([]byte(`{"aud":["a",1]}`)) + ".c", "a." + b64([]byte(`{}`)) + "=.c", "a." + strings.Repeat("A", maxToken) + ".c",
	} {
		if _, err := Parse(s); refuse.CodeOf(err) != "sign.token.malformed" {
			t.Errorf("%.40q: %v", s, err)
		}
	}
}

func TestCheck(t *testing.T) {
	now := time.Unix(1_750_000_000, 0)
	good := func() map[string]any {
		return map[string]any{"iss": "https://i", "aud": []string{"x", "sigstore"}, "sub": "s", "exp": float64(now.Unix()) + 60.5, "nbf": now.Unix()}
	}
	for _, c := range []struct {
		name  string
		value any
		code  refuse.Code
	}{
		{"", nil, ""},
		{"aud", "sigstore", ""},
		{"aud", []string{}, "sign.token.audience"},
		{"aud", "sigstore2", "sign.token.audience"},
		{"iss", "", "sign.token.issuer"},
		{"exp", now.Unix(), "sign.token.expired"},
		{"exp", now.Unix() + 3, "sign.token.expired"},
		{"nbf", now.Unix() + 30, ""},
		{"nbf", now.Unix() + 300, "sign.token.early"},
		{"sub", "", "sign.token.subject"},
		{"email", "a@b", "sign.token.email"},
	} {
		claims := good()
		if c.name != "" {
			claims[c.name] = c.value
		}
		token, err := Parse(rawToken(t, claims))
		if err != nil {
			t.Fatal(err)
		}
		if err := token.Check(Expect{Audience: Audience, Now: now}); refuse.CodeOf(err) != c.code {
			t.Errorf("%s %v: %v", c.name, c.value, err)
		}
	}
	if err := new(Token).Check(Expect{Audience: Audience, Now: now}); err == nil {
		t.Error("the zero token passes")
	}
	token, err := Parse(rawToken(t, map[string]any{"iss": "https://i", "aud": "sigstore", "email": "a@b", "email_verified": "true", "exp": now.Unix() + 60}))
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Check(Expect{Audience: Audience, Now: now}); err != nil {
		t.Error(err)
	}
}

// TestNames holds the names of certificates against the public instance's
// templates.
func TestNames(t *testing.T) {
	for want, claims := range map[string]map[string]any{
		"a@b.test": {"email": "a@b.test", "sub": "1"},
		"https://github.com/o/r/.github/workflows/w.yml@refs/heads/main": {"job_workflow_ref": "o/r/.github/workflows/w.yml@refs/heads/main", "sub": "repo:o/r"},
		"https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main":         {"ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main"},
		"https://buildkite.com/o/p":                                      {"organization_slug": "o", "pipeline_slug": "p"},
		"https://circleci.com/api/v2/projects/P/pipeline-definitions/D":  {"oidc.circleci.com/project-id": "P", "oidc.circleci.com/pipeline-definition-id": "D"},
		"https://g.codefresh.io/acc/pipe:1/2":                            {"account_name": "acc", "pipeline_name": "pipe", "account_id": "1", "pipeline_id": "2"},
		"https://kubernetes.io/namespaces/n/serviceaccounts/s": {
			"kubernetes.io": map[string]any{"namespace": "n", "serviceaccount": map[string]any{"name": "s", "uid": "u"}, "pod": map[string]any{"name": "x"}}, "sub": "system:serviceaccount:n:s"},
		"spiffe://td/path": {"sub": "spiffe://td/path"},
		"user!example.com": {"sub": "user"},
	} {
		token, err := Parse(rawToken(t, claims))
		if err != nil {
			t.Fatal(err)
		}
		if !token.IsName(want) {
			t.Errorf("%q is not among %q", want, token.Names())
		}
		for _, other := range []string{"", "https://github.com/", "https://", "!x", "mallory!example.com", want + "x"} {
			if token.IsName(other) && other != want+"x" || slices.Contains(token.Names(), other) {
				t.Errorf("%q may bear the name %q", want, other)
			}
		}
	}
	token, err := Parse(rawToken(t, map[string]any{"iss": "https://dex", "federated_claims": map[string]any{"connector_id": "https://github.com/login/oauth"}}))
	if err != nil {
		t.Fatal(err)
	}
	if !token.IsIssuer("https://dex") || !token.IsIssuer("https://github.com/login/oauth") || token.IsIssuer("") || token.IsIssuer("https://other") {
		t.Error("issuers")
	}
}

// TestNamesInCertificates holds the ways in which Fulcio writes URLs.
func TestNamesInCertificates(t *testing.T) {
	for _, c := range []struct {
		claim, value string
		good, bad    []string
	}{
		{"job_workflow_ref", "o/r/.github/workflows/a b.yml@refs/heads/main",
			[]string{"https://github.com/o/r/.github/workflows/a%20b.yml@refs/heads/main"},
			[]string{"https://github.com/o/r/.github/workflows/a+b.yml@refs/heads/main", "https://github.com/o/r/.github/workflows/a%2520b.yml@refs/heads/main"}},
		{"job_workflow_ref", "o/r/w.yml@refs/heads/fix/#1",
			[]string{"https://github.com/o/r/w.yml@refs/heads/fix/%231", "https://github.com/o/r/w.yml@refs/heads/fix/#1"},
			[]string{"https://github.com/o/r/w.yml@refs/heads/fix/", "https://github.com/o/r/w.yml@refs/heads/fix/1"}},
		{"job_workflow_ref", "o/r/w.yml@refs/heads/\u00fc",
			[]string{"https://github.com/o/r/w.yml@refs/heads/%C3%BC"}, []string{"https://github.com/o/r/w.yml@refs/heads/%c3%bc", "https://github.com/o/r/w.yml@refs/heads/%FC"}},
		{"job_workflow_ref", "o/r/w.yml@refs/tags/v1+a&b",
			[]string{"https://github.com/o/r/w.yml@refs/tags/v1+a&b", "https://github.com/o/r/w.yml@refs/tags/v1&#43;a&amp;b"}, []string{"https://github.com/o/r/w.yml@refs/tags/v1 a&b"}},
		{"ci_config_ref_uri", "gitlab.com/g/p//ci file.yml@refs/heads/main",
			[]string{"https://gitlab.com/g/p//ci%20file.yml@refs/heads/main"}, []string{"https://gitlab.com/g/p/ci%20file.yml@refs/heads/main"}},
		{"sub", "https://ci.example.test/\u00e9/x y",
			[]string{"https://ci.example.test/%C3%A9/x%20y"}, []string{"https://ci.example.test/"}},
		// An email address is not a URL.
		{"email", "a b@example.test", nil, []string{"a%20b@example.test"}},
		{"job_workflow_ref", "%zz", nil, []string{"https://github.com", "https://github.com/"}},
	} {
		token, err := Parse(rawToken(t, map[string]any{c.claim: c.value}))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range c.good {
			if !token.IsName(name) {
				t.Errorf("%q may not be named %q", c.value, name)
			}
		}
		for _, name := range append(c.bad, "") {
			if token.IsName(name) {
				t.Errorf("%q may be named %q", c.value, name)
			}
		}
	}
}
