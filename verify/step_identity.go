// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// identity: the proved certificate names a signer that the policy accepts.
// One identity must match in full; parts of several do not add up to one.
func (r *run) identity() error {
	if r.b.Leaf == nil {
		return r.skip(report.CheckIdentity, "the bundle is signed by a managed key, which names no one")
	}
	if r.v.policy.AnyIdentity {
		return r.skip(report.CheckIdentity, "the policy accepts any identity")
	}
	var nearest *mismatch
	for i := range r.v.policy.identities {
		id := &r.v.policy.identities[i]
		m := r.compare(id)
		if m == nil {
			r.report.Signer.Identity, r.report.Signer.IdentityName = i+1, id.name
			if lenient := id.lenient(); lenient != "" {
				r.note("identity.any", "the policy accepts "+lenient)
			}
			r.fact(report.CheckIdentity, report.Fact{What: "signer is " + id.label(i), Over: sha256.Sum256(r.b.Leaf.Raw), By: caAuthority(r.chains[0]),
				Rule: "Sigstore client specification, Section 4.3"})
			return nil
		}
		if nearest == nil || m.matched > nearest.matched {
			m.label = id.label(i)
			nearest = m
		}
	}
	if nearest.absent {
		return refuse.New(nearest.code, "the signer is not %s: the certificate carries no %s, want %s", nearest.label, strings.TrimPrefix(nearest.field, "the "), nearest.want)
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
	absent  bool // there is no such field
	want    string
	matched int
}

func (r *run) compare(id *compiledIdentity) *mismatch {
	var first *mismatch
	matched := 0
	field := func(code refuse.Code, name, got string, has, ok bool, m *matcher) {
		if ok {
			matched++
		} else if first == nil {
			first = &mismatch{code: code, field: name, got: got, absent: !has, want: m.String() + m.advice(got)}
		}
	}
	issuer, has := r.names.Issuer()
	ok := id.issuer.matches(issuer) && has
	if id.issuer.Absent {
		ok = !has
	}
	field("identity.san", "the subject alternative name", r.cert.SAN, true, id.san.matches(r.cert.SAN), &id.san)
	if id.san.matches(r.cert.SAN) {
		got, want := r.cert.SANType, id.wanted(r.cert.SAN).String()
		field("identity.kind", "the kind of the subject alternative name", got, true, got == want, &matcher{Match: Exactly(want)})
	}
	field("identity.issuer", "the issuer", issuer, has, ok, &id.issuer)
	for i := range id.extensions {
		x := &id.extensions[i]
		value, has := r.names.Value(x.number)
		field("identity.extension", x.name, value, has, has && x.matches(value), &x.matcher)
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

// samples are names and issuers of no one, in the forms that certificates
// have. A pattern that matches one of them was not made for any signer.
var samples = struct{ names, issuers []string }{
	names:   []string{"https://q7f3.invalid/x/y/z@refs/heads/w", "q7f3@x9.invalid", "q7f3"},
	issuers: []string{"https://q7f3.invalid", "https://x9.invalid/y/z"},
}

// all reports whether a pattern accepts every sample.
func (m *matcher) all(samples []string) bool {
	return m.re != nil && slices.ContainsFunc(samples, m.matches)
}

// narrowing are the extensions about whose source or workflow signed. Others,
// such as what triggered a build, stand in the certificates of any signer.
var narrowing = []string{
	"githubWorkflowRepository", "buildSignerURI", "sourceRepositoryURI", "sourceRepositoryIdentifier",
	"sourceRepositoryOwnerURI", "sourceRepositoryOwnerIdentifier", "buildConfigURI",
}

// narrows reports whether an extension of an identity tells signers apart.
func (x extensionMatcher) narrows() bool {
	return slices.Contains(narrowing, fulcio.Name(x.number)) && !x.all(samples.names)
}

// lenient says what part of an identity accepts every sample, "" if none does. A
// name that an extension narrows down is not lenient: the source repository
// may be what the policy goes by.
func (id *compiledIdentity) lenient() string {
	name := id.san.all(samples.names) &&
		!slices.ContainsFunc(id.extensions, extensionMatcher.narrows)
	switch issuer := id.issuer.all(samples.issuers); {
	case name && issuer:
		return fmt.Sprintf("names and issuers of any host: the patterns are %s and %s", &id.san, &id.issuer)
	case name:
		return fmt.Sprintf("names of any host: the pattern is %s", &id.san)
	case issuer:
		return fmt.Sprintf("issuers of any host: the pattern is %s", &id.issuer)
	}
	return ""
}
