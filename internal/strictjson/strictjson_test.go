// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// skip reads data as one value of any kind.
func skip(data []byte) error {
	d := NewDecoder(data)
	if err := d.Skip(); err != nil {
		return err
	}
	return d.End()
}

var valid = []string{
	`null`, `true`, `false`, `0`, `-0`, `12`, `-1.5e+10`, `0.5E-3`, `""`, `"a"`, `{}`, `[]`,
	` { "a" : [ 1 , { "b" : null } ] , "" : "" } `, "\t\r\n1\n",
	`"\" \\ \/ \b \f \n \r \t \u0041 \ud83d\ude00 \uFFFD"`, `"é 😀 \u007f"`,
	`{"a":1,"A":2}`, // keys are compared byte for byte
	`{"a":{"a":1},"b":{"a":1}}`,
	`9`, `1e5`, `[9e9]`, `" "`, `"a b"`, `"\n "`,
	strings.Repeat("[", 100) + strings.Repeat("]", 100),
}

// invalidEverywhere is what encoding/json refuses too.
var invalidEverywhere = []string{
	``, ` `, `nul`, `nulll`, `True`, `tru`, `falsey`, `01`, `+1`, `-`, `1.`, `.5`, `1e`, `1e+`, `0x10`, `1_0`, `NaN`,
	`"`, `"a`, `"\"`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\u+123"`, "\"\n\"", "\"\x00\"", "\x00", "1\x00",
	`{`, `{]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `{"a":1]`, `{"a"=1}`, `{null:1}`,
	`[`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `1 2`, `{} {}`, `[]]`, `// x`, `1 // x`, "\ufeff{}", "\v1", "\u00a01",
	`{xa":1}`, `{1a":1}`, `1ex5`, "\"\x1f\"", "\"\\n\x01\"", "\"\\n\x1f\"", "\"1234567\x1f\"",
}

// invalidHere is what encoding/json lets pass, and why we do not.
var invalidHere = []struct{ why, text string }{
	{"key twice", `{"a":1,"a":1}`},
	{"key twice below", `[{"x":{"a":1,"b":2,"a":3}}]`},
	{"key twice by escape", `{"a":1,"\u0061":2}`},
	{"empty key twice", `{"":1,"":1}`},
	{"invalid UTF-8", "\"\xff\""},
	{"overlong UTF-8", "\"\xc0\x80\""},
	{"surrogate in UTF-8", "\"\xed\xa0\x80\""},
	{"invalid UTF-8 in a key", "{\"\xff\":1}"},
	{"lone high surrogate", `"\ud83d"`},
	{"lone high surrogate before text", `"\ud83dx"`},
	{"lone low surrogate", `"\ude00"`},
	{"two high surrogates", `"\ud83d\ud83d"`},
	{"surrogates swapped", `"\ude00\ud83d"`},
	{"high surrogate before another escape", `"\ud83d\n"`},
	{"high surrogate before bare digits", `"\ud83dde00"`},
	{"nested too deep", strings.Repeat("[", 101) + strings.Repeat("]", 101)},
}

func TestSkip(t *testing.T) {
	for _, s := range valid {
		if err := skip([]byte(s)); err != nil {
			t.Errorf("%.60q: %v", s, err)
		}
		if !json.Valid([]byte(s)) {
			t.Errorf("%.60q: encoding/json refuses it", s)
		}
	}
	for _, s := range invalidEverywhere {
		if skip([]byte(s)) == nil {
			t.Errorf("%.60q accepted", s)
		}
		if json.Valid([]byte(s)) {
			t.Errorf("%.60q belongs to the other list: encoding/json accepts it", s)
		}
	}
	for _, c := range invalidHere {
		if skip([]byte(c.text)) == nil {
			t.Errorf("%s: %.60q accepted", c.why, c.text)
		}
		if !json.Valid([]byte(c.text)) {
			t.Errorf("%s: encoding/json refuses it as well", c.why)
		}
	}
}

