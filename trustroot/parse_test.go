// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

// text is a trust root of one log, in which a test replaces something.
func text(t testing.TB) string {
	t.Helper()
	r := mustNew(t, Config{Logs: []LogConfig{logConfig(t, "log1", at(0), at(5))}})
	b, _ := r.MarshalJSON()
	return string(b)
}

func replace(t testing.TB, s, old, new string) []byte {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("nothing like %s in %s", old, s)
	}
	return []byte(strings.Replace(s, old, new, 1))
}

func TestParseRefuses(t *testing.T) {
	const (
		start = `"start":"2025-01-01T00:00:00Z"`
		end   = `"end":"2025-01-01T05:00:00Z"`
		both  = `"validFor":{` + start + `,` + end + `}`
		media = `"mediaType":"` + MediaTypeV01 + `"`
	)
	tests := []struct {
		name, old, new string
		code           refuse.Code
	}{
		{"no media type", media + ",", "", codeMediaType},
		{"media type of a bundle", MediaTypeV01, "application/vnd.dev.sigstore.bundle.v0.3+json", codeMediaType},
		{"media type of the future", MediaTypeV01, "application/vnd.dev.sigstore.trustedroot.v0.3+json", codeMediaType},
		{"repeated member", `{"mediaType"`, `{"tlogs":[],"mediaType"`, codeMalformed},
		{"repeated member in what is ignored", `{"mediaType"`, `{"x":{"a":1,"a":1},"mediaType"`, codeMalformed},
		{"two spellings", `{"mediaType"`, `{"media_type":"","mediaType"`, codeMalformed},
		{"two spellings, one null", `{"mediaType"`, `{"media_type":null,"mediaType"`, codeMalformed},
		{"trailing data", `{"mediaType"`, `{} {"mediaType"`, codeMalformed},
		{"not a list", `"tlogs":[`, `"ctlogs":{},"tlogs":[`, codeMalformed},
		{"number for text", MediaTypeV01 + `"`, MediaTypeV01 + `","ctlogs":[{"baseUrl":1}]`, codeMalformed},
		{"log without a start", start + ",", "", codeWindow},
		{"log with a null start", start, `"start":null`, codeWindow},
		{"log with an empty range", both, `"validFor":{}`, codeWindow},
		{"log without a range", "," + both, "", codeWindow},
		{"null range", both, `"validFor":null`, codeWindow},
		{"range backwards", end, `"end":"2024-12-31T23:59:59.999999999Z"`, codeWindow},
		{"start in words", start, `"start":"yesterday"`, codeMalformed},
		{"empty start", start, `"start":""`, codeMalformed},
		{"date only", start, `"start":"2025-01-01"`, codeMalformed},
		{"date without padding", start, `"start":"2025-1-1T00:00:00Z"`, codeMalformed},
		{"no zone", start, `"start":"2025-01-01T00:00:00"`, codeMalformed},
		{"one-digit hour", start, `"start":"2025-01-01T0:00:00Z"`, codeMalformed},
		{"comma", start, `"start":"2025-01-01T00:00:00,5Z"`, codeMalformed},
		{"beyond nanoseconds", start, `"start":"2025-01-01T00:00:00.0000000001Z"`, codeMalformed},
		{"time as a number", start, `"start":1735689600`, codeMalformed},
		{"Go's zero time as an end", end, `"end":"0001-01-01T00:00:00Z"`, codeMalformed},
		{"year 0", end, `"end":"0000-06-01T00:00:00Z"`, codeMalformed},
		{"malformed end", end, `"end":"never"`, codeMalformed},
		{"no key algorithm", `"keyDetails":"PKIX_ED25519",`, "", codeKey},
		{"unspecified key algorithm", `"PKIX_ED25519"`, `"PUBLIC_KEY_DETAILS_UNSPECIFIED"`, codeKey},
		{"empty key algorithm", `"PKIX_ED25519"`, `""`, codeMalformed},
		{"fractional key algorithm", `"PKIX_ED25519"`, `7.5`, codeMalformed},
		{"key of another type", `"PKIX_ED25519"`, `"PKIX_ECDSA_P256_SHA_256"`, codeKey},
		{"key cut short", `"rawBytes":"MCow`, `"rawBytes":"MCox`, codeKey},
		{"no base64", `"rawBytes":"MCow`, `"rawBytes":"!Cow`, codeMalformed},
		{"no key", `"publicKey":{`, `"publicKey":null,"x":{`, codeWindow},
		{"short ID", `"keyId":"`, `"keyId":"AAAA","x":"`, codeMalformed},
		{"wrong checkpoint key ID", `"logId":{`, `"checkpointKeyId":{"keyId":"AAAAAA=="},"logId":{`, codeKey},
		{"authority without a range", `"tlogs":[`, `"certificateAuthorities":[{}],"tlogs":[`, codeWindow},
		{"authority with an empty range", `"tlogs":[`, `"certificateAuthorities":[{"validFor":{}}],"tlogs":[`, codeWindow},
		{"timestamp authority with an empty range", `"tlogs":[`, `"timestampAuthorities":[{"validFor":{}}],"tlogs":[`, codeWindow},
		{"authority without a chain", `"tlogs":[`, `"certificateAuthorities":[{"validFor":{` + start + `}}],"tlogs":[`, codeMalformed},
		{"authority with a broken certificate", `"tlogs":[`, `"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"MAA="}]}}],"tlogs":[`, codeMalformed},
		{"authority with a null certificate", `"tlogs":[`, `"certificateAuthorities":[{"certChain":{"certificates":[null]}}],"tlogs":[`, codeMalformed},
		{"chain too long", `"tlogs":[`, `"certificateAuthorities":[{"certChain":{"certificates":[` + strings.Repeat("{},", 10) + `{}]}}],"tlogs":[`, codeMalformed},
		{"text too long", `"baseUrl":"`, `"baseUrl":"` + strings.Repeat("a", maxText), codeLimit},
		{"too many logs", `"tlogs":[`, `"ctlogs":[` + strings.Repeat("{},", maxInstances) + `{}],"tlogs":[`, codeLimit},
	}
	base := text(t)
	for _, tt := range tests {
		_, err := Parse(replace(t, base, tt.old, tt.new))
		wantCode(t, tt.name, err, tt.code)
	}
	_, err := Parse(bytes.Repeat([]byte(" "), maxBytes+1))
	wantCode(t, "too large", err, codeLimit)
	_, err = Parse(nil)
	wantCode(t, "nothing", err, codeMalformed)
}

