// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
)

// The summary lists every trust root that a bundle was judged by once, also
// when the run is resumed; with a bound on the age no line has its own.
func TestTrustRootsOfASummary(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		write(t, filepath.Join(dir, name), rootJSON(t))
	}
	write(t, filepath.Join(dir, "x"), signed()[0].Bundle)
	line := func(root string) string {
		return `{"bundle":"x","no_artifact":true,"trusted_root":"` + root + `"}` + "\n"
	}
	lines := `{"bundle":"x","no_artifact":true}` + "\n" + line("b.json") + line("a.json") + line("b.json") + line("none.json")
	name := filepath.Join(dir, "list")
	audit := func() *Summary {
		src, err := OpenList(name)
		if err != nil {
			t.Fatal(err)
		}
		c := anyone(t, src, nil)
		c.File, c.State = filepath.Join(dir, "out"), filepath.Join(dir, "state")
		sum, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	for _, n := range []int{3, 5} { // the second run continues the first
		write(t, name, []byte(strings.Join(strings.SplitAfter(lines, "\n")[:n], "")))
		var sources []string
		sum := audit()
		for _, r := range sum.TrustRoots {
			sources = append(sources, r.Source)
			if r.SHA256 != digest(rootJSON(t)) {
				t.Errorf("%s: sha256 %s", r.Source, r.SHA256)
			}
		}
		if want := []string{"test", "file b.json, as given", "file a.json, as given"}; !slices.Equal(sources, want) || sum.Findings != int64(n) {
			t.Errorf("%d lines: judged by %q", n, sources)
		}
	}
	for what, v := range map[string]tufroot.Policy{"nothing expired": {}, "a bound": {MaxAge: 1}} {
		v2 := newVerifiers(&Config{Root: trusted(t), Trust: v, Policy: verify.Policy{AnyIdentity: true}})
		_, err := v2.of(&entry{rec: record{policy: linePolicy{trustedRoot: "a.json"}}})
		if verify.CodeOf(err) != "tuf.age" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

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
