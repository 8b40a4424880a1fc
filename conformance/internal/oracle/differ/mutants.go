// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// value is a JSON value in a text: where it stands, and what is in it.
type value struct {
	from, to int    // data[from:to] is the value
	place    string // names of members, with [] for elements
	kind     byte   // '{', '[', '"', or 0
	text     string // of a string
	// In an object, of each member: where its name begins.
	names    []int
	children []*value
}

// readValue finds the values in a text that is valid JSON.
func readValue(data []byte) (*value, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := next(d, data, "")
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("data after the value")
	}
	return v, nil
}

func next(d *json.Decoder, data []byte, place string) (*value, error) {
	v := &value{place: place, from: skip(data, int(d.InputOffset()))}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case string:
		v.kind, v.text = '"', t
	case json.Delim:
		v.kind = byte(t)
		for d.More() {
			below := place + "[]"
			if t == '{' {
				v.names = append(v.names, skip(data, int(d.InputOffset())))
				name, err := d.Token()
				if err != nil {
					return nil, err
				}
				below = strings.TrimPrefix(fmt.Sprintf("%s.%s", place, name), ".")
			}
			child, err := next(d, data, below)
			if err != nil {
				return nil, err
			}
			v.children = append(v.children, child)
		}
		if _, err := d.Token(); err != nil {
			return nil, err
		}
	}
	v.to = int(d.InputOffset())
	return v, nil
}

// skip passes over white space, commas and colons.
func skip(data []byte, at int) int {
	for at < len(data) && strings.IndexByte(" \t\r\n,:", data[at]) >= 0 {
		at++
	}
	return at
}

// walk visits v and all values in it.
func (v *value) walk(visit func(*value)) {
	visit(v)
	for _, c := range v.children {
		c.walk(visit)
	}
}

// emit takes a mutant: what was done, where, and the mutated text.
type emit func(operator, place string, data []byte)

// edit returns data with data[from:to] replaced.
func edit(data []byte, from, to int, with string) []byte {
	out := make([]byte, 0, len(data)+len(with))
	return append(append(append(out, data[:from]...), with...), data[to:]...)
}

// mutateJSON emits the mutants of a JSON text. Donors are texts from which
// values at the same place are taken; inside mutates what is in a string.
func mutateJSON(data []byte, donors []*donor, inside func(v *value, to emit), to emit) error {
	root, err := readValue(data)
	if err != nil {
		return err
	}
	root.walk(func(v *value) {
		put := func(operator, with string) {
			if with != string(data[v.from:v.to]) {
				to(operator, v.place, edit(data, v.from, v.to, with))
			}
		}
		for _, other := range [][2]string{{"null", "null"}, {"empty string", `""`}, {"number", "7"}, {"boolean", "true"}, {"empty object", "{}"}, {"empty list", "[]"}} {
			put(other[0], other[1])
		}
		listMutants(data, v, to)
		memberMutants(data, v, to)
		for _, d := range donors {
			for _, text := range d.at[v.place] {
				put("splice", text)
			}
		}
		if v.kind == '"' {
			stringMutants(v, put)
			if inside != nil {
				inside(v, func(operator, below string, content []byte) {
					to(operator, v.place+below, edit(data, v.from, v.to, string(content)))
				})
			}
		}
	})
	documentMutants(data, to)
	return nil
}

func listMutants(data []byte, v *value, to emit) {
	if v.kind != '[' {
		return
	}
	n := len(v.children)
	texts := make([]string, n)
	for i, c := range v.children {
		texts[i] = string(data[c.from:c.to])
	}
	list := func(operator string, items []string) {
		to(operator, v.place, edit(data, v.from, v.to, "["+strings.Join(items, ",")+"]"))
	}
	for i := range texts {
		list("drop element", append(append([]string{}, texts[:i]...), texts[i+1:]...))
		list("double element", append(append([]string{}, texts...), texts[i]))
		if i > 0 {
			swapped := append([]string{}, texts...)
			swapped[0], swapped[i] = swapped[i], swapped[0]
			list("swap elements", swapped)
		}
	}
	if n > 0 {
		list("null element", append(append([]string{}, texts...), "null"))
	}
}

func memberMutants(data []byte, v *value, to emit) {
	if v.kind != '{' {
		return
	}
	var members []string
	for i, c := range v.children {
		members = append(members, string(data[v.names[i]:c.to]))
	}
	object := func(operator, place string, members []string) {
		to(operator, place, edit(data, v.from, v.to, "{"+strings.Join(members, ",")+"}"))
	}
	for i, m := range members {
		place := v.children[i].place
		without := append(append([]string{}, members[:i]...), members[i+1:]...)
		object("drop member", place, without)
		object("double member", place, append(append([]string{}, members...), m))
		object("member last", place, append(append([]string{}, without...), m))
		object("member in capitals", place, append(append([]string{}, without...), strings.ToUpper(m[:2])+m[2:]))
		if snake := snakeCase(m); snake != m {
			object("member in snake case", place, append(append([]string{}, without...), snake))
		}
	}
	object("unknown member", v.place, append(append([]string{}, members...), `"comment":"hello"`))
}

