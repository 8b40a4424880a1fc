// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Policy is a [verify.Policy] as the files have it.
type Policy struct {
	Identities     []Identity `json:"identities,omitempty"`
	AnyIdentity    bool       `json:"anyIdentity,omitempty"`
	Keys           []Key      `json:"keys,omitempty"`
	Require        Require    `json:"require,omitzero"`
	PredicateTypes []string   `json:"predicateTypes,omitempty"`
	MaxSubjects    int        `json:"maxSubjects,omitempty"`
	// AsOf is the time asked about, which decides nothing.
	AsOf time.Time `json:"asOf,omitzero"`
	// Rules are "agree" and "object", which do as they say.
	Rules []string `json:"rules,omitempty"`
}

// Identity is a [verify.Identity].
type Identity struct {
	Name       string           `json:"name,omitempty"`
	SAN        Match            `json:"san"`
	Issuer     Match            `json:"issuer"`
	Extensions map[string]Match `json:"extensions,omitempty"`
}

// Match is a [verify.Match].
type Match struct {
	Exact  string `json:"exact,omitempty"`
	Regexp string `json:"regexp,omitempty"`
	Absent bool   `json:"absent,omitempty"`
}

// Key is a [verify.Key].
type Key struct {
	SPKI  []byte    `json:"spki"` // DER
	Hint  string    `json:"hint,omitempty"`
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

// Require is a [verify.Requirements]: 0 is the default, -1 none.
type Require struct {
	Logs       int `json:"tlog,omitempty"`
	SCTs       int `json:"sct,omitempty"`
	Timestamps int `json:"tsa,omitempty"`
	Times      int `json:"time,omitempty"`
}

// defaults accepts the signer that a request has if it names none.
func (p *Policy) defaults(c *virtual.Config, r *virtual.Request) {
	if len(p.Identities) > 0 || len(p.Keys) > 0 || p.AnyIdentity {
		return
	}
	id := Identity{SAN: Match{Exact: virtual.DefaultSAN}, Issuer: Match{Exact: virtual.DefaultIssuer}}
	if c.GitHub {
		id = Identity{SAN: Match{Exact: virtual.GitHubSAN}, Issuer: Match{Absent: true}}
	}
	if r.SAN != "" {
		id.SAN.Exact = r.SAN
	}
	p.Identities = []Identity{id}
}

type rule string

func (r rule) Name() string { return string(r) }

func (r rule) Judge(*verify.Result) error {
	if r == "agree" {
		return nil
	}
	return errors.New("this rule always objects")
}

// Verify returns the policy that the verifier knows.
func (p *Policy) Verify() (verify.Policy, error) {
	v := verify.Policy{
		AnyIdentity: p.AnyIdentity, PredicateTypes: p.PredicateTypes, MaxSubjects: p.MaxSubjects,
		Require: verify.Requirements{
			Logs: verify.Threshold(p.Require.Logs), SCTs: verify.Threshold(p.Require.SCTs),
			Timestamps: verify.Threshold(p.Require.Timestamps), Times: verify.Threshold(p.Require.Times),
		},
	}
	for _, id := range p.Identities {
		extensions := make(map[string]verify.Match)
		for name, m := range id.Extensions {
			extensions[name] = verify.Match(m)
		}
		v.Identities = append(v.Identities, verify.Identity{
			Name: id.Name, SAN: verify.Match(id.SAN), Issuer: verify.Match(id.Issuer), Extensions: extensions,
		})
	}
	for i, k := range p.Keys {
		key, err := sigkey.ParseSPKI(k.SPKI)
		if err != nil {
			return v, fmt.Errorf("key %d: %w", i+1, err)
		}
		v.Keys = append(v.Keys, verify.Key{Public: key.Public(), Hint: k.Hint, Start: k.Start, End: k.End})
	}
	for _, name := range p.Rules {
		v.Rules = append(v.Rules, rule(name))
	}
	return v, nil
}

// Judge runs the verifier. The report exists in any case; for what could
// not be read it holds the refusal and nothing else.
func (c *Case) Judge(explain bool) (*report.Report, error) {
	res, err := c.judge(explain)
	var refused *verify.Error
	switch {
	case err == nil:
		return res.Report, nil
	case errors.As(err, &refused):
		return refused.Report, err
	}
	return &report.Report{Schema: report.Schema, Code: codes.Of(err), Message: err.Error()}, err
}

func (c *Case) judge(explain bool) (*verify.Result, error) {
	v, err := c.Verifier(explain)
	if err != nil {
		return nil, err
	}
	b, err := bundle.Parse(c.Bundle)
	if err != nil {
		return nil, err
	}
	a, err := c.artifact(v, b)
	if err != nil {
		return nil, err
	}
	return v.Verify(b, a)
}

// Verifier returns the verifier for the case.
func (c *Case) Verifier(explain bool) (*verify.Verifier, error) {
	root, err := trustroot.Parse(c.TrustedRoot)
	if err != nil {
		return nil, err
	}
	policy, err := c.Policy.Verify()
	if err != nil {
		return nil, err
	}
	return verify.New(verify.Config{Root: root, Policy: policy, Explain: explain, AsOf: c.Policy.AsOf})
}

func (c *Case) artifact(v *verify.Verifier, b *bundle.Bundle) (verify.Artifact, error) {
	switch {
	case c.Artifact != nil:
		return v.ReadArtifact(bytes.NewReader(c.Artifact), b)
	case c.Digest != "":
		return verify.ParseArtifactDigest(c.Digest)
	}
	return verify.NoArtifact(), nil
}
