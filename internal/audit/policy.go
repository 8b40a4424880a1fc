// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"container/list"
	"fmt"
	"maps"
	"slices"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// How much is kept between lines. Lines with a policy of their own each pay
// for one compilation, a few microseconds; trust roots are dearer.
const (
	maxVerifiers = 256
	maxRoots     = 16
)

// verifiers makes verifiers and keeps those last used. It is not safe for
// concurrent use.
type verifiers struct {
	config *Config
	byKey  *recent[*verify.Verifier]
	roots  *recent[*trustroot.Root]
	cache  *verify.Cache
}

func newVerifiers(c *Config) *verifiers {
	return &verifiers{c, newRecent[*verify.Verifier](maxVerifiers), newRecent[*trustroot.Root](maxRoots), verify.NewCache()}
}

// of returns the verifier for an entry.
func (v *verifiers) of(e *entry) (*verify.Verifier, error) {
	p := &e.rec.policy
	return v.byKey.get(p.cacheKey(), func() (*verify.Verifier, error) {
		root, source, err := v.root(e)
		if err != nil {
			return nil, err
		}
		policy, err := v.policy(e)
		if err != nil {
			return nil, err
		}
		return verify.New(verify.Config{Root: root, RootSource: source, Policy: policy, Cache: v.cache})
	})
}

// cacheKey is the same for two lines of a list if their policies are.
func (p *linePolicy) cacheKey() string {
	require := ""
	if p.require != nil {
		require = fmt.Sprint(*p.require)
	}
	key := fmt.Sprintf("%q %q %q %q %t %q %q %q %q %q", p.identity, p.identityRegexp, p.issuer, p.issuerRegexp, p.noIdentity,
		p.key, p.trustedRoot, p.instance, require, p.predicateType)
	for _, name := range slices.Sorted(maps.Keys(p.extensions)) {
		key += fmt.Sprintf(" %q %q", name, p.extensions[name])
	}
	return key
}

// root returns the trust root for an entry, and says where it came from.
func (v *verifiers) root(e *entry) (*trustroot.Root, string, error) {
	p := &e.rec.policy
	switch {
	case v.config.boundedAge() && (p.instance != "" || p.trustedRoot != ""):
		return nil, "", refuse.New("tuf.age", "the trust root that the line names has no age to judge")
	case p.instance != "":
		root, err := v.roots.get("instance "+p.instance, func() (*trustroot.Root, error) { return embedded.TrustedRoot(p.instance) })
		return root, p.instance + ", embedded", err
	case p.trustedRoot != "":
		root, err := v.roots.get("file "+p.trustedRoot, func() (*trustroot.Root, error) {
			data, err := readBounded(e.store, p.trustedRoot)
			if err != nil {
				return nil, refuse.Wrap("input.policy", err, "trust root %q", p.trustedRoot)
			}
			root, err := trustroot.Parse(data)
			return root, refuse.Wrap("trust.malformed", err, "trust root %q", p.trustedRoot)
		})
		return root, "file " + p.trustedRoot + ", as given", err
	}
	return v.config.Root, v.config.RootSource, nil
}

// policy returns the policy for an entry: that of the whole audit, changed
// by what the line says.
func (v *verifiers) policy(e *entry) (verify.Policy, error) {
	p := &e.rec.policy
	out := v.config.Policy
	if p.signers() {
		out.Identities, out.AnyIdentity, out.Keys = nil, p.noIdentity, nil
	}
	if p.identity != "" || p.identityRegexp != "" {
		out.Identities = []verify.Identity{p.accepted()}
	}
	if p.key != "" {
		data, err := readBounded(e.store, p.key)
		if err != nil {
			return out, refuse.Wrap("input.policy", err, "key %q", p.key)
		}
		key, err := sigkey.ParsePEM(data)
		if err != nil {
			return out, refuse.Wrap("policy.key", err, "key %q", p.key)
		}
		out.Keys = []verify.Key{{Public: key.Public()}}
	}
	if p.require != nil {
		out.Require = *p.require
	}
	if p.predicateType != "" {
		out.PredicateTypes = []string{sign.PredicateType(p.predicateType)}
	}
	return out, nil
}

// accepted returns the identity that a line names.
func (p *linePolicy) accepted() verify.Identity {
	id := verify.Identity{
		SAN:    verify.Match{Exact: p.identity, Regexp: p.identityRegexp},
		Issuer: verify.Match{Exact: p.issuer, Regexp: p.issuerRegexp},
	}
	if p.issuer == "none" || p.issuerRegexp == "none" {
		id.Issuer = verify.NoIssuer
	}
	for name, value := range p.extensions {
		if id.Extensions == nil {
			id.Extensions = make(map[string]verify.Match)
		}
		id.Extensions[name] = verify.Exactly(value)
	}
	return id
}

// recent keeps the values last used. Failures are kept as well: a million
// lines that name the same missing file do not look for it a million times.
type recent[T any] struct {
	most  int
	order *list.List // of *kept[T], the last used first
	byKey map[string]*list.Element
}

type kept[T any] struct {
	key   string
	value T
	err   error
}

func newRecent[T any](most int) *recent[T] {
	return &recent[T]{most, list.New(), make(map[string]*list.Element)}
}

func (r *recent[T]) get(key string, produce func() (T, error)) (T, error) {
	if e := r.byKey[key]; e != nil {
		r.order.MoveToFront(e)
		k := e.Value.(*kept[T])
		return k.value, k.err
	}
	value, err := produce()
	r.byKey[key] = r.order.PushFront(&kept[T]{key, value, err})
	if len(r.byKey) > r.most {
		oldest := r.order.Remove(r.order.Back()).(*kept[T])
		delete(r.byKey, oldest.key)
	}
	return value, err
}
