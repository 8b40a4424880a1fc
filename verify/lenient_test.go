// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

func noted(r *report.Report, code string) bool {
	return slices.ContainsFunc(r.Notes, func(n report.Note) bool { return n.Code == code })
}

// A pattern that accepts every name shows in the report.
func TestLenientPatterns(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	extension := map[int]string{12: "https://github.com/owner/repository"}
	b := signed(t, w, virtual.Request{SAN: "https://github.com/owner/repository/.github/workflows/a.yml@refs/heads/main", Extensions: extension})
	email := signed(t, w, virtual.Request{SAN: "someone@example.org", Extensions: extension})
	name, issuer := verify.Matching(`https://github\.com/owner/.*`), verify.Exactly(virtual.DefaultIssuer)
	pinned := map[string]verify.Match{"sourceRepositoryURI": verify.Exactly(extension[12])}
	loose := map[string]verify.Match{"sourceRepositoryURI": verify.Matching(".*")}
	for _, c := range []struct {
		id   verify.Identity
		want string // of the note
	}{
		{verify.Identity{SAN: name, Issuer: issuer}, ""},
		{verify.Identity{SAN: verify.Matching(`https://github\.com/.*`), Issuer: issuer}, ""},
		{verify.Identity{SAN: verify.Matching(`.*@(example\.org|refs/heads/main)`), Issuer: issuer}, ""},
		{verify.Identity{SAN: verify.Matching(`.*`), Issuer: verify.Matching(`.*`)}, "names and issuers"},
		{verify.Identity{SAN: verify.Matching(`(?s).*?`), Issuer: verify.Matching(`.+`)}, "names and issuers"},
		{verify.Identity{SAN: verify.Matching(`[^ ]*`), Issuer: verify.Matching(`https://.*`)}, "names and issuers"},
		{verify.Identity{SAN: verify.Matching(`a?.*z?`), Issuer: issuer}, "names of any host"},
		{verify.Identity{SAN: verify.Matching(`https?://.*/.*`), Issuer: issuer}, "names of any host"},
		{verify.Identity{SAN: verify.Matching(`.*@.*`), Issuer: issuer}, "names of any host"},
		{verify.Identity{SAN: verify.Matching(`x|.*|y`), Issuer: issuer}, "names of any host"},
		{verify.Identity{SAN: name, Issuer: verify.Matching(`https://.+`)}, "issuers of any host"},
		{verify.Identity{SAN: verify.Matching(`.*`), Issuer: issuer, Extensions: pinned}, ""},
		{verify.Identity{SAN: verify.Matching(`.*`), Issuer: issuer, Extensions: loose}, "names of any host"},
		{verify.Identity{SAN: verify.Matching(`.*`), Issuer: verify.Matching(`.*`), Extensions: pinned}, "issuers of any host"},
	} {
		v := verifier(t, root, verify.Policy{Identities: []verify.Identity{c.id}})
		found := false
		res, err := judge(t, v, b)
		if err != nil {
			res, err = judge(t, v, email)
		}
		if err != nil {
			t.Errorf("%v: %v", c.id, err)
			continue
		}
		for _, n := range res.Report.Notes {
			if n.Code == "identity.any" {
				found = true
				if c.want == "" || !strings.Contains(n.Detail, c.want) {
					t.Errorf("%v: %s", c.id, n.Detail)
				}
			}
		}
		if found != (c.want != "") {
			t.Errorf("%v: no note, want %q", c.id, c.want)
		}
	}
}

// A field that the certificate lacks is called absent, not empty.
func TestAbsentFields(t *testing.T) {
	w := world(t, virtual.Config{GitHub: true})
	root := rootOf(t, w)
	b := signed(t, w, virtual.Request{})
	anything := verify.Matching(".*")
	for want, id := range map[string]verify.Identity{
		"carries no issuer, want /.*/":       {SAN: anything, Issuer: anything},
		"carries no issuer, want https://a":  {SAN: anything, Issuer: verify.Exactly("https://a")},
		"carries no buildTrigger, want push": {SAN: anything, Issuer: verify.NoIssuer(), Extensions: map[string]verify.Match{"buildTrigger": verify.Exactly("push")}},
	} {
		_, err := judge(t, verifier(t, root, verify.Policy{Identities: []verify.Identity{id}}), b)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// What is said of several extensions is the same each time, though a policy has
// them in no order.
func TestExtensionsHaveOneOrder(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	b := signed(t, w, virtual.Request{Extensions: map[int]string{12: "c", 21: "c"}})
	texts := make(map[string]bool)
	for range 40 {
		for _, extensions := range []map[string]verify.Match{
			{"sourceRepositoryURI": verify.Exactly("a"), "1.3.6.1.4.1.57264.1.12": verify.Exactly("b")}, // one extension
			{"sourceRepositoryURI": verify.Exactly("a"), "runInvocationURI": verify.Exactly("b")},
			{"none": verify.Exactly("a"), "such": verify.Exactly("b")},
			{"sourceRepositoryURI": {}, "runInvocationURI": verify.Matching("(")},
		} {
			id := verify.Identity{SAN: verify.Matching(".*"), Issuer: verify.Matching(".*"), Extensions: extensions}
			v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{Identities: []verify.Identity{id}}})
			if err == nil {
				_, err = judge(t, v, b)
			}
			texts[err.Error()] = true
		}
	}
	if len(texts) != 4 {
		t.Errorf("%d messages, want 4: %v", len(texts), texts)
	}
}

