// SPDX-License-Identifier: Apache-2.0

package oidc

import "strings"

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
// issuer (Fulcio, config/identity/config.yaml). Nobody but the token's
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
// from [Token.Names] that is "SUBJECT!DOMAIN", where the domain is the
// authority's to choose.
func (t *Token) IsName(name string) bool {
	for _, n := range t.Names() {
		if n == name {
			return true
		}
	}
	user, _, ok := strings.Cut(name, "!")
	return ok && user != "" && user == t.claims["sub"]
}

// IsIssuer reports whether a certificate for the token may name this issuer:
// the token's own, or the one behind it, where Dex stands between.
func (t *Token) IsIssuer(issuer string) bool {
	return issuer != "" && (issuer == t.Issuer() || issuer == t.connect)
}
