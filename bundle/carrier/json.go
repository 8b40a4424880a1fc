// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// maxMembers bounds the members of an object that is taken apart.
const maxMembers = 64

// object is a JSON object, taken apart. Its values are the document's bytes.
type object []member

type member struct {
	name string
	raw  []byte
}

// errVariant is the refusal of two members whose names a lenient reader would
// take for one.
var errVariant = refuse.New("carrier.ambiguous", "two members have names that differ in case or underscores only")

var errMembers = errors.New("too many members")

// parseObject takes an object apart. An object is returned with an error, too:
// the members before the fault.
func parseObject(raw []byte) (object, error) {
	var o object
	var seen []string
	variant := false
	d := strictjson.NewDecoder(raw)
	err := d.Object(func(key string) error {
		if len(o) == maxMembers {
			return errMembers
		}
		plain := fold(key)
		for _, other := range seen {
			variant = variant || other == plain
		}
		seen = append(seen, plain)
		o = append(o, member{name: strings.Clone(key)}) // also of a value that is cut off
		value, err := d.Raw()
		o[len(o)-1].raw = value
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case errors.Is(err, errMembers):
		return o, refuse.New("carrier.limit", "more than %d members in one object", maxMembers)
	case err != nil:
		return o, refuse.Wrap("carrier.malformed", err, "")
	case variant:
		return o, errVariant
	}
	return o, nil
}

// fold returns what names have in common that some readers take for the same.
func fold(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "")
}

// raw returns the value of a member, nil if there is none or it is null.
func (o object) raw(name string) []byte {
	for _, m := range o {
		if m.name == name && !isNull(m.raw) {
			return m.raw
		}
	}
	return nil
}

// has reports whether the object has all members, null or not.
func (o object) has(names ...string) bool {
	for _, name := range names {
		found := false
		for _, m := range o {
			found = found || m.name == name
		}
		if !found {
			return false
		}
	}
	return true
}

// text returns a member that is a string, "" if it is not one.
func (o object) text(name string) string {
	s, _ := text(o.raw(name))
	return s
}

// unknown calls found with the members that are not among the known ones.
func (o object) unknown(found func(name string), known ...string) {
	for _, m := range o {
		if !contains(known, m.name) {
			found(m.name)
		}
	}
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func isNull(raw []byte) bool { return string(raw) == "null" }

// text reads a string.
func text(raw []byte) (string, error) {
	d := strictjson.NewDecoder(raw)
	return d.String()
}

// elements reads an array of at most most elements.
func elements(raw []byte, most int) (list [][]byte, err error) {
	d := strictjson.NewDecoder(raw)
	err = d.Array(most, func(int) error {
		value, err := d.Raw()
		list = append(list, value)
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil && !strictjson.IsLimit(err) {
		err = refuse.Wrap("carrier.malformed", err, "")
	}
	return list, err
}

// compact returns JSON on one line, without white space between its tokens.
func compact(raw []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(raw))
	if err := json.Compact(&b, raw); err != nil {
		return raw // it was checked before; the parser of bundles refuses it
	}
	return b.Bytes()
}

// tooDeep reports whether more than most objects and arrays stand within one
// another.
func tooDeep(data []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// pointer appends a name to a JSON Pointer.
func pointer(path, name string) string {
	return path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(clip(name))
}

// encode returns base64.
func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
