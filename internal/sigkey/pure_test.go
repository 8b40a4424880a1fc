// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"math/big"
	"slices"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// The streamed check must say what crypto/ed25519 says, malleable and
// degenerate signatures included.
func TestPureAgainstStandard(t *testing.T) {
	message := []byte("a message that is streamed")
	good := ed25519.Sign(edKey(), message)
	own := edKey().Public().(ed25519.PublicKey)

	// S + L is the same scalar, and RFC 8032 forbids it.
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(good[32:])
	slices.Reverse(s)
	malleable := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(malleable)

	identity := append([]byte{1}, make([]byte, 31)...) // y = 1: a point of order 1
	zero := make([]byte, 32)
	beyond := bytes.Repeat([]byte{0xff}, 32) // y ≥ p
	oneAgain := append([]byte{0xee}, bytes.Repeat([]byte{0xff}, 31)...)
	oneAgain[31] = 0x7f // y = p + 1: the identity, not canonical

	offCurve := append([]byte{2}, make([]byte, 31)...) // y = 2 has no x

	keys := []ed25519.PublicKey{own, identity, zero, beyond, oneAgain, offCurve}
	sigs := [][]byte{good, slices.Concat(good[:32], malleable), slices.Concat(identity, zero), slices.Concat(oneAgain, zero),
		slices.Concat(zero, zero), slices.Concat(beyond, zero), make([]byte, 64), good[:63], append(bytes.Clone(good), 0), nil}
	for i := range good {
		sigs = append(sigs, bytes.Clone(good))
		sigs[len(sigs)-1][i] ^= 0x10
	}
	accepted := 0
	for _, pub := range keys {
		k := &Key{alg: v1.PublicKeyDetails_PKIX_ED25519, pub: pub} // New refuses most of these keys
		for _, sig := range sigs {
			want := ed25519.Verify(pub, message, sig)
			got := false
			if h := k.PureHash(sig); h != nil {
				h.Write(message)
				got = k.VerifyPure(h.Sum(nil), sig) == nil
			}
			if got != want {
				t.Errorf("key %x, signature %x: %v, want %v", pub, sig, got, want)
			}
			if want {
				accepted++
			}
		}
	}
	if accepted < 2 {
		t.Errorf("%d signatures accepted: the degenerate ones are not", accepted)
	}
}

func TestPureRefuses(t *testing.T) {
	sig := ed25519.Sign(edKey(), []byte("m"))
	ec, err := ForPublicKey(ecKey(t, elliptic.P256()).Public())
	if err != nil {
		t.Fatal(err)
	}
	if ec.PureHash(sig) != nil || ec.VerifyPure(make([]byte, 64), sig) == nil {
		t.Error("an ECDSA key verifies Ed25519")
	}
	ed, err := ForPublicKey(edKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	if ed.PureHash(sig[:63]) != nil || ed.VerifyPure(make([]byte, 64), sig[:63]) == nil || ed.VerifyPure(make([]byte, 63), sig) == nil ||
		ed.VerifyPure(make([]byte, 64), nil) == nil {
		t.Error("a signature or a sum of the wrong length")
	}
}
