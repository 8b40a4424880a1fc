// SPDX-License-Identifier: Apache-2.0

// Package infile opens files for reading without waiting for anyone: a named
// pipe or a device under the name of a file is refused, where [os.Open] would
// wait for a writer that may never come.
package infile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Why a file is refused.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("file too large")
)

// IsNotRegular reports whether a file was refused for its kind.
func IsNotRegular(err error) bool { return errors.Is(err, ErrNotRegular) }

// Open opens a regular file. Links are followed. The names that a shell gives
// to its own pipes, /dev/stdin and /dev/fd/N, are the one exception: they are
// already open, and the caller asks for them by name.
func Open(name string) (*os.File, error) {
	if handed(name) {
		return os.Open(name)
	}
	f, info, err := open(name)
	if err == nil && !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, refused(name, ErrNotRegular)
	}
	return f, err
}

// open opens a file or a folder. The file behind a name can change between two
// looks at it, so the open file is asked again: the first look keeps devices
// from being opened, which alone can have effects.
func open(name string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		path.Op = "open" // what was asked for, not how it is done
	}
	if err != nil {
		return nil, nil, err
	}
	if !plain(info) {
		return nil, nil, refused(name, ErrNotRegular)
	}
	f, err := os.OpenFile(name, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err == nil && !plain(info) {
		err = refused(name, ErrNotRegular)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func plain(info fs.FileInfo) bool { return info.Mode().IsRegular() || info.IsDir() }

func refused(name string, err error) error {
	return &fs.PathError{Op: "open", Path: name, Err: err}
}

// handed reports whether a name is that of a file which the process was
// started with.
func handed(name string) bool {
	if name == "/dev/stdin" {
		return true
	}
	n, ok := strings.CutPrefix(name, "/dev/fd/")
	_, err := strconv.ParseUint(n, 10, 16)
	return ok && err == nil
}

// Read reads a file that [Open] opens and that has at most that many bytes.
func Read(name string, most int64) ([]byte, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrTooLarge}
	}
	return data, nil
}

// Dir is a folder as a file system, like [os.DirFS], in which nothing but
// regular files and folders can be opened.
type Dir string

// Open opens a file or a folder.
func (d Dir) Open(name string) (fs.File, error) {
	full, err := d.path("open", name)
	if err != nil {
		return nil, err
	}
	f, _, err := open(full)
	if err != nil {
		return nil, named(name, err) // not a nil *os.File in an interface
	}
	return f, nil
}

// Stat describes a file without opening it.
func (d Dir) Stat(name string) (fs.FileInfo, error) {
	full, err := d.path("stat", name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	return info, named(name, err)
}

// named gives an error the name that was asked for, as [os.DirFS] does: where
// the folder lies is the caller's to say.
func named(name string, err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		e.Path = name
	}
	return err
}

func (d Dir) path(op, name string) (string, error) {
	local, err := filepath.Localize(name)
	if d == "" || err != nil {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return filepath.Join(string(d), local), nil
}
