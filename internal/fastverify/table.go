// SPDX-License-Identifier: Apache-2.0

package fastverify

import (
	"crypto/elliptic"
	"crypto/sha512"
	"math/big"

	"filippo.io/nistec"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// point is what nistec's types of points have in common.
type point[P any] interface {
	*nistec.P256Point | *nistec.P384Point
	Add(P, P) P
	Double(P) P
	Negate(P) P
	Set(P) P
	SetBytes([]byte) (P, error)
	ScalarMult(P, []byte) (P, error)
	ScalarBaseMult([]byte) (P, error)
	BytesX() ([]byte, error)
	Equal(P) int
}

// Scalars are cut into bytes, and bytes above 128 are taken for negative ones
// with a carry into the next byte: half the multiples will do then.
const half = 128

// rows holds multiples of a point Q: in row i, at j, (j+1)·256^i·Q, for j up to
// half-1. There is one row for each byte of a scalar, and one of a single point
// for the last carry.
type rows[P point[P]] [][]P

type (
	table256 = rows[*nistec.P256Point]
	table384 = rows[*nistec.P384Point]
)

// newRows returns the multiples of q, nil if they fail their test.
func newRows[P point[P]](fresh func() P, q P, size int) rows[P] {
	r := make(rows[P], 0, size+1)
	base := fresh().Set(q)
	for range size {
		row := make([]P, half)
		row[0] = fresh().Set(base)
		for j := 1; j < half; j++ {
			row[j] = fresh().Add(row[j-1], base)
		}
		r = append(r, row)
		for range 8 {
			base.Double(base)
		}
		// Each row ends where the next one begins, by another way: one wrong
		// sum on the way and they do not meet.
		if fresh().Double(row[half-1]).Equal(base) != 1 {
			return nil
		}
	}
	r = append(r, []P{base})
	if !r.agrees(fresh, q, size) {
		return nil
	}
	return r
}

// agrees holds the table against the curve library on scalars at the edges and
// on some that nobody chose.
func (r rows[P]) agrees(fresh func() P, q P, size int) bool {
	scalars := [][]byte{make([]byte, size), make([]byte, size), make([]byte, size), make([]byte, size)}
	scalars[1][size-1] = 1
	for i := range size {
		scalars[2][i], scalars[3][i] = 0xff, half
	}
	for i := range byte(4) {
		sum := sha512.Sum512([]byte{i})
		scalars = append(scalars, sum[:size])
	}
	for _, s := range scalars {
		want, err := fresh().ScalarMult(q, s)
		if err != nil {
			return false
		}
		got, scratch := fresh(), fresh()
		if r.addTo(got, scratch, s); got.Equal(want) != 1 {
			return false
		}
	}
	return true
}

// addTo adds the multiple of the table's point by scalar, big-endian and as
// long as the table, to sum.
func (r rows[P]) addTo(sum, scratch P, scalar []byte) {
	carry := 0
	for i := range scalar {
		digit := int(scalar[len(scalar)-1-i]) + carry
		if carry = 0; digit > half {
			digit, carry = digit-2*half, 1
		}
		switch {
		case digit > 0:
			sum.Add(sum, r[i][digit-1])
		case digit < 0:
			sum.Add(sum, scratch.Negate(r[i][-digit-1]))
		}
	}
	if carry == 1 {
		sum.Add(sum, r[len(scalar)][0])
	}
}

// key is a key with its table.
type key[P point[P]] struct {
	fresh func() P
	rows  rows[P]
	base  rows[P] // of the generator; nil: the library is faster
	order *big.Int
	size  int // bytes of a scalar
}

// build makes the table of a key, nil if it cannot.
func (t *Tables) build(k id) checker {
	switch k.size {
	case 32:
		return newKey(nistec.NewP256Point, k, nil, elliptic.P256().Params().N)
	case 48:
		base := t.generator()
		if base == nil {
			return nil
		}
		return newKey(nistec.NewP384Point, k, *base, elliptic.P384().Params().N)
	}
	return nil
}

// generator returns the table of P-384's generator, nil if it cannot be made.
// P-256 needs none: its library has one, in assembly.
func (t *Tables) generator() *table384 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.base == nil {
		r := newRows(nistec.NewP384Point, nistec.NewP384Point().SetGenerator(), 48)
		t.base = &r
	}
	if *t.base == nil {
		return nil
	}
	return t.base
}

func newKey[P point[P]](fresh func() P, k id, base rows[P], order *big.Int) checker {
	size := int(k.size)
	encoded := append(append([]byte{4}, k.x[:size]...), k.y[:size]...)
	q, err := fresh().SetBytes(encoded)
	if err != nil {
		return nil
	}
	r := newRows(fresh, q, size)
	if r == nil {
		return nil
	}
	return &key[P]{fresh: fresh, rows: r, base: base, order: order, size: size}
}

// verify is FIPS 186-5, Section 6.4.2.
func (k *key[P]) verify(digest, sig []byte) bool {
	r, s, ok := parse(sig)
	if !ok || r.Sign() == 0 || s.Sign() == 0 || r.Cmp(k.order) >= 0 || s.Cmp(k.order) >= 0 {
		return false
	}
	// The orders of both curves fill their bytes: no bits to shift out.
	if len(digest) > k.size {
		digest = digest[:k.size]
	}
	e := new(big.Int).SetBytes(digest)
	w := s.ModInverse(s, k.order)
	var buf [2 * 48]byte
	u1, u2 := buf[:k.size], buf[k.size:2*k.size]
	e.Mul(e, w).Mod(e, k.order).FillBytes(u1)
	w.Mul(w, r).Mod(w, k.order).FillBytes(u2)

	sum, scratch := k.fresh(), k.fresh()
	if k.base == nil {
		if _, err := sum.ScalarBaseMult(u1); err != nil {
			return false
		}
	} else {
		k.base.addTo(sum, scratch, u1)
	}
	k.rows.addTo(sum, scratch, u2)
	x, err := sum.BytesX() // an error at infinity
	if err != nil {
		return false
	}
	v := e.SetBytes(x)
	return v.Mod(v, k.order).Cmp(r) == 0
}

// parse reads a signature as crypto/ecdsa does: DER, two integers that are not
// negative, and nothing else.
func parse(sig []byte) (r, s *big.Int, ok bool) {
	var inner cryptobyte.String
	var rb, sb []byte
	input := cryptobyte.String(sig)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(&rb) || !inner.ReadASN1Integer(&sb) || !inner.Empty() {
		return nil, nil, false
	}
	return new(big.Int).SetBytes(rb), new(big.Int).SetBytes(sb), true
}
