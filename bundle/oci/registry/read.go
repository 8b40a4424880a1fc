// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	_ "crypto/sha512" // digests that oras verifies
	"errors"
	"io"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/errdef"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func digestOf(d oci.Digest) digest.Digest { return digest.Digest(d) }

// defaultTag is the tag that an image reference without one means.
const defaultTag = "latest"

// Resolve implements [oci.Place].
func (r *Repository) Resolve(ctx context.Context, reference string) (oci.Descriptor, error) {
	if reference == "" {
		reference = defaultTag
	}
	d, data, err := r.named(ctx, reference)
	if err != nil {
		return oci.Descriptor{}, err
	}
	d.MediaType, _, err = oci.ParseSubject(data)
	return d, err
}

// named reads the manifest that a tag or a digest names, and describes it by
// what was read.
func (r *Repository) named(ctx context.Context, reference string) (oci.Descriptor, []byte, error) {
	what := r.Name() + " " + reference
	said, body, err := r.repo.FetchReference(ctx, reference)
	if errors.Is(err, errdef.ErrNotFound) {
		return oci.Descriptor{}, nil, refuse.New("oci.not_found", "%s is not there", what)
	}
	if errors.Is(err, errdef.ErrInvalidReference) {
		return oci.Descriptor{}, nil, refuse.New("oci.reference", "%.200q is neither a tag nor a digest", reference)
	}
	if err != nil {
		return oci.Descriptor{}, nil, r.failure(what, err)
	}
	data, err := r.readAll(what, body, said.Size, oci.MaxManifest)
	if err != nil {
		return oci.Descriptor{}, nil, err
	}
	named, err := oci.ParseDigest(string(said.Digest))
	if err != nil {
		return oci.Descriptor{}, nil, refuse.New("oci.registry.malformed", "%s has no digest", what)
	}
	d := oci.Descriptor{MediaType: said.MediaType, Digest: named, Size: int64(len(data))}
	return d, data, d.Check(data)
}

// Manifest implements [oci.Place].
func (r *Repository) Manifest(ctx context.Context, d oci.Descriptor) ([]byte, error) {
	if d.Size < 0 || d.Size > oci.MaxManifest {
		return nil, refuse.New("oci.limit", "%s is said to have %d bytes, more than %d", d.Digest, d.Size, oci.MaxManifest)
	}
	_, data, err := r.named(ctx, d.Digest.String())
	if refuse.CodeOf(err) == "oci.not_found" {
		return nil, refuse.New("oci.missing", "%s is not in %s", d.Digest, r.Name())
	}
	if err != nil {
		return nil, err
	}
	return data, d.Check(data)
}

// Blob implements [oci.Place].
func (r *Repository) Blob(ctx context.Context, d oci.Descriptor, most int64) ([]byte, error) {
	if d.Size < 0 || d.Size > most {
		return nil, refuse.New("oci.limit", "%s is said to have %d bytes, more than %d", d.Digest, d.Size, most)
	}
	what := r.Name() + " " + d.Digest.String()
	body, err := r.repo.Blobs().Fetch(ctx, descriptor(d))
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, refuse.New("oci.missing", "%s is not in %s", d.Digest, r.Name())
	}
	if err != nil {
		return nil, r.failure(what, err)
	}
	data, err := r.readAll(what, body, d.Size, most)
	if err != nil {
		return nil, err
	}
	return data, d.Check(data)
}

// readAll reads a body that should have size bytes, and one byte more to see
// that it has not. A size beyond most is refused before anything is read.
func (r *Repository) readAll(what string, body io.ReadCloser, size, most int64) ([]byte, error) {
	defer body.Close()
	if size > most {
		return nil, refuse.New("oci.limit", "%s has %d bytes, more than %d", what, size, most)
	}
	data, err := io.ReadAll(io.LimitReader(body, size+1))
	if err != nil {
		return nil, r.failure(what, err)
	}
	return data, nil
}
