// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/sigbundle/sigbundle/verify/names"
)

// hexDigests gives the entry its digest in hexadecimal. Of several digests an
// installer accepts a file that has any, so none of them can be judged alone.
func (e *Entry) hexDigests(sums [][2]string) {
	for _, s := range sums {
		size := hexSizes[s[0]]
		value, err := hex.DecodeString(s[1])
		switch {
		case size == 0: // weak, or unknown
			continue
		case err != nil || len(value) != size || strings.ToLower(s[1]) != s[1]:
			e.fail("integrity.malformed", "%s %q, want %d bytes in lower-case hexadecimal", s[0], clip(s[1]), size)
			return
		case e.Digest.Algorithm == s[0] && !bytes.Equal(e.Digest.Value, value):
			e.fail("integrity.malformed", "two %s digests, want one", s[0])
			return
		default:
			e.Digest = names.Digest{Algorithm: s[0], Value: value}
		}
	}
	switch {
	case len(sums) == 0:
		e.noDigest()
	case len(sums) > 1: // an installer is content with any of them
		e.Digest = names.Digest{}
		e.fail("artifact.not_comparable", "several digests, any of which an installer accepts, want one")
	case e.Digest.Algorithm == "":
		e.fail("artifact.not_comparable", "weak digests only, want sha256, sha384 or sha512")
	}
}

var hexSizes = map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}

