// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// A Policy says whose signature is wanted and how much evidence it takes.
// The zero Policy accepts no signer, and [New] refuses it.
type Policy struct {
	// Identities are the signers accepted for bundles that carry a
	// certificate: one of them must match in full.
	Identities []Identity

	// AnyIdentity accepts every certificate that the trust root vouches for,
	// to any holder. The report shows the check as skipped. It
	// excludes Identities.
	AnyIdentity bool

	// Keys are the managed keys accepted for bundles that carry none but a
	// hint. A single key with an empty hint answers to every hint; of
	// several, each needs a hint of its own, compared exactly.
	Keys []Key

	// Require sets how much evidence it takes. The zero value follows what
	// the trust root lists.
	Require Requirements

	// PredicateTypes, if not empty, lists the predicate types accepted in
	// statements, compared byte for byte. A message signature then fails.
	PredicateTypes []string

	// MaxSubjects bounds the subjects of a statement; zero means 1024.
	MaxSubjects int

	// Rules run last, in order, over what has been proved, and can only
	// refuse.
	Rules []Rule
}

// Requirements are thresholds. Each counts distinct authorities (operators
// where the trust root names them, keys where it does not), never pieces of
// evidence: the same log twice is one log.
type Requirements struct {
	// Logs counts transparency logs whose entry holds. Zero: one if the
	// trust root lists any log, else none.
	Logs Threshold
	// SCTs counts certificate transparency logs. Zero: one if the trust root
	// lists any CT log. It concerns bundles with a certificate only; a
	// positive number given for a key's bundle is refused there.
	SCTs Threshold
	// Timestamps counts RFC 3161 authorities. Zero: none.
	Timestamps Threshold
	// Times counts sources of verified time of any kind. Zero: one for
	// bundles with a certificate and for keys with a validity period, else
	// none.
	Times Threshold
}

// Threshold is a minimum number of distinct authorities. Zero means the
// default that [Requirements] gives for the field.
type Threshold int

// NotRequired lowers a threshold to nothing. Reports show it. [New] refuses
// every other negative number.
const NotRequired Threshold = -1

// or returns t, or def where t is unset.
func (t Threshold) or(def int) int {
	switch {
	case t == 0:
		return def
	case t == NotRequired:
		return 0
	}
	return int(t)
}

// An Identity is a signer as a Fulcio certificate names it. All of its parts
// must match.
type Identity struct {
	// Name appears in reports; it may be empty.
	Name string
	// SAN is matched against the subject alternative name, byte for byte as
	// it is in the certificate.
	SAN Match
	// SANType is the kind of the subject alternative name. Zero derives it
	// from the text in the certificate, which must then have the shape of its
	// kind: a text that begins with a scheme and a colon is a URI, another
	// text with an @ is an email address, every other text is an otherName.
	SANType SANType
	// Issuer is matched against the OIDC issuer, or is [NoIssuer] for
	// certificates that carry none.
	Issuer Match
	// Extensions are matched by the names of Fulcio's OID registry, such as
	// "sourceRepositoryURI", or by their object identifiers, such as
	// "1.3.6.1.4.1.57264.1.12". An extension that is absent does not match;
	// of one that has no name yet the content is matched, in base64.
	Extensions map[string]Match
}

// SANType is a kind of subject alternative name. The zero SANType leaves the
// kind to the shape of the text, see [Identity].
type SANType int

// The kinds of name that a Fulcio certificate can have.
const (
	SANEmail     SANType = 1
	SANURI       SANType = 2
	SANOtherName SANType = 3
)

// String returns the kind's name in reports.
func (t SANType) String() string { return fulcio.SANType(t).String() }

// wanted returns the kind that the name must be of.
func (id *compiledIdentity) wanted(name string) SANType {
	if id.sanType != 0 {
		return id.sanType
	}
	return SANType(fulcio.ShapeOf(name))
}

// Match accepts one exact string, or every string that a regular expression
// matches from its beginning to its end. The zero Match accepts nothing.
type Match struct {
	// Exact is the one string accepted; it excludes Regexp.
	Exact string
	// Regexp is in RE2 syntax and is always anchored at both ends.
	Regexp string
	// Absent accepts exactly the certificates that lack the field. It is
	// meaningful for Issuer only, and excludes the two others.
	Absent bool
}

// Exactly returns the Match that accepts s alone.
func Exactly(s string) Match { return Match{Exact: s} }

