// SPDX-License-Identifier: Apache-2.0

// Package outfile writes the files that a command is told to write: all of
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
	f, err := temporary(target)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if info != nil {
		if err = f.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), target)
}

// Create writes data to a new file of that name, with at most that mode. It
// follows no link and replaces nothing, not even a link to nothing. On an
// error no file stays.
func Create(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(name)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	return f.Close()
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

// Check says why Write could not write that file, as far as this can be told
// without writing it: for those who do something first that cannot be undone.
func Check(name string) error {
	target, info, err := find(name)
	switch {
	case err != nil:
		return err
	case info != nil && info.IsDir():
		return fmt.Errorf("%s is a directory", name)
	case info != nil && info.Mode().Type() == fs.ModeSocket:
		return fmt.Errorf("%s is a socket", name)
	case info != nil && !info.Mode().IsRegular():
		return nil
	}
	return probe(target)
}

// probe makes a file beside that one and removes it.
func probe(beside string) error {
	f, err := temporary(beside)
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
			return "", nil, fmt.Errorf("%s is a link to nothing", name)
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
// has the mode that the umask leaves.
func temporary(beside string) (*os.File, error) {
	name := filepath.Join(filepath.Dir(beside), ".sigbundle-"+rand.Text())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	var path *fs.PathError
	if errors.As(err, &path) {
		path.Path = beside // the name that a person knows
	}
	return f, err
}