// Every prefix of a document is refused, and none panics.
func TestTruncated(t *testing.T) {
	const doc = `{"a":[1.5e+3,"x\ud83d\ude00\n",true,false,null,{"b":-0}],"c":""}`
	for i := range len(doc) {
		if skip(slices.Clip([]byte(doc[:i]))) == nil {
			t.Errorf("%q accepted", doc[:i])
		}
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	const n = 1000 // far beyond what keySet searches linearly
	for i := range n {
		b.WriteString(`"k` + strconv.Itoa(i) + `":0,`)
	}
	if err := skip([]byte("{" + b.String() + `"x":0}`)); err != nil {
		t.Error(err)
	}
	for _, again := range []int{0, 11, 12, 13, n - 1} {
		if skip([]byte("{"+b.String()+`"k`+strconv.Itoa(again)+`":0}`)) == nil {
			t.Errorf("k%d accepted twice", again)
		}
	}
}

func TestString(t *testing.T) {
	data := []byte(`"\" \\ \/ \b\f\n\r\t \u00e9 \ud83d\ude00"`)
	s, err := NewDecoder(data).String()
	if want := "\" \\ / \b\f\n\r\t é 😀"; err != nil || s != want {
		t.Errorf("got %q, %v, want %q", s, err, want)
	}
	plain := []byte(`"abc"`)
	s, _ = NewDecoder(plain).String()
	copy(plain, `"xyz"`)
	if s != "abc" {
		t.Errorf("string shares memory with the document: %q", s)
	}
}

func TestArrayLimit(t *testing.T) {
	read := 0
	d := NewDecoder([]byte(`[1,2,3,4]`))
	err := d.Array(3, func(int) error { read++; return d.Skip() })
	if !IsLimit(err) || read != 3 {
		t.Errorf("read %d elements: %v", read, err)
	}
	d = NewDecoder([]byte(`[1,2,3]`))
	if err := d.Array(3, func(int) error { return d.Skip() }); err != nil {
		t.Error(err)
	}
	d = NewDecoder([]byte(`[1]`))
	if err := d.Array(0, func(int) error { return d.Skip() }); !IsLimit(err) {
		t.Errorf("limit 0: %v", err)
	}
	if IsLimit(skip([]byte(`[`))) {
		t.Error("a syntax error is a limit error")
	}
}

func TestRaw(t *testing.T) {
	d := NewDecoder([]byte(`[ {"b" : 1.0, "a":[ ]} , 2]`))
	var raw []string
	err := d.Array(-1, func(int) error {
		b, err := d.Raw()
		if cap(b) != len(b) {
			t.Error("appending to a raw value would write into the document")
		}
		raw = append(raw, string(b))
		return err
	})
	if err != nil || len(raw) != 2 || raw[0] != `{"b" : 1.0, "a":[ ]}` || raw[1] != "2" {
		t.Errorf("got %q, %v", raw, err)
	}
	if _, err := NewDecoder([]byte(`{"a":1,"a":2}`)).Raw(); err == nil {
		t.Error("raw value with a key given twice accepted")
	}
}

// An error is final: no later call makes sense of the rest.
func TestErrorStays(t *testing.T) {
	d := NewDecoder([]byte(`x true`))
	first := d.Skip()
	if first == nil {
		t.Fatal("accepted")
	}
	_, errBool := d.Bool()
	_, errText := d.String()
	_, errInt := d.Int64()
	_, errRaw := d.Raw()
	_, errBytes := d.Bytes()
	for _, err := range []error{
		errBool, errText, errInt, errRaw, errBytes, d.End(),
		d.Object(func(string) error { return nil }), d.Array(1, func(int) error { return nil }),
	} {
		if err != first {
			t.Errorf("got %v, want %v", err, first)
		}
	}
	if d.Null() || d.Kind() != 0 {
		t.Error("a token after an error")
	}
}

func TestBool(t *testing.T) {
	for text, want := range map[string]bool{"true": true, " false": false} {
		if got, err := NewDecoder([]byte(text)).Bool(); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`"true"`, `1`, `tru`, `null`} {
		if _, err := NewDecoder([]byte(text)).Bool(); err == nil {
			t.Errorf("%q accepted", text)
		}
	}
}

// FuzzSkip holds values and strings against encoding/json.
func FuzzSkip(f *testing.F) {
	for _, s := range valid {
		f.Add([]byte(s))
	}
	for _, c := range invalidHere {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if skip(data) != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q accepted, encoding/json refuses it", data)
		}
		raw, err := NewDecoder(data).Raw()
		if err != nil || !bytes.Equal(raw, bytes.Trim(data, " \t\r\n")) {
			t.Fatalf("raw value %q of %q: %v", raw, data, err)
		}
		var want string
		if got, err := NewDecoder(data).String(); err == nil {
			if err := json.Unmarshal(data, &want); err != nil || got != want {
				t.Fatalf("string %q, encoding/json reads %q, %v", got, want, err)
			}
		}
	})
}
