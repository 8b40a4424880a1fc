// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
)

func TestTrustRootsAreBounded(t *testing.T) {
	var s state
	for i := range 2 * maxTrustRoots {
		s.judgedBy(TrustRoot{Source: fmt.Sprint(i / 2)})
		if s.moreRoots {
			t.Fatalf("more after %d", i)
		}
	}
	if s.judgedBy(TrustRoot{Source: "one more"}); len(s.roots) != maxTrustRoots || !s.moreRoots {
		t.Errorf("%d roots, more %t", len(s.roots), s.moreRoots)
	}
}

func pkix(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// The same policy has the same form, another one another.
func TestCanonicalPolicy(t *testing.T) {
	anyAge := tufroot.Policy{MaxAge: tufroot.AnyAge}
	key, err := sigkey.ParsePEM([]byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2025, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	sum := digest(pkix(t, key.Public()))
	for want, c := range map[string]Config{
		`{"keys":["` + sum + `"],"key_limits":[{"key":"` + sum + `","hint":"h","start":"2025-01-02T02:04:05Z"}]}`: {
			Trust: anyAge, Policy: verify.Policy{Keys: []verify.Key{{Public: key.Public(), Hint: "h", Start: start}}}},
		`{"max_subjects":5,"max_bundle":7}`: {Trust: anyAge, MaxBundle: 7, Policy: verify.Policy{MaxSubjects: 5}},
		`{"identities":[{"san":{"exact":"a"},"issuer":{"exact":"b"},"san_type":"uri"}]}`: {Trust: anyAge, Policy: verify.Policy{Identities: []verify.Identity{
			{SAN: verify.Exactly("a"), Issuer: verify.Exactly("b"), SANType: verify.SANURI}}}},
		`{}`:                      {Trust: anyAge},
		`{"max_trust_age":"0s"}`:  {},
		`{"no_artifact":true}`:    {Trust: anyAge, NoArtifact: true},
		`{"require":{"time":-1}}`: {Trust: anyAge, Policy: verify.Policy{Require: verify.Requirements{Times: verify.NotRequired}}},
		`{"keys":["` + digest(pkix(t, key.Public())) + `"]}`: {Trust: anyAge, Policy: verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}},
		`{"identities":[{"san":{"exact":"<a>"},"issuer":{"absent":true},"ext":{"x":{"exact":"1"},"y":{"regexp":"2"}}}],"predicate_types":["p"]}`: {
			Trust: anyAge, Policy: verify.Policy{PredicateTypes: []string{"p"}, Identities: []verify.Identity{{SAN: verify.Exactly("<a>"), Issuer: verify.NoIssuer(),
				Extensions: map[string]verify.Match{"y": verify.Matching("2"), "x": verify.Exactly("1")}}}}},
	} {
		if got, err := c.canonicalPolicy(); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

// A summary says which list was audited, and which part of it.
func TestSummaryNamesItsSource(t *testing.T) {
	text := "{\n\"bundle\":\"missing\"}\n{\"bundle\":\"missing\"}\n\n"
	for _, text := range []string{text, strings.TrimSpace(text), "\n" + text, "", "{\"bundle\":\n\"missing\"}", strings.Repeat(text, 10000)} {
		name := filepath.Join(t.TempDir(), "list")
		write(t, name, []byte(text))
		for _, src := range []Source{NewList("list", strings.NewReader(text)), openList(t, name)} {
			src.Count() // it may have been read before
			_, sum := findings(t, anyone(t, src, nil))
			if want := digest([]byte(text)); sum.SourceSHA256 != want {
				t.Errorf("%.20q: sha256:%s, want %s", text, sum.SourceSHA256, want)
			}
		}
	}
	c := anyone(t, listOf(text), nil)
	c.Sample = Sample{share: 0.5}
	if _, sum := findings(t, c); sum.Sample != "50%" {
		t.Errorf("a sample of %q", sum.Sample)
	}
	if _, sum := findings(t, anyone(t, tree(t, t.TempDir()), nil)); sum.SourceSHA256 != "" {
		t.Errorf("a directory has the hash %s", sum.SourceSHA256)
	}
}
