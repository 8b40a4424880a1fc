// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxName bounds a name of an image. A tag has at most 128 bytes (OCI
// distribution-spec 1.1, "Pulling manifests"); the name of an entry of
// index.json may be a full one, with host and repository.
const maxName = 512

// Resolve implements [Place]. A layout without a name for its image must hold
// one only; referrers, and the images that an index is made of, are left out,
// unless they have a name of their own.
func (l *Layout) Resolve(ctx context.Context, reference string) (Descriptor, error) {
	if digest, ok, err := pinned(reference); err != nil {
		return Descriptor{}, err
	} else if ok {
		return l.image(digest)
	}
	if len(reference) > maxName {
		return Descriptor{}, refuse.New("oci.reference", "a name of more than %d bytes", maxName)
	}
	entries, err := l.index()
	if err != nil {
		return Descriptor{}, err
	}
	var images []Descriptor
	if reference != "" {
		images = named(entries, reference)
	} else if images, err = l.images(ctx, entries); err != nil {
		return Descriptor{}, err
	}
	switch {
	case len(images) == 1:
		return l.image(images[0].Digest)
	case len(images) > 1:
		return Descriptor{}, refuse.New("oci.ambiguous", "the layout holds several images, name one of %s", names(images))
	case reference != "":
		return Descriptor{}, refuse.New("oci.not_found", "the layout has no image with the name %q", clip(reference))
	}
	return Descriptor{}, refuse.New("oci.not_found", "the layout holds no image")
}

// pinned returns the digest in a reference: DIGEST, or NAME@DIGEST. Anything
// after an @, and anything that begins as a digest does, has to be one: a
// digest that is written wrongly must not become a name.
func pinned(reference string) (d Digest, ok bool, err error) {
	_, digest, at := strings.Cut(reference, "@")
	if !at {
		digest = reference
	}
	if !at && !strings.HasPrefix(digest, "sha256:") && !strings.HasPrefix(digest, "sha512:") {
		return "", false, nil
	}
	d, err = ParseDigest(digest)
	return d, err == nil, err
}

// image reads the manifest with that digest and describes it.
func (l *Layout) image(digest Digest) (Descriptor, error) {
	data, err := l.content(digest, MaxManifest)
	if refuse.CodeOf(err) == "oci.missing" {
		return Descriptor{}, refuse.New("oci.not_found", "%s is not in the layout", digest)
	}
	if err != nil {
		return Descriptor{}, err
	}
	d := Descriptor{Digest: digest, Size: int64(len(data))}
	if err := d.Check(data); err != nil {
		return Descriptor{}, err
	}
	d.MediaType, _, err = ParseSubject(data)
	return d, err
}

// named returns the entries with that tag, one for each digest.
func named(entries []Descriptor, tag string) []Descriptor {
	found := newCollector()
	for _, d := range entries {
		if isTag(d, tag) {
			found.add(d)
		}
	}
	return found.list
}

// images returns the entries that are images of their own. One that cannot be
// read is included: it must not be passed over for another.
func (l *Layout) images(ctx context.Context, entries []Descriptor) ([]Descriptor, error) {
	found := newCollector()
	part, read := make(map[Digest]bool), make(map[Digest]bool)
	for _, d := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if isFallback(d) || isOldTag(d.Annotations[annotationName]) || read[d.Digest] && !hasName(d) {
			continue
		}
		read[d.Digest] = true
		data, err := l.blob(d, MaxManifest)
		if err != nil {
			if d.ArtifactType == "" || hasName(d) {
				found.add(d)
			}
			continue
		}
		m, err := parseManifest(data)
		if err == nil && (m.subject != nil && !(hasName(d) && m.runs()) || isCosignOld(d) && !m.runs()) {
			continue
		}
		found.add(d)
		if err == nil {
			for _, child := range m.manifests {
				part[child.Digest] = true
			}
		}
	}
	var whole []Descriptor
	for _, d := range found.list {
		if !part[d.Digest] || hasName(d) {
			whole = append(whole, d)
		}
	}
	return whole, nil
}

