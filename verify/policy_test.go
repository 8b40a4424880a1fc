// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/verify"
)

var issuer = verify.Exactly(virtual.DefaultIssuer)

// Expressions match the whole name or not at all.
func TestExpressionsAreAnchored(t *testing.T) {
	const ours = "https://github.com/us/repo"
	for _, c := range []struct {
		expr, san string
		match     bool
	}{
		{`https://github\.com/us/repo`, ours, true},
		{`https://github\.com/us/.*`, ours, true},
		{`.*/us/repo`, ours, true},
		{`https://github\.com/(us|them)/repo`, ours, true},
		{`https://github\.com/them/x|https://github\.com/us/repo`, ours, true},
		{`a:b|a:bc`, "a:bc", true}, // the first alternative matches a part only
		{`(?i)HTTPS://GITHUB\.COM/US/REPO`, ours, true},
		{`^https://github\.com/us/repo$`, ours, true},
		{`[^/]+//github\.com/us/repo`, ours, true},

		{`https://github\.com/us/repo`, ours + "-evil", false},
		{`https://github\.com/us/repo`, "https://evil.test/?" + ours, false},
		{`https://github\.com/us/repo`, ours + "/", false},
		{`us/repo`, ours, false},
		{`https://github\.com/us`, ours, false},
		{`https://github\.com/us/repo|x`, ours + "-evil", false},
		{`x|https://github\.com/us/repo`, "https://evil.test/" + ours, false},
		{`https://github.com/us/repo$|^x`, "https://evil.test/" + ours, false},
		{`(?m)^https://github\.com/us/repo$`, ours + "-evil", false},
		{`https://github.com/us/repo`, "https://githubXcom/us/repo-", false},
		{`https://github\.com/us/[^/]*`, ours + "/evil", false},
		{`HTTPS://github\.com/us/repo`, ours, false},
	} {
		w := world(t, virtual.Config{})
		b := signed(t, w, virtual.Request{Names: []virtual.Name{{Value: c.san}}})
		v := verifier(t, rootOf(t, w), verify.Policy{Identities: []verify.Identity{{SAN: verify.Matching(c.expr), Issuer: issuer}}})
		want := ""
		if !c.match {
			want = "identity.san"
		}
		_, err := judge(t, v, b)
		wantCode(t, fmt.Sprintf("%q against %q", c.san, c.expr), err, want)
	}
}

// Lines are nothing to an expression, and a name with one is refused besides.
func TestExpressionsKnowNoLines(t *testing.T) {
	w := world(t, virtual.Config{})
	for _, ext := range []string{"push\nevil", "evil\npush", "push\n"} {
		b := signed(t, w, virtual.Request{Extensions: map[int]string{20: ext}})
		for _, expr := range []string{`push`, `(?m)^push$`, `^push$`, `.*push.*`} {
			_, err := judge(t, verifier(t, rootOf(t, w), withExtension("buildTrigger", verify.Matching(expr))), b)
			wantCode(t, fmt.Sprintf("%q against %q", ext, expr), err, "identity.extension")
		}
	}
	b := signed(t, w, virtual.Request{Names: []virtual.Name{{Type: virtual.Email, Value: "a@a.test\nb@b.test"}}})
	_, err := judge(t, verifier(t, rootOf(t, w), anybody), b)
	wantCode(t, "a name of two lines", err, "certificate.san")
}

func withExtension(name string, m verify.Match) verify.Policy {
	return verify.Policy{Identities: []verify.Identity{{
		SAN: verify.Exactly(virtual.DefaultSAN), Issuer: issuer, Extensions: map[string]verify.Match{name: m},
	}}}
}

// Every extension of Fulcio's registry, .1 to .24, is matched by its name.
func TestExtensionsByName(t *testing.T) {
	w := world(t, virtual.Config{})
	all := make(map[int]string)
	for n := 1; n <= 24; n++ {
		if n != 7 { // .7 is the type of a name
			all[n] = fmt.Sprintf("value %d", n)
		}
	}
	all[1], all[8] = virtual.DefaultIssuer, virtual.DefaultIssuer
	full, bare := signed(t, w, virtual.Request{Extensions: all}), signed(t, w, virtual.Request{})
	root := rootOf(t, w)
	matched := 0
	for n, value := range all {
		name := fulcio.Name(n)
		if name == "" {
			t.Fatalf(".%d has no name", n)
		}
		matched++
		for _, c := range []struct {
			m    verify.Match
			want string
		}{
			{verify.Exactly(value), ""},
			{verify.Matching(`.+`), ""},
			{verify.Exactly(value + "x"), "identity.extension"},
			{verify.Exactly(strings.ToUpper(value)), "identity.extension"},
			{verify.Matching(value[:2]), "identity.extension"},
		} {
			_, err := judge(t, verifier(t, root, withExtension(name, c.m)), full)
			wantCode(t, fmt.Sprintf("%s against %+v", name, c.m), err, c.want)
		}
		if n != 1 && n != 8 {
			_, err := judge(t, verifier(t, root, withExtension(name, verify.Matching(`.*`))), bare)
			wantCode(t, "absent "+name, err, "identity.extension")
		}
	}
	if matched != 23 {
		t.Errorf("%d extensions", matched)
	}
}

