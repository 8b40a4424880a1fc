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
	v, err := readNode(d)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, refuse.Wrap("tuf.malformed", err, "canonical form")
	}
	return v.append(make([]byte, 0, len(data))), nil
}

// A node is one JSON value, under its key if an object has it.
type node struct {
	key  string
	text string // of a value that is neither a list nor an object, canonical
	open byte   // '[' or '{', otherwise 0
	kids []node
}

func readNode(d *strictjson.Decoder) (n node, err error) {
	switch n.open = d.Kind(); n.open {
	case '{':
		err = d.Object(func(key string) error {
			key = strings.Clone(key) // the decoder's key is a view
			kid, err := readNode(d)
			kid.key = key
			n.kids = append(n.kids, kid)
			return err
		})
		slices.SortFunc(n.kids, func(a, b node) int { return strings.Compare(a.key, b.key) })
		return n, err
	case '[':
		err = d.Array(MaxValues, func(int) error {
			kid, err := readNode(d)
			n.kids = append(n.kids, kid)
			return err
		})
		return n, err
	}
	n.text, err = readScalar(d, n.open)
	n.open = 0
	return n, err
}

func readScalar(d *strictjson.Decoder, kind byte) (string, error) {
	switch kind {
	case '"':
		s, err := d.String()
		return quote(s), err
	case 't', 'f':
		if v, err := d.Bool(); err != nil || v {
			return "true", err
		}
		return "false", nil
	case 'n':
		if d.Null() {
			return "null", nil
		}
	}
	text, err := d.Number()
	switch {
	case err != nil:
		return "", err
	case strings.ContainsAny(text, ".eE"):
		return "", refuse.New("tuf.malformed", "number %q has no canonical form, want an integer", clip(text))
	case text == "-0":
		return "0", nil
	}
	return text, nil
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(s string) string { return `"` + quoter.Replace(s) + `"` }

func (n node) append(b []byte) []byte {
	if n.open == 0 {
		return append(b, n.text...)
	}
	b = append(b, n.open)
	for i, kid := range n.kids {
		if i > 0 {
			b = append(b, ',')
		}
		if n.open == '{' {
			b = append(append(b, quote(kid.key)...), ':')
		}
		b = kid.append(b)
	}
	return append(b, n.open+2) // ']' and '}' in ASCII
}