// snakeCase writes a member's name as protobuf does.
func snakeCase(m string) string {
	name, rest, _ := strings.Cut(m[1:], `"`)
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return `"` + b.String() + `"` + rest
}

// stringMutants are those of any string, and of numbers and base64 in one.
func stringMutants(v *value, put func(operator, with string)) {
	quote := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	put("longer", quote(v.text+"x"))
	put("space before", quote(" "+v.text))
	if v.text == "" {
		return
	}
	put("shorter", quote(v.text[:len(v.text)-1]))
	put("escape", `"\u00`+fmt.Sprintf("%02x", v.text[0])+quote(v.text)[2:])
	var n int64
	if _, err := fmt.Sscanf(v.text, "%d", &n); err == nil && fmt.Sprint(n) == v.text {
		put("number without quotes", v.text)
		put("one more", quote(fmt.Sprint(n+1)))
		put("one less", quote(fmt.Sprint(n-1)))
		put("negative", quote(fmt.Sprint(-n)))
		put("zero", `"0"`)
		put("leading zero", quote("0"+v.text))
		put("fraction", quote(v.text+".5"))
		put("exponent", quote(v.text+"e0"))
		return
	}
	if raw, err := base64.StdEncoding.DecodeString(v.text); err == nil && len(raw) > 8 {
		put("base64: URL alphabet", quote(base64.URLEncoding.EncodeToString(raw)))
		put("base64: unpadded", quote(base64.RawStdEncoding.EncodeToString(raw)))
		put("base64: line break", quote(v.text[:4]+"\n"+v.text[4:]))
		put("base64: other character", quote(v.text[:4]+"!"+v.text[4:]))
	}
}

func documentMutants(data []byte, to emit) {
	const place = "(document)"
	for i := range 8 {
		to("truncate", place, data[:len(data)*i/8])
	}
	for _, tail := range []string{"x", "{}", "\x00", "null"} {
		to("data behind", place, append(bytes.Clone(data), tail...))
	}
	to("byte order mark", place, append([]byte("\xef\xbb\xbf"), data...))
	to("white space", place, append(append([]byte(" \r\n\t"), data...), ' ', '\n'))
	to("in a list", place, append(append([]byte("["), data...), ']'))
}

// donor is a bundle to take values from.
type donor struct{ at map[string][]string }

func newDonor(data []byte) (*donor, error) {
	root, err := readValue(data)
	if err != nil {
		return nil, err
	}
	d := &donor{at: make(map[string][]string)}
	root.walk(func(v *value) {
		if v.place != "" {
			d.at[v.place] = append(d.at[v.place], string(data[v.from:v.to]))
		}
	})
	return d, nil
}

// mutateBundle emits the mutants of a bundle: of its JSON, of the JSON inside
// log entries and payloads, and of every byte of all that is binary.
func mutateBundle(data []byte, donors []*donor, to emit) error {
	return mutateJSON(data, donors, func(v *value, to emit) {
		if strings.HasSuffix(v.place, ".envelope") {
			textMutants(v.text, func(operator string, text string) {
				quoted, _ := json.Marshal(text)
				to(operator, "/", quoted)
			})
			return
		}
		raw, err := base64.StdEncoding.DecodeString(v.text)
		if err != nil || len(raw) < 16 || !strings.ContainsAny(v.place, ".") {
			return
		}
		encode := func(b []byte) []byte { return []byte(`"` + base64.StdEncoding.EncodeToString(b) + `"`) }
		byteMutants(raw, func(operator string, b []byte) { to(operator, "/", encode(b)) })
		if json.Valid(raw) {
			mutateJSON(raw, nil, nil, func(operator, place string, b []byte) { to(operator, "/"+place, encode(b)) })
		}
	}, to)
}

// byteMutants changes each byte, by a bit that its place decides, and the ends.
func byteMutants(raw []byte, to func(operator string, b []byte)) {
	for i := range raw {
		b := bytes.Clone(raw)
		b[i] ^= 1 << (i * 5 % 8)
		to("flip a bit", b)
	}
	to("byte behind", append(bytes.Clone(raw), 0))
	to("byte before", append([]byte{0}, raw...))
	to("cut off", raw[:len(raw)-1])
	to("cut in half", raw[:len(raw)/2])
}

// textMutants changes a checkpoint: its characters and its lines.
func textMutants(text string, to func(operator, text string)) {
	for i := range len(text) {
		b := []byte(text)
		b[i] ^= 1
		if text[i] < 0x80 {
			to("another character", string(b))
		}
	}
	lines := strings.SplitAfter(text, "\n")
	join := func(operator string, parts ...[]string) {
		var all []string
		for _, p := range parts {
			all = append(all, p...)
		}
		to(operator, strings.Join(all, ""))
	}
	for i := range lines {
		join("drop line", lines[:i], lines[i+1:])
		join("double line", lines[:i+1], lines[i:])
		join("line before", lines[:i], []string{"x\n"}, lines[i:])
	}
	to("no last newline", strings.TrimSuffix(text, "\n"))
	to("carriage returns", strings.ReplaceAll(text, "\n", "\r\n"))
}
