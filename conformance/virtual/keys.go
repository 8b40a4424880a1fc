// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 and SHA-512 of the algorithm registry
	"crypto/x509"
	"encoding/binary"
	"fmt"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// KeyType is a kind of key and how it signs. The zero KeyType stands for the
// default of the place it is used in.
type KeyType int

// The kinds of keys. ECDSA signs the digest that goes with its curve unless
// another one is asked for; RSA signs SHA-256 by PKCS #1 v1.5.
const (
	ECDSAP256 KeyType = iota + 1
	ECDSAP384
	ECDSAP521
	RSA2048
	RSA3072
	RSA4096
	Ed25519   // signs messages themselves
	Ed25519ph // signs their SHA-512
)

// keyKind is what is known of a KeyType.
type keyKind struct {
	name      string
	curve     elliptic.Curve
	rsaBits   int
	hash      crypto.Hash // 0: signs messages themselves
	details   commonv1.PublicKeyDetails
	algorithm string // DER AlgorithmIdentifier of its signatures in certificates
}

const (
	derECDSAWithSHA256 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
	derECDSAWithSHA384 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"
	derECDSAWithSHA512 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"
	derSHA256WithRSA   = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
	derEd25519         = "\x30\x05\x06\x03\x2b\x65\x70"
)

var keyKinds = map[KeyType]keyKind{
	ECDSAP256: {"ECDSA P-256", elliptic.P256(), 0, crypto.SHA256, commonv1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, derECDSAWithSHA256},
	ECDSAP384: {"ECDSA P-384", elliptic.P384(), 0, crypto.SHA384, commonv1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, derECDSAWithSHA384},
	ECDSAP521: {"ECDSA P-521", elliptic.P521(), 0, crypto.SHA512, commonv1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, derECDSAWithSHA512},
	RSA2048:   {"RSA 2048", nil, 2048, crypto.SHA256, commonv1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, derSHA256WithRSA},
	RSA3072:   {"RSA 3072", nil, 3072, crypto.SHA256, commonv1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, derSHA256WithRSA},
	RSA4096:   {"RSA 4096", nil, 4096, crypto.SHA256, commonv1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, derSHA256WithRSA},
	Ed25519:   {"Ed25519", nil, 0, 0, commonv1.PublicKeyDetails_PKIX_ED25519, derEd25519},
	Ed25519ph: {"Ed25519ph", nil, 0, crypto.SHA512, commonv1.PublicKeyDetails_PKIX_ED25519_PH, derEd25519},
}

// String returns the type's name, such as "ECDSA P-256".
func (t KeyType) String() string {
	if k, ok := keyKinds[t]; ok {
		return k.name
	}
	return fmt.Sprintf("KeyType(%d)", int(t))
}

// or returns t, or def where t is unset.
func (t KeyType) or(def KeyType) KeyType {
	if t == 0 {
		return def
	}
	return t
}

// Key is a private key of a world. It is immutable and safe for concurrent
// use. It is as secret as its seed: not at all.
type Key struct {
	typ  KeyType
	priv crypto.Signer
	spki []byte
}

// Key returns the key that the world has under a name, always the same one.
// Nothing in the world is signed with a key that was asked for by a name of
// one's own, which makes it a managed key, or a stranger's.
func (w *World) Key(name string, t KeyType) (*Key, error) {
	return w.key("key/"+name, t)
}

// Type returns the kind of key.
func (k *Key) Type() KeyType { return k.typ }

// Public returns the public key.
func (k *Key) Public() crypto.PublicKey { return k.priv.Public() }

// SPKI returns the public key as a DER SubjectPublicKeyInfo, which must not be
// modified.
func (k *Key) SPKI() []byte { return k.spki }

// Signer returns the private key itself.
func (k *Key) Signer() crypto.Signer { return k.priv }

