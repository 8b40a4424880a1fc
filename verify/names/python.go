// SPDX-License-Identifier: Apache-2.0

package names

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Python is the parsed file name of a Python distribution: a wheel or an sdist.
type Python struct {
	Project string // as PEP 503 normalises it
	Version string // an opaque key: equal for versions that PEP 440 calls equal
	Wheel   bool

	build string      // number and rest, "" if there is none
	tags  [3][]string // interpreters, ABIs and platforms, each sorted
}

// ParsePython reads the file name of a wheel, NAME-VERSION[-BUILD]-PY-ABI-PLATFORM.whl,
// or of an sdist, NAME-VERSION.tar.gz or .zip (PEP 427, PEP 625).
func ParsePython(name string) (Python, error) {
	if err := checkFile(name); err != nil {
		return Python{}, err
	}
	if stem, ok := strings.CutSuffix(name, ".whl"); ok {
		return parseWheel(name, stem)
	}
	stem, ok := strings.CutSuffix(name, ".tar.gz")
	if !ok {
		stem, ok = strings.CutSuffix(name, ".zip")
	}
	if !ok {
		return Python{}, malformed("name %q: want .whl, .tar.gz or .zip at the end", name)
	}
	dash := strings.LastIndexByte(stem, '-')
	if dash < 0 {
		return Python{}, malformed("name %q: no dash, want NAME-VERSION", name)
	}
	return finishPython(name, stem[:dash], stem[dash+1:], Python{})
}

func parseWheel(name, stem string) (Python, error) {
	parts := strings.Split(stem, "-")
	if len(parts) != 5 && len(parts) != 6 {
		return Python{}, malformed("name %q: %d dashes, want 4 or 5 in the name of a wheel", name, len(parts)-1)
	}
	if strings.Contains(parts[0], "__") {
		return Python{}, malformed("name %q: two underscores in a row in the project's name", name)
	}
	p := Python{Wheel: true}
	if len(parts) == 6 {
		digits := len(parts[2]) - len(strings.TrimLeft(parts[2], "0123456789"))
		if digits == 0 {
			return Python{}, malformed("name %q: build tag %q, want a digit first", name, parts[2])
		}
		p.build = number(parts[2][:digits]) + " " + parts[2][digits:]
	}
	for i, tag := range parts[len(parts)-3:] {
		set := strings.Split(strings.ToLower(tag), ".")
		slices.Sort(set)
		p.tags[i] = slices.Compact(set)
		if p.tags[i][0] == "" {
			return Python{}, malformed("name %q: empty tag", name)
		}
	}
	return finishPython(name, parts[0], parts[1], p)
}

func finishPython(file, project, version string, p Python) (_ Python, err error) {
	word := func(r rune) bool {
		return r == '.' || r == '_' || r == '-' && !p.Wheel || unicode.IsLetter(r) || unicode.IsNumber(r)
	}
	if project == "" || strings.ContainsFunc(project, func(r rune) bool { return !word(r) }) {
		return Python{}, malformed("name %q: project %q, want letters, digits, dots and underscores", file, project)
	}
	p.Project = Project(project)
	if p.Version, err = PythonVersion(version); err != nil {
		return Python{}, err
	}
	return p, nil
}

// Equal reports whether two names are of one distribution: the same project,
// version, build and set of tags.
func (p Python) Equal(q Python) bool {
	return p.Project == q.Project && p.Version == q.Version && p.Wheel == q.Wheel && p.build == q.build &&
		slices.Equal(p.tags[0], q.tags[0]) && slices.Equal(p.tags[1], q.tags[1]) && slices.Equal(p.tags[2], q.tags[2])
}

