// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"fmt"
	"strings"
)

// yarnBlock is one entry of a yarn.lock: a header of patterns, and members.
type yarnBlock struct {
	line     int
	patterns []string
	members  map[string]string // of the first level; nested ones are passed over
}

// yarnBlocks reads the blocks of a yarn.lock, of version 1 (KEY VALUE) or of
// berry (KEY: VALUE, a subset of YAML that berry writes).
func yarnBlocks(data []byte, berry bool, found func(*yarnBlock) error) error {
	var b *yarnBlock
	done := func() error {
		if b == nil {
			return nil
		}
		return found(b)
	}
	seen := make(map[string]bool)
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimRight(string(raw), "\r\n \t")
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		switch {
		case text == "" || text[0] == '#':
			continue
		case strings.ContainsRune(line, '\t') || strings.ContainsRune(line, '\r'):
			return malformed("line %d: control character", number)
		case indent == 0:
			if err := done(); err != nil {
				return err
			}
			header, ok := strings.CutSuffix(text, ":")
			if !ok {
				return malformed("line %d: want a header that ends in a colon", number)
			}
			patterns, err := yarnPatterns(header)
			if err != nil {
				return malformed("line %d: %v", number, err)
			}
			for _, p := range patterns {
				if seen[p] {
					return malformed("line %d: %q stands twice", number, clip(p))
				}
				seen[p] = true
			}
			b = &yarnBlock{line: number, patterns: patterns, members: make(map[string]string)}
		case b == nil:
			return malformed("line %d: want a header first", number)
		case indent == 2:
			key, value, err := yarnMember(text, berry)
			if err != nil {
				return malformed("line %d: %v", number, err)
			}
			if _, twice := b.members[key]; twice {
				return malformed("line %d: %q stands twice", number, clip(key))
			}
			for _, read := range []string{"version", "resolved", "integrity", "resolution", "checksum", "linkType"} {
				if key != read && strings.EqualFold(key, read) {
					return malformed("line %d: member %q, want %q", number, clip(key), read)
				}
			}
			b.members[key] = value
		}
	}
	return done()
}

// yarnPatterns splits a header: patterns with commas between them, each or all
// of them in quotation marks.
func yarnPatterns(header string) (patterns []string, err error) {
	for rest := header; ; {
		rest = strings.TrimLeft(rest, " ")
		var one string
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 || strings.Contains(rest[1:1+end], `\`) {
				return nil, fmt.Errorf("unclosed text in %q", clip(header))
			}
			one, rest = rest[1:1+end], rest[2+end:]
		} else {
			end := strings.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			one, rest = rest[:end], rest[end:]
		}
		for p := range strings.SplitSeq(one, ", ") { // berry quotes all of them at once
			if p == "" {
				return nil, fmt.Errorf("empty pattern in %q", clip(header))
			}
			patterns = append(patterns, p)
		}
		if rest == "" {
			return patterns, nil
		}
		if rest[0] != ',' {
			return nil, fmt.Errorf("text behind a pattern in %q", clip(header))
		}
		rest = rest[1:]
	}
}

func yarnMember(text string, berry bool) (key, value string, err error) {
	between := " "
	if berry {
		between = ":"
	}
	if quoted, found := strings.CutPrefix(text, `"`); found {
		var rest string
		key, rest, found = strings.Cut(quoted, `"`)
		if value, found = strings.CutPrefix(rest, between); !found {
			return "", "", fmt.Errorf("malformed member %q", clip(text))
		}
	} else if key, value, found = strings.Cut(text, between); !found {
		if key, found = strings.CutSuffix(text, ":"); !found {
			return "", "", fmt.Errorf("malformed member %q", clip(text))
		}
		return key, "", nil
	}
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, `"`) {
		if len(value) < 2 || !strings.HasSuffix(value, `"`) || strings.ContainsAny(value[1:len(value)-1], `"\`) {
			return "", "", fmt.Errorf("malformed text %q", clip(value))
		}
		value = value[1 : len(value)-1]
	}
	return key, value, nil
}

// readYarn reads yarn.lock, version 1.
func readYarn(data []byte, yield func(Entry) error) error {
	return yarnBlocks(data, false, func(b *yarnBlock) error {
		name, kind := "", ""
		for _, p := range b.patterns {
			n, wanted := yarnName(p)
			if name != "" && n != name {
				return malformed("line %d: patterns of %q and %q, want one package", b.line, clip(name), clip(n))
			}
			name, kind = n, wanted
		}
		resolved := b.members["resolved"]
		e := Entry{Place: fmt.Sprintf("line %d", b.line), Type: "npm", Name: name, Version: b.members["version"]}
		address, hash, hashed := strings.Cut(resolved, "#")
		switch integrity, given := b.members["integrity"]; {
		case isGit(resolved) || strings.HasSuffix(address, ".git"):
			e.Skip = "git"
		case strings.HasPrefix(resolved, "file:"):
			e.Skip = "file"
		case resolved == "" && !given && (strings.HasPrefix(kind, "file:") || strings.HasPrefix(kind, "link:")):
			e.Skip = "folder"
		case given:
			e.sri(integrity)
		case hashed:
			e.fail("artifact.not_comparable", "%q is a SHA-1 digest at most, want an integrity", clip(hash))
		default:
			e.noDigest()
		}
		if e.Skip == "" {
			e.checkNPM()
		}
		return yield(e)
	})
}

// yarnName returns the package that a pattern asks for, and the range. An alias
// stands before the package's own name: ALIAS@npm:NAME@RANGE.
func yarnName(pattern string) (name, wanted string) {
	i := strings.IndexByte(pattern[1:], '@') + 1
	if i == 0 {
		return pattern, ""
	}
	name, wanted = pattern[:i], pattern[i+1:]
	if real, found := strings.CutPrefix(wanted, "npm:"); found && strings.LastIndexByte(real, '@') > 0 {
		return yarnName(real)
	}
	return name, wanted
}

// readBerry reads yarn.lock of the later versions. Their checksums are of
// archives that yarn packs itself: no statement speaks of those.
func readBerry(data []byte, yield func(Entry) error) error {
	return yarnBlocks(data, true, func(b *yarnBlock) error {
		if b.patterns[0] == "__metadata" {
			return nil
		}
		name, source := yarnName(b.members["resolution"] + " ")
		e := Entry{Place: fmt.Sprintf("line %d", b.line), Type: "npm", Name: strings.TrimSpace(name), Version: b.members["version"]}
		switch {
		case b.members["linkType"] == "soft" || strings.HasPrefix(source, "workspace:"):
			e.Skip = "folder"
		case isGit(source) || strings.Contains(source, "#commit="):
			e.Skip = "git"
		default:
			e.fail("artifact.not_comparable", "a checksum of the archive that yarn packs itself")
		}
		return yield(e)
	})
}