// key derives the key for a role. RSA keys, which take long to make, are
// kept.
func (w *World) key(role string, t KeyType) (*Key, error) {
	kind, ok := keyKinds[t]
	if !ok {
		return nil, fmt.Errorf("virtual: unknown key type %d", int(t))
	}
	if kind.rsaBits == 0 {
		return w.makeKey(role, t, kind)
	}
	role = fmt.Sprintf("%s/%d", role, kind.rsaBits)
	w.rsaMutex.Lock()
	defer w.rsaMutex.Unlock()
	if k := w.rsaKeys[role]; k != nil {
		return k, nil
	}
	k, err := w.makeKey(role, t, kind)
	if err == nil {
		w.rsaKeys[role] = k
	}
	return k, err
}

func (w *World) makeKey(role string, t KeyType, kind keyKind) (*Key, error) {
	var priv crypto.Signer
	var err error
	switch {
	case kind.curve != nil:
		priv, err = w.ecdsaKey(role, kind.curve)
	case kind.rsaBits != 0:
		priv, err = rsaKey(func(attempt uint32, size int) []byte { return w.derive(role, attempt, size) }, kind.rsaBits)
	default:
		priv = ed25519.NewKeyFromSeed(w.derive(role, 0, ed25519.SeedSize))
	}
	if err != nil {
		return nil, fmt.Errorf("virtual: key of %s: %w", role, err)
	}
	spki, err := x509.MarshalPKIXPublicKey(priv.Public())
	if err != nil {
		return nil, fmt.Errorf("virtual: key of %s: %w", role, err)
	}
	return &Key{t, priv, spki}, nil
}

// ecdsaKey takes the first derived number that is a private key.
func (w *World) ecdsaKey(role string, curve elliptic.Curve) (*ecdsa.PrivateKey, error) {
	bits := curve.Params().BitSize
	const attempts = 128 // more than half of all numbers of that length are good
	var key *ecdsa.PrivateKey
	var err error
	for attempt := range uint32(attempts) {
		raw := w.derive(role, attempt, (bits+7)/8)
		if spare := len(raw)*8 - bits; spare > 0 {
			raw[0] >>= spare
		}
		if key, err = ecdsa.ParseRawPrivateKey(curve, raw); err == nil {
			return key, nil
		}
	}
	return nil, err
}

// derive expands seed and role to as many bytes as asked for. All that looks
// random in a world comes from here.
func (w *World) derive(role string, attempt uint32, size int) []byte {
	out := make([]byte, 0, size+sha256.Size)
	in := make([]byte, 0, len(w.seed)+len(role)+10)
	in = append(in, w.seed...)
	in = append(in, 0)
	in = append(in, role...)
	in = append(in, 0)
	in = binary.BigEndian.AppendUint32(in, attempt)
	for block := uint32(0); len(out) < size; block++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(in, block))
		out = append(out, sum[:]...)
	}
	return out[:size]
}

// sign signs a message under h; zero is the hash that goes with the key.
// Ed25519 has no choice and ignores it.
func (k *Key) sign(message []byte, h crypto.Hash) ([]byte, error) {
	kind := keyKinds[k.typ]
	switch k.typ {
	case Ed25519:
		return k.priv.Sign(nil, message, crypto.Hash(0))
	case Ed25519ph:
		return k.priv.Sign(nil, digest(crypto.SHA512, message), &ed25519.Options{Hash: crypto.SHA512})
	}
	if h == 0 {
		h = kind.hash
	}
	if !h.Available() {
		return nil, fmt.Errorf("virtual: hash %d is not available", h)
	}
	// Without a source of randomness ECDSA is deterministic (RFC 6979).
	return k.priv.Sign(nil, digest(h, message), h)
}

func digest(h crypto.Hash, data []byte) []byte {
	if h == crypto.SHA256 {
		sum := sha256.Sum256(data)
		return sum[:]
	}
	d := h.New()
	d.Write(data)
	return d.Sum(nil)
}

// Signing is the part that all inputs of hooks have in common: who is about
// to sign. It is set to what is right, and a hook may make it wrong.
type Signing struct {
	Key     *Key // never nil
	Corrupt bool // whether to flip a bit of the signature
}

func (s *Signing) sign(message []byte, h crypto.Hash) ([]byte, error) {
	if s.Key == nil {
		return nil, fmt.Errorf("virtual: a hook took the key away")
	}
	sig, err := s.Key.sign(message, h)
	if err == nil && s.Corrupt {
		sig[len(sig)-1] ^= 1
	}
	return sig, err
}
