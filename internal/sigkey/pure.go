// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"hash"

	"filippo.io/edwards25519"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Pure Ed25519 signs a message, not its digest, which is why everybody reads
// the whole file to check such a signature. It need not be: the one thing
// that depends on the message is k = SHA-512(R ‖ A ‖ M) of RFC 8032, Section
// 5.1.7, and R and A are known before the first byte of M.

// Pure returns the key tied to pure Ed25519, nil if it is not an Ed25519 key.
func (k *Key) Pure() *Key {
	pure, err := k.With(v1.PublicKeyDetails_PKIX_ED25519)
	if err != nil {
		return nil
	}
	return pure
}

// PureHash returns the hash to stream a message through for [Key.VerifyPure],
// primed for one signature. It returns nil if the key is not an Ed25519 key
// or sig has not the length of a signature.
func (k *Key) PureHash(sig []byte) hash.Hash {
	pub, ok := k.pub.(ed25519.PublicKey)
	if !ok || len(sig) != ed25519.SignatureSize {
		return nil
	}
	h := sha512.New()
	h.Write(sig[:32])
	h.Write(pub)
	return h
}

// VerifyPure checks a pure Ed25519 signature over the message that was
// streamed through PureHash(sig); sum is that hash's result, 64 bytes. It
// returns nil or ErrSignature, and agrees with crypto/ed25519 on every input.
func (k *Key) VerifyPure(sum, sig []byte) error {
	pub, ok := k.pub.(ed25519.PublicKey)
	if !ok || len(sig) != ed25519.SignatureSize || len(sum) != sha512.Size {
		return ErrSignature
	}
	a, err := new(edwards25519.Point).SetBytes(pub)
	if err != nil {
		return ErrSignature
	}
	h, err := edwards25519.NewScalar().SetUniformBytes(sum)
	if err != nil {
		return ErrSignature
	}
	s, err := edwards25519.NewScalar().SetCanonicalBytes(sig[32:])
	if err != nil {
		return ErrSignature
	}
	// [S]B = R + [k]A  ⇔  R = [k](-A) + [S]B
	r := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(h, a.Negate(a), s)
	if !bytes.Equal(sig[:32], r.Bytes()) {
		return ErrSignature
	}
	return nil
}
