// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// What the changes of conformance/internal/weaken showed to be held by no other
// test of this package.

func TestMessage(t *testing.T) {
	for _, c := range []struct {
		text, want string // what is read, in order
		err        string // part of the refusal, "" for none
	}{
		{`{}`, "", ""},
		{`{"one":"1","twoWords":"2","three":"3"}`, "1 2 3", ""},
		{`{"three":"3","two_words":"2","one":"1"}`, "3 2 1", ""},
		{`{"one":null,"twoWords":null,"three":"3"}`, "3", ""},
		{`{"":"x","One":"x","two":{"one":"x"},"three":"3"}`, "3", ""},
		{`{"twoWords":"2","two_words":"2"}`, "", "two spellings"},
		{`{"two_words":null,"twoWords":"2"}`, "", "two spellings"},
		{`{"one":"1","one":"1"}`, "", "occurs twice"},
		{`{"one":1}`, "", "one: "},
		{`{"two_words":1}`, "", "twoWords: "},
		{`[]`, "", "an object"},
	} {
		d := NewDecoder([]byte(c.text))
		var got []string
		read := func() error {
			s, err := d.String()
			got = append(got, s)
			return err
		}
		err := d.Message(NewField("one", "", read), NewField("twoWords", "two_words", read), NewField("three", "", read))
		if c.err == "" {
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s: read %q, %v", c.text, got, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.text, err, c.err)
		}
	}
}

// What is wrong with a value must be known at once, not only at the end.
func TestWrongValue(t *testing.T) {
	for name, read := range map[string]func(*Decoder) error{
		"String": func(d *Decoder) error { _, err := d.String(); return err },
		"Bytes":  func(d *Decoder) error { _, err := d.Bytes(); return err },
		"Skip":   func(d *Decoder) error { return d.Skip() },
		"Raw":    func(d *Decoder) error { _, err := d.Raw(); return err },
	} {
		for _, text := range []string{"", "xAAAA\"", "\"AAAA", `"\u12g4"`, `"\ud83d"`, "\"AA\nAA\"", "nul", "nulx", "tru", "-"} {
			if read(NewDecoder(slices.Clip([]byte(text)))) == nil {
				t.Errorf("%s reads %q", name, text)
			}
		}
	}
	if k := NewDecoder([]byte(" ")).Kind(); k != 0 {
		t.Errorf("kind %q of nothing", k)
	}
}

// An error of the caller ends the document, as one of the decoder's own does,
// and what the caller says about the decoder's own error does not replace it.
func TestErrorOfTheCaller(t *testing.T) {
	mine := errors.New("mine")
	for name, walk := range map[string]func(*Decoder, func() error) error{
		"Object": func(d *Decoder, f func() error) error { return d.Object(func(string) error { return f() }) },
		"Array":  func(d *Decoder, f func() error) error { return d.Array(9, func(int) error { return f() }) },
	} {
		doc := map[string]string{"Object": `{"a":1,"b":2}`, "Array": `[1,2]`}[name]
		d := NewDecoder([]byte(doc))
		calls := 0
		err := walk(d, func() error {
			calls++
			d.Skip()
			return mine
		})
		if err != mine || d.End() != mine || calls != 1 {
			t.Errorf("%s: %v after %d calls, then %v", name, err, calls, d.End())
		}

		d = NewDecoder([]byte(doc))
		var own error
		err = walk(d, func() error {
			_, own = d.Bool()
			return mine
		})
		if err != mine || own == nil || d.End() != own {
			t.Errorf("%s: %v, then %v, want %v", name, err, d.End(), own)
		}
	}
}

// One character decides the alphabet, wherever it stands, and a line break is
// refused in the first place as in any other.
func TestBase64Places(t *testing.T) {
	for text, want := range map[string]string{
		"-AAA": "\xf8\x00\x00", "_AAA": "\xfc\x00\x00", "AAA-": "\x00\x00\x3e", "AAA_": "\x00\x00\x3f",
		"+AAA": "\xf8\x00\x00", "/AAA": "\xfc\x00\x00", "AAA+": "\x00\x00\x3e", "AAA/": "\x00\x00\x3f",
	} {
		if got, err := Base64(text); err != nil || string(got) != want {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
	for _, text := range []string{"\nAAA", "\rAAA", "\nAAAA", "\rAAAA", "AAAA\n", "AAAA\r", "A\n", "+_AA", "-/AA"} {
		if got, err := Base64(text); err == nil {
			t.Errorf("%q accepted as %x", text, got)
		}
	}
}
