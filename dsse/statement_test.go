// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const hash = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"

// good is a statement that uses everything; the tests below change one thing
// in it at a time.
const good = `{"_type":"https://in-toto.io/Statement/v1",` +
	`"subject":[{"name":"a","digest":{"sha256":"` + hash + `","gitCommit":"AB"}},{"digest":{"x":"not hex"}}],` +
	`"predicateType":"https://slsa.dev/provenance/v1","predicate":{ "n" : 1.0, "m":[ ]}}`

func TestParseStatement(t *testing.T) {
	s, err := ParseStatement([]byte(good), 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Type != StatementV1 || s.TypeFromProtoName || s.PredicateType != "https://slsa.dev/provenance/v1" || len(s.Subjects) != 2 {
		t.Errorf("got %+v", s)
	}
	if want := `{ "n" : 1.0, "m":[ ]}`; string(s.Predicate) != want {
		t.Errorf("predicate %q, want %q", s.Predicate, want)
	}
	got := fmt.Sprintf("%q", s.Subjects)
	want := fmt.Sprintf("%q", []Subject{
		{"a", []Digest{{"sha256", hash, decode(hash)}, {"gitCommit", "AB", []byte{0xab}}}},
		{"", []Digest{{"x", "not hex", nil}}},
	})
	if got != want {
		t.Errorf("subjects\n%s, want\n%s", got, want)
	}
}

func decode(s string) []byte {
	b := make([]byte, len(s)/2)
	fmt.Sscanf(s, "%x", &b)
	return b
}

func TestStatementAccepted(t *testing.T) {
	for why, change := range map[string][2]string{
		"unknown member":                {`{"_type"`, `{"x":[{"y":null}],"_type"`},
		"unknown member of a subject":   {`{"name":"a"`, `{"uri":1,"annotations":{},"name":"a"`},
		"member in another case":        {`{"_type"`, `{"Subject":[],"Predicate":1,"_type"`},
		"name is null":                  {`"name":"a"`, `"name":null`},
		"predicate is null":             {`{ "n" : 1.0, "m":[ ]}`, `null`},
		"predicate absent":              {`,"predicate":{ "n" : 1.0, "m":[ ]}`, ``},
		"predicate type absent":         {`"predicateType":"https://slsa.dev/provenance/v1",`, ``},
		"predicate type null":           {`"https://slsa.dev/provenance/v1"`, `null`},
		"predicate type empty":          {`"https://slsa.dev/provenance/v1"`, `""`},
		"type under its proto name":     {`"_type"`, `"type"`},
		"number beyond floating point":  {`1.0`, `1e999`},
		"the same digest twice":         {`{"digest":{"x":"not hex"}}`, `{"name":"a","digest":{"sha256":"` + hash + `"}}`},
		"empty digest text":             {`"not hex"`, `""`},
		"odd number of digits":          {`"not hex"`, `"abc"`},
		"white space around everything": {good, " \n" + good + "\r\n\t"},
	} {
		text := replace(t, good, change)
		s, err := ParseStatement([]byte(text), 0)
		if err != nil {
			t.Errorf("%s: %v", why, err)
			continue
		}
		if want := strings.Contains(text, `"type"`); s.TypeFromProtoName != want {
			t.Errorf("%s: TypeFromProtoName is %v", why, s.TypeFromProtoName)
		}
		last := s.Subjects[1].Digests[0]
		if last.Algorithm == "x" && last.Value != nil {
			t.Errorf("%s: digest %q has the value %x", why, last.Hex, last.Value)
		}
	}
	s, err := ParseStatement([]byte(strings.Replace(good, `{ "n" : 1.0, "m":[ ]}`, `null`, 1)), 0)
	if err != nil || string(s.Predicate) != "null" {
		t.Errorf("null predicate: %q, %v", s.Predicate, err)
	}
	s, err = ParseStatement([]byte(strings.Replace(good, `,"predicate":{ "n" : 1.0, "m":[ ]}`, ``, 1)), 0)
	if err != nil || s.Predicate != nil {
		t.Errorf("absent predicate: %q, %v", s.Predicate, err)
	}
}

// A predicate may be any JSON value, in statements of both versions. Its bytes
// are kept, and the protobuf message takes none but objects.
func TestPredicateKinds(t *testing.T) {
	for _, c := range []struct{ text, kind, proto string }{
		{`{ "n" : 1.0 }`, "object", ""},
		{`null`, "null", ""},
		{`"SPDXVersion: SPDX-2.2\n"`, "string", "a JSON string"},
		{`""`, "string", "a JSON string"},
		{`[ 1, {"a":2} ]`, "array", "a JSON array"},
		{`-1.50`, "number", "a JSON number"},
		{`0`, "number", "a JSON number"},
		{`true`, "boolean", "a JSON boolean"},
		{`false`, "boolean", "a JSON boolean"},
	} {
		for _, version := range []string{StatementV1, StatementV01} {
			text := replace(t, good, [2]string{`{ "n" : 1.0, "m":[ ]}`, c.text})
			text = replace(t, text, [2]string{StatementV1, version})
			text = replace(t, text, [2]string{`{"digest":{"x"`, `{"name":"b","digest":{"x"`})
			s, err := ParseStatement([]byte(text), 0)
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
				continue
			}
			if string(s.Predicate) != c.text || s.PredicateKind() != c.kind {
				t.Errorf("predicate %q of kind %q, want %q of kind %q", s.Predicate, s.PredicateKind(), c.text, c.kind)
			}
			m, err := s.Proto()
			if c.proto == "" && err != nil {
				t.Errorf("%s: Proto: %v", c.text, err)
			}
			if c.proto != "" && (m != nil || refuse.CodeOf(err) != "statement.malformed" || !strings.Contains(err.Error(), c.proto+", want an object")) {
				t.Errorf("%s: Proto: %v, %v", c.text, m, err)
			}
		}
	}
	if kind := new(Statement).PredicateKind(); kind != "" {
		t.Errorf("the kind of no predicate is %q", kind)
	}
}