// Matching returns the Match for an anchored regular expression.
func Matching(expr string) Match { return Match{Regexp: expr} }

// NoIssuer is the issuer of certificates that carry no issuer extension, such
// as those of GitHub's release attestations.
func NoIssuer() Match { return Match{Absent: true} }

// A Key is a managed key that the caller trusts.
type Key struct {
	// Public is an ECDSA (P-256, P-384, P-521), RSA or Ed25519 key.
	Public crypto.PublicKey
	// Algorithm is the one algorithm it signs with, a PublicKeyDetails of
	// sigstore_common.proto. Zero means the registry's default for the key's
	// type and what is in use beside it: SHA-256 with P-384 and P-521, and
	// Ed25519 with and without a prehash.
	Algorithm v1.PublicKeyDetails
	// Hint is what a bundle must call the key, see [Policy.Keys].
	Hint string
	// Start and End bound, inclusively, the times at which the key's
	// signatures count. Zero means unbounded on that side. With a bound on
	// either side a verified time is required.
	Start, End time.Time
}

// A Rule judges what has been proved. It can refuse a result and nothing
// else: it runs after every check has passed, and sees authenticated values
// only. It must be safe for concurrent use and must not modify the result.
type Rule interface {
	// Name says in reports what the rule is about.
	Name() string
	// Judge returns an error to refuse the result.
	Judge(*Result) error
}

// compiled forms of the policy

type compiledIdentity struct {
	name       string
	san        matcher
	sanType    SANType // zero: by the shape of the name
	issuer     matcher
	extensions []extensionMatcher // in the order of their OIDs
}

type extensionMatcher struct {
	number int // the last arc of its OID
	name   string
	matcher
}

type matcher struct {
	Match
	re *regexp.Regexp
}

func (m *matcher) matches(s string) bool {
	if m.re != nil {
		return m.re.MatchString(s)
	}
	return m.Exact != "" && m.Exact == s
}

func (m *matcher) String() string {
	switch {
	case m.Absent:
		return "none"
	case m.re != nil:
		return "/" + m.Regexp + "/"
	}
	return m.Exact
}

// advice says how to match a text of which the expression matches a part.
func (m *matcher) advice(s string) string {
	if m.re == nil || s == "" || m.matches(s) {
		return ""
	}
	loose, err := regexp.Compile(m.Regexp)
	if err != nil || !loose.MatchString(s) {
		return ""
	}
	if strings.ContainsAny(m.Regexp, "|^$") {
		return " (whole name; write .*(?:…).* around it)"
	}
	return " (whole name; write .*" + m.Regexp + ".*)"
}

func (m Match) compile(what string) (matcher, error) {
	set := 0
	for _, is := range []bool{m.Exact != "", m.Regexp != "", m.Absent} {
		if is {
			set++
		}
	}
	if set != 1 {
		return matcher{}, refuse.New("policy.identity", "%s needs exactly one of a value and a regular expression", what)
	}
	c := matcher{Match: m}
	if m.Regexp != "" {
		// The expression must be well-formed on its own: "a)|(b" is not.
		if _, err := regexp.Compile(m.Regexp); err != nil {
			return matcher{}, refuse.Wrap("policy.regexp", err, "%s", what)
		}
		// Anchored outside a group, so that an alternation cannot escape it.
		re, err := regexp.Compile(`\A(?:` + m.Regexp + `)\z`)
		if err != nil {
			// A quotation \Q may reach to the end of an expression, and must
			// not swallow the anchor. Elsewhere \E is an error.
			re, err = regexp.Compile(`\A(?:` + m.Regexp + `\E)\z`)
		}
		if err != nil {
			return matcher{}, refuse.Wrap("policy.regexp", err, "%s", what)
		}
		c.re = re
	}
	return c, nil
}

