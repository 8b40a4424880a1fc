// SPDX-License-Identifier: Apache-2.0

package strictjson

import "strconv"

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
