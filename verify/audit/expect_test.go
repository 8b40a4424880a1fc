// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

func sumOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// by is who signs the i-th artifact, as the members of an expectation.
func by(i int) string {
	return fmt.Sprintf(`"identity":"https://example.test/%d","issuer":%q`, i, virtual.DefaultIssuer)
}

func expected(t testing.TB, dir string, lines ...string) *Expectations {
	t.Helper()
	name := filepath.Join(dir, "expected.jsonl")
	write(t, name, []byte(strings.Join(lines, "\n")))
	x, err := OpenExpectations(name, false, builtIn)
	if err != nil {
		t.Fatal(err)
	}
	x.label = "expected"
	return x
}

// builtIn knows the instances that are built in.
func builtIn(name string) (Root, error) {
	root, err := embedded.TrustedRoot(name)
	return Root{root, name + ", embedded"}, err
}

// expecting is an audit under expectations.
func expecting(t testing.TB, src Source, x *Expectations) Config {
	c := anyone(t, src, nil)
	c.Policy, c.Expectations = verify.Policy{}, x
	return c
}

// Evidence is judged by the expectation about its subject and its digest, and
// by nothing else.
func TestExpectations(t *testing.T) {
	dir, s := t.TempDir(), signed()
	for i := range 9 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), s[i].Artifact)
		write(t, filepath.Join(dir, fmt.Sprint(i)+".sigstore"), s[i].Bundle)
	}
	write(t, filepath.Join(dir, "root.json"), rootJSON(t))
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s[0].Key.SPKI()}))
	digest := func(i int) string { return fmt.Sprintf(`"digest":%q`, sumOf(s[i].Artifact)) }
	x := expected(t, dir,
		`{"subject":"0",`+by(0)+`}`,
		`{`+digest(1)+`,`+by(1)+`}`,
		`{"subject":"2",`+digest(2)+`,`+by(2)+`,"trusted_root":"root.json"}`,
		``,
		`{"subject":"3",`+by(0)+`}`,
		`{"subject":"4",`+digest(5)+`,`+by(4)+`}`,
		`{"subject":"another",`+digest(6)+`,`+by(6)+`}`,
		`{"subject":"7","key":"key.pem"}`,
		`{"subject":"gone","no_identity":true}`,
	)
	tr := tree(t, dir)
	got, sum := findings(t, expecting(t, tr, x))
	want := `
		0.sigstore#1 ok
		1.sigstore#1 ok
		2.sigstore#1 ok
		3.sigstore#1 identity.san
		4.sigstore#1 expectation.mismatch
		5.sigstore#0 expectation.mismatch
		6.sigstore#0 expectation.mismatch
		7.sigstore#1 key.unexpected
		8.sigstore#0 input.unexpected
		expected:5#0 expectation.unmet
		expected:6#0 expectation.unmet
		expected:7#0 expectation.unmet
		expected:8#0 expectation.unmet
		expected:9#0 expectation.unmet
	`
	expect(t, got, want)
	for i, line := range []int{1, 2, 3, 5, 6, 0, 0, 8, 0, 5, 6, 7, 8, 9} {
		if e := got[i].Expectation; line == 0 && e != nil || line > 0 && (e == nil || e.Line != line || len(e.SHA256) != 64) {
			t.Errorf("%s is judged by %+v, want line %d", got[i].Source, e, line)
		}
	}
	file := readFile(t, dir, "expected.jsonl")
	if e := sum.Expectations; e == nil || e.SHA256 != sumOf(file)[7:] || e.Count != 8 || e.Unmet == nil || *e.Unmet != 5 || !strings.Contains(string(sum.Policy), e.SHA256) {
		t.Errorf("%+v, policy %s", e, sum.Policy)
	}
	if len(sum.TrustRoots) != 2 || sum.TrustRoots[1].Source != "file root.json, as given" {
		t.Errorf("judged by %+v", sum.TrustRoots)
	}
	c := expecting(t, tr, x)
	c.Sample = Sample{share: 0.9}
	if got, sum = findings(t, c); sum.Expectations.Unmet != nil || len(got) > 9 {
		t.Errorf("a sample: %+v", sum.Expectations)
	}

	// The same in lists, which may name digests.
	var lines []string
	for i := range 9 {
		lines = append(lines, inline(s[i].Bundle, fmt.Sprintf(`"artifact":%q`, sumOf(s[i].Artifact))))
	}
	lines = append(lines, inline(s[0].Bundle, `"artifact":"sha512:`+strings.Repeat("0", 128)+`"`), inline(s[0].Bundle, `"artifact":"./0"`),
		inline(s[0].Bundle, `"artifact":"missing"`), inline(s[0].Bundle, `"artifact":"0","no_identity":true`), string(s[0].Bundle))
	write(t, filepath.Join(dir, "list"), []byte(strings.Join(lines, "\n")))
	got, _ = findings(t, expecting(t, openList(t, filepath.Join(dir, "list")), x))
	expect(t, got[:14], `
		list:1#0 input.unexpected
		list:2#1 ok
		list:3#0 expectation.mismatch
		list:4#0 input.unexpected
		list:5#0 input.unexpected
		list:6#0 expectation.mismatch
		list:7#0 expectation.mismatch
		list:8#0 input.unexpected
		list:9#0 input.unexpected
		list:10#0 input.unexpected
		list:11#0 input.unexpected
		list:12#0 input.artifact
		list:13#0 input.judgement
		list:14#0 input.artifact
	`)
}

