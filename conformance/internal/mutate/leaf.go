// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// emit takes one mutant: what was done where, and how to get the result.
type emit func(operator, place string, make func() []byte)

// format is a kind of document inside another: how to get at the mutants of
// its content.
type format func(data []byte, place string, to emit)

// jsonMutants emits the mutants of a JSON document: of its values, of their
// arrangement, of its text, and of what is inside its strings. Donors are
// documents of the same kind to take values from.
func jsonMutants(doc *node, donors []*node, place string, inner func(place string) format, to emit) {
	doc.walk(nil, place, func(r route, place string, n *node) {
		edit := func(operator string, change func(n *node)) {
			to(operator, place, func() []byte {
				c := doc.clone()
				change(c.at(r))
				return c.write()
			})
		}
		replace := func(operator string, v *node) {
			edit(operator, func(n *node) { *n = *v })
		}
		for _, v := range []struct{ name, text string }{
			{"null", "null"}, {"type: number", "0"}, {"type: boolean", "true"}, {"type: object", "{}"}, {"type: list", "[]"}, {"type: string", `""`},
		} {
			if string(n.write()) != v.text {
				replace(v.name, raw(v.text))
			}
		}
		switch n.kind {
		case '{':
			objectMutants(n, edit, func(operator, name string, change func(n *node)) {
				to(operator, join(place, name), func() []byte {
					c := doc.clone()
					change(c.at(r))
					return c.write()
				})
			})
		case '[':
			listMutants(n, edit)
		case '"':
			stringMutants(n.text, replace)
			if f := inner(place); f != nil {
				contentMutants(doc, r, place, n.text, f, to)
			}
		default:
			numberMutants(n.text, replace)
		}
		splices(doc, donors, r, n, replace)
	})
}

// splices replaces a value by the one at the same place of other documents.
func splices(doc *node, donors []*node, r route, n *node, replace func(string, *node)) {
	if len(r) == 0 {
		return
	}
	seen := map[string]bool{string(n.write()): true}
	for _, d := range donors {
		v := doc.find(d, r)
		if v == nil || seen[string(v.write())] {
			continue
		}
		seen[string(v.write())] = true
		replace("splice", v)
	}
}

var decimal = regexp.MustCompile(`^-?[0-9]+$`)

// stringMutants are those of a text, and besides those of a number or of
// base64, if it is one.
func stringMutants(s string, replace func(string, *node)) {
	replace("escapes", escaped(s))
	replace("space before", str(" "+s))
	replace("space behind", str(s+" "))
	if s == "" {
		replace("text", str("x"))
		return
	}
	replace("doubled", str(s+s))
	if back := reversed(s); back != s {
		replace("reversed", str(back))
	}
	replace("extended", str(s+"A"))
	replace("truncated", str(s[:len(s)-1]))
	replace("truncated", str(s[:len(s)/2]))
	if swapped := swapCase(s); swapped != s {
		replace("other case", str(swapped))
	}
	replace("control character", str(s+"\x00"))
	replace("invalid UTF-8", str(s+"\xff"))
	if decimal.MatchString(s) {
		replace("number without quotes", raw(s))
		numberMutants(s, func(op string, n *node) { replace(op, str(n.text)) })
		return
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) > 0 && len(s)%4 == 0 {
		base64Mutants(s, b, replace)
	}
}

// base64Mutants are other spellings of the same bytes.
func base64Mutants(s string, b []byte, replace func(string, *node)) {
	if url := base64.URLEncoding.EncodeToString(b); url != s {
		replace("base64: URL alphabet", str(url))
	}
	if bare := strings.TrimRight(s, "="); bare != s {
		replace("base64: unpadded", str(bare))
		if loose := looseBits(s); loose != "" {
			replace("base64: loose bits", str(loose))
		}
	} else {
		replace("base64: padded", str(s+"===="))
	}
	replace("base64: line break", str(s[:len(s)/2]+"\n"+s[len(s)/2:]))
	replace("base64: zeroed", str(base64.StdEncoding.EncodeToString(make([]byte, len(b)))))
	replace("base64: other character", str("*"+s[1:]))
}

// looseBits sets bits before the padding that stand for nothing.
func looseBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	end := strings.IndexByte(s, '=')
	i := strings.IndexByte(alphabet, s[end-1])
	if i < 0 {
		return ""
	}
	return s[:end-1] + string(alphabet[i|1]) + s[end:]
}

// numberMutants are other numbers, and the same in forms that differ.
func numberMutants(s string, replace func(string, *node)) {
	if !decimal.MatchString(s) {
		return
	}
	for _, v := range []struct{ name, text string }{
		{"number: negative", "-1"}, {"number: more", s + "0"}, {"number: next", next(s)}, {"number: zero", "0"}, {"number: 2^63", "9223372036854775808"},
		{"number: largest", "9223372036854775807"}, {"number: 2^64", "18446744073709551616"}, {"number: fraction", s + ".5"},
		{"number: point", s + ".0"}, {"number: exponent", s + "e0"}, {"number: leading zero", "0" + s}, {"number: plus", "+" + s}, {"number: hexadecimal", "0x1"},
		{"number: NaN", "NaN"},
	} {
		if v.text != s {
			replace(v.name, raw(v.text))
		}
	}
}

// next returns a decimal number with its last digit changed.
func next(s string) string {
	last := s[len(s)-1]
	return s[:len(s)-1] + string('0'+(last-'0'+1)%10)
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// objectMutants drops, doubles, respells and moves members. What happens to
// one member happens at its place.
func objectMutants(n *node, edit func(string, func(*node)), editMember func(operator, name string, change func(*node))) {
	for i := range n.members {
		edit := func(operator string, change func(*node)) { editMember(operator, n.members[i].name, change) }
		edit("drop member", func(n *node) { n.members = append(n.members[:i], n.members[i+1:]...) })
		edit("double member", func(n *node) { n.members = append(n.members, n.members[i]) })
		edit("double member, first null", func(n *node) {
			n.members = append([]member{{n.members[i].name, raw("null")}}, n.members...)
		})
		edit("member in other case", func(n *node) { n.members[i].name = swapCase(n.members[i].name) })
		if s := snake(n.members[i].name); s != n.members[i].name {
			edit("member in snake case", func(n *node) { n.members[i].name = s })
			edit("double member, snake case", func(n *node) { n.members = append(n.members, member{s, n.members[i].value}) })
		}
	}
	edit("unknown member", func(n *node) { n.members = append(n.members, member{"unknownMember", raw("1")}) })
	if len(n.members) > 1 {
		edit("reorder members", func(n *node) { n.members = append(n.members[1:], n.members[0]) })
	}
}

func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// listMutants drops, doubles and moves elements.
func listMutants(n *node, edit func(string, func(*node))) {
	for i := range n.items {
		edit("drop element", func(n *node) { n.items = append(n.items[:i], n.items[i+1:]...) })
		edit("double element", func(n *node) { n.items = append(n.items, n.items[i].clone()) })
		if i > 0 {
			edit("reorder elements", func(n *node) { n.items[i-1], n.items[i] = n.items[i], n.items[i-1] })
		}
	}
	edit("null element", func(n *node) { n.items = append(n.items, raw("null")) })
	edit("too many elements", func(n *node) {
		for len(n.items) < 100 {
			n.items = append(n.items, raw("{}"))
		}
	})
}
