// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"container/list"
	"errors"
	"fmt"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
)

// maxVerifiers is how many verifiers of expectations are kept: each costs a
// few microseconds to make.
const maxVerifiers = 256

// verifiers makes the verifiers of expectations and keeps those last used. It
// is not safe for concurrent use.
type verifiers struct {
	config *Config
	whole  *choose.Roots // nil if there are expectations
	byKey  *recent[*choose.Roots]

	lowered int // how many expectations require less than the whole audit
}

// newVerifiers checks that either the whole audit names signers, or the
// expectations do.
func newVerifiers(c *Config) (v *verifiers, err error) {
	v = &verifiers{config: c, byKey: newRecent[*choose.Roots](maxVerifiers)}
	x := c.Expectations
	switch {
	case x == nil:
		v.whole, err = v.under(c.Policy)
	case c.Policy.AnyIdentity || len(c.Policy.Identities) > 0 || len(c.Policy.Keys) > 0:
		err = errors.New("signers stand in the policy and in the expectations, want one of the two")
	case c.NoArtifact:
		err = errors.New("expectations are about artifacts, want every artifact compared")
	case x.files && c.Trust.MaxAge != tufroot.AnyAge:
		err = refuse.New("tuf.age", "%s has the member trusted_root, and a trust root in a file has no age to judge", x.label)
	default:
		policy := c.Policy // what the flags say beside the signers is judged before a million bundles are
		policy.AnyIdentity = true
		if _, err = v.under(policy); err == nil {
			err = v.checkAll()
		}
	}
	return v, err
}

// checkAll makes the verifier of every expectation once.
func (v *verifiers) checkAll() error {
	x := v.config.Expectations
	for i := range x.lines {
		e, err := x.at(i)
		if err == nil {
			_, err = v.of(e)
		}
		if err == nil && e.policy.lowers(v.config.Policy.Require) {
			v.lowered++
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", x.label, x.lines[i].number, err)
		}
	}
	return nil
}

// under returns the verifiers of a policy, by the trust roots of the audit.
func (v *verifiers) under(p verify.Policy) (*choose.Roots, error) {
	var configs []verify.Config
	for _, root := range v.config.Roots {
		configs = append(configs, verify.Config{Root: root.Root, RootSource: root.Source, Policy: p})
	}
	return choose.New(configs...)
}

// of returns the verifiers of an expectation, by the trust root that it names
// or by those of the audit.
func (v *verifiers) of(e *expectation) (*choose.Roots, error) {
	p := &e.policy
	return v.byKey.get(p.cacheKey(), func() (*choose.Roots, error) {
		policy := p.over(v.config.Policy, v.config.Expectations)
		if key := p.rootKey(); key != "" {
			root := v.config.Expectations.roots[key]
			return choose.New(verify.Config{Root: root.Root, RootSource: root.Source, Policy: policy})
		}
		return v.under(policy)
	})
}

// recent keeps the values last used, and the failures.
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
