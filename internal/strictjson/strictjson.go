// SPDX-License-Identifier: Apache-2.0

// Package strictjson reads JSON the one way in which evidence may be read.
//
// Two parsers that see different values in the same bytes are the root of a
// whole class of forgeries, so this one has no latitude: input is valid UTF-8
// (lone surrogate escapes included), keys are compared byte for byte, a key
// that occurs twice in an object is an error at every depth, nesting is
// bounded, and nothing may follow the value. encoding/json does none of that:
// it folds the case of keys and lets the last duplicate win.
//
// Decoding is by hand: the caller walks the document with one method per
// expected value. No reflection is involved, and nothing is allocated for a
// value that is skipped.
package strictjson

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth bounds nesting. Protobuf's own readers of JSON stop at 100 in most
// languages; no evidence comes near it.
const MaxDepth = 100

// Decoder walks one JSON document. It is not safe for concurrent use. After
// an error every further call returns the same error.
type Decoder struct {
	data  []byte
	pos   int
	depth int
	err   error
}

// SyntaxError says where a document stopped making sense.
type SyntaxError struct {
	Offset int // bytes from the start of the document
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.Offset, e.Msg)
}

// NewDecoder returns a decoder for data, which must stay unchanged while the
// decoder is in use.
func NewDecoder(data []byte) *Decoder {
	d := &Decoder{data: data}
	if err := CheckEncoding(data); err != nil {
		d.fail("%v", err)
	} else if !utf8.Valid(data) {
		d.fail("invalid UTF-8")
	}
	return d
}

func (d *Decoder) fail(format string, args ...any) error {
	if d.err == nil {
		d.err = &SyntaxError{d.pos, fmt.Sprintf(format, args...)}
	}
	return d.err
}

// next skips white space and returns the first byte of the next token
// without consuming it, 0 at the end of the document or after an error.
func (d *Decoder) next() byte {
	if d.err != nil {
		return 0
	}
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

func (d *Decoder) expect(c byte, what string) error {
	if got := d.next(); d.err != nil {
		return d.err
	} else if got != c {
		if d.pos >= len(d.data) {
			return d.fail("unexpected end, want %s", what)
		}
		return d.fail("unexpected %q, want %s", got, what)
	}
	d.pos++
	return nil
}

// End returns an error unless the document has been read to its end.
func (d *Decoder) End() error {
	d.next()
	if d.err == nil && d.pos < len(d.data) {
		d.fail("data after the end of the document")
	}
	return d.err
}

// Null consumes a null and reports whether there was one.
func (d *Decoder) Null() bool {
	if d.next() == 'n' && d.literal("null") {
		return true
	}
	return false
}

func (d *Decoder) literal(word string) bool {
	if len(d.data)-d.pos >= len(word) && string(d.data[d.pos:d.pos+len(word)]) == word {
		d.pos += len(word)
		return true
	}
	return false
}

// Object reads an object and calls member for each of its keys in turn;
// member must consume the value. The key is valid during the call only.
func (d *Decoder) Object(member func(key string) error) error {
	if err := d.enter('{', "an object"); err != nil {
		return err
	}
	defer func() { d.depth-- }()
	if d.next() == '}' {
		d.pos++
		return nil
	}
	var seen keySet
	for {
		if d.next() != '"' {
			return d.fail("want a key")
		}
		key, err := d.text()
		if err != nil {
			return err
		}
		if !seen.add(key) {
			return d.fail("key %q occurs twice", clip(key))
		}
		if err := d.expect(':', "a colon"); err != nil {
			return err
		}
		if err := member(key); err != nil {
			if d.err == nil {
				d.err = err
			}
			return err
		}
		if d.err != nil {
			return d.err
		}
		switch d.next() {
		case ',':
			d.pos++
		case '}':
			d.pos++
			return nil
		default:
			return d.fail("want a comma or the end of an object")
		}
	}
}

// Array reads an array and calls element for each index; element must
// consume the value. More than most elements are refused before the first
// one beyond it is read.
func (d *Decoder) Array(most int, element func(i int) error) error {
	if err := d.enter('[', "an array"); err != nil {
		return err
	}
	defer func() { d.depth-- }()
	if d.next() == ']' {
		d.pos++
		return nil
	}
	for i := 0; ; i++ {
		if i == most {
			d.err = &LimitError{Offset: d.pos, Most: most}
			return d.err
		}
		if err := element(i); err != nil {
			if d.err == nil {
				d.err = err
			}
			return err
		}
		if d.err != nil {
			return d.err
		}
		switch d.next() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			return nil
		default:
			return d.fail("want a comma or the end of an array")
		}
	}
}

// LimitError says that an array has more elements than its reader accepts.
type LimitError struct {
	Offset, Most int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("at byte %d: more than %d elements", e.Offset, e.Most)
}

// IsLimit reports whether err is, or wraps, a LimitError.
func IsLimit(err error) bool {
	var l *LimitError
	return errors.As(err, &l)
}

func (d *Decoder) enter(c byte, what string) error {
	if err := d.expect(c, what); err != nil {
		return err
	}
	if d.depth++; d.depth > MaxDepth {
		return d.fail("nested deeper than %d", MaxDepth)
	}
	return nil
}

// Bool reads true or false.
func (d *Decoder) Bool() (bool, error) {
	switch c := d.next(); {
	case c == 't' && d.literal("true"):
		return true, nil
	case c == 'f' && d.literal("false"):
		return false, nil
	}
	return false, d.fail("want true or false")
}

// Raw reads any value and returns its text, which shares memory with the
// document. The value is checked as strictly as any other.
func (d *Decoder) Raw() ([]byte, error) {
	d.next()
	start := d.pos
	if err := d.Skip(); err != nil {
		return nil, err
	}
	return d.data[start:d.pos:d.pos], nil
}

// Skip reads any value and drops it, checking it as strictly as any other.
func (d *Decoder) Skip() error {
	switch c := d.next(); {
	case d.err != nil:
		return d.err
	case c == '{':
		return d.Object(func(string) error { return d.Skip() })
	case c == '[':
		return d.Array(-1, func(int) error { return d.Skip() })
	case c == '"':
		_, err := d.text()
		return err
	case c == 't' || c == 'f':
		_, err := d.Bool()
		return err
	case c == 'n':
		if !d.Null() {
			return d.fail("want a value")
		}
		return nil
	case c == '-' || c >= '0' && c <= '9':
		_, err := d.Number()
		return err
	}
	return d.fail("want a value")
}

// Kind returns the first byte of the next value without consuming it: one of
// { [ " t f n - 0…9, or 0 if the document has ended or is malformed.
func (d *Decoder) Kind() byte { return d.next() }

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
