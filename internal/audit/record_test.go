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
		`{"bundle":"a","artifact":""}`, `{"bundle":"a","artifact":"b","no_artifact":true}`, `{"bundle":"a","no_artifact":1}`,
		`{"bundle":"a","identity":"b"}`, `{"bundle":"a","issuer":"b"}`, `{"bundle":"a","identity_regexp":"b"}`,
		`{"bundle":"a","identity":"b","identity_regexp":"b","issuer":"c"}`, `{"bundle":"a","identity":"b","issuer":"b","issuer_regexp":"c"}`,
		`{"bundle":"a","identity":"b","issuer":"c","no_identity":true}`, `{"bundle":"a","ext":{"a":"b"}}`,
		`{"bundle":"a","identity":"b","issuer":"c","ext":{"a":1}}`, `{"bundle":"a","identity":"b","issuer":"c","ext":{"a":"b","a":"b"}}`,
		`{"bundle":"a","trusted_root":"b","instance":"c"}`, `{"bundle":"a","require":"tlog=1"}`, `{"bundle":"a","require":{"tlog":-1}}`,
		`{"bundle":"a","require":{"tlog":256}}`, `{"bundle":"a","require":{"tlog":1.0}}`, `{"bundle":"a","require":{"logs":1}}`,
		`{"bundle":"a","identity":"b","issuer":"c","ext":{}}`, `{"bundle":"a","identity":"b","issuer":"c","ext":{"d":""}}`,
		`{"bundle":"a","require":{}}`, `{"bundle":"a","predicate_type":""}`, `{"bundle":"a","key":""}`, `{"bundle":"a","trusted_root":""}`,
		`{"bundle":{"a":1,"a":1}}`, `{"mediaType":"a","bundle":{}}`, `{"attestations":[],"require":{}}`,
		`{"bundle":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 201),
	} {
		if _, err := parseLine([]byte(line)); refuse.CodeOf(err) != "input.line" {
			t.Errorf("%.60s: %v", line, err)
		}
	}
}

func TestParseLine(t *testing.T) {
	rec, err := parseLine([]byte(`{"bundle":{"a":[1]},"artifact":"sha256:00","identity":"i\u0041","issuer_regexp":"j","ext":{"x":"y"},` +
		`"require":{"tlog":0,"sct":1,"tsa":2,"time":"255"},"predicate_type":"p","trusted_root":"t"}`))
	if err != nil {
		t.Fatal(err)
	}
	p := rec.policy
	if string(rec.bundle) != `{"a":[1]}` || rec.artifact != "sha256:00" || p.identity != "iA" || p.issuerRegexp != "j" || p.extensions["x"] != "y" ||
		p.require.Logs != -1 || p.require.SCTs != 1 || p.require.Timestamps != 2 || p.require.Times != 255 || p.predicateType != "p" || p.trustedRoot != "t" {
		t.Errorf("%+v", rec)
	}
	other, err := parseLine([]byte(`{"bundle":"a","identity":"iA","issuer_regexp":"j"}`))
	if err != nil || other.policy.cacheKey() == p.cacheKey() {
		t.Errorf("two policies with one key: %v", err)
	}
}

// FuzzParseLine holds the lines of an audit against encoding/json.
func FuzzParseLine(f *testing.F) {
	for _, s := range []string{
		`{"bundle":"a","artifact":"b","identity":"c","issuer":"d"}`, `{"bundle":{},"no_artifact":true,"no_identity":true}`,
		`{"bundle":"a","require":{"tlog":1},"ext":{"a":"b"},"identity_regexp":".","issuer_regexp":"none"}`,
		`{"attestations":[{"predicateType":"a","bundle":{}}]}`, `{"mediaType":"a"}`, `{"bundle":"a","key":"k","instance":"i","predicate_type":"p"}`, `{`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for b, err := range split(line) {
			if (err == nil) == (b == nil) {
				t.Fatal("a bundle and an error, or neither")
			}
		}
		rec, err := parseLine(line)
		if err != nil {
			if refuse.CodeOf(err) != "input.line" {
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
		if string(rec.bundle) == string(line) {
			return
		}
		for name, got := range map[string]string{"artifact": rec.artifact, "identity": rec.policy.identity, "identity_regexp": rec.policy.identityRegexp,
			"issuer": rec.policy.issuer, "issuer_regexp": rec.policy.issuerRegexp, "key": rec.policy.key, "instance": rec.policy.instance,
			"trusted_root": rec.policy.trustedRoot, "predicate_type": rec.policy.predicateType} {
			if want, _ := m[name].(string); got != want {
				t.Fatalf("%s is %q, want %q", name, got, want)
			}
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

func TestRecent(t *testing.T) {
	r := newRecent[int](2)
	made := 0
	get := func(key string) {
		if v, err := r.get(key, func() (int, error) { made++; return len(key), nil }); v != len(key) || err != nil {
			t.Errorf("%s: %d, %v", key, v, err)
		}
	}
	for _, key := range []string{"a", "bb", "a", "ccc", "a", "bb"} {
		get(key)
	}
	if made != 4 || len(r.byKey) != 2 || r.order.Len() != 2 {
		t.Errorf("made %d, kept %d", made, len(r.byKey))
	}
	for range 3 {
		if _, err := r.get("bad", func() (int, error) { made++; return 0, errFull }); err != errFull {
			t.Error(err)
		}
	}
	if made != 5 {
		t.Errorf("a failure is not kept: %d", made)
	}
}
