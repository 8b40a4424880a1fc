// SPDX-License-Identifier: Apache-2.0

package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Names of PKCS #11 3.0 that the binding does not have.
const (
	keyEdwards = 0x40   // CKK_EC_EDWARDS
	signEdDSA  = 0x1057 // CKM_EDDSA
)

// curves by their CKA_EC_PARAMS, the DER of an object identifier.
var curves = map[string]elliptic.Curve{
	"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07": elliptic.P256(),
	"\x06\x05\x2b\x81\x04\x00\x22":             elliptic.P384(),
	"\x06\x05\x2b\x81\x04\x00\x23":             elliptic.P521(),
}

// edwards25519 in CKA_EC_PARAMS, as an object identifier (RFC 8410) and as a
// name (PKCS #11 3.0, Section 2.3.5).
var edwards25519 = []string{"\x06\x03\x2b\x65\x70", "\x13\x0cedwards25519"}

// publicKey reads a public key off the token. The caller's first signature
// shows whether it goes with the private one.
func (s *session) publicKey(o pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	kind, err := s.bytes(o, pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	switch number(kind) {
	case pkcs11.CKK_RSA:
		return s.rsaKey(o)
	case pkcs11.CKK_EC, keyEdwards:
		return s.curveKey(o)
	}
	return nil, fmt.Errorf("a key of the type %x is neither ECDSA nor RSA nor Ed25519", kind)
}

// number reads a CK_ULONG, which is of the machine's size and order; what is
// none is the highest.
func number(b []byte) uint64 {
	switch len(b) {
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	case 8:
		return binary.NativeEndian.Uint64(b)
	}
	return math.MaxUint64
}

func (s *session) rsaKey(o pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	modulus, err := s.bytes(o, pkcs11.CKA_MODULUS)
	if err != nil {
		return nil, err
	}
	exponent, err := s.bytes(o, pkcs11.CKA_PUBLIC_EXPONENT)
	if err != nil {
		return nil, err
	}
	e := new(big.Int).SetBytes(exponent)
	if e.BitLen() > 31 {
		return nil, errors.New("the exponent of the RSA key is out of all proportion")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(e.Int64())}, nil
}

// curveKey reads a point. It is an OCTET STRING within DER, but some modules
// give it as it is.
func (s *session) curveKey(o pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	params, err := s.bytes(o, pkcs11.CKA_EC_PARAMS)
	if err != nil {
		return nil, err
	}
	point, err := s.bytes(o, pkcs11.CKA_EC_POINT)
	if err != nil {
		return nil, err
	}
	var inner cryptobyte.String
	if in := cryptobyte.String(point); in.ReadASN1(&inner, asn1.OCTET_STRING) && in.Empty() {
		point = inner
	}
	if curve := curves[string(params)]; curve != nil {
		return ecdsa.ParseUncompressedPublicKey(curve, point)
	}
	for _, name := range edwards25519 {
		if string(params) == name && len(point) == ed25519.PublicKeySize {
			return ed25519.PublicKey(bytes.Clone(point)), nil
		}
	}
	return nil, fmt.Errorf("curve %x: unsupported, want P-256, P-384, P-521 or edwards25519", params)
}