// Messages say once what they are about.
func TestStatementMessages(t *testing.T) {
	for _, text := range []string{
		``, `[]`, `{}`, good + `{}`, `{"subject":[],"_type":"x"}`, `{"_type":"x"}`, `{"_type":"x","type":"x"}`, `{"_type":"` + StatementV1 + `"}`,
		`{"_type":"` + StatementV1 + `","subject":[{}]}`, `{"_type":"` + StatementV1 + `","subject":[{},{}]}`,
	} {
		_, err := ParseStatement([]byte(text), 1)
		if err == nil || !strings.HasPrefix(err.Error(), "statement: ") || strings.Count(err.Error(), "statement") != 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestStatementV01(t *testing.T) {
	v01 := strings.Replace(good, "v1", "v0.1", 1)
	if _, err := ParseStatement([]byte(v01), 0); refuse.CodeOf(err) != "statement.subjects" {
		t.Errorf("subject without a name: %v", err)
	}
	v01 = strings.Replace(v01, `{"digest"`, `{"name":"_","digest"`, 1)
	s, err := ParseStatement([]byte(v01), 0)
	if err != nil || s.Type != StatementV01 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestStatementRefused(t *testing.T) {
	for why, c := range map[string]struct {
		old, new string
		code     refuse.Code
	}{
		"empty":                       {good, ``, "statement.malformed"},
		"null":                        {good, `null`, "statement.malformed"},
		"array":                       {good, `[]`, "statement.malformed"},
		"truncated":                   {`[ ]}}`, `[ ]}`, "statement.malformed"},
		"trailing data":               {`[ ]}}`, `[ ]}}{}`, "statement.malformed"},
		"invalid UTF-8":               {`"name":"a"`, "\"name\":\"\xff\"", "statement.malformed"},
		"predicate is no value":       {`{ "n" : 1.0, "m":[ ]}`, `SPDXVersion`, "statement.malformed"},
		"predicate is half a string":  {`{ "n" : 1.0, "m":[ ]}}`, `"{}}`, "statement.malformed"},
		"predicate is two values":     {`{ "n" : 1.0, "m":[ ]}`, `"a" "b"`, "statement.malformed"},
		"predicate is not UTF-8":      {`{ "n" : 1.0, "m":[ ]}`, "\"\xff\"", "statement.malformed"},
		"twice in an array":           {`{ "n" : 1.0, "m":[ ]}`, `[{"a":1,"a":2}]`, "statement.malformed"},
		"predicate starts like null":  {`{ "n" : 1.0, "m":[ ]}`, `nul`, "statement.malformed"},
		"member twice":                {`{"_type"`, `{"predicateType":"x","_type"`, "statement.malformed"},
		"unknown member twice":        {`{"_type"`, `{"x":1,"x":1,"_type"`, "statement.malformed"},
		"subject twice":               {`{"_type"`, `{"subject":[],"_type"`, "statement.malformed"},
		"name twice":                  {`"name":"a"`, `"name":"a","name":"a"`, "statement.malformed"},
		"digest twice":                {`"name":"a"`, `"name":"a","digest":{}`, "statement.malformed"},
		"digest algorithm twice":      {`"gitCommit":"AB"`, `"sha256":"AB"`, "statement.malformed"},
		"twice deep in the predicate": {`[ ]`, `[{"a":[{"b":1,"b":1}]}]`, "statement.malformed"},
		"twice by an escape":          {`"gitCommit":"AB"`, `"sha\u003256":"AB"`, "statement.malformed"},
		"predicate type is a number":  {`"https://slsa.dev/provenance/v1"`, `1`, "statement.malformed"},
		"subject is an object":        {`"subject":[`, `"subject":{},"x":[`, "statement.malformed"},
		"subject is null":             {`"subject":[`, `"subject":null,"x":[`, "statement.malformed"},
		"subject element is null":     {`{"digest":{"x":"not hex"}}`, `null`, "statement.malformed"},
		"subject element is a string": {`{"digest":{"x":"not hex"}}`, `"a"`, "statement.malformed"},
		"name is a number":            {`"name":"a"`, `"name":1`, "statement.malformed"},
		"digest is a string":          {`{"x":"not hex"}`, `"x"`, "statement.malformed"},
		"digest value is a number":    {`"not hex"`, `1`, "statement.malformed"},
		"digest value is null":        {`"not hex"`, `null`, "statement.malformed"},
		"both type members":           {`{"_type"`, `{"type":"https://in-toto.io/Statement/v1","_type"`, "statement.type"},
		"both, the second unknown":    {`{"_type"`, `{"type":"","_type"`, "statement.type"},
		"no type member":              {`"_type"`, `"Type"`, "statement.type"},
		"type is null":                {`"https://in-toto.io/Statement/v1"`, `null`, "statement.malformed"},
		"type empty":                  {`"https://in-toto.io/Statement/v1"`, `""`, "statement.type"},
		"type of the future":          {`"https://in-toto.io/Statement/v1"`, `"https://in-toto.io/Statement/v2"`, "statement.type"},
		"type with http":              {`"https://in-toto.io/Statement/v1"`, `"http://in-toto.io/Statement/v1"`, "statement.type"},
		"type in another case":        {`"https://in-toto.io/Statement/v1"`, `"https://in-toto.io/statement/v1"`, "statement.type"},
		"type with a slash":           {`"https://in-toto.io/Statement/v1"`, `"https://in-toto.io/Statement/v1/"`, "statement.type"},
		"no subject member":           {`"subject"`, `"Subject"`, "statement.subjects"},
		"no subjects":                 {`"subject":[`, `"subject":[],"x":[`, "statement.subjects"},
		"no digest member":            {`{"digest":{"x":"not hex"}}`, `{"name":"b"}`, "statement.subjects"},
		"no digests":                  {`{"x":"not hex"}`, `{}`, "statement.subjects"},
		"digest is null":              {`{"x":"not hex"}`, `null`, "statement.subjects"},
	} {
		text := replace(t, good, [2]string{c.old, c.new})
		s, err := ParseStatement([]byte(text), 0)
		if refuse.CodeOf(err) != c.code {
			t.Errorf("%s: got %v (%s), want %s", why, err, refuse.CodeOf(err), c.code)
		}
		if (err == nil) == (s == nil) {
			t.Errorf("%s: statement %v with error %v", why, s, err)
		}
	}
}

func replace(t *testing.T, text string, change [2]string) string {
	t.Helper()
	if strings.Count(text, change[0]) != 1 {
		t.Fatalf("%q occurs %d times", change[0], strings.Count(text, change[0]))
	}
	return strings.Replace(text, change[0], change[1], 1)
}

func TestStatementLimits(t *testing.T) {
	statement := func(subjects, digests int) []byte {
		var names []string
		for i := range digests {
			names = append(names, fmt.Sprintf(`"a%d":"00"`, i))
		}
		subject := `{"digest":{` + strings.Join(names, ",") + `}}`
		return []byte(`{"_type":"` + StatementV1 + `","subject":[` + strings.Repeat(subject+",", subjects-1) + subject + `]}`)
	}
	for _, c := range []struct {
		subjects, digests, most int
		code                    refuse.Code
	}{
		// Numbers, not the names of the bounds: they are a promise.
		{1024, 1, 0, ""},
		{1025, 1, 0, "statement.limit"},
		{1025, 1, -1, "statement.limit"},
		{1025, 1, 5000, ""},
		{2, 1, 1, "statement.limit"},
		{1, 32, 0, ""},
		{1, 33, 0, "statement.limit"},
	} {
		if _, err := ParseStatement(statement(c.subjects, c.digests), c.most); refuse.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestStatementProto(t *testing.T) {
	s, err := ParseStatement([]byte(good), 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Proto()
	if err != nil {
		t.Fatal(err)
	}
	var want intoto.Statement
	if err := protojson.Unmarshal([]byte(good), &want); err != nil || !proto.Equal(got, &want) {
		t.Errorf("got %v\nwant %v, %v", got, &want, err)
	}

	s.Predicate = []byte("null")
	if m, err := s.Proto(); err != nil || m.Predicate != nil {
		t.Errorf("null predicate: %v, %v", m, err)
	}
	s.Predicate = []byte(`{"n":1e999}`)
	if _, err := s.Proto(); refuse.CodeOf(err) != "statement.malformed" {
		t.Errorf("number beyond floating point: %v", err)
	}
}

// FuzzParseStatement holds a statement against what encoding/json reads.
func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "_type", "type", 1)))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"_","digest":{"a":""}}],"predicate":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatement(data, 0)
		if err != nil {
			if refuse.CodeOf(err) == "" {
				t.Fatalf("refusal without a code: %v", err)
			}
			return
		}
		// encoding/json sees the same where both see something: there are no
		// repeated keys left, but it would fold the case of a struct's.
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &members); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if p := members["predicate"]; string(p) != string(s.Predicate) {
			t.Fatalf("predicate %q, encoding/json %q", s.Predicate, p)
		}
		var subjects []map[string]json.RawMessage
		if err := json.Unmarshal(members["subject"], &subjects); err != nil || len(subjects) != len(s.Subjects) {
			t.Fatalf("%d subjects, encoding/json %d, %v", len(s.Subjects), len(subjects), err)
		}
		for i, sub := range s.Subjects {
			var digests map[string]string
			if err := json.Unmarshal(subjects[i]["digest"], &digests); err != nil || len(digests) != len(sub.Digests) {
				t.Fatalf("%d digests, encoding/json %d, %v", len(sub.Digests), len(digests), err)
			}
			for _, d := range sub.Digests {
				if digests[d.Algorithm] != d.Hex {
					t.Fatalf("digest %q is %q, encoding/json %q", d.Algorithm, d.Hex, digests[d.Algorithm])
				}
			}
		}
	})
}
