// SPDX-License-Identifier: Apache-2.0

// Package sigkey holds a public key tied to one signature algorithm, and is
// the only place on the verifying side where a signature meets a key.
//
// The algorithm comes from the key's owner (a trust root, a registry default
// for the key's type) and never from the signature or from the data around
// it, so that nothing an attacker writes can choose how it is checked.
package sigkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 and SHA-512 of the algorithm registry
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Algorithm names a key type, a signature scheme and a hash: an entry of the
// Sigstore algorithm registry (protobuf-specs, common.PublicKeyDetails).
type Algorithm = v1.PublicKeyDetails

// ErrSignature is returned for every signature that does not verify: why it
// does not is nothing a caller could act on.
var ErrSignature = errors.New("signature does not verify")

// An UnsupportedError names an algorithm or a kind of key that this package
// does not verify with.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + " is not supported" }

// Key is a public key and the one algorithm it is used with. It is immutable
// and safe for concurrent use.
type Key struct {
	alg  Algorithm
	pub  crypto.PublicKey
	spki []byte
	id   [sha256.Size]byte
	fast *fastverify.Tables // nil: none
}

// Parse reads a key as a trust root carries it: raw is a DER
// SubjectPublicKeyInfo, or for the PKCS1_* algorithms a DER RSAPublicKey. The
// key must be of the type and size that alg names.
func Parse(alg Algorithm, raw []byte) (*Key, error) {
	if _, ok := schemes[alg]; !ok {
		return nil, &UnsupportedError{"key algorithm " + alg.String()}
	}
	var pub any
	var err error
	switch alg {
	case v1.PublicKeyDetails_PKCS1_RSA_PKCS1V5, v1.PublicKeyDetails_PKCS1_RSA_PSS:
		pub, err = x509.ParsePKCS1PublicKey(raw)
	default:
		pub, err = x509.ParsePKIXPublicKey(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return New(alg, pub)
}

// ParseSPKI reads a DER SubjectPublicKeyInfo and ties it to the registry's
// default algorithm for its type.
func ParseSPKI(der []byte) (*Key, error) {
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return ForPublicKey(pub)
}

// ParsePEM reads exactly one PEM block of type PUBLIC KEY (or RSA PUBLIC KEY)
// and ties it to the registry's default algorithm for its type. Text may
// surround it, headers and further blocks may not.
func ParsePEM(data []byte) (*Key, error) {
	data = strictjson.TrimMark(data)
	if err := strictjson.CheckEncoding(data); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	// Explanatory text around the block is legal (RFC 7468, Section 2), and
	// certtool and openssl write it. A second block is not looked past.
	if bytes.Count(data, []byte("-----BEGIN ")) > 1 {
		return nil, errors.New("more than one PEM block")
	}
	if len(block.Headers) > 0 {
		return nil, errors.New("headers in the PEM block")
	}
	switch block.Type {
	case "PUBLIC KEY":
		return ParseSPKI(block.Bytes)
	case "RSA PUBLIC KEY":
		pub, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("public key: %w", err)
		}
		return ForPublicKey(pub)
	}
	return nil, fmt.Errorf("PEM block of type %q, want PUBLIC KEY", block.Type)
}

// ForPublicKey ties pub to the registry's default algorithm for its type:
// ECDSA with the hash of the curve's size, RSA with PKCS #1 v1.5 and SHA-256,
// Ed25519 as Ed25519ph.
func ForPublicKey(pub crypto.PublicKey) (*Key, error) {
	alg, err := Default(pub)
	if err != nil {
		return nil, err
	}
	return New(alg, pub)
}

// Default returns the registry's default algorithm for pub's type, see
// [ForPublicKey].
func Default(pub crypto.PublicKey) (Algorithm, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k == nil || k.Curve == nil {
			return 0, &UnsupportedError{"an ECDSA key without a curve"}
		}
		switch k.Curve {
		case elliptic.P256():
			return v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, nil
		case elliptic.P384():
			return v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, nil
		case elliptic.P521():
			return v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, nil
		}
		return 0, &UnsupportedError{"curve " + k.Curve.Params().Name}
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			return 0, &UnsupportedError{"an RSA key without a modulus"}
		}
		switch k.N.BitLen() {
		case 2048:
			return v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, nil
		case 3072:
			return v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, nil
		case 4096:
			return v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, nil
		}
		return 0, &UnsupportedError{fmt.Sprintf("RSA with %d bits", k.N.BitLen())}
	case ed25519.PublicKey:
		return v1.PublicKeyDetails_PKIX_ED25519_PH, nil
	}
	return 0, &UnsupportedError{fmt.Sprintf("a public key of type %T", pub)}
}

