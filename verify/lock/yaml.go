// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxYAMLDepth bounds the mappings within one another; pnpm writes five.
const maxYAMLDepth = 16

// readYAML walks the YAML that pnpm writes: block mappings by indentation,
// flow collections within a line, texts plain or in quotation marks. It calls
// visit for each text, with the keys that lead to it, and with "" for each
// mapping; path is valid during the call. What stands in a sequence is passed over. Everything else that YAML has,
// such as anchors, aliases, tags, merge keys and several documents, is refused,
// and so is a key that stands twice in a mapping.
func readYAML(data []byte, visit func(path []string, value string) error) error {
	y := &yaml{visit: visit}
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		if err := y.line(strings.TrimRight(string(raw), "\r\n "), number == 1); err != nil {
			if _, stopped := err.(stop); stopped || refuse.CodeOf(err) != "" {
				return err
			}
			return malformed("line %d: %v", number, err)
		}
	}
	return nil
}

type yaml struct {
	visit  func([]string, string) error
	levels []yamlLevel
	path   []string
	open   bool // the last key has no value yet
	below  int  // lines that are deeper belong to a sequence or a text, if within
	within bool
	items  bool // the last line above was an item of a sequence, at below
}

type yamlLevel struct {
	indent int
	keys   map[string]bool
}

func (y *yaml) line(line string, first bool) error {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	if y.within {
		if text == "" || indent > y.below {
			return nil
		}
		y.within = false
	}
	switch {
	case text == "" || text[0] == '#' || first && line == "---":
		return nil
	case strings.ContainsAny(line, "\t\r") || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "..."):
		return fmt.Errorf("tab or second document")
	case text == "-" || strings.HasPrefix(text, "- "):
		if top := y.top(); top == nil || indent < top.indent || !y.open && (!y.items || indent != y.below) {
			return fmt.Errorf("sequence in the place of a key")
		}
		y.open, y.items, y.within, y.below = false, true, true, indent
		return nil
	}
	y.items = false
	for len(y.levels) > 0 && indent < y.top().indent {
		y.levels = y.levels[:len(y.levels)-1]
		y.path = y.path[:len(y.levels)]
		y.open = false
	}
	switch top := y.top(); {
	case top == nil && indent > 0 || top != nil && indent > top.indent && !y.open:
		return fmt.Errorf("indentation of %d, want that of a line above", indent)
	case top == nil || indent > top.indent:
		if len(y.levels) == maxYAMLDepth {
			return fmt.Errorf("nested deeper than %d", maxYAMLDepth)
		}
		y.levels = append(y.levels, yamlLevel{indent, make(map[string]bool)})
		y.path = append(y.path, "")
	}
	key, rest, err := yamlKey(text)
	if err != nil {
		return err
	}
	top := y.top()
	if top.keys[key] {
		return fmt.Errorf("key %q occurs twice", clip(key))
	}
	top.keys[key] = true
	y.path[len(y.levels)-1] = key
	y.open = rest == ""
	switch {
	case rest == "":
		return y.visit(y.path, "")
	case rest[0] == '|' || rest[0] == '>':
		if strings.Trim(rest[1:], "+-0123456789") != "" {
			return fmt.Errorf("malformed text %q", clip(rest))
		}
		y.within, y.below = true, indent
		return nil
	}
	rest, err = y.value(rest, len(y.levels))
	if err != nil {
		return err
	}
	if rest = strings.TrimLeft(rest, " "); rest != "" && rest[0] != '#' {
		return fmt.Errorf("%q behind a value", clip(rest))
	}
	return nil
}

func (y *yaml) top() *yamlLevel {
	if len(y.levels) == 0 {
		return nil
	}
	return &y.levels[len(y.levels)-1]
}

// yamlSigns begin no plain key.
const yamlSigns = "?&*!|>%@`{}[],#"

// yamlKey splits KEY: REST.
func yamlKey(text string) (key, rest string, err error) {
	if text[0] == '\'' || text[0] == '"' {
		if key, rest, err = yamlQuoted(text); err != nil {
			return "", "", err
		}
		if !strings.HasPrefix(rest, ":") || len(rest) > 1 && rest[1] != ' ' {
			return "", "", fmt.Errorf("no colon behind key %q", clip(key))
		}
		rest = rest[1:]
	} else if i := strings.Index(text, ": "); i > 0 && strings.IndexByte(yamlSigns, text[0]) < 0 {
		key, rest = text[:i], text[i+1:]
	} else if i < 0 && len(text) > 1 && text[len(text)-1] == ':' && strings.IndexByte(yamlSigns, text[0]) < 0 {
		key = text[:len(text)-1]
	} else {
		return "", "", fmt.Errorf("%q is no key with a value", clip(text))
	}
	if key == "<<" || strings.Contains(key, " #") {
		return "", "", fmt.Errorf("key %q", clip(key))
	}
	if rest = strings.TrimLeft(rest, " "); strings.HasPrefix(rest, "#") {
		rest = ""
	}
	return key, rest, nil
}

