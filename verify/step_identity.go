// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"
	"fmt"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// identity: the proved certificate names a signer that the policy accepts.
// One identity must match in full; parts of several do not add up to one.
func (r *run) identity() error {
	if r.b.Leaf == nil {
		return r.skip(CheckIdentity, "the bundle is signed by a managed key, which names nobody")
	}
	if r.v.policy.AnyIdentity {
		return r.skip(CheckIdentity, "the policy accepts any identity")
	}
	var nearest *mismatch
	for i := range r.v.policy.identities {
		id := &r.v.policy.identities[i]
		m := r.compare(id)
		if m == nil {
			r.report.Signer.Identity, r.report.Signer.IdentityName = i+1, id.name
			r.fact(CheckIdentity, Fact{What: "signer is " + id.label(i), Over: sha256.Sum256(r.b.Leaf.Raw), By: caAuthority(r.chains[0]),
				Rule: "Sigstore client specification, Section 4.3"})
			return nil
		}
		if nearest == nil || m.matched > nearest.matched {
			m.label = id.label(i)
			nearest = m
		}
	}
	return refuse.New(nearest.code, "the signer is not %s: %s is %q, want %s", nearest.label, nearest.field, nearest.got, nearest.want)
}

// mismatch is the first field in which a certificate differs from an
// identity, and how many had matched before and after it: the identity with
// the most is the one the user is likely to have meant.
type mismatch struct {
	code    refuse.Code
	label   string
	field   string
	got     string
	want    string
	matched int
}

func (r *run) compare(id *compiledIdentity) *mismatch {
	var first *mismatch
	matched := 0
	field := func(code refuse.Code, name, got string, ok bool, m *matcher) {
		if ok {
			matched++
		} else if first == nil {
			first = &mismatch{code: code, field: name, got: got, want: m.String()}
		}
	}
	issuer, has := r.names.Issuer()
	ok := id.issuer.matches(issuer) && has
	if id.issuer.Absent {
		ok = !has
	}
	field("identity.san", "the subject alternative name", r.cert.SAN, id.san.matches(r.cert.SAN), &id.san)
	if id.san.matches(r.cert.SAN) {
		got, want := r.cert.SANType, id.wanted(r.cert.SAN).String()
		field("identity.kind", "the kind of the subject alternative name", got, got == want, &matcher{Match: Exactly(want)})
	}
	field("identity.issuer", "the issuer", issuer, ok, &id.issuer)
	for i := range id.extensions {
		x := &id.extensions[i]
		value, has := r.names.Value(x.number)
		field("identity.extension", x.name, value, has && x.matches(value), &x.matcher)
	}
	if first != nil {
		first.matched = matched
	}
	return first
}

func (id *compiledIdentity) label(i int) string {
	if id.name != "" {
		return fmt.Sprintf("identity %q of the policy", id.name)
	}
	return fmt.Sprintf("identity %d of the policy", i+1)
}
