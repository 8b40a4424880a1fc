// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
)

// What an audit judged by, for its summary: findings without it say little a
// year later.

// TrustRoot is a trust root that bundles were judged by.
type TrustRoot struct {
	Source string `json:"source"`
	SHA256 string `json:"sha256"` // in hexadecimal, of its bytes
}

// trustRoots names the trust roots that were given for the audit.
func (c *Config) trustRoots() (all []TrustRoot) {
	for _, r := range c.Roots {
		sum := r.SHA256()
		all = append(all, TrustRoot{r.Source, hex.EncodeToString(sum[:])})
	}
	return all
}

// maxTrustRoots bounds the trust roots that a summary lists.
const maxTrustRoots = 256

// judgedBy notes a trust root. Those beyond the bound are not listed.
func (s *state) judgedBy(t TrustRoot) {
	if slices.Contains(s.roots, t) {
		return
	}
	if len(s.roots) == maxTrustRoots {
		s.moreRoots = true
		return
	}
	s.roots = append(s.roots, t)
}

// policyForm is the canonical form of a policy: its members in this order,
// without those that are empty.
type policyForm struct {
	Identities     []identityForm `json:"identities,omitempty"`
	NoIdentity     bool           `json:"no_identity,omitempty"`
	Keys           []string       `json:"keys,omitempty"` // SHA-256 of the PKIX form
	KeyLimits      []keyLimits    `json:"key_limits,omitempty"`
	Require        requireForm    `json:"require,omitzero"`
	PredicateTypes []string       `json:"predicate_types,omitempty"`
	NoArtifact     bool           `json:"no_artifact,omitempty"`
	Expectations   string         `json:"expectations,omitempty"` // SHA-256 of the file
	MaxTrustAge    string         `json:"max_trust_age,omitempty"`
	MaxSubjects    int            `json:"max_subjects,omitempty"`
	MaxBundle      int            `json:"max_bundle,omitempty"` // bytes; absent: the greatest
}

type identityForm struct {
	SAN        matchForm            `json:"san"`
	Issuer     matchForm            `json:"issuer"`
	Extensions map[string]matchForm `json:"ext,omitempty"`
	SANType    string               `json:"san_type,omitempty"`
}

// keyLimits says what narrows a key.
type keyLimits struct {
	Key       string    `json:"key"` // as in keys
	Algorithm string    `json:"algorithm,omitempty"`
	Hint      string    `json:"hint,omitempty"`
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
}

// matchForm is verify.Match, requireForm verify.Requirements.
type (
	matchForm struct {
		Exact  string `json:"exact,omitempty"`
		Regexp string `json:"regexp,omitempty"`
		Absent bool   `json:"absent,omitempty"`
	}
	requireForm struct {
		Logs       verify.Threshold `json:"tlog,omitempty"` // -1: none is required
		SCTs       verify.Threshold `json:"sct,omitempty"`
		Timestamps verify.Threshold `json:"tsa,omitempty"`
		Times      verify.Threshold `json:"time,omitempty"`
	}
)

// canonicalPolicy returns the policy of the whole audit as one line of JSON.
func (c *Config) canonicalPolicy() ([]byte, error) {
	p := policyForm{NoIdentity: c.Policy.AnyIdentity, Require: requireForm(c.Policy.Require),
		PredicateTypes: c.Policy.PredicateTypes, NoArtifact: c.NoArtifact, MaxSubjects: c.Policy.MaxSubjects}
	if most := c.maxBundle(); most != bundle.MaxSize {
		p.MaxBundle = most
	}
	for _, id := range c.Policy.Identities {
		form := identityForm{SAN: matchForm(id.SAN), Issuer: matchForm(id.Issuer)}
		if id.SANType != 0 {
			form.SANType = id.SANType.String()
		}
		for name, m := range id.Extensions {
			if form.Extensions == nil {
				form.Extensions = make(map[string]matchForm)
			}
			form.Extensions[name] = matchForm(m)
		}
		p.Identities = append(p.Identities, form)
	}
	for _, key := range c.Policy.Keys {
		der, err := x509.MarshalPKIXPublicKey(key.Public)
		if err != nil {
			return nil, err
		}
		limits := keyLimits{Hint: key.Hint, Start: key.Start.UTC(), End: key.End.UTC()}
		if key.Algorithm != 0 {
			limits.Algorithm = key.Algorithm.String()
		}
		p.Keys = append(p.Keys, digest(der))
		if limits != (keyLimits{}) {
			limits.Key = digest(der)
			p.KeyLimits = append(p.KeyLimits, limits)
		}
	}
	if c.Expectations != nil {
		p.Expectations = hex.EncodeToString(c.Expectations.sum[:])
	}
	if c.Trust.MaxAge != tufroot.AnyAge {
		p.MaxTrustAge = c.Trust.MaxAge.String()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(p)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
