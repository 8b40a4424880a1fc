// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"io/fs"
	"path"
	"time"
)

// tree is the files below a prefix as a file system for reading files by
// name; it lists no directories.
type tree struct {
	files  map[string][]byte
	prefix string
}

// Open returns a file. No file of a kit has a name that is not valid.
func (t tree) Open(name string) (fs.File, error) {
	data, ok := t.files[t.prefix+name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{bytes.NewReader(data), path.Base(name)}, nil
}

type file struct {
	*bytes.Reader
	name string
}

func (f *file) Close() error               { return nil }
func (f *file) Stat() (fs.FileInfo, error) { return info{f}, nil }

type info struct{ f *file }

func (i info) Name() string       { return i.f.name }
func (i info) Size() int64        { return i.f.Reader.Size() }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return epoch }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
