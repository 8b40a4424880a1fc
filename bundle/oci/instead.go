// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Bounds on what is read for a message.
const (
	maxHints     = 8           // images of an index, kinds of referrers
	maxHintReads = 64          // manifests of referrers, in all
	maxHintBytes = MaxManifest // bytes of those manifests, in all
	maxHintScan  = 16 << 20    // bytes of a layout's manifests, to tell what refers to what
)

// dockerList is what Docker calls an index.
const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"

// hints reads manifests of referrers, and no bundle, within one budget.
type hints struct {
	Place
	reads int
	bytes int64

	layout map[Digest][]Descriptor // what refers to each image of a layout; nil for a registry
}

// Instead says what is attached to an image without a bundle, "" if nothing is:
// signatures of cosign's old kind, bundles of single platforms, those of an
// index that lists the image, as far as a layout tells, and referrers of other
// kinds. It is for a message, and proves nothing. No bundle is read.
func Instead(ctx context.Context, p Place, subject Digest) string {
	var found []string
	for _, end := range oldTags {
		if _, err := p.Resolve(ctx, subject.FallbackTag()+end); err == nil {
			found = append(found, fmt.Sprintf("the tag %s holds a signature, attestation or SBOM of cosign's old kind, which is not read here", subject.FallbackTag()+end))
		}
	}
	h := &hints{Place: p, reads: maxHintReads, bytes: maxHintBytes}
	if in, ok := p.(interface {
		index() ([]Descriptor, error)
		bySubject(context.Context, []Descriptor, int64) map[Digest][]Descriptor
	}); ok {
		entries, err := in.index()
		h.layout = in.bySubject(ctx, entries, maxHintScan)
		if err == nil {
			if len(found) == 0 && slices.ContainsFunc(entries, isCosignOld) {
				found = append(found, "the layout holds signatures or attestations of cosign's old kind, which are not read here")
			}
			found = append(found, h.ofIndexes(ctx, subject, entries)...)
		}
	}
	return strings.Join(append(append(found, h.ofPlatforms(ctx, subject)...), h.ofOtherKinds(ctx, subject)...), "; ")
}

// ofIndexes names the indexes that list the image and have bundles.
func (h *hints) ofIndexes(ctx context.Context, subject Digest, entries []Descriptor) (found []string) {
	seen := map[Digest]bool{subject: true}
	for _, d := range entries {
		if len(seen) > maxHints {
			break
		}
		if d.MediaType != MediaTypeIndex && d.MediaType != dockerList || isFallback(d) || seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		m := h.referrer(ctx, d)
		if m == nil || !slices.ContainsFunc(m.manifests, func(child Descriptor) bool { return child.Digest == subject }) {
			continue
		}
		if h.hasBundles(ctx, d.Digest) {
			found = append(found, fmt.Sprintf("bundles are attached to %s, which is an index that lists this image: name it by its digest, or sign the image", d.Digest))
		}
	}
	return found
}

// referrer reads the manifest of a referrer or of an index, nil if it cannot be read or the budget
// is used up.
func (h *hints) referrer(ctx context.Context, d Descriptor) *manifest {
	if h.reads == 0 || d.limit(h.bytes) != nil {
		return nil
	}
	h.reads--
	h.bytes -= d.Size
	data, err := h.Manifest(ctx, d)
	if err != nil {
		return nil
	}
	m, err := parseManifest(data)
	if err != nil {
		return nil
	}
	return m
}

// referrersOf returns what is said to refer to an image. A layout is looked
// through once, whatever the number of images.
func (h *hints) referrersOf(ctx context.Context, subject Digest) []Descriptor {
	if h.layout != nil {
		return h.layout[subject]
	}
	list, err := h.Referrers(ctx, subject)
	if err != nil {
		return nil
	}
	return list
}

// hasBundles reports whether bundles are said to be attached to the image.
func (h *hints) hasBundles(ctx context.Context, subject Digest) bool {
	for _, d := range h.referrersOf(ctx, subject) {
		if isBundle(d.ArtifactType) {
			return true
		}
		if m := h.referrer(ctx, d); m != nil && m.hasBundle() {
			return true
		}
	}
	return false
}

// ofPlatforms names the images of an index that have bundles of their own.
func (h *hints) ofPlatforms(ctx context.Context, subject Digest) (found []string) {
	d, err := h.Resolve(ctx, subject.String())
	if err != nil {
		return nil
	}
	data, err := h.Manifest(ctx, d)
	if err != nil {
		return nil
	}
	m, err := parseManifest(data)
	if err != nil {
		return nil
	}
	for i, child := range m.manifests {
		if i == maxHints {
			break
		}
		if h.hasBundles(ctx, child.Digest) {
			found = append(found, fmt.Sprintf("bundles are attached to %s, which is one image of this index: name it by its digest, or sign the index", child.Digest))
		}
	}
	return found
}

// ofOtherKinds names the kinds of other referrers.
func (h *hints) ofOtherKinds(ctx context.Context, subject Digest) []string {
	list := h.referrersOf(ctx, subject)
	if len(list) == 0 {
		return nil
	}
	var kinds []string
	for i, d := range list {
		if i == maxHints {
			break
		}
		m := h.referrer(ctx, d)
		if m == nil {
			continue
		}
		kind := m.artifactType
		if kind == "" && m.config != nil {
			kind = m.config.MediaType
		}
		kinds = append(kinds, fmt.Sprintf("%q", clip(kind)))
	}
	text := fmt.Sprintf("it has %d referrers of other kinds", len(list))
	if len(kinds) > 0 {
		text += ": " + strings.Join(kinds, ", ")
	}
	return []string{text}
}
