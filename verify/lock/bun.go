// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// isBun tells bun.lock from package-lock.json: only the former has workspaces
// at the top.
func isBun(data []byte) (found bool) {
	d := strictjson.NewDecoder(relaxed(data))
	_ = d.Object(func(key string) error {
		found = found || key == "workspaces"
		return d.Skip()
	})
	return found
}

// relaxed returns JSON with comments and commas before a closing bracket blanked
// out, as bun writes the latter. Positions stay the same.
func relaxed(data []byte) []byte {
	out := bytes.Clone(data)
	comma := -1 // of the last comma, if nothing followed it yet
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '"':
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
			comma = -1
		case c == '/' && i+1 < len(out) && out[i+1] == '/':
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case c == ',':
			comma = i
		case (c == '}' || c == ']') && comma >= 0:
			out[comma] = ' '
			comma = -1
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			comma = -1
		}
	}
	return out
}

// readBun reads bun.lock, the text form, version 0 and 1.
func readBun(data []byte, yield func(Entry) error) error {
	version := ""
	var packages []byte
	d := strictjson.NewDecoder(relaxed(data))
	err := d.Object(func(key string) (err error) {
		switch key {
		case "lockfileVersion":
			version, err = d.Number()
			return err
		case "packages":
			packages, err = d.Raw()
			return err
		}
		return skip(d, key, "lockfileVersion", "packages")
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return err
	case version != "0" && version != "1":
		return refuse.New("lock.version", "lockfileVersion %q of bun, want 0 or 1", clip(version))
	case packages == nil:
		return nil
	}
	d = strictjson.NewDecoder(packages)
	err = d.Object(func(key string) error {
		e, err := bunEntry(d, strings.Clone(key))
		if err != nil {
			return err
		}
		return yield(e)
	})
	if err == nil {
		err = d.End()
	}
	return err
}

// maxBun bounds the elements of an entry.
const maxBun = 8

// bunEntry reads [NAME@VERSION, REGISTRY, {…}, INTEGRITY]. Entries of folders
// and repositories have other elements: the digest is the last one that has the
// form of an integrity value.
func bunEntry(d *strictjson.Decoder, key string) (Entry, error) {
	var texts []string
	err := d.Array(maxBun, func(int) error {
		if d.Kind() != '"' {
			return d.Skip()
		}
		s, err := d.String()
		texts = append(texts, strings.Clone(s))
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	if len(texts) == 0 || texts[0] == "" {
		return Entry{}, malformed("package %q: want its name first", clip(key))
	}
	name, source := yarnName(texts[0])
	e := Entry{Place: clip(key), Type: "npm", Name: name, Version: source}
	switch {
	case strings.HasPrefix(source, "workspace:") || strings.HasPrefix(source, "root:"):
		e.Skip = "folder"
	case strings.HasPrefix(source, "link:"):
		e.Skip = "link"
	case isGit(source):
		e.Skip = "git"
	case strings.HasPrefix(source, "file:") || strings.HasPrefix(source, ".") || strings.HasPrefix(source, "/"):
		e.Skip = "file"
	case strings.Contains(source, "://"): // a tarball of a URL, which no version names
		e.noDigest()
	case len(texts) < 2 || len(texts) == 2 && !strings.Contains(texts[1], "-") || texts[len(texts)-1] == "":
		e.noDigest()
	default:
		e.sri(texts[len(texts)-1])
	}
	if e.Skip == "" && !strings.Contains(source, "://") {
		e.checkNPM()
	}
	return e, nil
}
