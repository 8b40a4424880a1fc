// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Dir reads a repository from a file system: a copy of what a web server
// offers, or a cache, which keeps the roots and the targets in folders of
// their own and the other metadata under names without versions. Names are
// tried in turn, and whatever is found must verify.
type Dir struct {
	FS   fs.FS
	Meta string // folder of the metadata other than roots, "" for the top
}

// Root reads one version of the root.
func (d Dir) Root(version int64) ([]byte, error) {
	name := strconv.FormatInt(version, 10) + ".root.json"
	return d.first(MaxRootSize, "root_history/"+name, name)
}

// Timestamp reads the timestamp.
func (d Dir) Timestamp() ([]byte, error) {
	return d.first(MaxTimestampSize, path.Join(d.Meta, "timestamp.json"))
}

// Role reads the snapshot or the metadata of a targets role.
func (d Dir) Role(role string, w Want) ([]byte, error) {
	v := strconv.FormatInt(w.Version, 10) + "."
	names := []string{v + EscapeURL(role) + ".json", EscapeFile(role) + ".json"}
	if !strings.Contains(role, "/") {
		names = append(names, v+role+".json", role+".json")
	}
	for i := range names {
		names[i] = path.Join(d.Meta, names[i])
	}
	return d.first(w.Limit, names...)
}

// Target reads a target file, which is not checked yet.
func (d Dir) Target(t *Target) ([]byte, error) {
	data, err := d.first(t.Length, "targets/"+t.Hash()+"."+EscapeFile(t.Name), "targets/"+t.Path(), "targets/"+t.Name)
	return data, TooLong(err)
}

// TooLong gives the error of reading a target, whose length is known, its
// code: one byte too many is not a flood but another file.
func TooLong(err error) error {
	if refuse.CodeOf(err) == "tuf.too_large" {
		return refuse.New("tuf.length", "%v", err)
	}
	return err
}

// first reads the first file that exists.
func (d Dir) first(limit int64, names ...string) ([]byte, error) {
	for _, name := range names {
		data, err := ReadFile(d.FS, name, limit)
		if refuse.CodeOf(err) != "tuf.not_found" {
			return data, err
		}
	}
	return nil, refuse.New("tuf.not_found", "no file %q", names[0])
}

// ReadFile reads a regular file of at most limit bytes. It asks what a name
// stands for before it opens it: a named pipe would be waited for.
func ReadFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, refuse.New("tuf.not_found", "no file can have the name %q", clip(name))
	}
	f, err := openRegular(fsys, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, refuse.Wrap("tuf.not_found", err, "no file %q", clip(name))
	}
	if err != nil {
		return nil, refuse.Wrap("tuf.read", err, "file %q", clip(name))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, refuse.Wrap("tuf.read", err, "file %q", clip(name))
	case int64(len(data)) > limit:
		return nil, refuse.New("tuf.too_large", "file %q has more than %d bytes", clip(name), limit)
	}
	return data, nil
}

// openRegular opens a file. A file system that can describe a file without
// opening it is asked first: opening a named pipe may never end.
func openRegular(fsys fs.FS, name string) (fs.File, error) {
	if system, ok := fsys.(fs.StatFS); ok {
		info, err := system.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = refuse.New("tuf.read", "mode %v, want a regular file", info.Mode())
		}
		if err != nil {
			return nil, err
		}
	}
	return fsys.Open(name)
}
