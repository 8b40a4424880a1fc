// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// path makes up the hashes of a path.
func path(n int) [][]byte {
	hashes := make([][]byte, n)
	for i := range hashes {
		h := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		hashes[i] = h[:]
	}
	return hashes
}

// The hasher without allocations leads to the roots of the library's own.
func TestPathHasher(t *testing.T) {
	leaf := sha256.Sum256([]byte("leaf"))
	for _, size := range []uint64{1, 2, 3, 7, 8, 100, 1<<33 + 12345, 1<<63 + 1} {
		for _, index := range []uint64{0, 1, size / 3, size / 2, size - 1} {
			for n := range maxPath + 2 {
				want, wantErr := proof.RootFromInclusionProof(rfc6962.DefaultHasher, index, size, leaf[:], path(n))
				got, err := proof.RootFromInclusionProof(&pathHasher{Hasher: rfc6962.DefaultHasher}, index, size, leaf[:], path(n))
				if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
					t.Errorf("leaf %d of %d, path of %d: %x, %v, want %x, %v", index, size, n, got, err, want, wantErr)
				}
			}
		}
	}
	left, right := sha256.Sum256([]byte("l")), sha256.Sum256([]byte("r"))
	h := &pathHasher{Hasher: rfc6962.DefaultHasher, last: Hash(right)}
	if !bytes.Equal(h.HashChildren(left[:], h.last[:]), rfc6962.DefaultHasher.HashChildren(left[:], right[:])) {
		t.Error("a child in the place of the result is hashed wrongly")
	}
}

func BenchmarkPath(b *testing.B) {
	leaf := sha256.Sum256([]byte("leaf"))
	const size = 1 << 33
	hashes := path(33)
	for name, hasher := range map[string]interface {
		EmptyRoot() []byte
		HashLeaf([]byte) []byte
		HashChildren(l, r []byte) []byte
		Size() int
	}{"own": &pathHasher{Hasher: rfc6962.DefaultHasher}, "library": rfc6962.DefaultHasher} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := proof.RootFromInclusionProof(hasher, 12345, size, leaf[:], hashes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
