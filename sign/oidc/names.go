// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"net/url"
	"slices"
	"strings"
)

// Challenge returns the text that a proof of possession signs: the email
// address if the token has one, else its subject (Fulcio specification,
// Section 4).
func (t *Token) Challenge() string {
	if email := t.claims["email"]; email != "" {
		return email
	}
	return t.claims["sub"]
}

// ChallengeBy returns the text that a proof of possession signs for an
// authority that wants this claim signed: empty if the token has none, or not
// as a string. With no claim it is [Token.Challenge].
func (t *Token) ChallengeBy(claim string) string {
	if claim == "" {
		return t.Challenge()
	}
	return t.claims[claim]
}

// Names returns the subject alternative names that a certificate for the
// token may bear: which one it is, the authority's configuration decides by
// issuer (Fulcio, config/identity/config.yaml). Only the token's
// subject goes by any of them.
func (t *Token) Names() []string {
	c := t.claims
	var names []string
	add := func(parts ...string) {
		for i := 1; i < len(parts); i += 2 { // a claim that is absent makes no name
			if parts[i] == "" {
				return
			}
		}
		names = append(names, strings.Join(parts, ""))
	}
	add("", c["email"])
	add("https://github.com/", c["job_workflow_ref"])
	add("https://", c["ci_config_ref_uri"])
	add("https://buildkite.com/", c["organization_slug"], "/", c["pipeline_slug"])
	const circle = "oidc.circleci.com/"
	add("https://circleci.com/api/v2/projects/", c[circle+"project-id"], "/pipeline-definitions/", c[circle+"pipeline-definition-id"])
	platform := c["platform_url"]
	if platform == "" {
		platform = "https://g.codefresh.io"
	}
	add(platform+"/", c["account_name"], "/", c["pipeline_name"], ":", c["account_id"], "/", c["pipeline_id"])
	const buddy = "https://app.buddy.works/"
	add(buddy, c["workspace_domain"], "/", c["project_name"], "/pipelines/pipeline/", c["pipeline_id"])
	if namespace, name, ok := strings.Cut(t.account, "/"); ok {
		add("https://kubernetes.io/namespaces/", namespace, "/serviceaccounts/", name)
	}
	add("", c["sub"]) // SPIFFE, and issuers whose subjects are URIs
	return names
}

// IsName reports whether a certificate for the token may bear the name. Apart
// from [Token.Names], and what URLs among them become in a certificate, that is
// "SUBJECT!DOMAIN", where the domain is the authority's to choose.
func (t *Token) IsName(name string) bool {
	if name == "" {
		return false
	}
	for _, n := range t.Names() {
		if n == name || slices.Contains(written(n), name) {
			return true
		}
	}
	user, _, ok := strings.Cut(name, "!")
	return ok && user != "" && user == t.claims["sub"]
}

// inTemplate is how Fulcio's templates, which are made for HTML, write claims.
var inTemplate = strings.NewReplacer(`"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;")

// written returns how an authority may write a URL into a certificate. Fulcio
// parses the text and writes it as a URL again, which escapes spaces and
// letters beyond ASCII (ciprovider.Principal.Embed); what stands behind a "#"
// is then a fragment. Older versions took all of it for the path. A text that
// is not a URL, such as an email address, is written as it is.
func written(text string) []string {
	scheme, rest, ok := strings.Cut(text, "://")
	host, path, _ := strings.Cut(rest, "/")
	if !ok || host == "" {
		return nil
	}
	all := []string{(&url.URL{Scheme: scheme, Host: host, Path: "/" + path}).String()}
	for _, s := range []string{text, inTemplate.Replace(text)} {
		if u, err := url.Parse(s); err == nil {
			all = append(all, u.String())
		}
	}
	return all
}

// IsIssuer reports whether a certificate for the token may name this issuer:
// the token's own, or the one behind it, where Dex stands between.
func (t *Token) IsIssuer(issuer string) bool {
	return issuer != "" && (issuer == t.Issuer() || issuer == t.connect)
}
