// SPDX-License-Identifier: Apache-2.0

// Package lock reads lock files of package managers, and holds each entry
// against evidence by the digest that the lock file gives it.
//
// What binds an installed package to a statement is the digest in the lock file,
// and not what a registry says about a version: a registry can be right while
// the lock file names another file. An entry is thus judged by its own digest,
// and the name in the statement must be the entry's name.
//
//	f, err := lock.Parse(data)
//	for entry, err := range f.All() {
//		…
//	}
//
// [Cover] judges the entries.
//
// Refusals of a lock file have codes of the family lock. Entries whose digest
// cannot be compared carry one: artifact.not_comparable for a digest of another
// thing than the file, lock.no_digest for none.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package lock

import (
	"bytes"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify/names"
)

// MaxSize bounds a lock file, in bytes. The largest in public repositories have
// a few million.
const MaxSize = 64 << 20

// An Entry is one file that a lock file has installed.
type Entry struct {
	Place    string // where it stands in the lock file
	Type     string // as in package URLs: npm, pypi, gem, …
	Name     string // of the package, with its scope; not its alias
	Version  string // "" if the lock file does not say
	Platform string // of a gem, "" for ruby
	File     string // the name of the file, "" if the lock file does not say

	// Digest is that of the file, if neither Skip nor Err says otherwise.
	Digest names.Digest
	// Skip says why nothing is fetched for the entry that has evidence of its
	// own: link, folder, bundled, git, file.
	Skip string
	// Err says why the digest cannot be compared.
	Err error
}

// Title returns the name and the version for people.
func (e *Entry) Title() string {
	switch {
	case e.Version == "":
		return e.Name
	case e.Platform != "":
		return e.Name + "@" + e.Version + "-" + e.Platform
	}
	return e.Name + "@" + e.Version
}

// A File is a lock file whose format is known.
type File struct {
	Format string // such as package-lock
	data   []byte
	read   func(data []byte, yield func(Entry) error) error
}

// Parse tells which format a lock file has, by its content. It does not read the
// entries.
func Parse(data []byte) (*File, error) {
	if len(data) > MaxSize {
		return nil, refuse.New("lock.limit", "lock file of %d bytes, want at most %d", len(data), MaxSize)
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, malformed("lock file: not text in UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	f := &File{data: data}
	first := firstLine(data)
	if strings.HasPrefix(first, "{") && !isBun(data) {
		f.Format, f.read = "package-lock", readNPM
		return f, nil
	}
	// JSON has its own rules for these; elsewhere readers differ in what ends a line.
	if loc := oddBreak.FindIndex(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))); loc != nil {
		return nil, malformed("lock file: a line ends in another way than with LF or CR LF")
	}
	if strings.HasPrefix(first, "{") {
		f.Format, f.read = "bun", readBun
		return f, nil
	}
	for _, known := range []struct {
		format string
		is     bool
		read   func([]byte, func(Entry) error) error
	}{
		{"yarn berry", hasLine(data, "__metadata:"), readBerry},
		{"yarn", bytes.Contains(data[:min(len(data), 4096)], []byte("# yarn lockfile v1")), readYarn},
		{"Gemfile.lock", hasLine(data, "GEM") || hasLine(data, "CHECKSUMS"), readGemfile},
		{"go.sum", isGoSum(first), readGoSum},
		{"pnpm-lock", hasKey(data, "lockfileVersion:"), readPNPM},
		{"pylock", hasKey(data, "lock-version = "), readPylock},
		{"requirements", bytes.Contains(data, []byte("--hash")), readRequirements},
	} {
		switch {
		case !known.is:
		case f.read != nil:
			return nil, malformed("lock file: fits the formats %s and %s", f.Format, known.format)
		default:
			f.Format, f.read = known.format, known.read
		}
	}
	if f.read == nil {
		return nil, refuse.New("lock.unknown", "lock file: not of a known format")
	}
	return f, nil
}

// oddBreak is what some readers of text take for the end of a line.
var oddBreak = regexp.MustCompile("[\r\v\f\x1c-\x1e\u0085\u2028\u2029]")

// stop ends a reader whose caller wants no more.
type stop struct{}

func (stop) Error() string { return "stopped" }

// All yields the entries in the order of the file. An error is about the whole
// file, and the last thing yielded.
func (f *File) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := f.read(f.data, func(e Entry) error {
			if !yield(e, nil) {
				return stop{}
			}
			return nil
		})
		if _, stopped := err.(stop); err != nil && !stopped {
			yield(Entry{}, refuse.Wrap("lock.malformed", err, "lock file"))
		}
	}
}

func malformed(format string, args ...any) error {
	return refuse.New("lock.malformed", format, args...)
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// firstLine returns the first line that is neither blank nor a comment.
func firstLine(data []byte) string {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && !bytes.HasPrefix(line, []byte("//")) {
			return string(line[:min(len(line), 1024)])
		}
	}
	return ""
}

func hasLine(data []byte, want string) bool {
	for line := range bytes.Lines(data) {
		if string(bytes.TrimRight(line, " \r\n")) == want {
			return true
		}
	}
	return false
}

// hasKey reports whether a line begins with a key.
func hasKey(data []byte, key string) bool {
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte(key)) {
			return true
		}
	}
	return false
}

// sri gives the entry the digest of an integrity value.
func (e *Entry) sri(text string) { e.Digest, e.Err = names.ParseSRI(text) }

// noDigest says that the lock file binds the entry to nothing.
func (e *Entry) noDigest() {
	e.Err = e.wrong("lock.no_digest", "no digest")
}

// wrong returns a refusal of the entry.
func (e *Entry) wrong(code refuse.Code, format string, args ...any) error {
	return refuse.New(code, "%s: %s", clip(e.Title()), fmt.Sprintf(format, args...))
}

// fail takes the digest away, so that nothing is proved about the entry.
func (e *Entry) fail(code refuse.Code, format string, args ...any) {
	e.Digest, e.Skip, e.Err = names.Digest{}, "", e.wrong(code, format, args...)
}

// checkNPM refuses a name that npm has for no package: a name becomes a path.
func (e *Entry) checkNPM() {
	name := e.Name
	if scope, rest, found := strings.Cut(name, "/"); found {
		if !strings.HasPrefix(scope, "@") || !plain(scope[1:]) {
			e.badName()
			return
		}
		name = rest
	}
	if !plain(name) || len(e.Name) > 214 || !plain(e.Version) || e.Version[0] < '0' || e.Version[0] > '9' {
		e.badName()
	}
}

func (e *Entry) badName() {
	e.fail("lock.name", "not a name and a version that %s has", e.Type)
}

// plain reports whether s is one component of a path, and nothing else.
func plain(s string) bool {
	if s == "" || s[0] == '.' || len(s) > names.MaxLength {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`/\:@%?#"'<>|*`, c) >= 0 {
			return false
		}
	}
	return true
}
