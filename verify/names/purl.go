// SPDX-License-Identifier: Apache-2.0

package names

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// PURL is a parsed package URL, decoded and normalised by the rules of its
// type. Its parts are text, not percent-encoded.
type PURL struct {
	Type       string
	Namespace  string // segments with slashes between them, "" if there is none
	Name       string
	Version    string
	Qualifiers []Qualifier // sorted by key, unique, without empty values
	Subpath    string
}

// Qualifier is one KEY=VALUE of a package URL.
type Qualifier struct{ Key, Value string }

// MaxPURL bounds a package URL, in bytes.
const MaxPURL = 4096

// purlType says how the names of a type are compared. Types that are not
// listed are compared as bytes.
type purlType struct {
	lower, lowerVersion bool
	bare, spaced        bool // without a namespace; never without one
}

var purlTypes = map[string]purlType{
	"alpm": {lower: true}, "apk": {lower: true}, "bitbucket": {lower: true, spaced: true}, "bitnami": {lower: true, bare: true},
	"brew": {lower: true}, "cargo": {bare: true}, "composer": {lower: true}, "cran": {bare: true}, "deb": {lower: true},
	"gem": {bare: true}, "github": {lower: true, spaced: true}, "hex": {lower: true}, "huggingface": {lowerVersion: true},
	"maven": {spaced: true}, "nuget": {bare: true}, "oci": {lower: true, bare: true}, "pub": {lower: true, bare: true},
	"pypi": {bare: true},
}

// ParsePURL reads a package URL, pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH.
// Of npm's scopes both spellings are read, %40scope and @scope.
func ParsePURL(s string) (p PURL, err error) {
	if len(s) > MaxPURL {
		return PURL{}, purlError("package URL of %d bytes, want at most %d", len(s), MaxPURL)
	}
	if len(s) < 4 || !strings.EqualFold(s[:4], "pkg:") || !utf8.ValidString(s) {
		return PURL{}, purlError("%q: want pkg: at the start", s)
	}
	if strings.Count(s, "#") > 1 || strings.Count(s, "?") > 1 {
		return PURL{}, purlError("%q: # or ? twice, want the second one percent-encoded", s)
	}
	rest, subpath, _ := strings.Cut(s[4:], "#")
	rest, qualifiers, _ := strings.Cut(rest, "?")
	kind, rest, _ := strings.Cut(strings.Trim(rest, "/"), "/")
	p.Type = lower(kind)
	typeByte := func(c byte) bool { return isAlnum(c) || c == '.' || c == '+' || c == '-' }
	if !all(p.Type, typeByte) || isDigit(p.Type[0]) {
		return PURL{}, purlError("%q: malformed type %q", s, kind)
	}
	rules := purlTypes[p.Type]
	// The version begins at the last @ of the last segment: one before that
	// belongs to a scope.
	path := rest
	if at := strings.LastIndexByte(rest, '@'); at > strings.LastIndexByte(rest, '/')+1 {
		path = rest[:at]
		if p.Version, err = decoded(s, rest[at+1:], true); err != nil {
			return PURL{}, err
		}
	}
	var segments []string
	for raw := range strings.SplitSeq(path, "/") {
		if raw == "" {
			continue // as the specification has it
		}
		if at := strings.LastIndexByte(raw, '@'); at > 0 || at == 0 && (p.Type != "npm" || len(segments) > 0) {
			return PURL{}, purlError("%q: @ in %q, want %%40", s, raw)
		}
		segment, err := decoded(s, raw, false)
		if err != nil {
			return PURL{}, err
		}
		segments = append(segments, segment)
	}
	if len(segments) == 0 {
		return PURL{}, purlError("%q: no name", s)
	}
	p.Name = segments[len(segments)-1]
	p.Namespace = strings.Join(segments[:len(segments)-1], "/")
	if err := p.normalise(s, rules); err != nil {
		return PURL{}, err
	}
	if err := p.readQualifiers(s, qualifiers); err != nil {
		return PURL{}, err
	}
	for raw := range strings.SplitSeq(strings.Trim(subpath, "/"), "/") {
		if raw == "" {
			continue
		}
		segment, err := decoded(s, raw, false)
		if err != nil {
			return PURL{}, err
		}
		p.Subpath = strings.TrimPrefix(p.Subpath+"/"+segment, "/")
	}
	return p, nil
}

