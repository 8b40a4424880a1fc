// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTOMLDepth bounds tables and arrays within one another.
const maxTOMLDepth = 16

// tomlTable is a table of TOML 1.0. Values are string, []any, *tomlTable, and
// tomlOther for numbers, booleans and times, which no reader here looks at.
type tomlTable struct {
	members map[string]any
	defined bool // by a header or an inline table: no second one may add to it
	closed  bool // an inline table, which nothing adds to
}

type tomlOther string

func newTable() *tomlTable { return &tomlTable{members: make(map[string]any)} }

// toml reads a document. Keys that stand twice are refused, as TOML demands.
type toml struct {
	text string
	pos  int
}

func parseTOML(text string) (*tomlTable, error) {
	p := &toml{text: text}
	root := newTable()
	if err := p.document(root); err != nil {
		return nil, malformed("line %d: %v", 1+strings.Count(text[:min(p.pos, len(text))], "\n"), err)
	}
	return root, nil
}

func (p *toml) document(root *tomlTable) error {
	table := root
	for {
		p.blank(true)
		if p.pos == len(p.text) {
			return nil
		}
		var err error
		if p.peek() == '[' {
			table, err = p.header(root)
		} else {
			err = p.member(table, 0)
		}
		if err != nil {
			return err
		}
		p.blank(false)
		if p.pos < len(p.text) && !p.take("\n") && !p.take("\r\n") {
			return fmt.Errorf("text behind a value")
		}
	}
}

func (p *toml) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *toml) take(word string) bool {
	if strings.HasPrefix(p.text[p.pos:], word) {
		p.pos += len(word)
		return true
	}
	return false
}

// blank passes over white space and comments, with or without line breaks.
func (p *toml) blank(lines bool) {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == ' ' || c == '\t' || lines && (c == '\n' || c == '\r' && strings.HasPrefix(p.text[p.pos:], "\r\n")):
			p.pos++
		case c == '#':
			for p.pos < len(p.text) && p.text[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

// header reads [A.B] or [[A.B]] and returns the table that follows.
func (p *toml) header(root *tomlTable) (*tomlTable, error) {
	array := p.take("[[")
	if !array {
		p.take("[")
	}
	keys, err := p.keys()
	if err != nil {
		return nil, err
	}
	if closing := "]]"; array && !p.take(closing) || !array && !p.take("]") {
		return nil, fmt.Errorf("header without its end")
	}
	parent, err := root.walk(keys[:len(keys)-1], true)
	if err != nil {
		return nil, err
	}
	last := keys[len(keys)-1]
	old, exists := parent.members[last]
	if array {
		list, ok := old.(*tomlList)
		if exists && !ok {
			return nil, fmt.Errorf("%q is defined twice", clip(last))
		}
		if !exists {
			list = new(tomlList)
			parent.members[last] = list
		}
		t := newTable()
		list.tables = append(list.tables, t)
		return t, nil
	}
	t, ok := old.(*tomlTable)
	if exists && (!ok || t.defined || t.closed) {
		return nil, fmt.Errorf("%q is defined twice", clip(last))
	}
	if !exists {
		t = newTable()
		parent.members[last] = t
	}
	t.defined = true
	return t, nil
}

// tomlList is an array of tables that headers write.
type tomlList struct{ tables []*tomlTable }

// walk goes down to a table, and makes those that are missing. A header leads
// into the last table of a list.
func (t *tomlTable) walk(keys []string, header bool) (*tomlTable, error) {
	for _, key := range keys {
		next := t.members[key]
		switch v := next.(type) {
		case nil:
			made := newTable()
			made.defined = !header // dotted keys define it
			t.members[key] = made
			t = made
		case *tomlTable:
			if v.closed {
				return nil, fmt.Errorf("%q is defined twice", clip(key))
			}
			t = v
		case *tomlList:
			if !header {
				return nil, fmt.Errorf("%q is defined twice", clip(key))
			}
			t = v.tables[len(v.tables)-1]
		default:
			return nil, fmt.Errorf("%q is no table", clip(key))
		}
	}
	return t, nil
}

// member reads KEY = VALUE.
func (p *toml) member(t *tomlTable, depth int) error {
	keys, err := p.keys()
	if err != nil {
		return err
	}
	if !p.take("=") {
		return fmt.Errorf("want = behind a key")
	}
	p.blank(false)
	value, err := p.value(depth)
	if err != nil {
		return err
	}
	if t, err = t.walk(keys[:len(keys)-1], false); err != nil {
		return err
	}
	last := keys[len(keys)-1]
	if _, twice := t.members[last]; twice {
		return fmt.Errorf("%q is defined twice", clip(last))
	}
	t.members[last] = value
	return nil
}

// keys reads a dotted key.
func (p *toml) keys() (keys []string, err error) {
	for {
		p.blank(false)
		var key string
		if c := p.peek(); c == '"' || c == '\'' {
			if strings.HasPrefix(p.text[p.pos:], `"""`) || strings.HasPrefix(p.text[p.pos:], `'''`) {
				return nil, fmt.Errorf("malformed key")
			}
			if key, err = p.quoted(); err != nil {
				return nil, err
			}
		} else {
			start := p.pos
			for c := p.peek(); c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'; c = p.peek() {
				p.pos++
			}
			if key = p.text[start:p.pos]; key == "" {
				return nil, fmt.Errorf("want a key")
			}
		}
		if keys = append(keys, key); len(keys) > maxTOMLDepth {
			return nil, fmt.Errorf("nested deeper than %d", maxTOMLDepth)
		}
		p.blank(false)
		if !p.take(".") {
			return keys, nil
		}
	}
}

func (p *toml) value(depth int) (any, error) {
	if depth == maxTOMLDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxTOMLDepth)
	}
	switch c := p.peek(); c {
	case '"', '\'':
		return p.quoted()
	case '[':
		p.pos++
		var list []any
		for {
			p.blank(true)
			if p.take("]") {
				return list, nil
			}
			v, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
			p.blank(true)
			if !p.take(",") && p.peek() != ']' {
				return nil, fmt.Errorf("want a comma or the end of an array")
			}
		}
	case '{':
		p.pos++
		t := newTable()
		for first := true; ; first = false {
			p.blank(false)
			if first && p.take("}") {
				break
			}
			if err := p.member(t, depth+1); err != nil {
				return nil, err
			}
			p.blank(false)
			if p.take("}") {
				break
			}
			if !p.take(",") {
				return nil, fmt.Errorf("want a comma or the end of a table")
			}
		}
		t.closed = true
		return t, nil
	}
	start := p.pos
	for c := p.peek(); c == '-' || c == '+' || c == '.' || c == '_' || c == ':' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'; c = p.peek() {
		p.pos++
		if rest := p.text[p.pos:]; p.pos-start == 10 && len(rest) > 2 && rest[0] == ' ' && '0' <= rest[1] && rest[1] <= '9' {
			p.pos++ // a date and a time
		}
	}
	if c := p.text[start:p.pos]; c == "" || c != "true" && c != "false" && strings.IndexByte("+-0123456789in", c[0]) < 0 {
		return nil, fmt.Errorf("want a value")
	}
	return tomlOther(p.text[start:p.pos]), nil
}

