// SPDX-License-Identifier: Apache-2.0

package fastverify

import (
	"crypto/elliptic"
	"crypto/sha512"
	"math/big"
	"runtime"
	"sync"

	"filippo.io/nistec"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// point is what nistec's types of points have in common.
type point[T any] interface {
	*T
	Add(*T, *T) *T
	Double(*T) *T
	Negate(*T) *T
	Set(*T) *T
	SetBytes([]byte) (*T, error)
	ScalarMult(*T, []byte) (*T, error)
	ScalarBaseMult([]byte) (*T, error)
	BytesX() ([]byte, error)
	Equal(*T) int
}

// Scalars are cut into digits of so many bits, one row of the table for each.
// Wider ones make for fewer additions and larger tables: these are of half a
// MiB for P-256, and 2 MiB for P-384, whose additions cost three times as much.
const (
	width256 = 8
	width384 = 9
)

// rows holds multiples of a point Q: in row i, at j, (j+1)·2^(width·i)·Q.
// Digits above half of their range are taken for negative ones, with a carry
// into the next digit, so that half a row will do. The last row is for the
// last carry.
type rows[T any, P point[T]] struct {
	fresh func() P
	width int
	all   [][]T
}

type table384 = rows[nistec.P384Point, *nistec.P384Point]

// newRows returns the multiples of q, for scalars of so many bytes, nil if
// they fail their test.
func newRows[T any, P point[T]](fresh func() P, q P, width, size int) *rows[T, P] {
	r := &rows[T, P]{fresh: fresh, width: width}
	half := 1 << (width - 1)
	base := fresh()
	base.Set(q)
	for range (8*size + width - 1) / width {
		row := make([]T, half)
		row[0] = *fresh().Set(base)
		for j := 1; j < half; j++ {
			row[j] = *fresh().Add(&row[j-1], base)
		}
		r.all = append(r.all, row)
		for range width {
			base.Double(base)
		}
		// Each row ends where the next one begins, by another way: one wrong
		// sum on the way and they do not meet.
		end := fresh()
		end.Double(&row[half-1])
		if end.Equal(base) != 1 {
			return nil
		}
	}
	r.all = append(r.all, []T{*base})
	if !r.agrees(q, size) {
		return nil
	}
	return r
}

// agrees holds the table against the curve library on scalars at the edges and
// on random ones.
func (r *rows[T, P]) agrees(q P, size int) bool {
	scalars := [][]byte{make([]byte, size), make([]byte, size), make([]byte, size), make([]byte, size)}
	scalars[1][size-1] = 1
	for i := range size {
		scalars[2][i], scalars[3][i] = 0xff, 0x80
	}
	for i := range byte(4) {
		sum := sha512.Sum512([]byte{i})
		scalars = append(scalars, sum[:size])
	}
	for _, s := range scalars {
		want, err := r.fresh().ScalarMult(q, s)
		if err != nil {
			return false
		}
		plus, minus := r.fresh(), r.fresh()
		r.addTo(plus, minus, s)
		if P(plus.Add(plus, minus.Negate(minus))).Equal(want) != 1 {
			return false
		}
	}
	return true
}

// addTo adds the multiple of the table's point by scalar, big-endian and as
// long as the table, to the difference of plus and minus.
func (r *rows[T, P]) addTo(plus, minus P, scalar []byte) {
	full := 1 << r.width
	carry := 0
	var buffer, bits uint // what has been taken from scalar but is not yet a digit
	for i := range r.all {
		for bits < uint(r.width) && len(scalar) > 0 {
			buffer |= uint(scalar[len(scalar)-1]) << bits
			scalar, bits = scalar[:len(scalar)-1], bits+8
		}
		digit := int(buffer)&(full-1) + carry
		buffer >>= r.width
		bits -= min(bits, uint(r.width))
		if carry = 0; digit > full/2 {
			digit, carry = digit-full, 1
		}
		switch {
		case digit > 0:
			plus.Add(plus, &r.all[i][digit-1])
		case digit < 0:
			minus.Add(minus, &r.all[i][-digit-1])
		}
	}
}

// key is a key with its table.
type key[T any, P point[T]] struct {
	rows  *rows[T, P]
	base  *rows[T, P] // of the generator; nil: the library is faster
	order *big.Int
	size  int // bytes of a scalar
}

// build makes the table of a key, nil if it cannot. The caller has counted it
// as live.
func build(k id) checker {
	switch k.size {
	case 32:
		return newKey[nistec.P256Point](nistec.NewP256Point, k, width256, nil, elliptic.P256().Params().N)
	case 48:
		base := generator()
		if base == nil {
			return nil
		}
		return newKey(nistec.NewP384Point, k, width384, base, elliptic.P384().Params().N)
	}
	return nil
}

// generator returns the table of P-384's generator, nil if it cannot be made.
// P-256 needs none: its library has one, in assembly.
var generator = sync.OnceValue(func() *table384 {
	return newRows(nistec.NewP384Point, nistec.NewP384Point().SetGenerator(), width384, 48)
})

func newKey[T any, P point[T]](fresh func() P, k id, width int, base *rows[T, P], order *big.Int) checker {
	size := int(k.size)
	encoded := append(append([]byte{4}, k.x[:size]...), k.y[:size]...)
	q, err := fresh().SetBytes(encoded)
	if err != nil {
		return nil
	}
	r := newRows(fresh, q, width, size)
	if r == nil {
		return nil
	}
	c := &key[T, P]{rows: r, base: base, order: order, size: size}
	runtime.AddCleanup(c, func(n int64) { live.Add(n) }, -1)
	return c
}

// verify is FIPS 186-5, Section 6.4.2.
func (k *key[T, P]) verify(digest, sig []byte) bool {
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

	plus, minus := k.rows.fresh(), k.rows.fresh()
	if k.base == nil {
		if _, err := plus.ScalarBaseMult(u1); err != nil {
			return false
		}
	} else {
		k.base.addTo(plus, minus, u1)
	}
	k.rows.addTo(plus, minus, u2)
	x, err := P(plus.Add(plus, minus.Negate(minus))).BytesX() // an error at infinity
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