var (
	pythonName  = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`)
	requirement = regexp.MustCompile(`^\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*(?:={2,3}\s*([^\s;,*]+))?\s*(?:;.*)?$`)
)

// optionLine is a line of one option, spelled in full, that includes no file.
var optionLine = regexp.MustCompile(`^(-e|--editable|-i|--index-url|--extra-index-url|--no-index|-f|--find-links|--no-binary|--only-binary|--prefer-binary|--require-hashes|--pre|--trusted-host|--use-feature)(?:[ =]+([^\s"'\\-][^\s"'\\]*))?$`)

// readRequirements reads a requirements file of pip. Each digest of a
// requirement is an entry: pip installs any file that has one of them.
func readRequirements(data []byte, yield func(Entry) error) error {
	number, begun := 0, 0
	var joined strings.Builder
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimRight(string(raw), "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "#") { // never joined, and the end of what is
			if strings.HasSuffix(line, `\`) {
				return malformed("line %d: a comment that goes on, want none", number)
			}
			if err := readRequirement(joined.String(), begun, yield); err != nil {
				return err
			}
			joined.Reset()
			continue
		}
		if joined.Len() == 0 {
			begun = number
		}
		if strings.HasSuffix(line, `\`) {
			joined.WriteString(strings.Trim(line, `\`))
			continue
		}
		joined.WriteString(line)
		err := readRequirement(joined.String(), begun, yield)
		if err != nil {
			return err
		}
		joined.Reset()
	}
	return readRequirement(joined.String(), begun, yield)
}

func readRequirement(line string, number int, yield func(Entry) error) error {
	if i := strings.Index(" "+line, " #"); i >= 0 { // a comment
		line = line[:i]
	}
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	place := fmt.Sprintf("line %d", number)
	if strings.HasPrefix(line, "-") {
		m := optionLine.FindStringSubmatch(line)
		switch {
		case m == nil:
			return malformed("line %d: %q, want one option in full that says where to look, and no file to include", number, clip(line))
		case m[1] == "-e" || m[1] == "--editable":
			return yield(Entry{Place: place, Type: "pypi", Name: clip(m[2]), Skip: "folder"})
		}
		return nil
	}
	// An option begins at a blank and a dash, as pip reads it.
	what, options, _ := strings.Cut(line+" ", " -")
	if options != "" {
		options = "-" + options
	}
	if strings.ContainsAny(options, "\"'\\") {
		return malformed("line %d: quotation in options, want --hash alone", number)
	}
	e := Entry{Place: place, Type: "pypi"}
	name := pythonName.FindString(what)
	rest := strings.TrimSpace(what[len(name):])
	at, isURL := strings.CutPrefix(rest, "@")
	m := requirement.FindStringSubmatch(what[len(name):])
	switch {
	case name == "" && (strings.ContainsAny(what, "/:") || strings.HasPrefix(what, ".")) || strings.Contains(name+rest, "://") && !isURL:
		e.Name = clip(strings.TrimSpace(what))
		if strings.Contains(what, "://") && !strings.HasPrefix(e.Name, "file:") && !isGit(e.Name) {
			e.fail("lock.name", "an address without a name, want NAME @ ADDRESS")
			return yield(e)
		}
		e.Skip = "file"
		return yield(e)
	case name == "" || m == nil && !isURL && !strings.ContainsAny(rest, "<>~!=,"):
		return malformed("line %d: %q is no requirement", number, clip(line))
	case isURL && isGit(strings.TrimSpace(at)):
		return yield(Entry{Place: place, Type: "pypi", Name: names.Project(name), Skip: "git"})
	case m != nil:
		e.Version = m[1]
	}
	e.Name = names.Project(name)
	found := false
	for words := strings.Fields(options); len(words) > 0; {
		value, ok := strings.CutPrefix(words[0], "--hash=")
		if !ok && words[0] == "--hash" && len(words) > 1 {
			words, ok = words[1:], true
			value = words[0]
		}
		words = words[1:]
		if !ok {
			return malformed("line %d: an option other than --hash=ALGORITHM:HEX", number)
		}
		algorithm, sum, _ := strings.Cut(value, ":")
		one := e
		one.hexDigests([][2]string{{algorithm, sum}})
		found = true
		if err := yield(one); err != nil {
			return err
		}
	}
	if !found {
		e.noDigest()
		return yield(e)
	}
	return nil
}

var gemSpec = regexp.MustCompile(`^([A-Za-z0-9._-]+) \(([^()\s]+)\)(?: ([^\s]+))?$`)

// gemSections are those of a Gemfile.lock.
var gemSections = map[string]bool{
	"GEM": true, "GIT": true, "PATH": true, "PLUGIN SOURCE": true, "PLATFORMS": true, "DEPENDENCIES": true, "CHECKSUMS": true, "RUBY VERSION": true, "BUNDLED WITH": true,
}

// readGemfile reads the checksums of a Gemfile.lock. A gem that has none is an
// entry without a digest.
func readGemfile(data []byte, yield func(Entry) error) error {
	type gem struct {
		line  int
		title string
	}
	section, number := "", 0
	var listed []gem
	elsewhere := make(map[string]string) // why a gem has no file in an index
	indexed, sums := make(map[string]bool), make(map[string]bool)
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimRight(string(raw), "\r\n ")
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if strings.ContainsAny(line, "\t\r") {
			return malformed("line %d: control character", number)
		}
		if indent == 0 {
			switch {
			case text == "":
			case gemSections[text]:
				section = text
			default:
				return malformed("line %d: section %q is unknown", number, clip(text))
			}
			continue
		}
		m := gemSpec.FindStringSubmatch(strings.TrimSuffix(text, "!"))
		switch {
		case section == "CHECKSUMS" && indent == 2:
			if m == nil {
				return malformed("line %d: %q is no checksum", number, clip(text))
			}
			title := m[1] + " (" + m[2] + ")"
			if sums[title] {
				return malformed("line %d: %s stands twice", number, clip(title))
			}
			sums[title] = true
			e := gemEntry(number, m)
			var pairs [][2]string
			for pair := range strings.SplitSeq(m[3], ",") {
				if algorithm, value, found := strings.Cut(pair, "="); found {
					pairs = append(pairs, [2]string{algorithm, value})
				} else if pair != "" {
					return malformed("line %d: checksum %q, want ALGORITHM=HEX", number, clip(pair))
				}
			}
			if !indexed[title] { // else the index may be where it comes from
				e.Skip = elsewhere[title]
			}
			if e.Skip == "" && e.Err == nil {
				e.hexDigests(pairs)
			}
			if err := yield(e); err != nil {
				return err
			}
		case m == nil || indent != 4:
		case section == "GEM":
			title := m[1] + " (" + m[2] + ")"
			listed, indexed[title] = append(listed, gem{number, title}), true
		case section == "GIT":
			elsewhere[m[1]+" ("+m[2]+")"] = "git"
		case section == "PATH":
			elsewhere[m[1]+" ("+m[2]+")"] = "folder"
		}
	}
	for _, g := range listed {
		if !sums[g.title] {
			e := gemEntry(g.line, gemSpec.FindStringSubmatch(g.title))
			if e.Err == nil {
				e.noDigest()
			}
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func gemEntry(line int, m []string) Entry {
	version, platform, _ := strings.Cut(m[2], "-")
	e := Entry{Place: fmt.Sprintf("line %d", line), Type: "gem", Name: m[1], Version: version, Platform: platform}
	file, err := names.Gem{Name: e.Name, Version: e.Version, Platform: e.Platform}.File()
	if err != nil {
		e.badName()
	}
	e.File = file
	return e
}

func isGoSum(line string) bool {
	fields := strings.Fields(line)
	return len(fields) == 3 && strings.HasPrefix(fields[2], "h1:")
}

// readGoSum reads go.sum. Its digests are of lists of files: no statement
// speaks of those.
func readGoSum(data []byte, yield func(Entry) error) error {
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		fields := strings.Fields(string(raw))
		switch {
		case len(fields) == 0:
			continue
		case len(fields) != 3:
			return malformed("line %d: want a module, a version and a digest", number)
		case strings.HasSuffix(fields[1], "/go.mod"):
			continue
		}
		e := Entry{Place: fmt.Sprintf("line %d", number), Type: "golang", Name: fields[0], Version: fields[1]}
		e.fail("artifact.not_comparable", "a digest of the list of its files")
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}
