// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"regexp"
	"slices"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/verify"
)

// policyMutants emits mutants of the policy and of the artifact. All but the
// exact signer must be refused.
func policyMutants(s *subject, yield func(*Mutant)) {
	to := func(operator, place string, change func(p *verify.Policy)) {
		yield(&Mutant{Case: s, Operator: operator, Place: place, other: func() (*subject, error) {
			p := s.Policy
			p.Identities = slices.Clone(p.Identities)
			p.Keys = slices.Clone(p.Keys)
			change(&p)
			return s.under(s.root, p)
		}})
	}
	to("drop all", "policy", func(p *verify.Policy) { p.Identities, p.Keys, p.AnyIdentity = nil, nil, false })
	artifactMutants(s, yield)
	requireMutants(s, to)
	if len(s.Policy.Identities) == 1 {
		identityMutants(s, to)
		return
	}
	to("another hint", "policy/keys", func(p *verify.Policy) { p.Keys[0].Hint += "x" })
	to("another key", "policy/keys", func(p *verify.Policy) {
		if key, err := stranger(); err == nil {
			p.Keys[0].Public = key
		}
	})
	to("identities instead", "policy/keys", func(p *verify.Policy) {
		p.Identities, p.Keys = []verify.Identity{{SAN: verify.Exactly("x"), Issuer: verify.Exactly("y")}}, nil
	})
	to("no key", "policy/keys", func(p *verify.Policy) { p.Keys[0].Public = nil })
}

type changePolicy func(operator, place string, change func(p *verify.Policy))

func identityMutants(s *subject, to changePolicy) {
	id := s.Policy.Identities[0]
	matchMutants(id.SAN, "policy/san", to, func(p *verify.Policy, m verify.Match) { p.Identities[0].SAN = m })
	if id.Issuer.Exact != "" {
		matchMutants(id.Issuer, "policy/issuer", to, func(p *verify.Policy, m verify.Match) { p.Identities[0].Issuer = m })
		to("no issuer", "policy/issuer", func(p *verify.Policy) { p.Identities[0].Issuer = verify.NoIssuer() })
	}
	to("absent", "policy/san", func(p *verify.Policy) { p.Identities[0].SAN = verify.Match{Absent: true} })
	extension := func(operator, name string, m verify.Match) {
		to(operator, "policy/extension", func(p *verify.Policy) { p.Identities[0].Extensions = map[string]verify.Match{name: m} })
	}
	extension("unknown extension", "noSuchExtension", verify.Exactly("x"))
	extension("another value", "runnerEnvironment", verify.Exactly("nobody's"))
	extension("empty", "runnerEnvironment", verify.Match{})
	to("another type", "policy/predicateTypes", func(p *verify.Policy) { p.PredicateTypes = []string{"https://example.test/other"} })
	to("longer type", "policy/predicateTypes", func(p *verify.Policy) { p.PredicateTypes = []string{predicate + "x"} })
	to("other case", "policy/predicateTypes", func(p *verify.Policy) { p.PredicateTypes = []string{swapCase(predicate)} })
	to("keys instead", "policy/keys", func(p *verify.Policy) {
		key, err := stranger()
		if err == nil {
			p.Identities, p.Keys = nil, []verify.Key{{Public: key}}
		}
	})
}

// matchMutants changes every character of the one name that is accepted, and
// the ways in which expressions come to accept too much elsewhere.
func matchMutants(m verify.Match, place string, to changePolicy, set func(*verify.Policy, verify.Match)) {
	with := func(operator string, m verify.Match) {
		to(operator, place, func(p *verify.Policy) { set(p, m) })
	}
	s := m.Exact
	for i := range s {
		b := []byte(s)
		b[i] ^= 1
		with("another character", verify.Exactly(string(b)))
	}
	quoted := regexp.QuoteMeta(s)
	with("whole as a pattern", verify.Matching(quoted))
	with("whole as a pattern", verify.Matching(".*"))
	with("whole as a pattern", verify.Matching("x|"+quoted))
	for i := 1; i < len(s); i += 7 {
		with("prefix", verify.Exactly(s[:i]))
		with("suffix", verify.Exactly(s[i:]))
		with("prefix as a pattern", verify.Matching(regexp.QuoteMeta(s[:i])))
		with("prefix as a pattern", verify.Matching("^"+regexp.QuoteMeta(s[:i])))
		with("suffix as a pattern", verify.Matching(regexp.QuoteMeta(s[i:])+"$"))
		with("alternatives", verify.Matching(regexp.QuoteMeta(s[:i])+"|"+regexp.QuoteMeta(s[i:])))
		with("lines of a pattern", verify.Matching("(?m)^"+regexp.QuoteMeta(s[:i])+"$"))
	}
	with("longer", verify.Exactly(s+"x"))
	with("longer", verify.Exactly(s+"\n"))
	with("longer", verify.Exactly(" "+s))
	with("other case", verify.Exactly(swapCase(s)))
	with("pattern taken literally", verify.Exactly(".*"))
	with("empty", verify.Match{})
	with("both", verify.Match{Exact: s, Regexp: ".*"})
	with("open parenthesis", verify.Matching("("+quoted))
	with("open parenthesis", verify.Matching(quoted+")|(.*"))
}

// requireMutants asks for one more of each kind of evidence.
func requireMutants(s *subject, to changePolicy) {
	rep := s.proved.result.Report
	distinct := func(c report.Check) verify.Threshold {
		seen := make(map[report.Digest]bool)
		for _, f := range rep.Checks[c].Facts {
			seen[f.By.KeyID] = true
		}
		return verify.Threshold(len(seen) + 1)
	}
	to("one more", "policy/require.logs", func(p *verify.Policy) { p.Require.Logs = distinct(report.CheckEntries) })
	to("one more", "policy/require.scts", func(p *verify.Policy) { p.Require.SCTs = distinct(report.CheckSCTs) })
	to("one more", "policy/require.timestamps", func(p *verify.Policy) { p.Require.Timestamps = distinct(report.CheckTimestamps) })
	to("one more", "policy/require.times", func(p *verify.Policy) { p.Require.Times = distinct(report.CheckTime) })
}

// artifactMutants holds the bundle against other artifacts.
func artifactMutants(s *subject, yield func(*Mutant)) {
	if s.Artifact == nil {
		return
	}
	for i := 0; i < len(s.Artifact); i += 1 + len(s.Artifact)/16 {
		yield(&Mutant{Case: s, Operator: "another artifact", Place: "artifact", other: func() (*subject, error) {
			t, c := *s, *s.Case
			c.Artifact = slices.Clone(s.Artifact)
			c.Artifact[i] ^= 1
			t.Case = &c
			return &t, nil
		}})
	}
}
