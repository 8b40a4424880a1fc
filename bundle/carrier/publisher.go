// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"maps"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A Publisher is who, says a carrier, published an artifact. Nothing of it is
// signed.
type Publisher struct {
	Kind string `json:"kind"`
	// Claims are the members of the publisher that are strings and not empty.
	Claims map[string]string `json:"claims,omitempty"`

	raw []byte
}

// String returns the publisher on one line, its claims in order.
func (p *Publisher) String() string {
	var b strings.Builder
	b.WriteString(p.Kind)
	for _, name := range slices.Sorted(maps.Keys(p.Claims)) {
		b.WriteString(" " + name + "=" + clip(p.Claims[name]))
	}
	return b.String()
}

// Bounds on what is said about a publisher: claims, and bytes of each. Reports
// repeat them.
const (
	maxClaims = 8
	maxClaim  = 512
)

func parsePublisher(raw []byte) (*Publisher, error) {
	if isNull(raw) {
		return nil, nil
	}
	o, err := parseObject(raw)
	if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "publisher")
	}
	p := &Publisher{Kind: o.text("kind"), Claims: make(map[string]string), raw: raw}
	if p.Kind == "" || len(p.Kind) > maxClaim {
		return nil, refuse.New("carrier.malformed", "publisher: no kind, want one")
	}
	for _, m := range o {
		if isNull(m.raw) || m.raw[0] != '"' || m.name == "kind" {
			continue
		}
		value, err := text(m.raw)
		if err != nil || len(value) > maxClaim || len(m.name) > maxClaim {
			return nil, refuse.New("carrier.limit", "publisher: member %q of more than %d bytes", clip(m.name), maxClaim)
		}
		if len(p.Claims) == maxClaims {
			return nil, refuse.New("carrier.limit", "publisher: more than %d claims", maxClaims)
		}
		if value != "" {
			p.Claims[m.name] = value
		}
	}
	return p, nil
}

// check refuses a publisher whom the certificate contradicts. Publishers of
// unknown kinds are not compared: they are hints, as all of them are.
func (p *Publisher) check(b *bundle.Bundle) error {
	if b.Leaf == nil {
		return refuse.New("carrier.claim", "publisher: the carrier names one, and the bundle has no certificate")
	}
	ext, err := fulcio.Extensions(b.Leaf)
	if err != nil {
		return err
	}
	switch p.Kind {
	case "GitHub":
		return p.repository(ext, "https://token.actions.githubusercontent.com", "https://github.com/", "/.github/workflows/", "workflow")
	case "GitLab":
		return p.repository(ext, "https://gitlab.com", "https://gitlab.com/", "//", "workflow_filepath")
	case "Google":
		if err := p.issuer(ext, "https://accounts.google.com"); err != nil {
			return err
		}
		san, err := fulcio.SubjectAltName(b.Leaf)
		if err != nil {
			return err
		}
		return p.claim("email", san.Value, p.Claims["email"])
	case "CircleCI":
		return p.circle(ext)
	}
	return nil
}

// repository compares the publisher of a forge. Forges take the names of owners
// and repositories for the same in upper and lower case; a path within the
// repository is compared as it is.
func (p *Publisher) repository(ext *fulcio.ExtensionSet, issuer, host, folder, workflow string) error {
	if err := p.issuer(ext, issuer); err != nil {
		return err
	}
	source, _ := ext.Lookup("sourceRepositoryURI")
	if err := p.claim("repository", source, host+p.Claims["repository"]); err != nil {
		return err
	}
	config, _ := ext.Lookup("buildConfigURI")
	path, ref, _ := strings.Cut(config, "@")
	want := host + p.Claims["repository"] + folder
	file, ok := cutFold(path, want)
	if !ok || file != p.Claims[workflow] || file == "" {
		return refuse.New("carrier.claim", "publisher: the carrier says %s %q, and the certificate %q", workflow, clip(p.Claims[workflow]), clip(config))
	}
	sourceRef, _ := ext.Lookup("sourceRepositoryRef")
	digest, _ := ext.Lookup("sourceRepositoryDigest")
	if ref == "" || ref != sourceRef && ref != digest {
		return refuse.New("carrier.claim", "publisher: the workflow %q is at a revision that differs from that of the source", clip(config))
	}
	environment, proved := ext.Lookup("deploymentEnvironment")
	if says := p.Claims["environment"]; says != "" && proved && !strings.EqualFold(says, environment) {
		return refuse.New("carrier.claim", "publisher: the carrier says environment %q, and the certificate %q", clip(says), clip(environment))
	}
	return nil
}

func (p *Publisher) circle(ext *fulcio.ExtensionSet) error {
	const host, api = "https://oidc.circleci.com", "https://circleci.com/api/v2/projects/"
	if issuer, _ := ext.Issuer(); !strings.HasPrefix(issuer, host+"/org/") {
		if err := p.issuer(ext, host); err != nil {
			return err
		}
	}
	signer, _ := ext.Lookup("buildSignerURI")
	if err := p.claim("project_id", signer, api+p.Claims["project_id"]+"/pipeline-definitions/"+p.Claims["pipeline_definition_id"]); err != nil {
		return err
	}
	if origin := p.Claims["vcs_origin"]; origin != "" {
		source, _ := ext.Lookup("sourceRepositoryURI")
		return p.claim("vcs_origin", strings.TrimPrefix(source, "https://"), strings.TrimPrefix(origin, "https://"))
	}
	return nil
}

func (p *Publisher) issuer(ext *fulcio.ExtensionSet, want string) error {
	if issuer, _ := ext.Issuer(); issuer != want {
		return refuse.New("carrier.claim", "publisher: the carrier says %s, and the issuer in the certificate is %q", p.Kind, clip(issuer))
	}
	return nil
}

// claim compares a value of the certificate with what follows from the carrier.
func (p *Publisher) claim(name, proved, says string) error {
	if proved == "" || !strings.EqualFold(proved, says) {
		return refuse.New("carrier.claim", "publisher: the carrier says %s %q, and the certificate %q", name, clip(p.Claims[name]), clip(proved))
	}
	return nil
}

// cutFold returns s without a prefix, which may differ in case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}
