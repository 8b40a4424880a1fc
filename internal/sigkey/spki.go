// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
)

// The bytes before the point in the DER SubjectPublicKeyInfo of a key on a
// named curve (RFC 5480, Section 2).
const (
	prefixP256 = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
	prefixP384 = "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"
	prefixP521 = "\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00"
)

// marshal returns the DER SubjectPublicKeyInfo of a key. It is what crypto/x509
// writes, which for the keys of signers took forty allocations.
func marshal(pub crypto.PublicKey) ([]byte, error) {
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok {
		return x509.MarshalPKIXPublicKey(pub)
	}
	var prefix string
	switch key.Curve {
	case elliptic.P256():
		prefix = prefixP256
	case elliptic.P384():
		prefix = prefixP384
	case elliptic.P521():
		prefix = prefixP521
	default:
		return x509.MarshalPKIXPublicKey(pub)
	}
	point, err := key.Bytes() // an error beside the curve
	if err != nil {
		return nil, err
	}
	return append([]byte(prefix), point...), nil
}
