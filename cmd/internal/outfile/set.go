// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Set holds the files and folders that a command reads, and the files that
// it writes, none of which it may overwrite. The zero Set is empty.
type Set struct{ files []file }

// file is one of them.
type file struct {
	what  string      // the flag that names it
	info  fs.FileInfo // nil if it is not there
	place string      // where it is or would be, without links
}

// Add adds a file or a folder, by what a person calls it and its name; "" is
// no file.
func (s *Set) Add(what, name string) {
	if name != "" {
		s.files = append(s.files, look(what, name))
	}
}

// Apart refuses to write the file of that name if it is one of the set, or is
// there already in a folder of the set. Devices may be read and written.
func (s *Set) Apart(what, name string) error {
	out := look(what, name)
	for _, f := range s.files {
		switch {
		case out.is(f):
			return fmt.Errorf("%s and %s: the same file %s, want different files", f.what, what, name)
		case out.info != nil && f.info != nil && f.info.IsDir() && out.below(f):
			return fmt.Errorf("%s: %s is a file of %s, want another file", what, name, f.what)
		}
	}
	return nil
}

// Free is Apart and Check, and refuses to replace a file of another kind.
func (s *Set) Free(what, name string, kind Kind) error {
	if err := s.Apart(what, name); err != nil {
		return err
	}
	if err := Check(name); err != nil {
		return err
	}
	return kind.check(name)
}

func look(what, name string) file {
	f := file{what: what}
	f.info, _ = os.Stat(name) // files that cannot be looked at are compared by their paths
	place, err := filepath.EvalSymlinks(name)
	if err != nil {
		place = name
		if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
			place = filepath.Join(dir, filepath.Base(name))
		}
	}
	if f.place, err = filepath.Abs(place); err != nil {
		f.place = place
	}
	return f
}

func (f file) is(other file) bool {
	if f.info != nil && other.info != nil {
		return f.info.Mode().IsRegular() && os.SameFile(f.info, other.info)
	}
	return f.place == other.place
}

func (f file) below(dir file) bool {
	name, err := filepath.Rel(dir.place, f.place)
	return err == nil && filepath.IsLocal(name)
}
