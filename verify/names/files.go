// SPDX-License-Identifier: Apache-2.0

package names

import "strings"

// Gem is the parsed file name of a Ruby gem.
type Gem struct{ Name, Version, Platform string }

// ParseGem reads NAME-VERSION[-PLATFORM].gem. A name may end in a number and a
// platform, too, so that one file name can have two readings: the version is
// then the first one that no digit follows behind a dash, or else an
// architecture. Compare [Gem.File], in which the readings are equal.
func ParseGem(name string) (Gem, error) {
	if err := checkFile(name); err != nil {
		return Gem{}, err
	}
	stem, ok := strings.CutSuffix(name, ".gem")
	if !ok {
		return Gem{}, malformed("name %q: want .gem at the end", name)
	}
	parts := strings.Split(stem, "-")
	for i := 1; i < len(parts); i++ {
		if !isGemVersion(parts[i]) || i+1 < len(parts) && (parts[i+1] == "" || isDigit(parts[i+1][0])) {
			continue
		}
		g := Gem{strings.Join(parts[:i], "-"), parts[i], strings.Join(parts[i+1:], "-")}
		if err := g.check(); err != nil {
			return Gem{}, err
		}
		return g, nil
	}
	return Gem{}, malformed("name %q: want NAME-VERSION.gem", name)
}

// check refuses parts that no gem has.
func (g Gem) check() error {
	word := func(c byte) bool { return isAlnum(c) || c == '.' || c == '_' || c == '-' }
	switch {
	case len(g.Name)+len(g.Version)+len(g.Platform) > MaxLength:
		return malformed("name of %d bytes, want at most %d", len(g.Name)+len(g.Version)+len(g.Platform), MaxLength)
	case !all(g.Name, word) || strings.Trim(g.Name, ".") == "":
		return malformed("gem %q: want letters, digits, dots, dashes and underscores", g.Name)
	case !isGemVersion(g.Version):
		return malformed("gem %q: version %q, want a digit first", g.Name, g.Version)
	case g.Platform != "" && (!all(g.Platform, word) || isDigit(g.Platform[0])):
		return malformed("gem %q: malformed platform %q", g.Name, g.Platform)
	}
	return nil
}

// File returns the name of the gem's file. The platform ruby is not written.
func (g Gem) File() (string, error) {
	if err := g.check(); err != nil {
		return "", err
	}
	if g.Platform == "" || g.Platform == "ruby" {
		return g.Name + "-" + g.Version + ".gem", nil
	}
	return g.Name + "-" + g.Version + "-" + g.Platform + ".gem", nil
}

func isGemVersion(s string) bool {
	if s == "" || !isDigit(s[0]) {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if !all(part, isAlnum) {
			return false
		}
	}
	return true
}

// Bottle is the parsed file name of a Homebrew bottle.
type Bottle struct {
	Name    string
	Version string // with its revision, as in 1.7.1_2
	Tag     string // a system, such as arm64_sonoma, or all
	Rebuild string // digits; "" for 0
}

// ParseBottle reads NAME--VERSION.TAG.bottle[.REBUILD].tar.gz, the name of the
// file on disk. The name in a URL has one dash, and says less: it is refused.
func ParseBottle(name string) (Bottle, error) {
	if err := checkFile(name); err != nil {
		return Bottle{}, err
	}
	stem, ok := strings.CutSuffix(name, ".tar.gz")
	formula, rest, found := strings.Cut(stem, "--")
	if !ok || !found {
		return Bottle{}, malformed("name %q: want NAME--VERSION.TAG.bottle.tar.gz", name)
	}
	b := Bottle{Name: formula}
	if dot := strings.LastIndexByte(rest, '.'); dot >= 0 && all(rest[dot+1:], isDigit) {
		b.Rebuild, rest = rest[dot+1:], rest[:dot]
		if b.Rebuild[0] == '0' {
			return Bottle{}, malformed("name %q: rebuild %s, want a number above 0 without zeros in front", name, b.Rebuild)
		}
	}
	rest, ok = strings.CutSuffix(rest, ".bottle")
	dot := strings.LastIndexByte(rest, '.')
	if !ok || dot < 0 {
		return Bottle{}, malformed("name %q: want NAME--VERSION.TAG.bottle.tar.gz", name)
	}
	b.Version, b.Tag = rest[:dot], rest[dot+1:]
	word := func(c byte) bool { return isAlnum(c) || strings.IndexByte(".-_+@", c) >= 0 }
	tag := func(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' || c == '_' }
	if !all(b.Name, word) || !all(b.Version, word) || strings.Contains(b.Version, "--") || !all(b.Tag, tag) || b.Name[0] == '.' || b.Name[0] == '-' {
		return Bottle{}, malformed("name %q: malformed formula, version or tag", name)
	}
	return b, nil
}

// Equal reports whether a bottle's file has the name that a statement gives it.
// A bottle for all systems, whose tag is all, is one file under several tags:
// only name and version are compared.
func (b Bottle) Equal(subject Bottle) bool {
	if b.Tag == "all" {
		return b.Name == subject.Name && b.Version == subject.Version
	}
	return b == subject
}
