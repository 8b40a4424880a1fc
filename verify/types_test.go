// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"iter"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// zero is a zero value of one exported type, and what is claimed of it.
type zero struct {
	value any                   // a pointer to it
	claim func(*testing.T) bool // nil: it is data of a report, or how one is written, and decides nothing
}

// claim is a claim about the code of an error.
func claim(code string, do func() error) func(*testing.T) bool {
	return func(t *testing.T) bool {
		err := do()
		return err != nil && codes.Of(err) == code
	}
}

// refusedBy is the claim that New refuses a policy with a code.
func refusedBy(root *trustroot.Root, code string, p verify.Policy) func(*testing.T) bool {
	return claim(code, func() error {
		_, err := verify.New(verify.Config{Root: root, Policy: p})
		return err
	})
}

// No zero value of an exported type verifies anything, or panics. A type that
// is exported and not in this table fails the test.
func TestZeroValues(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	b := signed(t, w, virtual.Request{})
	v := verifier(t, root, anybody)
	identity := func(id verify.Identity) verify.Policy { return verify.Policy{Identities: []verify.Identity{id}} }
	some := verify.Exactly("a")
	alone := func(on *verify.Verifier, job verify.Job) (errs error) {
		for res, err := range every(context.Background(), on, func(yield func(verify.Job) bool) { yield(job) }) {
			if (res == nil) != (err != nil) {
				t.Errorf("both %v and %v", res, err)
			}
			errs = errors.Join(errs, err)
		}
		return errs
	}
	defaults := func(r verify.Requirements) func(*testing.T) bool {
		return func(t *testing.T) bool {
			res, err := judge(t, verifier(t, root, verify.Policy{AnyIdentity: true, Require: r}), b)
			return err == nil && res.Report.Required == report.Required{Logs: 1, SCTs: 1, Times: 1}
		}
	}
	zeros := map[string]zero{
		"Artifact": {new(verify.Artifact), claim("artifact.missing", func() error { _, err := v.Verify(b, verify.Artifact{}); return err })},
		"Config":   {new(verify.Config), claim("policy.root", func() error { _, err := verify.New(verify.Config{}); return err })},
		"Error":    {new(verify.Error), func(*testing.T) bool { return new(verify.Error).Error() != "" && new(verify.Error).Code() == "" }},
		"Identity": {new(verify.Identity), refusedBy(root, "policy.identity", identity(verify.Identity{}))},
		"Job": {new(verify.Job), func(*testing.T) bool {
			return alone(v, verify.Job{}) != nil && alone(new(verify.Verifier), verify.Job{}) != nil
		}},
		"Key": {new(verify.Key), refusedBy(root, "policy.key", verify.Policy{Keys: []verify.Key{{}}})},
		"Match": {new(verify.Match), func(t *testing.T) bool {
			return refusedBy(root, "policy.identity", identity(verify.Identity{SAN: some}))(t) &&
				refusedBy(root, "policy.identity", identity(verify.Identity{Issuer: some}))(t) &&
				refusedBy(root, "policy.identity", identity(verify.Identity{SAN: some, Issuer: some,
					Extensions: map[string]verify.Match{"buildTrigger": {}}}))(t)
		}},
		"Policy":       {new(verify.Policy), refusedBy(root, "policy.empty", verify.Policy{})},
		"Requirements": {new(verify.Requirements), defaults(verify.Requirements{})},
		"Result":       {new(verify.Result), func(*testing.T) bool { return new(verify.Result).Report == nil }},
		"Rule":         {new(verify.Rule), refusedBy(root, "policy.rule", verify.Policy{AnyIdentity: true, Rules: []verify.Rule{nil}})},
		"SANType": {new(verify.SANType), func(t *testing.T) bool {
			names := []virtual.Name{{Type: virtual.Email, Value: "https://a.example/b@c.example"}}
			id := verify.Identity{SAN: verify.Exactly(names[0].Value), Issuer: verify.Matching(".*")}
			_, err := judge(t, verifier(t, root, identity(id)), signed(t, w, virtual.Request{Names: names}))
			return codes.Of(err) == "identity.kind"
		}},
		"Threshold": {new(verify.Threshold), defaults(verify.Requirements{Logs: verify.Threshold(0)})},
		"Verifier": {new(verify.Verifier), claim("policy.root", func() error {
			_, err := new(verify.Verifier).Verify(b, artifactOf(t, v, b))
			return err
		})},
	}
	exported := exportedTypes(t)
	for _, name := range exported {
		z, covered := zeros[name]
		if !covered || reflect.TypeOf(z.value).Elem().Name() != name {
			t.Errorf("type %s: exported without a claim about its zero value, want one in this table", name)
			continue
		}
		if z.claim != nil && !z.claim(t) {
			t.Errorf("the zero %s does not do what is claimed of it", name)
		}
		callAll(reflect.ValueOf(z.value))
	}
	if len(exported) != len(zeros) {
		t.Errorf("%d exported types, and claims about %d", len(exported), len(zeros))
	}
	callAll(reflect.ValueOf((*verify.Error)(nil)))
	callAll(reflect.ValueOf((*verify.Verifier)(nil)))
}

