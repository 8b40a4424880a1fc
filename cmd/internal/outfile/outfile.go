// SPDX-License-Identifier: Apache-2.0

// Package outfile writes the output files of a command: all of
// them or nothing, never over what the command reads, and with the mode that
// the umask leaves.
package outfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes data to the file of that name. A regular file has either its
// old content or all of the new one, whatever happens, and keeps its mode; a
// link to one stays a link. What else has that name, a device or a pipe, is
// written to and never replaced.
func Write(name string, data []byte) (err error) {
	target, info, err := find(name)
	if err != nil {
		return err
	}
	if info != nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	}
	mode := fs.FileMode(0o666)
	if info != nil {
		mode = info.Mode().Perm() & 0o666
	}
	f, err := temporary(target, mode)
	if err != nil {
		return err
	}
	if info != nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err = errors.Join(err, put(f, data)); err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Create writes data to a new file of that name, with at most that mode, all of
// it or nothing. It follows no link and replaces nothing, not even a link to
// nothing, whatever happens meanwhile.
func Create(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := fill(name, data, mode)
	if err != nil {
		return err
	}
	defer os.Remove(f)
	// A second name for the file: unlike renaming, this replaces nothing.
	if err = os.Link(f, name); err == nil || errors.Is(err, fs.ErrExist) {
		return exists(name, err)
	}
	return createHere(name, data, mode) // a file system without such names
}

// createHere is Create where a file cannot have two names: if the machine stops
// meanwhile, a part of the file stays.
func createHere(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return exists(name, err)
	}
	if err = put(f, data); err != nil {
		_ = os.Remove(name)
	}
	return err
}

// exists names the file that a person knows.
func exists(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return err
}

// Replace writes data to the file of that name, all of it or nothing. Unlike
// Write it follows no link: a link, a pipe or a device of that name is
// replaced, and what it stood for is not touched.
func Replace(name string, data []byte) error {
	f, err := fill(name, data, 0o666)
	if err != nil {
		return err
	}
	if err = os.Rename(f, name); err != nil {
		_ = os.Remove(f)
	}
	return err
}

// fill makes a file beside another one, with the data in it, and returns its
// name.
func fill(beside string, data []byte, mode fs.FileMode) (string, error) {
	f, err := temporary(beside, mode)
	if err != nil {
		return "", err
	}
	if err = put(f, data); err != nil {
		_ = os.Remove(f.Name())
	}
	return f.Name(), err
}

// put writes the data and closes the file.
func put(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// CheckNew says why Create could not create that file, as far as this can be
// told without creating it.
func CheckNew(name string) error {
	_, err := os.Lstat(name)
	if err == nil {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return probe(name)
}

// Check says why Write could not write that file, as far as this is known
// without writing it: for those who do something first that cannot be undone.
func Check(name string) error {
	target, info, err := find(name)
	switch {
	case err != nil:
		return err
	case info != nil && info.IsDir():
		return fmt.Errorf("%s: a folder, want a file", name)
	case info != nil && info.Mode().Type() == fs.ModeSocket:
		return fmt.Errorf("%s: a socket, want a file", name)
	case info != nil && !info.Mode().IsRegular():
		return nil
	}
	return probe(target)
}

// probe makes a file beside that one and removes it.
func probe(beside string) error {
	f, err := temporary(beside, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// find follows links, to the file and what is known of it; nil if it is not
// there.
func find(name string) (string, fs.FileInfo, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(name); err == nil {
			return "", nil, fmt.Errorf("%s: a link to a file that does not exist, want a file", name)
		}
		return name, nil, nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return name, info, err
	}
	target, err := filepath.EvalSymlinks(name)
	return target, info, err
}

// temporary makes a file beside another one. Unlike those of os.CreateTemp it
// has of the mode what the umask leaves.
func temporary(beside string, mode fs.FileMode) (*os.File, error) {
	name := filepath.Join(filepath.Dir(beside), ".sigbundle-"+rand.Text())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	var path *fs.PathError
	if errors.As(err, &path) {
		path.Path = beside // the name that a person knows
	}
	return f, err
}
