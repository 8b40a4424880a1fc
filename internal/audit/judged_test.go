// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/x509"
	"fmt"
	"testing"

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
	for want, c := range map[string]Config{
		`{}`:                      {Trust: anyAge},
		`{"max_trust_age":"0s"}`:  {},
		`{"no_artifact":true}`:    {Trust: anyAge, NoArtifact: true},
		`{"require":{"time":-1}}`: {Trust: anyAge, Policy: verify.Policy{Require: verify.Requirements{Times: verify.NotRequired}}},
		`{"keys":["` + digest(pkix(t, key.Public())) + `"]}`: {Trust: anyAge, Policy: verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}},
		`{"identities":[{"san":{"exact":"<a>"},"issuer":{"absent":true},"ext":{"x":{"exact":"1"},"y":{"regexp":"2"}}}],"predicate_types":["p"]}`: {
			Trust: anyAge, Policy: verify.Policy{PredicateTypes: []string{"p"}, Identities: []verify.Identity{{SAN: verify.Exactly("<a>"), Issuer: verify.NoIssuer,
				Extensions: map[string]verify.Match{"y": verify.Matching("2"), "x": verify.Exactly("1")}}}}},
	} {
		if got, err := c.canonicalPolicy(); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}
