// SPDX-License-Identifier: Apache-2.0

package strictcert

import (
	"bytes"
	"crypto/ed25519"
	"errors"

	"filippo.io/edwards25519"
)

var (
	errEdwardsPoint = errors.New("Ed25519 key: not the canonical encoding of a point on the curve")
	errEdwardsOrder = errors.New("Ed25519 key: point of small order, under which one signature fits many messages")
)

// CheckEd25519 refuses the keys that crypto/ed25519 accepts and no signer
// has. Under a key of small order, a signature that says nothing about the
// message verifies: R = A or the identity, and S = 0. A key in a form that is
// not canonical would have two fingerprints (RFC 8032, Section 5.1.3).
//
// The keys of certificates pass through it here, all others in package sigkey.
func CheckEd25519(key ed25519.PublicKey) error {
	point, err := new(edwards25519.Point).SetBytes(key)
	if err != nil || !bytes.Equal(point.Bytes(), key) {
		return errEdwardsPoint
	}
	if new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return errEdwardsOrder
	}
	return nil
}
