// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/strictcert"
)

// scheme is one row of the algorithm registry.
type scheme struct {
	hash  crypto.Hash    // 0: the scheme takes the message itself
	curve elliptic.Curve // ECDSA
	rsa   bool
	bits  int // RSA: the size that the name demands, 0 for any in bounds
	pss   bool
}

// RSA keys outside these sizes are refused wherever the algorithm's name does
// not fix one: shorter ones are broken, longer ones are a way to burn CPU.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// schemes lists what is verified (algorithm registry; common.PublicKeyDetails).
// LMS, ML-DSA and RFC 6979 variants are absent: no instance uses them.
//
//nolint:staticcheck // deprecated names stay verifiable
var schemes = map[Algorithm]scheme{
	v1.PublicKeyDetails_PKCS1_RSA_PKCS1V5:             {hash: crypto.SHA256, rsa: true},
	v1.PublicKeyDetails_PKCS1_RSA_PSS:                 {hash: crypto.SHA256, rsa: true, pss: true},
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V5:              {hash: crypto.SHA256, rsa: true},
	v1.PublicKeyDetails_PKIX_RSA_PSS:                  {hash: crypto.SHA256, rsa: true, pss: true},
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256: {hash: crypto.SHA256, rsa: true, bits: 2048},
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256: {hash: crypto.SHA256, rsa: true, bits: 3072},
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256: {hash: crypto.SHA256, rsa: true, bits: 4096},
	v1.PublicKeyDetails_PKIX_RSA_PSS_2048_SHA256:      {hash: crypto.SHA256, rsa: true, bits: 2048, pss: true},
	v1.PublicKeyDetails_PKIX_RSA_PSS_3072_SHA256:      {hash: crypto.SHA256, rsa: true, bits: 3072, pss: true},
	v1.PublicKeyDetails_PKIX_RSA_PSS_4096_SHA256:      {hash: crypto.SHA256, rsa: true, bits: 4096, pss: true},
	v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256:       {hash: crypto.SHA256, curve: elliptic.P256()},
	v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384:       {hash: crypto.SHA384, curve: elliptic.P384()},
	v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256:       {hash: crypto.SHA256, curve: elliptic.P384()},
	v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512:       {hash: crypto.SHA512, curve: elliptic.P521()},
	v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_256:       {hash: crypto.SHA256, curve: elliptic.P521()},
	v1.PublicKeyDetails_PKIX_ED25519:                  {},
	v1.PublicKeyDetails_PKIX_ED25519_PH:               {hash: crypto.SHA512},
}

func (s scheme) fits(pub crypto.PublicKey) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		return k != nil && k.X != nil && k.Y != nil && s.curve != nil && s.curve == k.Curve
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			return false
		}
		n := k.N.BitLen()
		return s.rsa && k.E == 65537 && (n == s.bits || s.bits == 0 && minRSABits <= n && n <= maxRSABits)
	case ed25519.PublicKey:
		return !s.rsa && s.curve == nil && strictcert.CheckEd25519(k) == nil
	}
	return false
}
