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

// hexDigests gives the entry the strongest of digests in hexadecimal. Two of one
// algorithm are refused, as in an integrity value.
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
		case s[0] > e.Digest.Algorithm: // their names are in the order of their strength
			e.Digest = names.Digest{Algorithm: s[0], Value: value}
		}
	}
	switch {
	case len(sums) == 0:
		e.noDigest()
	case e.Digest.Algorithm == "":
		e.fail("artifact.not_comparable", "weak digests only, want sha256, sha384 or sha512")
	}
}

var hexSizes = map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}

var (
	pythonName  = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`)
	requirement = regexp.MustCompile(`^\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*(?:={2,3}\s*([^\s;,*]+))?\s*(?:;.*)?$`)
)

// readRequirements reads a requirements file of pip. Each digest of a
// requirement is an entry: pip installs any file that has one of them.
func readRequirements(data []byte, yield func(Entry) error) error {
	number, begun := 0, 0
	var joined strings.Builder
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimRight(string(raw), "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "#") && joined.Len() == 0 {
			continue
		}
		if joined.Len() == 0 {
			begun = number
		}
		if before, more := strings.CutSuffix(line, `\`); more {
			joined.WriteString(before)
			joined.WriteByte(' ')
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
	what, options, _ := strings.Cut(line+" ", " --")
	if strings.HasPrefix(line, "-") {
		option := line
		if i := strings.IndexAny(line, " ="); i > 0 {
			option = line[:i]
		}
		switch option {
		case "-r", "--requirement", "-c", "--constraint":
			return malformed("line %d: %s includes another file, want one file with all requirements", number, option)
		case "-e", "--editable":
			return yield(Entry{Place: place, Type: "pypi", Name: clip(strings.TrimSpace(line[len(option):])), Skip: "folder"})
		}
		return nil // options about where to look
	}
	e := Entry{Place: place, Type: "pypi"}
	name := pythonName.FindString(what)
	rest := strings.TrimSpace(what[len(name):])
	at, isURL := strings.CutPrefix(rest, "@")
	m := requirement.FindStringSubmatch(what[len(name):])
	switch {
	case name == "" && (strings.ContainsAny(what, "/:") || strings.HasPrefix(what, ".")) || strings.Contains(name+rest, "://") && !isURL:
		return yield(Entry{Place: place, Type: "pypi", Name: clip(strings.TrimSpace(what)), Skip: "file"})
	case name == "" || m == nil && !isURL && !strings.ContainsAny(rest, "<>~!=,"):
		return malformed("line %d: %q is no requirement", number, clip(line))
	case isURL && isGit(strings.TrimSpace(at)):
		return yield(Entry{Place: place, Type: "pypi", Name: names.Project(name), Skip: "git"})
	case m != nil:
		e.Version = m[1]
	}
	e.Name = names.Project(name)
	found := false
	for option := range strings.SplitSeq(options, " --") {
		value, ok := strings.CutPrefix(strings.TrimSpace(option), "hash")
		if !ok || value == "" || value[0] != '=' && value[0] != ' ' {
			continue
		}
		algorithm, sum, _ := strings.Cut(strings.TrimSpace(value[1:]), ":")
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
	sums := make(map[string]bool)
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimRight(string(raw), "\r\n ")
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if strings.ContainsAny(line, "\t\r") {
			return malformed("line %d: control character", number)
		}
		if indent == 0 {
			if text != "" {
				section = text
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
			if e.Skip = elsewhere[title]; e.Skip == "" && e.Err == nil {
				e.hexDigests(pairs)
			}
			if err := yield(e); err != nil {
				return err
			}
		case m == nil || indent != 4:
		case section == "GEM":
			listed = append(listed, gem{number, m[1] + " (" + m[2] + ")"})
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
