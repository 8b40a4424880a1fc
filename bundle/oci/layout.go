// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Layout is an image layout on disk (OCI image-spec 1.1, "OCI Image Layout").
// It is safe for concurrent use, and reads nothing outside its folder,
// whatever links are in it.
type Layout struct{ root *os.Root }

// maxMarker bounds the file oci-layout, which holds one version.
const maxMarker = 4 << 10

// OpenLayout opens the layout that name begins with, which is DIR,
// DIR:TAG or DIR@DIGEST, and returns the tag or digest for [Layout.Resolve],
// "" if name has none. DIR ends at a colon, at an @ or at the end of name; if
// there are files or folders for two such ends, name has two meanings, and the
// error is command.ambiguous: DIR/ and DIR/:TAG have one. Other errors are the
// file system's, oci.layout for a folder that is not an image layout, and
// oci.reference if nothing follows the colon, or no digest the @: a digest that
// is written wrongly must not become a tag. The layout must be closed.
func OpenLayout(name string) (l *Layout, reference string, err error) {
	dir, reference, err := splitLayout(name)
	if err != nil {
		return nil, "", err
	}
	if dir != name && reference == "" { // a variable that was not set
		return nil, "", refuse.New("oci.reference", "nothing follows %q", clip(dir))
	}
	if strings.HasPrefix(name[len(dir):], "@") {
		if _, err := ParseDigest(reference); err != nil {
			return nil, "", err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", err
	}
	l = &Layout{root}
	if err := l.checkMarker(); err != nil {
		_ = root.Close()
		return nil, "", err
	}
	return l, reference, nil
}

// splitLayout takes name apart where a file or a folder ends. Two such places
// are refused, even if only one of them is a layout: someone who can make a
// folder beside the layout must not choose the image.
func splitLayout(name string) (dir, reference string, err error) {
	if name != "" && os.IsPathSeparator(name[len(name)-1]) {
		return name, "", nil // no tag ends so
	}
	for end := len(name); end > 0; end = strings.LastIndexAny(name[:end], ":@") {
		if _, err := os.Lstat(name[:end]); err != nil {
			continue
		}
		if dir != "" {
			return "", "", refuse.New("command.ambiguous", "both %[1]q and %[2]q exist, want %[1]s/ for the one, or %[2]s/%[3]s for what is in the other",
				dir, name[:end], name[end:])
		}
		dir = name[:end]
	}
	if dir == "" {
		return name, "", nil
	}
	return dir, name[min(len(dir)+1, len(name)):], nil
}

func (l *Layout) checkMarker() error {
	data, err := l.read("oci-layout", maxMarker)
	if err != nil {
		return refuse.Wrap("oci.layout", err, "not an image layout")
	}
	version := ""
	d := strictjson.NewDecoder(data)
	err = d.Object(func(key string) (err error) {
		if key != "imageLayoutVersion" {
			return d.Skip()
		}
		version, err = d.String()
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil || version != "1.0.0" {
		return refuse.New("oci.layout", "oci-layout does not name version 1.0.0 of the image layout")
	}
	return nil
}

// Close releases the folder.
func (l *Layout) Close() error { return l.root.Close() }

// read reads a regular file of at most most bytes.
func (l *Layout) read(name string, most int64) ([]byte, error) {
	info, err := l.root.Stat(name) // before it is opened: a pipe would wait for its writer
	if err != nil {
		return nil, plain(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, refuse.New("oci.layout", "%s is not a regular file", name)
	}
	f, err := l.root.Open(name)
	if err != nil {
		return nil, plain(name, err)
	}
	defer f.Close()
	if info.Size() > most {
		return nil, refuse.New("oci.limit", "%s has %d bytes, more than %d", name, info.Size(), most)
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = refuse.New("oci.limit", "%s has more than %d bytes", name, most)
	}
	return data, err
}

// plain names the file in an error, and not the call of the system.
func plain(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}

// index reads index.json.
func (l *Layout) index() ([]Descriptor, error) {
	data, err := l.read("index.json", MaxManifest)
	if err != nil {
		return nil, refuse.Wrap("oci.layout", err, "index.json")
	}
	list, err := ParseIndex(data)
	if err != nil {
		return nil, refuse.Wrap("oci.layout", err, "index.json")
	}
	return list, nil
}

// Manifest implements [Place].
func (l *Layout) Manifest(_ context.Context, d Descriptor) ([]byte, error) {
	return l.blob(d, MaxManifest)
}

// Blob implements [Place].
func (l *Layout) Blob(_ context.Context, d Descriptor, most int64) ([]byte, error) {
	return l.blob(d, most)
}

func (l *Layout) blob(d Descriptor, most int64) ([]byte, error) {
	if err := d.limit(most); err != nil {
		return nil, err
	}
	data, err := l.content(d.Digest, most)
	if err != nil {
		return nil, err
	}
	return data, d.Check(data)
}

// content reads what is stored under a digest, without a look at it.
func (l *Layout) content(d Digest, most int64) ([]byte, error) {
	data, err := l.read(d.path(), most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse.New("oci.missing", "%s is not in the layout", d)
	}
	return data, err
}

// Referrers implements [Place]. It finds what index.json lists, what the tag
// for registries without referrers lists, and what lies among the blobs
// unlisted, as `cosign save` leaves it.
func (l *Layout) Referrers(ctx context.Context, subject Digest) ([]Descriptor, error) {
	entries, err := l.index()
	if err != nil {
		return nil, err
	}
	found, lists := newCollector(), newCollector()
	read := make(map[Digest]bool) // so that one listed a thousand times is read once
	for _, d := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list := isTag(d, subject.FallbackTag())
		if !list && read[d.Digest] {
			continue
		}
		read[d.Digest] = true
		if list {
			lists.add(d)
		} else if l.mayRefer(d, subject) {
			found.add(d)
		}
	}
	for _, d := range lists.list {
		found.add(l.fallback(d)...)
	}
	unlisted, err := l.scan(ctx, subject)
	if err != nil {
		return nil, err
	}
	found.add(unlisted...)
	if len(found.list) > MaxReferrers {
		return nil, refuse.New("oci.limit", "more than %d referrers of %s", MaxReferrers, subject)
	}
	return found.list, nil
}

// collector keeps descriptors apart by digest.
type collector struct {
	list []Descriptor
	seen map[Digest]bool
}

func newCollector() *collector { return &collector{seen: make(map[Digest]bool)} }

func (c *collector) add(list ...Descriptor) {
	for _, d := range list {
		if !c.seen[d.Digest] {
			c.seen[d.Digest] = true
			c.list = append(c.list, d)
		}
	}
}

// fallback returns the entries of a list of referrers, or the list itself if
// it cannot be read, so that it is reported.
func (l *Layout) fallback(d Descriptor) []Descriptor {
	data, err := l.blob(d, MaxManifest)
	if err != nil {
		return []Descriptor{d}
	}
	list, err := ParseIndex(data)
	if err != nil {
		return []Descriptor{d}
	}
	return list
}

// mayRefer reports whether an entry of index.json refers to the subject. One
// that cannot be read may, unless it is marked as an image: it is reported,
// since it may be what a copy has lost.
func (l *Layout) mayRefer(d Descriptor, subject Digest) bool {
	data, err := l.blob(d, MaxManifest)
	if err != nil {
		return d.Digest != subject && d.Annotations[annotationName] == "" && !d.platform
	}
	_, refers, err := ParseSubject(data)
	return err == nil && refers == subject
}

// isTag reports whether an entry of index.json has that tag.
func isTag(d Descriptor, tag string) bool { return d.Annotations[annotationName] == tag }