func (p *PURL) normalise(s string, rules purlType) error {
	scoped := p.Type == "npm" && p.Namespace != ""
	switch {
	case rules.bare && p.Namespace != "":
		return purlError("%q: namespace %q, want none for %s", s, p.Namespace, p.Type)
	case rules.spaced && p.Namespace == "":
		return purlError("%q: no namespace, want one for %s", s, p.Type)
	case scoped && (len(p.Namespace) < 2 || p.Namespace[0] != '@' || strings.ContainsAny(p.Namespace[1:], "@/")):
		return purlError("%q: namespace %q, want a scope, %%40NAME", s, p.Namespace)
	case p.Type == "npm" && strings.HasPrefix(p.Name, "@"):
		return purlError("%q: scope without a name", s)
	}
	if rules.lower {
		p.Namespace, p.Name = lower(p.Namespace), lower(p.Name)
	}
	if rules.lowerVersion {
		p.Version = lower(p.Version)
	}
	if p.Type == "pypi" {
		p.Name = Project(p.Name)
	}
	return nil
}

func (p *PURL) readQualifiers(s, text string) error {
	if text == "" {
		return nil
	}
	values := make(map[string]string)
	for pair := range strings.SplitSeq(text, "&") {
		key, raw, found := strings.Cut(pair, "=")
		key = lower(key)
		word := func(c byte) bool { return isAlnum(c) || c == '.' || c == '-' || c == '_' }
		if !found || !all(key, word) || isDigit(key[0]) {
			return purlError("%q: malformed qualifier %q", s, pair)
		}
		if _, twice := values[key]; twice {
			return purlError("%q: qualifier %s stands twice", s, key)
		}
		value, err := decoded(s, raw, true)
		if err != nil {
			return err
		}
		values[key] = value
	}
	keys := slices.Sorted(maps.Keys(values))
	for _, key := range keys {
		if values[key] != "" {
			p.Qualifiers = append(p.Qualifiers, Qualifier{key, values[key]})
		}
	}
	return nil
}

// decoded decodes one part, once. A slash in a segment would move the border
// between names, and . and .. would lead elsewhere.
func decoded(s, raw string, slashes bool) (string, error) {
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) || hexValue(raw[i+1]) < 0 || hexValue(raw[i+2]) < 0 {
				return "", purlError("%q: malformed escape in %q", s, raw)
			}
			c = byte(hexValue(raw[i+1])<<4 | hexValue(raw[i+2]))
			i += 2
		}
		b = append(b, c)
	}
	text := string(b)
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", purlError("%q: %q decodes to no text", s, raw)
	case !slashes && (text == "." || text == ".." || strings.ContainsAny(text, `/\`)):
		return "", purlError("%q: segment %q decodes to a path", s, raw)
	}
	return text, nil
}

func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func purlError(format string, args ...any) error {
	return refuse.New("purl.malformed", format, args...)
}

// Names reports whether two package URLs name one version of one package.
// Qualifiers and subpaths are not compared.
func (p PURL) Names(q PURL) bool {
	return p.Type == q.Type && p.Namespace == q.Namespace && p.Name == q.Name && p.Version == q.Version
}

// FullName returns the name with its namespace, as in @scope/name.
func (p PURL) FullName() string {
	if p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// String returns the canonical form. A colon is never encoded.
func (p PURL) String() string {
	var b strings.Builder
	b.WriteString("pkg:" + p.Type + "/")
	if p.Namespace != "" {
		encode(&b, p.Namespace, "/")
		b.WriteByte('/')
	}
	encode(&b, p.Name, "")
	if p.Version != "" {
		b.WriteByte('@')
		encode(&b, p.Version, "")
	}
	for i, q := range p.Qualifiers {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(q.Key + "=")
		encode(&b, q.Value, "")
	}
	if p.Subpath != "" {
		b.WriteByte('#')
		encode(&b, p.Subpath, "/")
	}
	return b.String()
}

func encode(b *strings.Builder, text, plain string) {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		c := text[i]
		if isAlnum(c) || strings.IndexByte("-._~:"+plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
}