// yamlQuoted reads a text in quotation marks and returns what follows. Of the
// escapes, those of quotation marks and of the backslash are known.
func yamlQuoted(text string) (value, rest string, err error) {
	var b strings.Builder
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote && quote == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
			b.WriteByte('\'')
		case c == quote:
			return b.String(), text[i+1:], nil
		case c == '\\' && quote == '"':
			i++
			switch {
			case i < len(text) && strings.IndexByte(`"\/`, text[i]) >= 0:
				b.WriteByte(text[i])
			case i < len(text) && strings.IndexByte("nrtbefav0xuUN_LP ", text[i]) >= 0:
				b.WriteByte('\x00') // no name and no digest has one
			default:
				return "", "", fmt.Errorf("malformed escape")
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("text does not end in its line")
}

// value reads a text or a flow collection, and returns what follows.
func (y *yaml) value(text string, depth int) (rest string, err error) {
	switch {
	case text == "":
		return "", fmt.Errorf("no value")
	case text[0] == '{' || text[0] == '[':
		return y.flow(text, depth)
	case strings.IndexByte("&*!%@`|>?", text[0]) >= 0:
		return "", fmt.Errorf("%q: anchors, aliases and tags are not read", clip(text))
	case text[0] == '\'' || text[0] == '"':
		var value string
		if value, rest, err = yamlQuoted(text); err != nil {
			return "", err
		}
		return rest, y.visit(y.path, value)
	}
	value := text
	if i := strings.Index(text, " #"); i >= 0 {
		value = text[:i]
	}
	if strings.Contains(value+" ", ": ") {
		return "", fmt.Errorf("%q: a second colon", clip(text))
	}
	return "", y.visit(y.path, strings.TrimRight(value, " "))
}

// flow reads {KEY: VALUE, …} or […]. The texts of the latter are not visited.
func (y *yaml) flow(text string, depth int) (rest string, err error) {
	if depth == maxYAMLDepth {
		return "", fmt.Errorf("nested deeper than %d", maxYAMLDepth)
	}
	mapping, closing := text[0] == '{', byte(']')
	keys := make(map[string]bool)
	path, visit := y.path, y.visit
	defer func() { y.path, y.visit = path, visit }()
	if mapping {
		closing = '}'
		if err := visit(path, ""); err != nil {
			return "", err
		}
		y.path = append(slices.Clip(path), "")
	} else {
		y.visit = func([]string, string) error { return nil }
	}
	for rest = strings.TrimLeft(text[1:], " "); ; {
		if rest != "" && rest[0] == closing {
			return rest[1:], nil
		}
		if mapping && rest != "" {
			var key string
			if key, rest, err = yamlKey(rest); err != nil {
				return "", err
			}
			if keys[key] || strings.ContainsAny(key, "{}[],") {
				return "", fmt.Errorf("key %q occurs twice, or is malformed", clip(key))
			}
			keys[key] = true
			y.path[len(path)] = key
		}
		switch {
		case rest == "":
			return "", fmt.Errorf("collection does not end in its line")
		case strings.IndexByte(`'"{[`, rest[0]) >= 0:
			rest, err = y.value(rest, depth+1)
		default:
			end := strings.IndexAny(rest, ",{}[]")
			if end < 0 {
				return "", fmt.Errorf("collection does not end in its line")
			}
			var after string
			if after, err = y.value(strings.TrimRight(rest[:end], " "), depth+1); err == nil && after != "" {
				err = fmt.Errorf("malformed value in a collection")
			}
			rest = rest[end:]
		}
		if err != nil {
			return "", err
		}
		if rest = strings.TrimLeft(rest, " "); strings.HasPrefix(rest, ",") {
			rest = strings.TrimLeft(rest[1:], " ")
		} else if rest == "" || rest[0] != closing {
			return "", fmt.Errorf("want a comma or the end of a collection")
		}
	}
}
