// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"errors"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// signed gives a refusal of go-tuf its code. Shape, version and hashes have
// been checked before, so what is left is a matter of signatures: not enough
// of them, or a threshold that the keys listed can never reach. root has the
// role, or is nil.
func signed(err error, root *metadata.Metadata[metadata.RootType], role string) error {
	var unsigned *metadata.ErrUnsignedMetadata
	if !errors.As(err, &unsigned) {
		return refuse.Wrap("tuf.malformed", err, "%q metadata", clip(role))
	}
	if root != nil {
		r := root.Signed.Roles[role]
		if n := len(materials(root, r.KeyIDs)); n < r.Threshold {
			return refuse.New("tuf.threshold", "the root asks for %d signatures of %q but lists %d different keys for it",
				r.Threshold, clip(role), n)
		}
	}
	return refuse.Wrap("tuf.signature", err, "%q metadata", clip(role))
}