// New ties pub to alg, which must be of pub's type and size.
func New(alg Algorithm, pub crypto.PublicKey) (*Key, error) {
	s, ok := schemes[alg]
	if !ok {
		return nil, &UnsupportedError{"key algorithm " + alg.String()}
	}
	if !s.fits(pub) {
		if key, ok := pub.(ed25519.PublicKey); ok {
			if err := strictcert.CheckEd25519(key); err != nil {
				return nil, err
			}
		}
		return nil, fmt.Errorf("public key does not fit %s", alg)
	}
	spki, err := marshal(pub)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return &Key{alg: alg, pub: pub, spki: spki, id: sha256.Sum256(spki)}, nil
}

// Algorithm returns the algorithm the key is tied to.
func (k *Key) Algorithm() Algorithm { return k.alg }

// Public returns the key itself, which must not be modified.
func (k *Key) Public() crypto.PublicKey { return k.pub }

// SPKI returns the DER SubjectPublicKeyInfo, which must not be modified.
func (k *Key) SPKI() []byte { return k.spki }

// ID returns SHA-256 over the SPKI: the key's fingerprint, and the log ID of
// CT logs (RFC 6962, Section 3.2) and of Rekor v1.
func (k *Key) ID() [sha256.Size]byte { return k.id }

// Hash returns the hash of the algorithm, 0 for pure Ed25519, which has none.
func (k *Key) Hash() crypto.Hash { return schemes[k.alg].hash }

// With returns the same key tied to another algorithm of its type.
func (k *Key) With(alg Algorithm) (*Key, error) {
	s, ok := schemes[alg]
	if !ok {
		return nil, &UnsupportedError{"key algorithm " + alg.String()}
	}
	if !s.fits(k.pub) {
		return nil, fmt.Errorf("public key does not fit %s", alg)
	}
	c := *k
	c.alg = alg
	return &c, nil
}

// WithHash returns the key tied to its scheme over h: the registry default,
// or the deprecated SHA-256 forms of P-384 and P-521 that released CPython
// versions were signed with. Any other combination is an UnsupportedError.
func (k *Key) WithHash(h crypto.Hash) (*Key, error) {
	if h == k.Hash() {
		return k, nil
	}
	alg, err := Over(k.alg, h)
	if err != nil {
		return nil, err
	}
	return k.With(alg)
}

// Over returns the algorithm that has the scheme of alg over h, see
// [Key.WithHash].
func Over(alg Algorithm, h crypto.Hash) (Algorithm, error) {
	if s, ok := schemes[alg]; ok && h == s.hash {
		return alg, nil
	}
	if h == crypto.SHA256 {
		switch alg {
		case v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384:
			return v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256, nil //nolint:staticcheck // deprecated, and in use
		case v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512:
			return v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_256, nil //nolint:staticcheck // deprecated, and in use
		}
	}
	return 0, &UnsupportedError{fmt.Sprintf("%s over %s", alg, h)}
}

// Accelerated returns the same key with tables to check ECDSA signatures by.
// It gives the same answers. It is for keys that recur and that somebody
// trusts, never for those that a bundle brings.
func (k *Key) Accelerated(t *fastverify.Tables) *Key {
	c := *k
	c.fast = t
	return &c
}

// Verify checks sig over message. It returns nil or ErrSignature.
func (k *Key) Verify(message, sig []byte) error {
	s := schemes[k.alg]
	if s.hash == 0 {
		if !ed25519.Verify(k.pub.(ed25519.PublicKey), message, sig) {
			return ErrSignature
		}
		return nil
	}
	var buf [64]byte
	return k.VerifyDigest(sum(buf[:0], s.hash, message), sig)
}

// VerifyDigest checks sig over a message whose digest, under the algorithm's
// own hash, is digest. Pure Ed25519 signs no digest: an UnsupportedError.
func (k *Key) VerifyDigest(digest, sig []byte) error {
	s := schemes[k.alg]
	if s.hash == 0 {
		return &UnsupportedError{k.alg.String() + " over a digest"}
	}
	if len(digest) != s.hash.Size() {
		return ErrSignature
	}
	ok := false
	switch pub := k.pub.(type) {
	case *ecdsa.PublicKey:
		ok = k.fast.Verify(pub, digest, sig)
	case *rsa.PublicKey:
		if s.pss {
			// Algorithm registry: MGF1 over the same hash, salt as long as the hash.
			ok = rsa.VerifyPSS(pub, s.hash, digest, sig, &rsa.PSSOptions{SaltLength: s.hash.Size()}) == nil
		} else {
			ok = rsa.VerifyPKCS1v15(pub, s.hash, digest, sig) == nil
		}
	case ed25519.PublicKey:
		// RFC 8032, Section 5.1: Ed25519ph with an empty context.
		ok = ed25519.VerifyWithOptions(pub, digest, sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

func sum(dst []byte, h crypto.Hash, message []byte) []byte {
	if h == crypto.SHA256 {
		d := sha256.Sum256(message)
		return append(dst, d[:]...)
	}
	w := h.New()
	w.Write(message)
	return w.Sum(dst)
}
