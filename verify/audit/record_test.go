// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestParseLineRefuses(t *testing.T) {
	for _, line := range []string{
		``, `x`, `1`, `[]`, `null`, `"a"`, `{`, `{}`, `{} {}`, `{"bundle":"a"}}`, "{\"bundle\":\"a\xff\"}",
		`{"bundle":1}`, `{"bundle":null}`, `{"bundle":""}`, `{"bundle":[]}`, `{"artifact":"a"}`,
		`{"bundle":"a","bundle":"b"}`, `{"bundle":"a","Bundle":"b"}`, `{"bundle":"a","identiti":"b"}`, `{"bundle":"a","comment":""}`,
		`{"bundle":"a","artifact":""}`, `{"bundle":"a","artifact":1}`, `{"bundle":"a","Identity":"b"}`, `{"bundle":"a","no_identity ":true}`,
		`{"bundle":{"a":1,"a":1}}`, `{"mediaType":"a","bundle":{}}`, `{"attestations":[],"artifact":"a"}`,
		`{"bundle":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 201),
	} {
		if _, err := parseLine([]byte(line)); refuse.CodeOf(err) != "input.line" {
			t.Errorf("%.60s: %v", line, err)
		}
	}
}

// No member of judgement is taken from evidence, in any form of a line and
// with any value.
func TestParseLineJudges(t *testing.T) {
	for _, member := range []string{
		`"identity":"b"`, `"identity_regexp":".*"`, `"issuer":"none"`, `"issuer_regexp":".*"`, `"no_identity":true`, `"no_identity":false`,
		`"ext":{"a":"b"}`, `"key":"k.pem"`, `"trusted_root":"r.json"`, `"instance":"staging"`, `"require":{"tlog":0}`, `"require":null`,
		`"predicate_type":"p"`, `"no_artifact":true`, `"\u006eo_identity":true`, `"identity":1`,
	} {
		for _, line := range []string{
			`{"bundle":"a",` + member + `}`, `{` + member + `,"bundle":{},"artifact":"b"}`, `{"artifact":"a",` + member + `}`,
			`{"mediaType":"a",` + member + `}`, `{"attestations":[],` + member + `}`, `{` + member + `}`,
		} {
			if rec, err := parseLine([]byte(line)); refuse.CodeOf(err) != "input.judgement" || rec.bundle != nil || rec.bundlePath != "" {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}

func TestParseLine(t *testing.T) {
	rec, err := parseLine([]byte(`{"bundle":{"a":[1]},"artifact":"sha256:\u00300"}`))
	if err != nil || string(rec.bundle) != `{"a":[1]}` || rec.artifact != "sha256:00" {
		t.Errorf("%+v, %v", rec, err)
	}
}

// FuzzParseLine holds the lines of an audit against encoding/json.
func FuzzParseLine(f *testing.F) {
	for _, s := range []string{
		`{"bundle":"a","artifact":"b"}`, `{"bundle":{},"no_identity":true}`, `{"bundle":"a","require":{"tlog":1}}`,
		`{"attestations":[{"predicateType":"a","bundle":{}}]}`, `{"mediaType":"a"}`, `{"mediaType":"a","key":"k"}`, `{`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		all, err := carried(line)
		if (err == nil) == (len(all) == 0) {
			t.Fatal("bundles and an error, or neither")
		}
		for _, f := range all {
			if (f.err == nil) == (f.Raw == nil) {
				t.Fatal("a bundle and an error, or neither")
			}
		}
		rec, err := parseLine(line)
		if err != nil {
			if code := refuse.CodeOf(err); code != "input.line" && code != "input.judgement" {
				t.Fatalf("%v", err)
			}
			return
		}
		if (rec.bundle == nil) == (rec.bundlePath == "") {
			t.Fatal("no bundle, or two")
		}
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("accepted: %v", err)
		}
		for _, name := range judgement {
			if _, ok := m[name]; ok {
				t.Fatalf("member %s accepted", name)
			}
		}
		if string(rec.bundle) == string(line) {
			return
		}
		if want, _ := m["artifact"].(string); rec.artifact != want {
			t.Fatalf("artifact is %q, want %q", rec.artifact, want)
		}
	})
}

func TestIsDigest(t *testing.T) {
	for name, want := range map[string]bool{
		"sha256:00": true, "sha256:": true, "md5:zz": true, "gitCommit:00": true,
		"a": false, "./sha256:00": false, "a/b:c": false, `C:\a`: false, "C:a": false, "a.b:c": false, ":a": false,
	} {
		if isDigest(name) != want {
			t.Errorf("isDigest(%q) = %t", name, !want)
		}
	}
}
