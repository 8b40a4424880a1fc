// SPDX-License-Identifier: Apache-2.0

package model

import (
	"crypto/sha256"
	"hash"

	"golang.org/x/crypto/blake2b"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// newHash returns the hash that a manifest names, nil if it is not supported.
// BLAKE2 has 64 bytes there.
func newHash(name string) hash.Hash {
	switch name {
	case "sha256":
		return sha256.New()
	case "blake2b", "blake2":
		h, _ := blake2b.New512(nil) // fails for long keys alone
		return h
	}
	return nil
}

func checkHash(name string) error {
	if newHash(name) == nil {
		return refuse.New("oms.hash", "hash algorithm %.40q, want sha256 or blake2b", name)
	}
	return nil
}
