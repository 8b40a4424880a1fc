// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify/names"
)

// readPylock reads pylock.toml (PEP 751). Each file of a package is an entry.
func readPylock(data []byte, yield func(Entry) error) error {
	root, err := parseTOML(string(data))
	if err != nil {
		return err
	}
	if v := root.text("lock-version"); v != "1.0" {
		return refuse.New("lock.version", "lock-version %q, want 1.0", clip(v))
	}
	if err := root.exact("packages", "lock-version"); err != nil {
		return err
	}
	for i, p := range root.tables("packages") {
		e := Entry{Place: fmt.Sprintf("packages[%d]", i), Type: "pypi", Name: names.Project(p.text("name")), Version: p.text("version")}
		if err := p.exact("name", "version", "sdist", "wheels", "archive", "vcs", "directory"); err != nil {
			return err
		}
		found := false
		for _, kind := range []string{"sdist", "wheels", "archive"} {
			for _, file := range p.tables(kind) {
				found = true
				one := e
				if err := one.pylockFile(file); err != nil {
					return err
				}
				if kind == "archive" {
					one.File = "" // any name will do
				}
				if one.Err == nil {
					one.checkPython()
				}
				if err := yield(one); err != nil {
					return err
				}
			}
		}
		switch {
		case found:
			continue
		case p.tables("vcs") != nil:
			e.Skip = "git"
		case p.tables("directory") != nil:
			e.Skip = "folder"
		default:
			e.noDigest()
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

func (e *Entry) pylockFile(file *tomlTable) error {
	if err := file.exact("name", "url", "path", "hashes"); err != nil {
		return err
	}
	if e.File = file.text("name"); e.File == "" {
		e.File = lastSegment(file.text("url"))
	}
	if e.File == "" {
		e.File = lastSegment(file.text("path"))
	}
	var sums [][2]string
	for _, hashes := range file.tables("hashes") {
		for algorithm := range hashes.members { // in any order: the strongest is taken
			sums = append(sums, [2]string{algorithm, hashes.text(algorithm)})
		}
	}
	e.hexDigests(sums)
	return nil
}

// checkPython refuses a file whose name is that of another package or version
// than the entry's.
func (e *Entry) checkPython() {
	if e.File == "" {
		return
	}
	p, err := names.ParsePython(e.File)
	if err != nil {
		e.fail("lock.name", "file %q: %v", clip(e.File), err)
		return
	}
	version, err := names.PythonVersion(e.Version)
	if p.Project != e.Name || e.Version != "" && (err != nil || version != p.Version) {
		e.fail("lock.name", "file %q is of another package or version", clip(e.File))
	}
}

// lastSegment returns the name of the file that an address ends in.
func lastSegment(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	name, err := url.PathUnescape(address[strings.LastIndexByte(address, '/')+1:])
	if err != nil {
		return address
	}
	return name
}

// exact refuses a key that differs from one that is read in case only.
func (t *tomlTable) exact(read ...string) error {
	for key := range t.members {
		for _, name := range read {
			if key != name && strings.EqualFold(key, name) {
				return malformed("key %q, want %q", clip(key), name)
			}
		}
	}
	return nil
}
