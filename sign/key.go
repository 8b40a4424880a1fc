// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// The algorithms that keys sign with.
const (
	ECDSAP256 = v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
	ECDSAP384 = v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384
	ECDSAP521 = v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512
	Ed25519ph = v1.PublicKeyDetails_PKIX_ED25519_PH
	RSA2048   = v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256
	RSA3072   = v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256
	RSA4096   = v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256
)

// Key is a private key, wherever it is kept, and the one algorithm that it
// signs with. It is immutable, and safe for concurrent use if its
// crypto.Signer is.
type Key struct {
	private crypto.Signer
	public  *sigkey.Key
	hint    string
}

// NewKey takes a key and ties it to the registry's default algorithm for its
// type: ECDSA with the hash of the curve's size, RSA with PKCS #1 v1.5 and
// SHA-256, Ed25519 as Ed25519ph. Bundles name it by hint; an empty one stands
// for the base64 of the SHA-256 of its SubjectPublicKeyInfo.
func NewKey(private crypto.Signer, hint string) (*Key, error) {
	if private == nil {
		return nil, refuse.New("sign.key", "no key")
	}
	public, err := sigkey.ForPublicKey(private.Public())
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "key")
	}
	if hint == "" {
		id := public.ID()
		hint = base64.StdEncoding.EncodeToString(id[:])
	}
	return &Key{private, public, hint}, nil
}

// GenerateKey makes a fresh key in memory. Nothing writes it anywhere, unless
// the caller does, by [Key.EncryptPEM] or [Key.PlainPEM].
func GenerateKey(a Algorithm) (*Key, error) {
	private, err := generate(a)
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "fresh key")
	}
	return NewKey(private, "")
}

func generate(a Algorithm) (crypto.Signer, error) {
	switch a {
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case ECDSAP521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case Ed25519ph:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	}
	return nil, refuse.New("sign.key", "algorithm %s: no keys can be made for it", a)
}

// Public returns the public key.
func (k *Key) Public() crypto.PublicKey { return k.public.Public() }

// SPKI returns the DER SubjectPublicKeyInfo, which must not be modified.
func (k *Key) SPKI() []byte { return k.public.SPKI() }

// Algorithm returns what the key signs with.
func (k *Key) Algorithm() Algorithm { return k.public.Algorithm() }

// Hash returns the hash under which content is signed.
func (k *Key) Hash() crypto.Hash { return k.public.Hash() }

// Hint returns the name of the key in bundles.
func (k *Key) Hint() string { return k.hint }

// Randomized reports whether each signature over the same bytes differs
// one, as with ECDSA.
func (k *Key) Randomized() bool {
	_, ok := k.Public().(*ecdsa.PublicKey)
	return ok
}

// SignDigest signs the digest of a message, under Hash, and checks the
// signature: hardware, and whatever is in front of it, is a service too.
func (k *Key) SignDigest(digest []byte) ([]byte, error) {
	opts := crypto.SignerOpts(k.Hash())
	if k.Algorithm() == Ed25519ph {
		opts = &ed25519.Options{Hash: crypto.SHA512}
	}
	sig, err := k.private.Sign(rand.Reader, digest, opts)
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "signing")
	}
	if err := k.public.VerifyDigest(digest, sig); err != nil {
		return nil, refuse.Wrap("sign.key", err, "what the key signed")
	}
	return sig, nil
}

// SignMessage signs a short message, for a proof of possession. Ed25519 keys
// sign it as it is: Fulcio takes no Ed25519ph (Fulcio specification, Section
// 4). A message that encodes an envelope is sign.content.encoding: the text of
// a proof comes from an identity token, and not from the holder of the key.
func (k *Key) SignMessage(message []byte) ([]byte, error) {
	if err := isEncoded(message); err != nil {
		return nil, err
	}
	if _, ok := k.Public().(ed25519.PublicKey); ok {
		return k.signPure(message)
	}
	h := k.Hash().New()
	h.Write(message)
	return k.SignDigest(h.Sum(nil))
}

// signPure signs as pure Ed25519.
func (k *Key) signPure(message []byte) ([]byte, error) {
	public, err := k.public.With(v1.PublicKeyDetails_PKIX_ED25519)
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "key")
	}
	sig, err := k.private.Sign(rand.Reader, message, crypto.Hash(0))
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "signing")
	}
	if err := public.Verify(message, sig); err != nil {
		return nil, refuse.Wrap("sign.key", err, "what the key signed")
	}
	return sig, nil
}
