// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"fmt"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A Referrer is a manifest that brings a bundle for an image, or that should.
type Referrer struct {
	// Digest is that of the manifest.
	Digest Digest
	// ArtifactType is the manifest's own; where the manifest cannot be read,
	// that of the listing.
	ArtifactType string
	// Layer is the digest of the bundle, "" where the manifest cannot be read.
	Layer Digest
	// PredicateType is that of the statement in the bundle, which is not
	// verified. Where the bundle cannot be read it is the annotation's, and ""
	// if there is none.
	PredicateType string
	// Bundle is nil if and only if there is an Err.
	Bundle *bundle.Bundle
	// Err says why there is no bundle: oci.missing if the manifest or the blob
	// is not there, oci.digest, oci.size, oci.limit, oci.manifest, oci.subject,
	// and those of [bundle.Parse].
	Err error
}

// Bundles returns the bundles of the image with that digest, in the order in
// which they are listed. One that cannot be read is among them, with its
// reason. Referrers of other kinds are left out. The error is that of the
// listing.
func Bundles(ctx context.Context, p Place, subject Digest) ([]Referrer, error) {
	list, err := p.Referrers(ctx, subject)
	if err != nil {
		return nil, err
	}
	return readAll(ctx, p, subject, list)
}

// readAll reads the bundles in a list of referrers.
func readAll(ctx context.Context, p Place, subject Digest, list []Descriptor) ([]Referrer, error) {
	if len(list) > MaxReferrers {
		return nil, refuse.New("oci.limit", "more than %d referrers of %s", MaxReferrers, subject)
	}
	var found []Referrer
	left := int64(MaxBundles)
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r := Referrer{Digest: d.Digest, ArtifactType: d.ArtifactType, PredicateType: d.Annotations[annotationPredicate]}
		other, err := r.read(ctx, p, d, subject, &left)
		if other {
			continue
		}
		if err != nil {
			r.Bundle, r.Err = nil, refuse.Wrap("oci.manifest", err, "referrer %s", d.Digest)
		}
		found = append(found, r)
	}
	return found, nil
}

// read fills r. It reports whether the referrer is of another kind.
func (r *Referrer) read(ctx context.Context, p Place, d Descriptor, subject Digest, left *int64) (other bool, err error) {
	data, err := p.Manifest(ctx, d)
	if err != nil {
		return false, err
	}
	m, err := parseManifest(data)
	if err != nil {
		return false, err
	}
	r.ArtifactType, r.PredicateType = m.artifactType, m.annotations[annotationPredicate]
	if !m.hasBundle() {
		return true, nil
	}
	if m.subject == nil || m.subject.Digest != subject {
		return false, refuse.New("oci.subject", "its manifest does not refer to %s", subject)
	}
	if len(m.layers) != 1 || !isBundle(m.layers[0].MediaType) {
		return false, refuse.New("oci.manifest", "%d layers where one bundle should be", len(m.layers))
	}
	layer := m.layers[0]
	r.Layer = layer.Digest
	if err := layer.limit(min(MaxBundle, *left)); err != nil {
		return false, err
	}
	content, err := p.Blob(ctx, layer, MaxBundle)
	// What is only said to be large takes no space from other bundles.
	if code := refuse.CodeOf(err); err == nil || code == "oci.size" || code == "oci.digest" {
		*left -= layer.Size
	}
	if err != nil {
		return false, err
	}
	if r.Bundle, err = bundle.Parse(content); err != nil {
		return false, err
	}
	r.PredicateType = predicateType(r.Bundle)
	return false, nil
}

// hasBundle reports whether the manifest says itself that it brings a bundle.
// Cosign goes by the layer alone.
func (m *manifest) hasBundle() bool {
	if isBundle(m.artifactType) {
		return true
	}
	for _, l := range m.layers {
		if isBundle(l.MediaType) {
			return true
		}
	}
	return false
}

// predicateType returns what a bundle's statement says it is about, "" if
// that is unknown. Whether it is true is for package verify.
func predicateType(b *bundle.Bundle) string {
	if b.Envelope == nil {
		return ""
	}
	s, err := dsse.ParseStatement(b.Envelope.Payload, 0)
	if err != nil {
		return ""
	}
	return s.PredicateType
}

// Lost returns those bundles of the origin that are not at the mirror, or
// cannot be read there: what a copy without its referrers has lost. Bundles
// are compared by the digests of their manifests.
func Lost(origin, mirror []Referrer) []Referrer {
	have := make(map[Digest]bool)
	for _, r := range mirror {
		have[r.Digest] = r.Err == nil
	}
	var lost []Referrer
	for _, r := range origin {
		if !have[r.Digest] {
			lost = append(lost, r)
		}
	}
	return lost
}

// CheckMirror refuses a mirror that has [Lost] bundles of the origin, with
// oci.mirror and the digest and predicate type of each.
func CheckMirror(origin, mirror []Referrer) error {
	lost := Lost(origin, mirror)
	if len(lost) == 0 {
		return nil
	}
	var list []string
	for _, r := range lost {
		list = append(list, fmt.Sprintf("%s (%s)", r.Digest, r.kind()))
	}
	return refuse.New("oci.mirror", "%d of the origin's %d bundles are lost: %s", len(lost), len(origin), strings.Join(list, ", "))
}

// kind says what a bundle is about, for a message.
func (r *Referrer) kind() string {
	switch {
	case r.PredicateType != "":
		return fmt.Sprintf("%q", clip(r.PredicateType))
	case r.Err != nil:
		return "unreadable at the origin, too"
	}
	return "no statement"
}
