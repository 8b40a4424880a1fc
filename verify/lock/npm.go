// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"fmt"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// readNPM reads package-lock.json and npm-shrinkwrap.json, versions 1 to 3.
func readNPM(data []byte, yield func(Entry) error) error {
	version := ""
	var packages, dependencies []byte
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "lockfileVersion":
			version, err = d.Number()
			return err
		case "packages":
			packages, err = d.Raw()
			return err
		case "dependencies":
			dependencies, err = d.Raw()
			return err
		}
		return skip(d, key, "lockfileVersion", "packages", "dependencies")
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return err
	}
	switch version {
	case "1":
		if packages != nil {
			return malformed("version 1 has packages, want dependencies only")
		}
		return readNPMTree(dependencies, yield)
	case "2", "3":
		return readNPMPackages(packages, dependencies, yield)
	}
	return refuse.New("lock.version", "lockfileVersion %q, want 1, 2 or 3", clip(version))
}

// skip passes over a member whose name is not among those that are read. A name
// that another reader, which folds case, would take for one is refused.
func skip(d *strictjson.Decoder, key string, read ...string) error {
	for _, name := range read {
		if strings.EqualFold(key, name) {
			return malformed("member %q, want %q", clip(key), name)
		}
	}
	return d.Skip()
}

// npmFields are the members of an entry that decide what is installed.
type npmFields struct {
	name, version, resolved, integrity string
	link, bundled                      bool
}

var npmMembers = []string{"name", "version", "resolved", "integrity", "link", "inBundle", "bundled"}

// readNPMFields reads one entry. The members that are read must have their
// types: false would otherwise pass for a text that is absent. tree, if set,
// reads the entries within it.
func readNPMFields(d *strictjson.Decoder, tree func() error) (f npmFields, err error) {
	texts := map[string]*string{"name": &f.name, "version": &f.version, "resolved": &f.resolved, "integrity": &f.integrity}
	err = d.Object(func(key string) (err error) {
		if text := texts[key]; text != nil {
			if key == "resolved" && (d.Kind() == 'f' || d.Kind() == 't') { // npm writes false for a bundled package
				_, err = d.Bool()
				return err
			}
			*text, err = d.String()
			return err
		}
		switch {
		case key == "link":
			f.link, err = d.Bool()
			return err
		case key == "inBundle" || key == "bundled":
			var is bool
			is, err = d.Bool()
			f.bundled = f.bundled || is
			return err
		case key == "dependencies" && tree != nil:
			return tree()
		}
		return skip(d, key, npmMembers...)
	})
	return f, err
}

// entry turns the members into an entry.
func (f *npmFields) entry(place, name string) Entry {
	e := Entry{Place: place, Type: "npm", Name: name, Version: f.version}
	switch {
	case f.link && f.integrity == "":
		e.Skip = "link"
	case f.bundled && f.integrity == "" && f.resolved == "": // else it is fetched
		e.Skip = "bundled"
	case isGit(f.resolved):
		e.Skip = "git"
	case strings.HasPrefix(f.resolved, "file:"):
		e.Skip = "file"
	case f.integrity == "":
		e.noDigest()
	default:
		e.sri(f.integrity)
	}
	if e.Skip == "" {
		e.checkNPM()
	}
	return e
}

// isGit tells the addresses of Git repositories, which are fetched without a
// registry's file.
func isGit(address string) bool {
	for _, prefix := range []string{"git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:", "ssh:"} {
		if strings.HasPrefix(address, prefix) {
			return true
		}
	}
	return false
}

// readNPMPackages reads versions 2 and 3. Version 2 has the same entries a
// second time, for older clients, which install those: one with a digest of its
// own there is an entry as well.
func readNPMPackages(packages, dependencies []byte, yield func(Entry) error) error {
	if packages == nil {
		return malformed("no packages")
	}
	seen := make(map[string]bool)
	d := strictjson.NewDecoder(packages)
	err := d.Object(func(key string) error {
		key = strings.Clone(key)
		f, err := readNPMFields(d, nil)
		if err != nil || key == "" { // the project itself
			return err
		}
		const folder = "node_modules/"
		name := ""
		if i := strings.LastIndex("/"+key, "/"+folder); i >= 0 {
			name = key[i+len(folder):]
		}
		installed := name != ""
		if f.name != "" {
			name = f.name
		}
		e := f.entry(key, name)
		switch {
		case !isPath(key):
			e.badName()
		case !installed && !f.link && f.integrity == "" && f.resolved == "":
			e.Skip, e.Err = "folder", nil
		}
		seen[e.identity()] = true
		return yield(e)
	})
	if err == nil {
		err = d.End()
	}
	if err != nil || dependencies == nil {
		return err
	}
	return readNPMTree(dependencies, func(e Entry) error {
		if e.Skip != "" || e.Err != nil || seen[e.identity()] {
			return nil
		}
		return yield(e)
	})
}

// identity is what two entries have in common that install one file under one
// name.
func (e *Entry) identity() string {
	return fmt.Sprintf("%q %q %q %q %s %x", e.Type, e.Name, e.Version, e.File, e.Digest.Algorithm, e.Digest.Value)
}

// isPath reports whether a key is a path below the project.
func isPath(key string) bool {
	if strings.ContainsAny(key, "\\:\x00") || strings.HasPrefix(key, "/") {
		return false
	}
	outside := true // a linked folder may lie beside the project
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." && !outside {
			return false
		}
		outside = outside && part == ".."
	}
	return !outside
}

// readNPMTree reads the dependencies of version 1.
func readNPMTree(dependencies []byte, yield func(Entry) error) error {
	if dependencies == nil {
		return nil
	}
	d := strictjson.NewDecoder(dependencies)
	if err := npmTree(d, "", yield); err != nil {
		return err
	}
	return d.End()
}

// npmTree yields what an entry holds before the entry itself.
func npmTree(d *strictjson.Decoder, place string, yield func(Entry) error) error {
	return d.Object(func(key string) error {
		key = strings.Clone(key)
		at := key
		if place != "" {
			at = place + " > " + key
		}
		if len(at) > maxPlace { // or each entry could repeat the whole file
			at = "… > " + clip(key)
		}
		f, err := readNPMFields(d, func() error { return npmTree(d, at, yield) })
		if err != nil {
			return err
		}
		name := key
		if alias, found := strings.CutPrefix(f.version, "npm:"); found {
			i := strings.LastIndexByte(alias, '@')
			name, f.version = alias[:max(i, 0)], alias[i+1:]
		}
		if f.resolved == "" && (isGit(f.version) || strings.HasPrefix(f.version, "file:")) {
			f.resolved = f.version
		}
		return yield(f.entry(at, name))
	})
}

// maxPlace bounds what is said about the place of an entry, in bytes.
const maxPlace = 256