// The limits stop the reader before it reads on.
func TestParseLimits(t *testing.T) {
	log := strings.TrimSuffix(strings.SplitN(text(t), `"tlogs":[`, 2)[1], "]}")
	_, err := Parse([]byte(`{"mediaType":"` + MediaTypeV01 + `","tlogs":[` + strings.Repeat(log+",", maxInstances) + log + `]}`))
	wantCode(t, "logs", err, codeLimit)
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(1), p.anchor))
	b, _ := r.MarshalJSON()
	cert := strings.SplitAfter(strings.SplitN(string(b), `"certificates":[`, 2)[1], "}")[0]
	_, err = Parse(replace(t, string(b), cert, strings.Repeat(cert+",", maxChain)+cert))
	wantCode(t, "chain", err, codeLimit)
}

func TestParseAccepts(t *testing.T) {
	base := text(t)
	tests := []struct{ name, old, new string }{
		{"as it is", "", ""},
		{"newer media type of 0.1", MediaTypeV01, MediaTypeV01New},
		{"media type of 0.2", MediaTypeV01, MediaTypeV02},
		{"unknown members", `{"baseUrl"`, `{"future":{"a":[1,{"b":null}]},"baseUrl"`},
		{"names of the schema", `"baseUrl"`, `"base_url"`},
		{"number for an algorithm", `"PKIX_ED25519"`, `7`},
		{"null list", `{"mediaType"`, `{"ctlogs":null,"mediaType"`},
		{"offset", `T00:00:00Z`, `T01:00:00+01:00`},
		{"key ID of its checkpoints, absent", `"logId"`, `"checkpointKeyId":null,"logId"`},
	}
	for _, tt := range tests {
		data := []byte(base)
		if tt.old != "" {
			data = replace(t, base, tt.old, tt.new)
		}
		r, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if len(r.Logs()) != 1 || len(r.Ignored()) != 0 || r.SHA256() != sha256.Sum256(data) {
			t.Errorf("%s: %d logs, unusable %v", tt.name, len(r.Logs()), r.Ignored())
			continue
		}
		if l := r.Logs()[0]; r.Log(l.ID()) != l || !l.ValidAt(at(0)) || !l.ValidAt(at(5)) || l.ValidAt(at(5).Add(1)) || l.ValidAt(at(0).Add(-1)) {
			t.Errorf("%s: windows %v", tt.name, l.Windows())
		}
	}
}