// A file is refused whole if a line of it is.
func TestExpectationsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in/bad.pem"), []byte("x"))
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: signed()[0].Key.SPKI()}))
	if err := os.Symlink("../key.pem", filepath.Join(dir, "in/link.pem")); err != nil {
		t.Fatal(err)
	}
	sum := sumOf(nil)
	for _, text := range []string{
		``, "\n\n", `x`, `[]`, `{}`, `{"no_identity":true}`, `{"subject":"a"}`, `{"subject":"","no_identity":true}`, `{"subject":1,"no_identity":true}`,
		`{"subject":"a","no_identity":false}`, `{"subject":"a","no_identity":1}`, `{"subject":"a","identity":"b"}`, `{"subject":"a","issuer":"b"}`,
		`{"subject":"a","identity":"b","identity_regexp":"b","issuer":"c"}`, `{"subject":"a","identity":"b","issuer":"c","issuer_regexp":"c"}`,
		`{"subject":"a","identity":"b","issuer":"c","no_identity":true}`, `{"subject":"a","identity":"b","issuer":"c","key":"../key.pem"}`,
		`{"subject":"a","no_identity":true,"ext":{"d":"e"}}`, `{"subject":"a","identity":"b","issuer":"c","ext":{}}`,
		`{"subject":"a","identity":"b","issuer":"c","ext":{"no":"such"}}`, `{"subject":"a","identity":"b","issuer":"c","ext":{"issuer":""}}`,
		`{"subject":"a","identity_regexp":"(","issuer":"c"}`, `{"subject":"a","no_identity":true,"bundle":"b"}`, `{"subject":"a","no_identity":true,"Require":{}}`,
		`{"subject":"a","no_identity":true,"require":{}}`, `{"subject":"a","no_identity":true,"require":{"tlog":256}}`, `{"subject":"a","no_identity":true,"require":{"log":1}}`,
		`{"subject":"a","no_identity":true,"predicate_type":""}`, `{"subject":"a","no_identity":true,"instance":"no such"}`,
		`{"subject":"a","no_identity":true,"trusted_root":"b","instance":"github"}`, `{"subject":"a","no_identity":true,"trusted_root":"missing"}`,
		`{"subject":"a","no_identity":true,"trusted_root":"bad.pem"}`, `{"subject":"a","key":"missing"}`, `{"subject":"a","key":"bad.pem"}`,
		`{"subject":"a","key":"../key.pem"}`, `{"subject":"a","key":"link.pem"}`, fmt.Sprintf(`{"subject":"a","key":%q}`, filepath.Join(dir, "key.pem")),
		`{"digest":"sha512:` + sum[7:] + `","no_identity":true}`, `{"digest":"` + sum[7:] + `","no_identity":true}`, `{"digest":"sha256:00","no_identity":true}`,
		`{"subject":"a","no_identity":true}` + "\n" + `{"subject":"a","key":"k"}`,
		`{"digest":"` + sum + `","no_identity":true}` + "\n" + `{"subject":"b","digest":"sha256:` + strings.ToUpper(sum[7:]) + `","no_identity":true}`,
		`{"subject":"` + strings.Repeat("a", maxExpectationLine) + `","no_identity":true}`,
	} {
		name := filepath.Join(dir, "in", "expected")
		write(t, name, []byte(text))
		x, err := OpenExpectations(name, false, builtIn)
		if err == nil {
			_, err = Run(t.Context(), expecting(t, listOf(), x))
		}
		if err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%.100s: %v", text, err)
		}
	}
	name := filepath.Join(dir, "in", "expected")
	write(t, name, []byte(`{"subject":"a","key":"../key.pem"}`))
	x, err := OpenExpectations(name, true, builtIn)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Config){
		"signers":     func(c *Config) { c.Policy.AnyIdentity = true },
		"an identity": func(c *Config) { c.Policy.Identities = make([]verify.Identity, 1) },
		"a key":       func(c *Config) { c.Policy.Keys = make([]verify.Key, 1) },
		"no artifact": func(c *Config) { c.NoArtifact = true },
		"threshold":   func(c *Config) { c.Policy.Require.Logs = -2 },
	} {
		c := expecting(t, listOf(), x)
		change(&c)
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("expectations and %s", what)
		}
	}
	for line, code := range map[string]string{
		`{"subject":"a","no_identity":true,"trusted_root":"root.json"}`: "tuf.age",
		`{"subject":"a","no_identity":true,"instance":"public-good"}`:   "", // its loader judges its age
	} {
		write(t, filepath.Join(dir, "root.json"), rootJSON(t))
		c := expecting(t, listOf(), expected(t, dir, line))
		c.Trust, c.Out = tufroot.Policy{MaxAge: 1}, io.Discard
		if _, err := Run(t.Context(), c); codes.Of(err) != code {
			t.Errorf("%s, which has no age: %v", line, err)
		}
	}
	for _, most := range []string{"lines", "bytes"} {
		line := `{"subject":"%d","no_identity":true}` + "\n"
		if most == "bytes" {
			line = "\n" + strings.Repeat(" ", 300) + line
		}
		var b bytes.Buffer
		for i := range maxExpectations + 1 {
			fmt.Fprintf(&b, line, i)
		}
		write(t, name, b.Bytes())
		if _, err := OpenExpectations(name, false, nil); err == nil || !strings.Contains(err.Error(), "more than") {
			t.Errorf("too many %s: %v", most, err)
		}
	}
}