func (id Identity) compile() (compiledIdentity, error) {
	c := compiledIdentity{name: id.Name, sanType: id.SANType}
	var err error
	if id.SAN.Absent {
		return c, refuse.New("policy.identity", "an identity needs a subject alternative name")
	}
	if id.SANType < 0 || id.SANType > SANOtherName {
		return c, refuse.New("policy.identity", "kind %d of a subject alternative name: unknown, want email, uri or otherName", id.SANType)
	}
	if c.san, err = id.SAN.compile("the subject alternative name"); err != nil {
		return c, err
	}
	if c.issuer, err = id.Issuer.compile("the issuer"); err != nil {
		return c, err
	}
	for _, name := range slices.Sorted(maps.Keys(id.Extensions)) { // in one order, for the sake of messages
		m := id.Extensions[name]
		number := fulcio.Number(name)
		if number == 0 {
			return c, refuse.New("policy.extension", "there is no certificate extension named %q", name)
		}
		if m.Absent {
			return c, refuse.New("policy.identity", "extension %s cannot be matched by its absence", name)
		}
		compiled, err := m.compile("extension " + name)
		if err != nil {
			return c, err
		}
		c.extensions = append(c.extensions, extensionMatcher{number, name, compiled})
	}
	slices.SortStableFunc(c.extensions, func(a, b extensionMatcher) int { return a.number - b.number })
	return c, nil
}

type trustedKey struct {
	key        *sigkey.Key
	tied       bool // to the algorithm of key, by the caller
	hint       string
	start, end time.Time
}

func (k *trustedKey) bounded() bool { return !k.start.IsZero() || !k.end.IsZero() }

func (k Key) compile() (trustedKey, error) {
	var key *sigkey.Key
	var err error
	if k.Algorithm == 0 {
		key, err = sigkey.ForPublicKey(k.Public)
	} else {
		key, err = sigkey.New(k.Algorithm, k.Public)
	}
	if err != nil {
		return trustedKey{}, refuse.Wrap("policy.key", err, "managed key")
	}
	if !k.Start.IsZero() && !k.End.IsZero() && k.End.Before(k.Start) {
		return trustedKey{}, refuse.New("policy.key", "managed key: its validity ends before it starts")
	}
	for _, t := range []time.Time{k.Start, k.End} {
		if y := t.UTC().Year(); y < 1 || y > 9999 {
			return trustedKey{}, refuse.New("policy.key", "managed key: its validity is out of range")
		}
	}
	key = key.Accelerated(fastverify.New())
	return trustedKey{key, k.Algorithm != 0, k.Hint, k.Start.UTC(), k.End.UTC()}, nil
}

// compiledPolicy is a Policy found sound.
type compiledPolicy struct {
	Policy
	identities []compiledIdentity
	keys       []trustedKey
}

func (p Policy) compile() (*compiledPolicy, error) {
	c := &compiledPolicy{Policy: p}
	c.PredicateTypes, c.Rules = slices.Clone(p.PredicateTypes), slices.Clone(p.Rules) // the caller may reuse its own
	if len(p.Identities) == 0 && len(p.Keys) == 0 && !p.AnyIdentity {
		return nil, refuse.New("policy.empty", "policy: names no identity and no key, want at least one")
	}
	if p.AnyIdentity && len(p.Identities) > 0 {
		return nil, refuse.New("policy.identity", "the policy names identities and accepts any identity: choose one")
	}
	for i, id := range p.Identities {
		compiled, err := id.compile()
		if err != nil {
			return nil, refuse.Wrap("policy.identity", err, "identity %d", i+1)
		}
		c.identities = append(c.identities, compiled)
	}
	hints := make(map[string]bool)
	for i, k := range p.Keys {
		compiled, err := k.compile()
		if err != nil {
			return nil, refuse.Wrap("policy.key", err, "key %d", i+1)
		}
		if len(p.Keys) > 1 && (k.Hint == "" || hints[k.Hint]) {
			return nil, refuse.New("policy.key", "key %d: of several keys each needs a hint of its own", i+1)
		}
		hints[k.Hint] = true
		c.keys = append(c.keys, compiled)
	}
	for _, r := range p.Rules {
		if r == nil {
			return nil, refuse.New("policy.rule", "a rule is nil")
		}
	}
	if slices.Contains(p.PredicateTypes, "") {
		return nil, refuse.New("policy.predicate_type", "an empty predicate type, which is that of statements without one")
	}
	for _, t := range []struct {
		name string
		Threshold
	}{{"logs", p.Require.Logs}, {"SCTs", p.Require.SCTs}, {"timestamps", p.Require.Timestamps}, {"times", p.Require.Times}} {
		if t.Threshold < NotRequired {
			return nil, refuse.New("policy.limit", "number of %s required: %d, want %d for none, 0 for the default, or more", t.name, t.Threshold, NotRequired)
		}
	}
	if p.MaxSubjects < 0 {
		return nil, refuse.New("policy.limit", "the number of subjects accepted is negative")
	}
	return c, nil
}