// Project normalises the name of a Python project (PEP 503): lower case, and one
// dash for each run of dashes, underscores and dots.
func Project(name string) string {
	var b strings.Builder
	separated := false
	for _, r := range name {
		if r == '-' || r == '_' || r == '.' {
			separated = true
			continue
		}
		if separated {
			b.WriteByte('-')
			separated = false
		}
		// The lower case of these two depends on what stands around them, or
		// has two characters: they stay as they are.
		if r != 'İ' && r != 'Σ' {
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	if separated {
		b.WriteByte('-')
	}
	return b.String()
}

// PythonVersion returns a key that is equal for all spellings of a version that
// PEP 440 calls equal, and for no others.
func PythonVersion(version string) (string, error) {
	if len(version) > MaxLength {
		return "", malformed("version of %d bytes, want at most %d", len(version), MaxLength)
	}
	v := cursor{rest: lower(version)}
	v.take("v")
	epoch := "0"
	release := v.digits()
	if release != "" && v.take("!") {
		epoch, release = number(release), v.digits()
	}
	if release == "" {
		return "", malformed("version %q: want digits first, as PEP 440 does", version)
	}
	numbers := []string{number(release)}
	for len(v.rest) > 1 && v.rest[0] == '.' && isDigit(v.rest[1]) {
		v.rest = v.rest[1:]
		numbers = append(numbers, number(v.digits()))
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == "0" {
		numbers = numbers[:len(numbers)-1]
	}
	key := epoch + "!" + strings.Join(numbers, ".")
	key += v.phase("a", "alpha", "a") + v.phase("b", "beta", "b") // one of three, see below
	if !strings.ContainsAny(key, "ab") {
		key += v.phase("rc", "preview", "pre", "rc", "c")
	}
	if len(v.rest) > 1 && v.rest[0] == '-' && isDigit(v.rest[1]) {
		v.rest = v.rest[1:]
		key += " post" + number(v.digits())
	} else {
		key += v.phase("post", "post", "rev", "r")
	}
	key += v.phase("dev", "dev")
	if v.take("+") {
		local, ok := v.local()
		if !ok {
			return "", malformed("version %q: malformed local part", version)
		}
		key += " +" + local
	}
	if v.rest != "" || strings.Contains(key, " a") && strings.Contains(key, " b") {
		return "", malformed("version %q: not a version as PEP 440 has them", version)
	}
	return key, nil
}

// lower is for ASCII: no other letter spells a part of a version.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// cursor walks a version.
type cursor struct{ rest string }

func (c *cursor) take(word string) (found bool) {
	c.rest, found = strings.CutPrefix(c.rest, word)
	return found
}

func (c *cursor) digits() string {
	n := 0
	for n < len(c.rest) && isDigit(c.rest[n]) {
		n++
	}
	d := c.rest[:n]
	c.rest = c.rest[n:]
	return d
}

// phase reads [-_.]?WORD([-_.]?DIGITS)? and returns its key, "" if there is
// none. A phase without a number has the number 0.
func (c *cursor) phase(name string, words ...string) string {
	after := strings.TrimPrefix(c.rest, separator(c.rest))
	for _, word := range words {
		rest, found := strings.CutPrefix(after, word)
		if !found {
			continue
		}
		c.rest = rest
		if sep := separator(rest); sep != "" && len(rest) > 1 && isDigit(rest[1]) {
			c.rest = rest[1:]
		}
		return " " + name + number(c.digits())
	}
	return ""
}

func separator(s string) string {
	if s != "" && strings.IndexByte("-_.", s[0]) >= 0 {
		return s[:1]
	}
	return ""
}

func (c *cursor) local() (string, bool) {
	parts := strings.FieldsFunc(c.rest, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	if len(parts) == 0 || strings.Join(parts, ".") != strings.NewReplacer("-", ".", "_", ".").Replace(c.rest) {
		return "", false
	}
	c.rest = ""
	for i, p := range parts {
		if !all(p, isAlnum) {
			return "", false
		}
		if all(p, isDigit) {
			parts[i] = number(p)
		}
	}
	return strings.Join(parts, "."), true
}

// Key returns what is equal for the names of one distribution only.
func (p Python) Key() string {
	return fmt.Sprintf("%q %q %t %q %q", p.Project, p.Version, p.Wheel, p.build, p.tags)
}