// exportedTypes lists the exported types of package verify.
func exportedTypes(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if typ, ok := s.(*ast.TypeSpec); ok && typ.Name.IsExported() {
					names = append(names, typ.Name.Name)
				}
			}
		}
	}
	return names
}

// callAll calls every method of a value with zero arguments, apart from a
// context, a place to write to and a time zone.
func callAll(v reflect.Value) {
	for i := range v.NumMethod() {
		m := v.Method(i)
		var args []reflect.Value
		for j := range m.Type().NumIn() {
			arg := reflect.New(m.Type().In(j)).Elem()
			switch m.Type().In(j) {
			case reflect.TypeFor[context.Context]():
				arg.Set(reflect.ValueOf(context.Background()))
			case reflect.TypeFor[io.Writer]():
				arg.Set(reflect.ValueOf(io.Discard))
			case reflect.TypeFor[*time.Location](): // time.Time panics without one
				arg.Set(reflect.ValueOf(time.UTC))
			}
			args = append(args, arg)
		}
		call := m.Call
		if m.Type().IsVariadic() {
			call = m.CallSlice
		}
		for _, out := range call(args) {
			if all, ok := out.Interface().(iter.Seq2[*verify.Result, error]); ok {
				for range all {
				}
			}
		}
	}
}

// refusing is a rule that returns what it holds.
type refusing struct{ err error }

func (refusing) Name() string                 { return "refusing" }
func (r refusing) Judge(*verify.Result) error { return r.err }

// A rule refuses by whatever error it returns, be it a nil pointer.
func TestRulesOfOddErrors(t *testing.T) {
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{})
	var none *verify.Error
	for what, c := range map[string]struct {
		err  error
		code string
	}{
		"nothing":                  {nil, ""},
		"nil pointer":              {none, "rule.refused"},
		"zero error":               {new(verify.Error), "rule.refused"},
		"error of a nil pointer":   {&verify.Error{Err: none}, "rule.refused"},
		"nil pointer among others": {errors.Join(none, io.EOF), "rule.refused"},
		"plain error":              {io.EOF, "rule.refused"},
	} {
		v := verifier(t, rootOf(t, w), verify.Policy{AnyIdentity: true, Rules: []verify.Rule{refusing{c.err}}})
		res, err := judge(t, v, b)
		wantCode(t, what, err, c.code)
		if (res == nil) != (err != nil) || err != nil && err.Error() == "" {
			t.Errorf("%s: %v, %v", what, res, err)
		}
	}
}

// Nothing to judge is an error of its own, once, and no result.
func TestAllOfNothing(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	for what, jobs := range map[string]iter.Seq[verify.Job]{
		"no sequence": nil,
		"no jobs":     func(func(verify.Job) bool) {},
	} {
		for _, on := range []*verify.Verifier{v, nil, new(verify.Verifier)} {
			n := 0
			for res, err := range every(t.Context(), on, jobs) {
				n++
				wantCode(t, what, err, "bundle.none")
				if res != nil {
					t.Errorf("%s: a result", what)
				}
			}
			if n != 1 {
				t.Errorf("%s: %d elements, want 1", what, n)
			}
		}
	}
	// A job that opens nothing is refused, and the only one that is.
	b, err := w.Sign(virtual.Request{Artifact: content})
	if err != nil {
		t.Fatal(err)
	}
	job := verify.Job{Bundle: b.Bundle, Open: func() (io.ReadCloser, error) { return nil, nil }}
	n := 0
	for _, err := range every(t.Context(), v, func(yield func(verify.Job) bool) { yield(job) }) {
		n++
		wantCode(t, "opens nothing", err, "artifact.missing")
	}
	if n != 1 {
		t.Errorf("%d elements, want 1", n)
	}
	// One that is cancelled before its first job says so alone.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range every(ctx, v, func(func(verify.Job) bool) {}) {
		if err != ctx.Err() {
			t.Errorf("%v, want %v", err, ctx.Err())
		}
	}
}
