// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

func reportSchema(t *testing.T) schema {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(read(t, "docs/reference/report.schema.json"), &root); err != nil {
		t.Fatal(err)
	}
	return schema{root}
}

// The schema has every member that a report can have, and no other; those
// that are always there it requires.
func TestSchemaHasEveryMember(t *testing.T) {
	s := reportSchema(t)
	seen := make(map[string]bool)
	s.compare(t, reflect.TypeFor[report.Report](), s.root, "report", seen)
	known := []string{"sha256", "instant", "code", "count", "ordinal",
		"verification", "judged", "lost", "refusal", "change", "hints"} // of the command, whose tests look after them
	for name := range s.root["$defs"].(map[string]any) {
		if !seen[name] && !slices.Contains(known, name) {
			t.Errorf("$defs/%s describes nothing", name)
		}
	}
}

func (s schema) compare(t *testing.T, typ reflect.Type, rule map[string]any, at string, seen map[string]bool) {
	t.Helper()
	described, _ := rule["properties"].(map[string]any)
	required, _ := rule["required"].([]any)
	described = maps.Clone(described)
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		member, ok := described[name].(map[string]any)
		if !ok {
			t.Errorf("%s.%s is not in the schema", at, name)
			continue
		}
		delete(described, name)
		if always := !strings.Contains(options, "omit"); always != slices.Contains(required, any(name)) {
			t.Errorf("%s.%s: always there is %v, and the schema says otherwise", at, name, always)
		}
		inner := field.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
			if member, ok = member["items"].(map[string]any); !ok {
				t.Errorf("%s.%s has no items in the schema", at, name)
				continue
			}
		}
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct || inner == reflect.TypeFor[report.Instant]() {
			continue
		}
		ref, _ := member["$ref"].(string)
		def := strings.TrimPrefix(ref, "#/$defs/")
		next, ok := s.root["$defs"].(map[string]any)[def].(map[string]any)
		if !ok {
			t.Errorf("%s.%s is not described by one of $defs", at, name)
		} else if !seen[def] {
			seen[def] = true
			s.compare(t, inner, next, def, seen)
		}
	}
	for name := range described {
		t.Errorf("%s.%s is in the schema only", at, name)
	}
}

// Real reports, of real bundles, verified and refused.
func TestReportsFitTheSchema(t *testing.T) {
	s := reportSchema(t)
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	private, err := trustroot.Parse(read(t, "testdata/public/othername.trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := sigkey.ParsePEM(read(t, "testdata/public/npm-publish.pub"))
	if err != nil {
		t.Fatal(err)
	}
	someone := []verify.Identity{{Name: "someone", SAN: verify.Exactly("a@example.org"), Issuer: verify.NoIssuer()}}
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	verdicts := make(map[bool]int)
	for _, c := range []struct {
		bundle string
		root   *trustroot.Root
		policy verify.Policy
	}{
		{"dsse.sigstore.json", root, verify.Policy{AnyIdentity: true}},
		{"dsse.sigstore.json", root, verify.Policy{Identities: someone}},
		{"dsse.sigstore.json", root, verify.Policy{Identities: []verify.Identity{{Name: "brian", SAN: verify.Matching(".*"), Issuer: verify.Matching(".*")}}}},
		{"sigstore-js-2.1.0.sigstore.json", root, verify.Policy{AnyIdentity: true, Require: verify.Requirements{SCTs: verify.NotRequired}}},
		{"sigstore-js-2.1.0.sigstore.json", root, verify.Policy{AnyIdentity: true, Require: verify.Requirements{Times: 3}}},
		{"github_release.zip.sigstore.json", root, verify.Policy{AnyIdentity: true}},
		{"npm-publish.sigstore.json", root, verify.Policy{Keys: []verify.Key{{Public: key.Public(), Start: start}}}},
		{"npm-publish.sigstore.json", root, verify.Policy{Identities: someone}},
		{"othername.sigstore.json", private, verify.Policy{AnyIdentity: true}},
	} {
		b, err := bundle.Parse(read(t, "testdata/public/"+c.bundle))
		if err != nil {
			t.Fatal(err)
		}
		v, err := verify.New(verify.Config{Root: c.root, RootSource: "test", Policy: c.policy, Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		report := judge(t, v, b)
		verdicts[report.Verified]++
		var value any
		if err := json.Unmarshal(report.MarshalIndent(), &value); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range s.validate(s.root, value, c.bundle) {
			t.Error(wrong)
		}
	}
	if verdicts[true] < 4 || verdicts[false] < 4 {
		t.Errorf("the cases no longer are what they were: %v", verdicts)
	}
}

func judge(t *testing.T, v *verify.Verifier, b *bundle.Bundle) *report.Report {
	t.Helper()
	result, err := v.Verify(b, verify.NoArtifact())
	if err == nil {
		return result.Report
	}
	var refused *verify.Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return refused.Report
}

// The validator itself refuses what is wrong.
func TestValidatorRefuses(t *testing.T) {
	s := reportSchema(t)
	for _, text := range []string{
		`[]`,
		`{}`,
		`{"schema": "sigbundle.report.v2", "verified": false, "code": "a.b", "message": ""}`,
		`{"schema": "sigbundle.report.v1", "verified": "yes", "code": "a.b", "message": ""}`,
		`{"schema": "sigbundle.report.v1", "verified": false}`,
		`{"schema": "sigbundle.report.v1", "verified": true, "code": "a.b"}`,
		`{"schema": "sigbundle.report.v1", "verified": false, "code": "A B", "message": ""}`,
		`{"schema": "sigbundle.report.v1", "verified": false, "code": "a.b", "message": "", "checks": [{"check": "nosuch", "status": "passed"}]}`,
		`{"schema": "sigbundle.report.v1", "verified": false, "code": "a.b", "message": "", "required": {"logs": -1, "scts": 0, "timestamps": 0, "times": 0, "lowered": false}}`,
		`{"schema": "sigbundle.report.v1", "verified": false, "code": "a.b", "message": "", "notes": []}`,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if len(s.validate(s.root, value, "report")) == 0 {
			t.Errorf("accepted %s", text)
		}
	}
}
