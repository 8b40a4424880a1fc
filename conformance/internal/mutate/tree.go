// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// node is a JSON value that can be written in wrong ways too: members keep
// their order and may repeat, strings may hold any bytes.
type node struct {
	kind    byte   // '{', '[', '"', or 0: text is written as it is
	text    string // of a string, decoded
	members []member
	items   []*node
}

type member struct {
	name  string
	value *node
}

func raw(s string) *node { return &node{text: s} }
func str(s string) *node { return &node{kind: '"', text: s} }

// parseNode reads valid JSON.
func parseNode(data []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := readNode(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("data after the JSON value")
	}
	return n, nil
}

func readNode(d *json.Decoder) (*node, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		n := &node{kind: byte(t)}
		for d.More() {
			name := ""
			if t == '{' {
				key, err := d.Token()
				if err != nil {
					return nil, err
				}
				name = key.(string)
			}
			v, err := readNode(d)
			if err != nil {
				return nil, err
			}
			if t == '{' {
				n.members = append(n.members, member{name, v})
			} else {
				n.items = append(n.items, v)
			}
		}
		_, err := d.Token()
		return n, err
	case string:
		return str(t), nil
	case nil:
		return raw("null"), nil
	}
	return raw(fmt.Sprint(t)), nil
}

// write returns the value as compact JSON.
func (n *node) write() []byte {
	var b bytes.Buffer
	n.writeTo(&b)
	return b.Bytes()
}

func (n *node) writeTo(b *bytes.Buffer) {
	switch n.kind {
	case 0:
		b.WriteString(n.text)
	case '"':
		writeString(b, n.text)
	case '[':
		b.WriteByte('[')
		for i, v := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			v.writeTo(b)
		}
		b.WriteByte(']')
	default:
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, m.name)
			b.WriteByte(':')
			m.value.writeTo(b)
		}
		b.WriteByte('}')
	}
}

// writeString escapes what must be, and leaves all else as it is.
func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20:
			fmt.Fprintf(b, "\\u%04x", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// escaped writes a string with nothing but escapes.
func escaped(s string) *node {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r > 0xffff {
			return str(s)
		}
		fmt.Fprintf(&b, "\\u%04X", r)
	}
	b.WriteByte('"')
	return raw(b.String())
}

func (n *node) clone() *node {
	c := *n
	c.members = make([]member, len(n.members))
	for i, m := range n.members {
		c.members[i] = member{m.name, m.value.clone()}
	}
	c.items = make([]*node, len(n.items))
	for i, v := range n.items {
		c.items[i] = v.clone()
	}
	return &c
}

// route leads from a document to one of its values: the numbers of members
// and elements.
type route []int

func (n *node) at(r route) *node {
	for _, i := range r {
		if n.kind == '{' {
			n = n.members[i].value
		} else {
			n = n.items[i]
		}
	}
	return n
}

// walk visits all values, parents first. The place is their path by names.
func (n *node) walk(r route, place string, visit func(r route, place string, n *node)) {
	visit(r, place, n)
	for i, m := range n.members {
		m.value.walk(append(r[:len(r):len(r)], i), join(place, m.name), visit)
	}
	for i, v := range n.items {
		v.walk(append(r[:len(r):len(r)], i), place+"[]", visit)
	}
}

func join(place, name string) string {
	if place == "" || strings.HasSuffix(place, "/") {
		return place + name
	}
	return place + "." + name
}

// find returns the value of the same place, and of the same numbers of
// elements, in another document, nil if there is none.
func (n *node) find(other *node, r route) *node {
	for _, i := range r {
		if n.kind != other.kind {
			return nil
		}
		if n.kind == '[' {
			if i >= len(other.items) {
				return nil
			}
			n, other = n.items[i], other.items[i]
			continue
		}
		next := other.get(n.members[i].name)
		if next == nil {
			return nil
		}
		n, other = n.members[i].value, next
	}
	return other
}

// get returns the value of a member, nil if there is none, as of no node.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// set gives a member a value, which nil takes away.
func (n *node) set(name string, v *node) {
	for i, m := range n.members {
		if m.name == name {
			if v == nil {
				n.members = append(n.members[:i:i], n.members[i+1:]...)
			} else {
				n.members[i].value = v
			}
			return
		}
	}
	if v != nil {
		n.members = append(n.members, member{name, v})
	}
}