// isFallback reports whether an entry is a list of referrers by its tag.
func isFallback(d Descriptor) bool {
	digest, err := ParseDigest(strings.Replace(d.Annotations[annotationName], "-", ":", 1))
	return err == nil && isTag(d, digest.FallbackTag())
}

// hasName reports whether an entry has a name that a person could mean. Its
// image is never passed over in favour of another one: the maker of the layout
// could hide it.
func hasName(d Descriptor) bool { return d.Annotations[annotationName] != "" }

// runs reports whether a manifest is an index, or has a layer that an image is
// made of.
func (m *manifest) runs() bool {
	for _, l := range m.layers {
		if strings.Contains(l.MediaType, ".image.") {
			return true
		}
	}
	return m.isIndex
}

// oldTags are the ends of tags in which cosign kept signatures, attestations
// and SBOMs before there were bundles.
var oldTags = []string{".sig", ".att", ".sbom"}

// isOldTag reports whether a tag, or a full name with one, is such a tag.
func isOldTag(name string) bool {
	tag := name[strings.LastIndexByte(name, ':')+1:]
	for _, end := range oldTags {
		if digest, ok := strings.CutSuffix(tag, end); ok {
			_, err := ParseDigest(strings.Replace(digest, "-", ":", 1))
			return err == nil
		}
	}
	return false
}

// isCosignOld reports whether an entry is marked as one of those in which
// cosign kept signatures before there were bundles.
func isCosignOld(d Descriptor) bool {
	kind := d.Annotations[annotationKind]
	return kind == "dev.cosignproject.cosign/sigs" || kind == "dev.cosignproject.cosign/atts"
}

// names lists images for a message.
func names(images []Descriptor) string {
	const most = 10
	var list []string
	for i, d := range images {
		if i == most {
			list = append(list, fmt.Sprintf("%d more", len(images)-most))
			break
		}
		name := "@" + d.Digest.String()
		if tag := d.Annotations[annotationName]; tag != "" {
			name = fmt.Sprintf("%q (%s)", ":"+clip(tag), name)
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

// scan looks through the blobs for manifests that refer to the subject.
func (l *Layout) scan(ctx context.Context, subject Digest) ([]Descriptor, error) {
	var found []Descriptor
	for _, algorithm := range []string{"sha256", "sha512"} {
		entries, err := l.list("blobs/" + algorithm)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			digest, err := ParseDigest(algorithm + ":" + e.Name())
			if err != nil || !e.Type().IsRegular() {
				continue
			}
			if size, ok := l.mentions(digest, subject); ok {
				found = append(found, Descriptor{Digest: digest, Size: size})
			}
		}
	}
	return found, nil
}

// list returns a folder's entries by name.
func (l *Layout) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(l.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && len(entries) > MaxBlobs {
		err = refuse.New("oci.limit", "%s has more than %d blobs", dir, MaxBlobs)
	}
	return entries, err
}

// mentions reports whether a blob is a manifest of the subject's, going by
// what it says. Whether it is what its name says is checked when it is read.
func (l *Layout) mentions(digest, subject Digest) (size int64, ok bool) {
	f, err := l.root.Open(digest.path())
	if err != nil {
		return 0, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > MaxManifest {
		return 0, false
	}
	first := make([]byte, 1)
	if _, err := f.Read(first); err != nil || first[0] != '{' && first[0] != ' ' && first[0] != '\n' {
		return 0, false // most blobs are archives
	}
	rest, err := io.ReadAll(io.LimitReader(f, MaxManifest))
	if err != nil || !bytes.Contains(rest, []byte(subject)) {
		return 0, false
	}
	data := append(first, rest...)
	_, refers, err := ParseSubject(data)
	return int64(len(data)), err == nil && refers == subject
}