// quoted reads a text in one of the four forms.
func (p *toml) quoted() (string, error) {
	quote := p.text[p.pos : p.pos+1]
	long := p.take(strings.Repeat(quote, 3))
	if !long {
		p.pos++
	} else if !p.take("\n") {
		p.take("\r\n")
	}
	var b strings.Builder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case long && strings.HasPrefix(p.text[p.pos:], strings.Repeat(quote, 3)):
			p.pos += 3
			for n := 0; n < 2 && p.take(quote); n++ { // up to two may stand before the end
				b.WriteString(quote)
			}
			return b.String(), nil
		case !long && c == quote[0]:
			p.pos++
			return b.String(), nil
		case c == '\\' && quote == `"`:
			if err := p.escape(&b, long); err != nil {
				return "", err
			}
		case c < ' ' && c != '\t' && !(long && (c == '\n' || c == '\r')) || c == 0x7f:
			return "", fmt.Errorf("control character in a text")
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	return "", fmt.Errorf("text without its end")
}

func (p *toml) escape(b *strings.Builder, long bool) error {
	p.pos++
	c := p.peek()
	if i := strings.IndexByte(`btnfr"\`, c); c != 0 && i >= 0 {
		b.WriteByte("\b\t\n\f\r\"\\"[i])
		p.pos++
		return nil
	}
	if n := map[byte]int{'u': 4, 'U': 8}[c]; n > 0 && p.pos+n < len(p.text) {
		v, err := strconv.ParseUint(p.text[p.pos+1:p.pos+1+n], 16, 32)
		if err != nil || !utf8.ValidRune(rune(v)) {
			return fmt.Errorf("malformed escape")
		}
		b.WriteRune(rune(v))
		p.pos += 1 + n
		return nil
	}
	if rest := strings.TrimLeft(p.text[p.pos:], " \t\r\n"); long && strings.Contains(p.text[p.pos:len(p.text)-len(rest)], "\n") {
		p.pos = len(p.text) - len(rest)
		return nil
	}
	return fmt.Errorf("malformed escape")
}

// text returns a member that is text, "" if it is absent or another value.
func (t *tomlTable) text(key string) string {
	s, _ := t.members[key].(string)
	return s
}

// tables returns the tables of a member: one, or those of an array, whichever
// way it is written.
func (t *tomlTable) tables(key string) (all []*tomlTable) {
	switch v := t.members[key].(type) {
	case *tomlTable:
		return []*tomlTable{v}
	case *tomlList:
		return v.tables
	case []any:
		for _, one := range v {
			if t, ok := one.(*tomlTable); ok {
				all = append(all, t)
			}
		}
	}
	return all
}
