// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"sync/atomic"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// PushBlob implements [Store]. A blob that exists with other content is
// replaced.
func (l *Layout) PushBlob(_ context.Context, d Descriptor, data []byte) error {
	if err := d.Check(data); err != nil {
		return err
	}
	if old, err := l.content(d.Digest, d.Size); err == nil && bytes.Equal(old, data) {
		return nil
	}
	name := d.Digest.path()
	if err := l.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return refuse.Wrap("oci.write", err, "blob")
	}
	return refuse.Wrap("oci.write", l.replace(name, data), "blob")
}

// PushReferrer implements [Store]. The manifest is listed in index.json, where
// other programs look for referrers in a layout. What else is in that file
// stays as it is, byte for byte except for white space between entries. Where the
// system has locks, several writers wait for each other, until the context ends.
func (l *Layout) PushReferrer(ctx context.Context, d Descriptor, data []byte, _ Digest) error {
	if err := l.PushBlob(ctx, d, data); err != nil {
		return err
	}
	marker, err := l.root.Open("oci-layout")
	if err != nil {
		return refuse.Wrap("oci.write", err, "lock")
	}
	defer marker.Close() // and the lock with it
	if err := lock(ctx, marker); err != nil {
		return refuse.Wrap("oci.write", err, "lock")
	}
	old, err := l.read("index.json", MaxManifest)
	if err != nil {
		return refuse.Wrap("oci.layout", err, "index.json")
	}
	index, err := addEntry(old, d)
	if err != nil || index == nil {
		return err
	}
	return refuse.Wrap("oci.write", l.replace("index.json", index), "index.json")
}

// addEntry returns the index with one more entry, nil if it has it.
func addEntry(index []byte, d Descriptor) ([]byte, error) {
	entries, err := ParseIndex(index)
	if err != nil {
		return nil, refuse.Wrap("oci.layout", err, "index.json")
	}
	for _, e := range entries {
		if e.Digest == d.Digest {
			return nil, nil
		}
	}
	if len(entries) == MaxManifests {
		return nil, refuse.New("oci.limit", "index.json has %d entries already", MaxManifests)
	}
	entry, err := json.Marshal(d)
	if err != nil {
		return nil, refuse.Wrap("oci.write", err, "index.json")
	}
	var out bytes.Buffer
	separator := byte('{')
	dec := strictjson.NewDecoder(index)
	err = dec.Object(func(key string) error {
		name, err := json.Marshal(key)
		if err != nil {
			return err
		}
		value, err := dec.Raw()
		if err != nil {
			return err
		}
		if key == "manifests" {
			value = appendEntry(value, entry, len(entries))
		}
		out.WriteByte(separator)
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
		separator = ','
		return nil
	})
	out.WriteByte('}')
	if out.Len() > MaxManifest {
		return nil, refuse.New("oci.limit", "index.json would have more than %d bytes", MaxManifest)
	}
	return out.Bytes(), refuse.Wrap("oci.layout", err, "index.json")
}

// appendEntry adds an entry to the text of an array with n of them.
func appendEntry(array, entry []byte, n int) []byte {
	if n == 0 {
		return append(append([]byte{'['}, entry...), ']')
	}
	whole := bytes.Clone(array[:len(array)-1])
	whole = append(append(whole, ','), entry...)
	return append(whole, ']')
}

// CheckWritable says why nothing can be pushed, as far as the folders tell:
// for those who do something first that cannot be undone. It leaves no file.
// Errors are the file system's.
func (l *Layout) CheckWritable() error {
	blobs := "blobs/sha256" // where [Attach] pushes to
	if err := l.root.MkdirAll(blobs, 0o755); err != nil {
		return fmt.Errorf("the layout cannot be written: %w", err)
	}
	for _, folder := range []string{".", blobs} {
		f, name, err := l.temporary(folder)
		if err == nil {
			err = errors.Join(f.Close(), l.root.Remove(name))
		}
		if err != nil {
			return fmt.Errorf("the layout cannot be written: %w", err)
		}
	}
	return nil
}

// written counts temporary files, so that no two have the same name.
var written atomic.Int64

// temporary makes a file in a folder.
func (l *Layout) temporary(folder string) (*os.File, string, error) {
	name := path.Join(folder, fmt.Sprintf(".sigbundle-%d-%d", os.Getpid(), written.Add(1)))
	f, err := l.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	return f, name, err
}

// replace writes a file that has either its old content or all of the new one.
func (l *Layout) replace(name string, data []byte) (err error) {
	f, temporary, err := l.temporary(path.Dir(name))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = l.root.Remove(temporary)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return l.root.Rename(temporary, name)
}