func TestOpenEnds(t *testing.T) {
	base := text(t)
	const end = `,"end":"2025-01-01T05:00:00Z"`
	for _, open := range []string{"", `,"end":null`} {
		r, err := Parse(replace(t, base, end, open))
		if err != nil {
			t.Fatal(err)
		}
		if !r.Logs()[0].ValidAt(at(1e6)) {
			t.Errorf("%q is not open", open)
		}
	}
	r, err := Parse(replace(t, base, end, `,"end":"2025-01-01T04:59:59.999Z"`))
	if err != nil {
		t.Fatal(err)
	}
	last := at(5).Add(-time.Millisecond)
	if l := r.Logs()[0]; !l.ValidAt(last) || l.ValidAt(last.Add(1)) {
		t.Error("the fraction of the end counts")
	}
}

func TestUnusable(t *testing.T) {
	r := mustNew(t, Config{
		Logs:   []LogConfig{logConfig(t, "log1", at(0), at(5)), logConfig(t, "log2", at(0), at(5))},
		CTLogs: []LogConfig{logConfig(t, "ct", at(0), at(5))},
	})
	b, _ := r.MarshalJSON()
	tests := []struct{ name, old, new, reason string }{
		{"key of the future", `"PKIX_ED25519"`, `"SLH_DSA_128"`, `"SLH_DSA_128"`},
		{"known key that nobody verifies", `"PKIX_ED25519"`, `"ML_DSA_65"`, "ML_DSA_65"},
		{"number of the future", `"PKIX_ED25519"`, `4711`, "4711"},
		{"hash of the future", `"SHA2_256"`, `"BLAKE9"`, `"BLAKE9"`},
		{"another hash", `"SHA2_256"`, `"SHA2_512"`, "SHA2_512"},
		{"no hash", `"hashAlgorithm":"SHA2_256",`, ``, "UNSPECIFIED"},
	}
	for _, tt := range tests {
		got, err := Parse(replace(t, string(b), tt.old, tt.new))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		u := got.Ignored()
		if len(u) != 1 || u[0].Kind != KindLog || u[0].Index != 0 || u[0].ID != r.Logs()[0].ID().String() || !strings.Contains(u[0].Reason.Error(), tt.reason) {
			t.Errorf("%s: unusable %v", tt.name, u)
		}
		if len(got.Logs()) != 1 || got.Logs()[0].ID() != r.Logs()[1].ID() || len(got.CTLogs()) != 1 {
			t.Errorf("%s: the other logs did not load", tt.name)
		}
		// What has a number is written back, what has only a name is not.
		want := 2
		if strings.Contains(tt.reason, `"`) {
			want = 1
		}
		if n := len(got.Proto().GetTlogs()); n != want {
			t.Errorf("%s: %d logs written back, want %d", tt.name, n, want)
		}
		again, err := FromProto(got.Proto())
		if err != nil || len(again.Logs()) != 1 {
			t.Errorf("%s: written back: %v", tt.name, err)
		}
	}
}

// A key that a CT log cannot have is known to ctlog only.
func TestUnusableCTLog(t *testing.T) {
	c := logConfig(t, "ct", at(0), at(5))
	c.Algorithm = 8 // PKIX_ED25519_PH
	r := mustNew(t, Config{CTLogs: []LogConfig{c}})
	if len(r.CTLogs()) != 0 || len(r.Ignored()) != 1 || r.Ignored()[0].Kind != KindCTLog {
		t.Errorf("%d CT logs, unusable %v", len(r.CTLogs()), r.Ignored())
	}
}

