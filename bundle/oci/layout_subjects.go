// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"io"
	"io/fs"
	"os"
	"strings"
)

// minHintFile is what a file costs at least, so that their number is bounded.
const minHintFile = 8 << 10

// bySubject looks once through the entries of index.json and the blobs, and
// returns what says that it refers to each image, by the image. It is for
// hints: it stops quietly where most bytes are read, and reads a file once
// whatever the number of its names.
func (l *Layout) bySubject(ctx context.Context, entries []Descriptor, most int64) map[Digest][]Descriptor {
	s := &subjects{layout: l, most: most, lists: make(map[Digest]*collector)}
	s.look(ctx, entries)
	found := make(map[Digest][]Descriptor)
	for subject, c := range s.lists {
		found[subject] = c.list
	}
	return found
}

func (s *subjects) look(ctx context.Context, entries []Descriptor) {
	for _, d := range entries {
		if ctx.Err() != nil {
			break
		}
		if isFallback(d) {
			if data := s.read(d.Digest); data != nil {
				subject, _ := ParseDigest(strings.Replace(d.Annotations[annotationName], "-", ":", 1))
				list, _ := ParseIndex(data)
				s.add(subject, list...)
			}
			continue
		}
		s.manifest(d)
	}
	for _, algorithm := range []string{"sha256", "sha512"} {
		files, err := s.layout.list("blobs/" + algorithm)
		if err != nil {
			continue
		}
		for _, f := range files {
			if ctx.Err() != nil || s.most <= 0 {
				break
			}
			if digest, err := ParseDigest(algorithm + ":" + f.Name()); err == nil && f.Type().IsRegular() {
				s.manifest(Descriptor{Digest: digest})
			}
		}
	}
}

// subjects is a look through a layout under way.
type subjects struct {
	layout *Layout
	most   int64         // bytes that may still be read
	seen   []fs.FileInfo // files that were read
	lists  map[Digest]*collector
}

func (s *subjects) add(subject Digest, list ...Descriptor) {
	c := s.lists[subject]
	if c == nil {
		c = newCollector()
		s.lists[subject] = c
	}
	c.add(list...)
}

// manifest notes what a manifest says that it refers to.
func (s *subjects) manifest(d Descriptor) {
	data := s.read(d.Digest)
	if data == nil {
		return
	}
	if _, subject, err := ParseSubject(data); err == nil && subject != "" {
		d.Size = int64(len(data))
		s.add(subject, d)
	}
}

// read reads a blob that may be a manifest, and that was not read before.
func (s *subjects) read(digest Digest) []byte {
	name := digest.path()
	info, err := s.layout.root.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > min(s.most, MaxManifest) {
		return nil
	}
	for _, other := range s.seen {
		if os.SameFile(info, other) {
			return nil
		}
	}
	f, err := s.layout.root.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	first := make([]byte, 1)
	if _, err := f.Read(first); err != nil || first[0] != '{' && first[0] != ' ' && first[0] != '\n' {
		return nil // most blobs are archives
	}
	rest, err := io.ReadAll(io.LimitReader(f, min(s.most, MaxManifest)))
	s.most -= max(int64(len(rest)), minHintFile)
	s.seen = append(s.seen, info)
	if err != nil {
		return nil
	}
	return append(first, rest...)
}
