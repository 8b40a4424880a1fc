// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// canonical returns the OLPC canonical form of a JSON text: the bytes that TUF
// signatures cover. Members are sorted by their UTF-8 bytes, white space is
// dropped, and strings escape the quote and the backslash alone. The form has
// integers only: their digits are copied, so that no size loses precision, and
// a number with a fraction or an exponent is refused.
//
// The text, not a reading of it, is canonicalised: members that this package
// does not know are signed as well.
func canonical(data []byte) ([]byte, error) {
	d := strictjson.NewDecoder(data)
	out, err := appendValue(make([]byte, 0, len(data)), d)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, refuse.Wrap("tuf.malformed", err, "canonical form")
	}
	return out, nil
}

// appendValue appends the next value in canonical form.
func appendValue(b []byte, d *strictjson.Decoder) ([]byte, error) {
	kind := d.Kind()
	switch kind {
	case '{':
		return appendObject(b, d)
	case '[':
		b = append(b, '[')
		err := d.Array(MaxValues, func(i int) (err error) {
			if i > 0 {
				b = append(b, ',')
			}
			b, err = appendValue(b, d)
			return err
		})
		return append(b, ']'), err
	}
	return appendScalar(b, d, kind)
}

// A member of an object is its key and where its canonical form lies.
type member struct {
	key        string
	begin, end int
}

// appendObject appends the members as they stand, and puts them in order if
// they are not.
func appendObject(b []byte, d *strictjson.Decoder) ([]byte, error) {
	begin := len(b)
	b = append(b, '{')
	var list []member
	err := d.Object(func(key string) (err error) {
		if len(list) > 0 {
			b = append(b, ',')
		}
		m := member{key: strings.Clone(key), begin: len(b)} // the decoder's key is a view
		b = append(appendQuoted(b, key), ':')
		b, err = appendValue(b, d)
		m.end = len(b)
		list = append(list, m)
		return err
	})
	if err != nil {
		return b, err
	}
	order := func(a, b member) int { return strings.Compare(a.key, b.key) }
	if !slices.IsSortedFunc(list, order) {
		slices.SortFunc(list, order)
		sorted := make([]byte, 0, len(b)-begin)
		for i, m := range list {
			if i > 0 {
				sorted = append(sorted, ',')
			}
			sorted = append(sorted, b[m.begin:m.end]...)
		}
		b = append(b[:begin+1], sorted...)
	}
	return append(b, '}'), nil
}

func appendScalar(b []byte, d *strictjson.Decoder, kind byte) ([]byte, error) {
	switch kind {
	case '"':
		s, err := d.String()
		return appendQuoted(b, s), err
	case 't', 'f':
		if v, err := d.Bool(); err != nil || v {
			return append(b, "true"...), err
		}
		return append(b, "false"...), nil
	case 'n':
		if d.Null() {
			return append(b, "null"...), nil
		}
	}
	text, err := d.Number()
	switch {
	case err != nil:
		return b, err
	case strings.ContainsAny(text, ".eE"):
		return b, refuse.New("tuf.malformed", "number %q has no canonical form, want an integer", clip(text))
	case text == "-0":
		text = "0"
	}
	return append(b, text...), nil
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
