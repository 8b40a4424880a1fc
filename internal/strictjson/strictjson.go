// SPDX-License-Identifier: Apache-2.0

// Package strictjson reads JSON the one way in which evidence may be read.
//
// Two parsers that see different values in the same bytes are the root of a
// whole class of forgeries, so this one has no latitude: input is valid UTF-8
// (lone surrogate escapes included), keys are compared byte for byte, a key
// that occurs twice in an object is an error at every depth, nesting is
// bounded, and nothing may follow the value. encoding/json is none of that:
// it folds the case of keys and lets the last duplicate win.
//
// Decoding is by hand: the caller walks the document with one method per
// expected value. No reflection is involved, and nothing is allocated for a
// value that is skipped.
package strictjson

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
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
	if !utf8.Valid(data) {
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
	} else if got != c || d.pos >= len(d.data) {
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

// String reads a string. The result does not share memory with the document.
func (d *Decoder) String() (string, error) {
	if d.next() != '"' {
		return "", d.fail("want a string")
	}
	s, err := d.text()
	if err != nil {
		return "", err
	}
	return string([]byte(s)), nil
}

// text reads a string, which shares memory with the document where it holds
// no escapes. The opening quote is next.
func (d *Decoder) text() (string, error) {
	d.pos++
	start := d.pos
	for len(d.data)-d.pos >= 8 && !special(binary.LittleEndian.Uint64(d.data[d.pos:])) {
		d.pos += 8
	}
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := view(d.data[start:d.pos])
			d.pos++
			return s, nil
		case c == '\\':
			return d.escaped(start)
		case c < 0x20:
			return "", d.fail("control character in a string")
		default:
			d.pos++
		}
	}
	return "", d.fail("string without an end")
}

// special reports whether one of eight bytes ends a plain stretch of a string:
// a quote, a backslash or a control character. Most strings are long base64.
func special(x uint64) bool {
	const (
		ones = 0x0101010101010101
		tops = 0x8080808080808080
	)
	// (v - n·ones) &^ v has the top bit of the first byte of v below n set.
	quote, slash := x^'"'*ones, x^'\\'*ones
	return ((quote-ones)&^quote|(slash-ones)&^slash|(x-0x20*ones)&^x)&tops != 0
}

// view returns b as a string without copying; b is never written to.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// escaped finishes text for a string in which an escape was found at d.pos.
func (d *Decoder) escaped(start int) (string, error) {
	buf := append([]byte(nil), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		switch {
		case c == '"':
			d.pos++
			return view(buf), nil
		case c < 0x20:
			return "", d.fail("control character in a string")
		case c != '\\':
			buf = append(buf, c)
			d.pos++
			continue
		}
		if d.pos++; d.pos == len(d.data) {
			break
		}
		e := d.data[d.pos]
		d.pos++
		switch e {
		case '"', '\\', '/':
			buf = append(buf, e)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, err := d.codePoint()
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
		default:
			return "", d.fail("unknown escape in a string")
		}
	}
	return "", d.fail("string without an end")
}

// codePoint reads what follows a backslash and a u, the second half of a
// surrogate pair included.
func (d *Decoder) codePoint() (rune, error) {
	r, ok := d.hex4()
	if !ok {
		return 0, d.fail("malformed \\u escape")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if d.literal(`\u`) {
		if low, ok := d.hex4(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, nil
			}
		}
	}
	return 0, d.fail("lone surrogate in a \\u escape")
}

func (d *Decoder) hex4() (rune, bool) {
	if len(d.data)-d.pos < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(d.data[d.pos:d.pos+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	d.pos += 4
	return rune(v), true
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

// Int64 reads a 64-bit integer as protobuf's JSON mapping writes it: in a
// string, or as a plain number. Only digits with an optional minus sign are
// accepted: no fraction, no exponent, no leading zero, no "-0".
func (d *Decoder) Int64() (int64, error) {
	var digits string
	if d.next() == '"' {
		s, err := d.text()
		if err != nil {
			return 0, err
		}
		digits = s
	} else {
		n, err := d.Number()
		if err != nil {
			return 0, err
		}
		digits = n
	}
	v, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(v, 10) != digits {
		return 0, d.fail("%q is not a 64-bit integer", clip(digits))
	}
	return v, nil
}

// Number reads a JSON number and returns its text, which shares memory with
// the document.
func (d *Decoder) Number() (string, error) {
	c := d.next()
	if c != '-' && (c < '0' || c > '9') {
		return "", d.fail("want a number")
	}
	start := d.pos
	if c == '-' {
		d.pos++
	}
	if d.pos < len(d.data) && d.data[d.pos] == '0' {
		d.pos++
	} else if d.digits() == 0 {
		return "", d.fail("malformed number")
	}
	if d.pos < len(d.data) && d.data[d.pos] == '.' {
		d.pos++
		if d.digits() == 0 {
			return "", d.fail("malformed number")
		}
	}
	if d.pos < len(d.data) && (d.data[d.pos] == 'e' || d.data[d.pos] == 'E') {
		d.pos++
		if d.pos < len(d.data) && (d.data[d.pos] == '+' || d.data[d.pos] == '-') {
			d.pos++
		}
		if d.digits() == 0 {
			return "", d.fail("malformed number")
		}
	}
	return view(d.data[start:d.pos]), nil
}

func (d *Decoder) digits() int {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos - start
}

// Bytes reads a string of base64, in the standard or the URL-safe alphabet,
// padded or not, as protobuf's JSON mapping lets a reader accept. Line breaks
// and non-zero trailing bits are refused: Go's decoder would let both pass,
// and the same bytes would then have several spellings.
func (d *Decoder) Bytes() ([]byte, error) {
	if d.next() != '"' {
		return nil, d.fail("want a string of base64")
	}
	s, err := d.text()
	if err != nil {
		return nil, err
	}
	b, err := Base64(s)
	if err != nil {
		return nil, d.fail("%v", err)
	}
	return b, nil
}

var (
	errBase64 = errors.New("malformed base64")

	strictStd    = base64.StdEncoding.Strict()
	strictRawStd = base64.RawStdEncoding.Strict()
	strictURL    = base64.URLEncoding.Strict()
	strictRawURL = base64.RawURLEncoding.Strict()
)

// Base64 decodes s under the rules of [Decoder.Bytes].
func Base64(s string) ([]byte, error) {
	enc, raw := strictStd, strictRawStd
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0 {
		return nil, errBase64
	}
	if strings.IndexByte(s, '-') >= 0 || strings.IndexByte(s, '_') >= 0 {
		enc, raw = strictURL, strictRawURL
	}
	if len(s)%4 != 0 {
		enc = raw
	}
	b, err := enc.DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
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

// keySet finds repeated keys: linearly while there are few, by a map beyond.
type keySet struct {
	few  [12]string
	n    int
	many map[string]struct{}
}

func (s *keySet) add(key string) bool {
	if s.many != nil {
		if _, ok := s.many[key]; ok {
			return false
		}
		s.many[key] = struct{}{}
		return true
	}
	for _, k := range s.few[:s.n] {
		if k == key {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = key
		s.n++
		return true
	}
	s.many = make(map[string]struct{}, 4*len(s.few))
	for _, k := range s.few {
		s.many[k] = struct{}{}
	}
	s.many[key] = struct{}{}
	return true
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