// What no bundle met is found at the end of every run, resumed or not, and
// other expectations make a different audit.
func TestExpectationsResume(t *testing.T) {
	dir, s := t.TempDir(), signed()
	for i := range 3 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), s[i].Artifact)
		write(t, filepath.Join(dir, fmt.Sprint(i)+".json"), s[i].Bundle)
	}
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s[0].Key.SPKI()}))
	lines := []string{`{"subject":"0",` + by(0) + `}`, `{"subject":"1",` + by(1) + `}`, `{"subject":"2",` + by(2) + `}`, `{"subject":"9","key":"key.pem"}`}
	run := func(name string, entries int, crash int) (Config, *Summary, error) {
		var list strings.Builder
		for i := range entries {
			fmt.Fprintf(&list, `{"bundle":"%d.json","artifact":"%d"}`+"\n", i, i)
		}
		write(t, filepath.Join(dir, "list"), []byte(list.String()))
		c := expecting(t, openList(t, filepath.Join(dir, "list")), expected(t, dir, lines...))
		c.File, c.State = filepath.Join(dir, name+".out"), filepath.Join(dir, name+".state")
		c.step = func(string) error {
			if crash--; crash == 0 {
				return errCrash
			}
			return nil
		}
		sum, err := Run(t.Context(), c)
		return c, sum, err
	}
	if _, sum, err := run("whole", 3, -1); err != nil || sum.Findings != 4 || *sum.Expectations.Unmet != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	want := readFile(t, dir, "whole.out")
	for crash := range 20 {
		for _, entries := range []int{1, 2} {
			os.Remove(filepath.Join(dir, "pieces.out"))
			os.Remove(filepath.Join(dir, "pieces.state"))
			run("pieces", entries, crash)
			if _, sum, err := run("pieces", 3, -1); err != nil || sum.Findings != 4 || !bytes.Equal(readFile(t, dir, "pieces.out"), want) {
				t.Fatalf("%d entries, crash %d: %v\n%s", entries, crash, err, readFile(t, dir, "pieces.out"))
			}
		}
	}
	whole := lines
	for what, change := range map[string]func(){
		"a line more":    func() { lines = append(whole[:4:4], `{"subject":"x","no_identity":true}`) },
		"another signer": func() { lines = append([]string{`{"subject":"0","no_identity":true}`}, whole[1:]...) },
		"another key": func() {
			lines = whole
			write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s[1].Key.SPKI()}))
		},
	} {
		change()
		if _, _, err := run("whole", 3, -1); err == nil {
			t.Errorf("%s: continued", what)
		}
	}
}

