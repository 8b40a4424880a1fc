// SPDX-License-Identifier: Apache-2.0

// Package oci finds the bundles of a container image and attaches bundles to
// one: manifests that refer to the image's manifest (OCI 1.1 referrers), each
// with one bundle as its only layer, as cosign v3 writes and reads them.
//
// An image is what its digest says: [Resolve] a name once and keep the digest.
// Whatever lists referrers is taken as a hint. Artifact type, subject and
// layer are read from each referrer's own manifest, and every content is held
// against its digest and size. Nothing is verified here; what is found goes to
// package verify, with the image's digest as the artifact.
//
// A [Layout] on disk needs no network; registries are in package registry
// below.
//
// Refusals have the codes oci.*.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package oci

import (
	"context"

	"github.com/sigbundle/sigbundle/bundle"
)

// Bounds on what is read about one image. Registries refuse manifests of more
// than 4 MiB (OCI distribution-spec 1.1, "Pushing Manifests").
const (
	MaxManifest  = 4 << 20        // bytes of a manifest, an index, a listing
	MaxBundle    = bundle.MaxSize // bytes of a bundle
	MaxBundles   = 256 << 20      // bytes of all bundles of an image
	MaxReferrers = 1000           // referrers of an image, of any kind
	MaxManifests = 10_000         // manifests in an index, layers in a manifest
	MaxBlobs     = 100_000        // blobs of a layout
)

// Media types of manifests (OCI image-spec 1.1, "Media Types"; Docker's are of
// the same form).
const (
	MediaTypeManifest = "application/vnd.oci.image.manifest.v1+json"
	MediaTypeIndex    = "application/vnd.oci.image.index.v1+json"
	mediaTypeEmpty    = "application/vnd.oci.empty.v1+json"
)

// SignaturePredicateType is the predicate type of a statement that says no
// more than that its subject is signed. The predicate is the empty object.
const SignaturePredicateType = "https://sigstore.dev/cosign/sign/v1"

// A Place holds images and what refers to them: a [Layout], or a repository
// of a registry.
type Place interface {
	// Resolve finds the manifest that a tag or a digest names, and the only
	// image of a layout, or the tag latest of a registry, if reference is
	// empty. The manifest was read and has that digest and size. Refusals are
	// oci.reference, oci.not_found, oci.ambiguous and those of Manifest.
	Resolve(ctx context.Context, reference string) (Descriptor, error)
	// Referrers lists what is said to refer to the subject, without repetition.
	// It is a hint. More than [MaxReferrers] are refused with oci.limit.
	Referrers(ctx context.Context, subject Digest) ([]Descriptor, error)
	// Manifest reads a manifest of at most [MaxManifest] bytes. Refusals are
	// oci.missing, oci.limit, oci.size and oci.digest.
	Manifest(ctx context.Context, d Descriptor) ([]byte, error)
	// Blob reads other content of at most most bytes, and refuses alike.
	Blob(ctx context.Context, d Descriptor, most int64) ([]byte, error)
}

// A Store is a place that can be written to.
type Store interface {
	Place
	// PushBlob stores a blob; one that exists stays.
	PushBlob(ctx context.Context, d Descriptor, data []byte) error
	// PushReferrer stores a manifest that refers to the subject, and has it
	// listed among its referrers. No other entry is lost.
	PushReferrer(ctx context.Context, d Descriptor, data []byte, subject Digest) error
}