// The text names what nothing asked for.
func TestWaivedEvidence(t *testing.T) {
	const ct, entry, when, who = "a certificate timestamp: not required", "a log entry: not required", "a time of signing: not required", "a particular signer"
	github, full := world(t, virtual.Config{GitHub: true}), world(t, virtual.Config{})
	key, err := github.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	managed := verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}
	someone := verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(virtual.DefaultSAN), Issuer: verify.Exactly(virtual.DefaultIssuer)}}}
	lowered := someone
	lowered.Require = verify.Requirements{SCTs: verify.NotRequired}
	for what, c := range map[string]struct {
		w    *virtual.World
		p    verify.Policy
		r    virtual.Request
		want []string
	}{
		"root without logs":   {github, anybody, virtual.Request{SCTs: -1}, []string{ct, entry, who}},
		"root with logs":      {full, someone, virtual.Request{}, nil},
		"anybody":             {full, anybody, virtual.Request{}, []string{who}},
		"managed key":         {github, managed, virtual.Request{ManagedKey: key, Timestamps: -1}, []string{entry, when}},
		"managed key, stamp":  {github, managed, virtual.Request{ManagedKey: key}, []string{entry}},
		"lowered by a policy": {full, lowered, virtual.Request{SCTs: -1}, nil}, // in a line of its own
	} {
		res, err := judge(t, verifier(t, rootOf(t, c.w), c.p), signed(t, c.w, c.r))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		var text strings.Builder
		if err := res.Report.WriteText(&text, report.TextStyle{}); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{ct, entry, when, who} {
			if strings.Contains(text.String(), line) != slices.Contains(c.want, line) {
				t.Errorf("%s: %q:\n%s", what, line, text.String())
			}
		}
	}
}

// The time asked about changes no verdict. A signature that nothing proves to be
// as old is noted.
func TestAsOf(t *testing.T) {
	w := world(t, virtual.Config{})
	at := virtual.DefaultTime()
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	managed := verify.Policy{Keys: []verify.Key{{Public: key.Public()}}, Require: verify.Requirements{Logs: verify.NotRequired}}
	for what, c := range map[string]struct {
		asOf time.Time
		p    verify.Policy
		r    virtual.Request
		want bool
	}{
		"none":              {time.Time{}, anybody, virtual.Request{}, false},
		"long ago":          {time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), anybody, virtual.Request{}, true},
		"just before":       {at.Add(-time.Nanosecond), anybody, virtual.Request{}, true},
		"a timestamp later": {at.Add(-time.Hour), anybody, virtual.Request{Evidence: virtual.RekorV2}, true},
		"key":               {at.Add(-time.Hour), managed, virtual.Request{ManagedKey: key, Evidence: virtual.NoLog, Timestamps: 1}, true},
		"key without time":  {at.Add(-time.Hour), managed, virtual.Request{ManagedKey: key, Evidence: virtual.NoLog, Timestamps: -1}, true},
		"at that time":      {at, anybody, virtual.Request{}, false},
		"later":             {at.AddDate(20000, 0, 0), anybody, virtual.Request{}, false},
		"in another zone":   {at.Add(-time.Hour).In(time.FixedZone("", 9*3600)), anybody, virtual.Request{}, true},
	} {
		v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: c.p, AsOf: c.asOf})
		if err != nil {
			t.Fatal(err)
		}
		res, err := judge(t, v, signed(t, w, c.r))
		if err != nil || noted(res.Report, "time.later") != c.want {
			t.Errorf("%s: noted %v, want %v, %v", what, !c.want, c.want, err)
		}
	}
}

// Only an extension about the source, its owner or the workflow narrows a name
// that anyone has.
func TestLenientExtensions(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	for number, name := range map[int]string{
		2: "", 3: "", 4: "", 6: "", 10: "", 11: "", 13: "", 14: "", 19: "", 20: "", 21: "", 22: "", 23: "", 24: "",
		5: "githubWorkflowRepository", 9: "buildSignerURI", 12: "sourceRepositoryURI", 15: "sourceRepositoryIdentifier",
		16: "sourceRepositoryOwnerURI", 17: "sourceRepositoryOwnerIdentifier", 18: "buildConfigURI",
	} {
		const value = "https://github.com/owner/repository"
		oid := fmt.Sprintf("1.3.6.1.4.1.57264.1.%d", number)
		b := signed(t, w, virtual.Request{Extensions: map[int]string{number: value}})
		v := verifier(t, root, verify.Policy{Identities: []verify.Identity{{SAN: verify.Matching(".*"), Issuer: verify.Exactly(virtual.DefaultIssuer),
			Extensions: map[string]verify.Match{oid: verify.Exactly(value)}}}})
		res, err := judge(t, v, b)
		if err != nil {
			t.Errorf("%d: %v", number, err)
			continue
		}
		if got := noted(res.Report, "identity.any"); got == (name != "") {
			t.Errorf("extension %d %s: noted %v", number, name, got)
		}
	}
}
