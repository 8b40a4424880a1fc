// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object. Values are strings, integers, booleans, nil,
// lists, objects and numbers.
type object map[string]any

// number is a JSON number as it is spelled.
type number string

// A style says how a file is spelled. What is signed is the same in each.
type style int

const (
	sorted  style = iota // members in order, no white space
	indent               // members in order, a line each
	shuffle              // members in any order, white space anywhere
	escapes              // members in order, other than ASCII characters escaped
	styles
)

// writer spells JSON.
type writer struct {
	strings.Builder
	style style
	rng   *rand.Rand
}

// canonical returns OLPC canonical JSON, by code that shares nothing with the
// module's own.
func canonical(v any) string {
	switch v := v.(type) {
	case object:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, canonical(k)+":"+canonical(v[k]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, canonical(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		var b strings.Builder
		b.WriteByte('"')
		for i := range len(v) {
			if v[i] == '"' || v[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(v[i])
		}
		b.WriteByte('"')
		return b.String()
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case number:
		if v == "-0" {
			return "0"
		}
		return string(v)
	case nil:
		return "null"
	}
	panic(fmt.Sprintf("no JSON for %T", v))
}

// spell returns a text of a value.
func spell(v any, s style, rng *rand.Rand) []byte {
	w := writer{style: s, rng: rng}
	w.value(v, "\n")
	return []byte(w.String())
}

func (w *writer) value(v any, line string) {
	switch v := v.(type) {
	case object:
		keys := slices.Sorted(maps.Keys(v))
		if w.style == shuffle {
			w.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		}
		w.list('{', '}', len(keys), line, func(i int) {
			w.text(keys[i])
			w.space()
			w.WriteByte(':')
			w.space()
			w.value(v[keys[i]], line+" ")
		})
	case []any:
		w.list('[', ']', len(v), line, func(i int) { w.value(v[i], line+" ") })
	case string:
		w.text(v)
	case number:
		w.WriteString(string(v))
	default:
		w.WriteString(canonical(v))
	}
}

func (w *writer) list(open, end byte, n int, line string, item func(int)) {
	w.WriteByte(open)
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
		}
		if w.style == indent {
			w.WriteString(line + " ")
		}
		w.space()
		item(i)
		w.space()
	}
	if w.style == indent && n > 0 {
		w.WriteString(line)
	}
	w.WriteByte(end)
}

func (w *writer) space() {
	if w.style == shuffle {
		w.WriteString([]string{"", "", "", " ", "\n", "\t", "\r\n"}[w.rng.IntN(7)])
	}
}

func (w *writer) text(s string) {
	w.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			w.WriteString(`\` + string(c))
		case c < 0x20:
			fmt.Fprintf(w, `\u%04x`, c)
		case c > 0x7e && c < 0x10000 && w.style == escapes:
			fmt.Fprintf(w, `\u%04X`, c)
		default:
			w.WriteRune(c)
		}
	}
	w.WriteByte('"')
}