// The schema has the members that are read, and no others.
func TestExpectationsSchema(t *testing.T) {
	data, err := os.ReadFile("../../docs/reference/expectations.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties           map[string]any
		AdditionalProperties *bool
	}
	if err := json.Unmarshal(data, &schema); err != nil || schema.AdditionalProperties == nil || *schema.AdditionalProperties {
		t.Fatalf("%v, additional properties %v", err, schema.AdditionalProperties)
	}
	known := map[string]bool{"digest": true, "no_identity": true, "ext": true, "require": true}
	for name := range new(expectation).texts() {
		known[name] = true
	}
	for name := range known {
		if schema.Properties[name] == nil {
			t.Errorf("the schema lacks %s", name)
		}
	}
	if len(schema.Properties) != len(known) {
		t.Errorf("%d members, want %d", len(schema.Properties), len(known))
	}
}

// An instance is what its loader says it is, and refused if that refuses: no
// other root stands in for it.
func TestInstanceOfAnExpectation(t *testing.T) {
	dir, s := t.TempDir(), signed()
	write(t, filepath.Join(dir, "0"), s[0].Artifact)
	write(t, filepath.Join(dir, "0.sigstore"), s[0].Bundle)
	own, err := trustroot.Parse(rootJSON(t))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "expected")
	open := func(instance string, load func(string) (Root, error)) (*Expectations, error) {
		write(t, name, fmt.Appendf(nil, `{"subject":"0","no_identity":true,"instance":%q}`, instance))
		return OpenExpectations(name, false, load)
	}
	damaged := func(string) (Root, error) { return Root{}, refuse.New("tuf.cache", "damaged") }
	nothing := func(string) (Root, error) { return Root{}, nil }
	for _, test := range []struct {
		instance string
		load     func(string) (Root, error)
		code     string
	}{
		{"public-good", damaged, "tuf.cache"},
		{"acme", damaged, "tuf.cache"},
		{"public-good", nothing, "trust.instance"},
		{"public-good", nil, "trust.instance"},
		{"root.json", builtIn, "trust.instance"},
		{"a/root", builtIn, "trust.instance"},
		{"acme", builtIn, "trust.instance"},
	} {
		if x, err := open(test.instance, test.load); codes.Of(err) != test.code || x != nil {
			t.Errorf("%s: %v", test.instance, err)
		}
	}
	x, err := open("acme", func(string) (Root, error) { return Root{own, "acme, proved"}, nil })
	if err != nil {
		t.Fatal(err)
	}
	another, err := builtIn("public-good")
	if err != nil {
		t.Fatal(err)
	}
	c := expecting(t, tree(t, dir), x)
	c.Roots = []Root{another}
	got, sum := findings(t, c)
	if len(got) != 1 || !got[0].Verified || len(sum.TrustRoots) != 2 || sum.TrustRoots[1].Source != "acme, proved" {
		t.Errorf("%v, %+v", got, sum.TrustRoots)
	}
	before := x.print
	if x, err = open("acme", func(string) (Root, error) { return Root{another.Root, "acme, proved"}, nil }); err != nil || x.print == before {
		t.Errorf("an audit continues by another root: %v", err)
	}
}