func TestDuplicates(t *testing.T) {
	id := [32]byte{1}
	with := func(name string, start, end time.Time) LogConfig {
		c := logConfig(t, "x", start, end)
		c.Key, c.ID = spkiOf(t, name), id
		return c
	}
	r := mustNew(t, Config{
		Logs:   []LogConfig{with("a", at(0), at(1)), logConfig(t, "other", at(0), at(1)), with("a", at(2), time.Time{})},
		CTLogs: []LogConfig{with("a", at(5), time.Time{}), with("a", at(0), at(1))},
	})
	l := r.Log(tlog.ID(id))
	if len(r.Logs()) != 2 || l != r.Logs()[0] || len(l.Windows()) != 2 || !l.ValidAt(at(1)) || l.ValidAt(at(1).Add(1)) || !l.ValidAt(at(9)) {
		t.Errorf("logs %v", l.Windows())
	}
	if c := r.CTLog(ctlog.ID(id)); len(r.CTLogs()) != 1 || len(c.Windows()) != 2 {
		t.Error("CT logs")
	}
	if n := len(r.Proto().GetTlogs()); n != 3 {
		t.Errorf("%d instances written back, want 3", n)
	}
	for name, second := range map[string]LogConfig{
		"another key":   with("b", at(2), at(3)),
		"windows touch": with("a", at(1), at(2)),
		"window inside": with("a", at(0), time.Time{}),
	} {
		_, err := New(Config{Logs: []LogConfig{with("a", at(0), at(1)), second}})
		wantCode(t, name, err, codeDuplicate)
		_, err = New(Config{CTLogs: []LogConfig{with("a", at(0), at(1)), second}})
		wantCode(t, name, err, codeDuplicate)
	}
	// The same log twice is that log, and so is its key under another URL.
	moved := with("a", at(0), at(3))
	moved.BaseURL = "https://elsewhere.example/shard"
	for name, second := range map[string]LogConfig{"same": with("a", at(0), at(1)), "shard": moved} {
		r := mustNew(t, Config{Logs: []LogConfig{with("a", at(0), at(1)), second}, CTLogs: []LogConfig{second, with("a", at(0), at(1))}})
		if len(r.Logs()) != 1 || len(r.CTLogs()) != 1 || len(r.Proto().GetTlogs()) != 2 || r.Logs()[0].ValidAt(at(2)) != (name == "shard") {
			t.Errorf("%s: %d logs", name, len(r.Logs()))
		}
	}
	// A checkpoint key ID holds for all instances, whichever of them names it.
	for i := range 2 {
		list := []LogConfig{with("a", at(0), at(1)), with("a", at(2), at(3))}
		list[i].CheckpointKeyID = []byte("none")
		_, err := New(Config{Logs: list})
		wantCode(t, "a wrong checkpoint key ID", err, codeKey)
	}
	one, two := with("a", at(0), at(1)), with("a", at(2), at(3))
	one.CheckpointKeyID, two.CheckpointKeyID = []byte("one."), []byte("two.")
	_, err := New(Config{Logs: []LogConfig{one, two}})
	wantCode(t, "another checkpoint key ID", err, codeDuplicate)
}

// A log may move and get an operator while it keeps its key: what the newest
// instance says is what counts, in whatever order they stand.
func TestMoved(t *testing.T) {
	before, after, silent := logConfig(t, "a", at(0), at(1)), logConfig(t, "a", at(2), at(3)), logConfig(t, "a", at(4), time.Time{})
	before.BaseURL, after.BaseURL, silent.BaseURL = "https://old.example", "https://new.example", ""
	after.Operator = "operator.example"
	id := mustNew(t, Config{Logs: []LogConfig{before}}).Logs()[0].CheckpointKeyID()
	after.CheckpointKeyID = id[:] // the others name none
	for _, list := range [][]LogConfig{{before, after, silent}, {silent, after, before}, {after, before, silent}} {
		r, err := New(Config{Logs: list, CTLogs: list})
		if err != nil {
			t.Fatal(err)
		}
		if l := r.Logs()[0]; len(r.Logs()) != 1 || l.BaseURL() != after.BaseURL || l.Operator() != after.Operator || len(l.Windows()) != 3 {
			t.Errorf("%q %q %v", l.BaseURL(), l.Operator(), l.Windows())
		}
		if l := r.CTLogs()[0]; len(r.CTLogs()) != 1 || l.BaseURL() != after.BaseURL || l.Operator() != after.Operator {
			t.Errorf("%q %q", l.BaseURL(), l.Operator())
		}
	}
}

// A log that is invalid is one of its ID all the same.
func TestDuplicateOfAnUnknownKind(t *testing.T) {
	base := text(t)
	_, log, _ := strings.Cut(strings.TrimSuffix(base, "]}"), `"tlogs":[`)
	for _, x := range []struct{ old, new string }{{`"PKIX_ED25519"`, `"SLH_DSA_128"`}, {`"PKIX_ED25519"`, `21`}, {`"SHA2_256"`, `"SHA2_512"`}} {
		other := strings.Replace(log, x.old, x.new, 1)
		if other == log {
			t.Fatalf("no %s in %s", x.old, log)
		}
		for _, both := range []string{log + "," + other, other + "," + log} {
			_, err := Parse([]byte(`{"mediaType":"` + MediaTypeV01 + `","tlogs":[` + both + `]}`))
			wantCode(t, x.new, err, codeDuplicate)
		}
	}
}

func TestZeroRoot(t *testing.T) {
	r := new(Root)
	if r.Log(tlog.ID{}) != nil || r.CTLog(ctlog.ID{}) != nil {
		t.Error("the zero root knows a log")
	}
	p := ordinary(t)
	_, err := r.Chains(p.leaf, nil, at(10))
	wantCode(t, "zero root", err, codeUntrusted)
	if fmt.Sprint(r.Ignored(), r.CertificateAuthorities(), r.TimestampAuthorities()) != "[] [] []" {
		t.Error("the zero root holds something")
	}
}
