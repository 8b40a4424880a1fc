// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"fmt"
	"strings"
)

// maxHints is how many images of an index, and kinds of referrers, are looked
// at and named.
const maxHints = 8

// Instead says what is there of an image without a bundle, "" if nothing is:
// signatures of cosign's old kind, bundles of single platforms, and referrers
// of other kinds. It is for a message, and proves nothing.
func Instead(ctx context.Context, p Place, subject Digest) string {
	var found []string
	for _, end := range oldTags {
		if _, err := p.Resolve(ctx, subject.FallbackTag()+end); err == nil {
			found = append(found, fmt.Sprintf("the tag %s holds a signature, attestation or SBOM of cosign's old kind, which is not read here", subject.FallbackTag()+end))
		}
	}
	return strings.Join(append(append(found, ofPlatforms(ctx, p, subject)...), ofOtherKinds(ctx, p, subject)...), "; ")
}

// ofPlatforms names the images of an index that have bundles of their own.
func ofPlatforms(ctx context.Context, p Place, subject Digest) (found []string) {
	d, err := p.Resolve(ctx, subject.String())
	if err != nil {
		return nil
	}
	data, err := p.Manifest(ctx, d)
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
		if list, err := Bundles(ctx, p, child.Digest); err == nil && len(list) > 0 {
			found = append(found, fmt.Sprintf("bundles are attached to %s, which is one image of this index: name it by its digest, or sign the index", child.Digest))
		}
	}
	return found
}

// ofOtherKinds names the kinds of other referrers.
func ofOtherKinds(ctx context.Context, p Place, subject Digest) []string {
	list, err := p.Referrers(ctx, subject)
	if err != nil || len(list) == 0 {
		return nil
	}
	var kinds []string
	for i, d := range list {
		if i == maxHints {
			break
		}
		data, err := p.Manifest(ctx, d)
		if err != nil {
			continue
		}
		kind := ""
		if m, err := parseManifest(data); err == nil {
			if kind = m.artifactType; kind == "" && m.config != nil {
				kind = m.config.MediaType
			}
		}
		kinds = append(kinds, fmt.Sprintf("%q", clip(kind)))
	}
	return []string{fmt.Sprintf("%d referrers of other kinds are there: %s", len(list), strings.Join(kinds, ", "))}
}