func TestNoIssuer(t *testing.T) {
	github, public := world(t, virtual.Config{GitHub: true}), world(t, virtual.Config{})
	for _, c := range []struct {
		w      *virtual.World
		san    string
		issuer verify.Match
		want   string
	}{
		{github, virtual.GitHubSAN, verify.NoIssuer(), ""},
		{github, virtual.GitHubSAN, verify.Matching(`.*`), "identity.issuer"},
		{github, virtual.GitHubSAN, issuer, "identity.issuer"},
		{public, virtual.DefaultSAN, verify.NoIssuer(), "identity.issuer"},
		{public, virtual.DefaultSAN, issuer, ""},
	} {
		v := verifier(t, rootOf(t, c.w), verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(c.san), Issuer: c.issuer}}})
		_, err := judge(t, v, signed(t, c.w, virtual.Request{}))
		wantCode(t, fmt.Sprintf("%s of %+v", c.san, c.issuer), err, c.want)
	}
}

// The report names the identity that comes nearest, and where it differs.
func TestNearestIdentity(t *testing.T) {
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{Extensions: map[int]string{20: "push"}})
	san := verify.Exactly(virtual.DefaultSAN)
	v := verifier(t, rootOf(t, w), verify.Policy{Identities: []verify.Identity{
		{SAN: verify.Exactly("https://a.test"), Issuer: verify.Exactly("https://b.test")},
		{SAN: san, Issuer: verify.Exactly("https://b.test")},
		{Name: "nightly", SAN: san, Issuer: issuer, Extensions: map[string]verify.Match{"buildTrigger": verify.Exactly("schedule")}},
		{SAN: san, Issuer: verify.Exactly("https://c.test")},
	}})
	_, err := judge(t, v, b)
	wantCode(t, "none of four", err, "identity.extension")
	const want = `the signer is not identity "nightly" of the policy: buildTrigger is "push", want schedule`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// Any identity will do, and the report says which.
func TestIdentityList(t *testing.T) {
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{})
	other := verify.Identity{SAN: verify.Exactly("https://a.test"), Issuer: issuer}
	ours := verify.Identity{Name: "release", SAN: verify.Exactly(virtual.DefaultSAN), Issuer: issuer}
	for i := range 3 {
		list := []verify.Identity{other, other, other}
		list[i] = ours
		res, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{Identities: list}), b)
		if err != nil || res.Report.Signer.Identity != i+1 || res.Report.Signer.IdentityName != "release" {
			t.Errorf("identity %d: %v", i+1, err)
		}
	}
}

func TestPredicateTypes(t *testing.T) {
	const provenance = "https://slsa.dev/provenance/v1"
	w := world(t, virtual.Config{})
	statement, message := signed(t, w, virtual.Request{PredicateType: provenance}), signed(t, w, virtual.Request{})
	for _, c := range []struct {
		types []string
		want  string
	}{
		{nil, ""},
		{[]string{provenance}, ""},
		{[]string{"https://a.test", provenance}, ""},
		{[]string{provenance + "/"}, "statement.predicate_type"},
		{[]string{strings.ToUpper(provenance)}, "statement.predicate_type"},
		{[]string{provenance[:10]}, "statement.predicate_type"},
	} {
		v := verifier(t, rootOf(t, w), verify.Policy{AnyIdentity: true, PredicateTypes: c.types})
		_, err := judge(t, v, statement)
		wantCode(t, fmt.Sprintf("%q", c.types), err, c.want)
		_, err = v.Verify(statement, verify.NoArtifact())
		wantCode(t, fmt.Sprintf("%q without artifact", c.types), err, c.want)
		want := ""
		if c.types != nil {
			want = "statement.predicate_type"
		}
		_, err = judge(t, v, message)
		wantCode(t, fmt.Sprintf("message against %q", c.types), err, want)
	}
}

// spy is a rule that remembers what it was shown.
type spy struct {
	saw    []*verify.Result
	object error
}

func (s *spy) Name() string { return "spy" }

func (s *spy) Judge(res *verify.Result) error {
	s.saw = append(s.saw, res)
	return s.object
}

// Rules see nothing but what was proved, after everything was; they can only
// refuse.
func TestRules(t *testing.T) {
	w := world(t, virtual.Config{})
	const provenance = "https://slsa.dev/provenance/v1"
	request := virtual.Request{PredicateType: provenance, Predicate: []byte(`{"a":1}`)}
	good := signed(t, w, request)
	stranger, err := w.Key("stranger", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	request.Signature = func(in *virtual.SignatureInput) { in.Key = stranger }
	bad := signed(t, w, request)
	objection := errors.New("no")
	for _, c := range []struct {
		bad    bool
		object error
		want   string
		calls  int
	}{
		{false, nil, "", 1},
		{false, objection, "rule.refused", 1},
		{true, nil, "signature.invalid", 0},
		{true, objection, "signature.invalid", 0},
	} {
		s := &spy{object: c.object}
		v, err := verify.New(verify.Config{Root: rootOf(t, w), Explain: true, Policy: verify.Policy{AnyIdentity: true, Rules: []verify.Rule{s}}})
		if err != nil {
			t.Fatal(err)
		}
		b := good
		if c.bad {
			b = bad
		}
		res, err := judge(t, v, b)
		wantCode(t, fmt.Sprintf("%+v", c), err, c.want)
		if len(s.saw) != c.calls {
			t.Errorf("%+v: called %d times", c, len(s.saw))
		}
		if c.calls == 1 {
			saw := s.saw[0]
			if string(saw.Statement.Predicate) != `{"a":1}` || string(saw.Payload) != string(good.Envelope.Payload) || saw.Report.Statement.PredicateType != provenance || saw.Report.Signer == nil {
				t.Errorf("the rule saw %+v", saw)
			}
			for _, step := range saw.Report.Checks[:report.CheckRules] {
				if step.Status != report.Passed && step.Status != report.Skipped {
					t.Errorf("the rule ran after %s %s", step.Check, step.Status)
				}
			}
		}
		if errors.Is(err, objection) != (c.want == "rule.refused") || c.want != "" && res != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
