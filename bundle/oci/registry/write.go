// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// attempts bounds how often a manifest is listed again after somebody else
// overwrote the list.
const attempts = 4

// PushBlob implements [oci.Store].
func (r *Repository) PushBlob(ctx context.Context, d oci.Descriptor, data []byte) error {
	if err := d.Check(data); err != nil {
		return err
	}
	blobs, what := r.repo.Blobs(), "upload of "+d.Digest.String()
	there, err := blobs.Exists(ctx, descriptor(d))
	if err != nil {
		return r.failure(what, err)
	}
	if there {
		return nil
	}
	if err := blobs.Push(ctx, descriptor(d), bytes.NewReader(data)); err != nil {
		return r.failure(what, err)
	}
	return nil
}

// PushReferrer implements [oci.Store]. A registry without the referrers API
// has no way to add to a list but to replace it, so two writers at the same
// moment can lose each other's entry: afterwards the list is read again, and
// the entry added again if it has gone. If it does not stay, the refusal is
// oci.registry.unlisted.
func (r *Repository) PushReferrer(ctx context.Context, d oci.Descriptor, data []byte, subject oci.Digest) error {
	if err := d.Check(data); err != nil {
		return err
	}
	what := "upload of " + d.Digest.String()
	for range attempts {
		if err := r.repo.Manifests().Push(ctx, descriptor(d), bytes.NewReader(data)); err != nil {
			return r.failure(what, err)
		}
		list, err := r.Referrers(ctx, subject)
		if err != nil {
			return err
		}
		for _, listed := range list {
			if listed.Digest == d.Digest {
				return nil
			}
		}
	}
	return refuse.New("oci.registry.unlisted", "%s has %s and does not list it among the referrers of %s", r.Name(), d.Digest, subject)
}
