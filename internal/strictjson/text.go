// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

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
