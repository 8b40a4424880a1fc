// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers, as the content octets of their DER: compared byte for
// byte, an identifier of any size needs no parsing.
const (
	OIDData            = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" // 1.2.840.113549.1.7.1
	OIDSignedData      = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" // 1.2.840.113549.1.7.2
	OIDContentType     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03" // 1.2.840.113549.1.9.3
	OIDMessageDigest   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04" // 1.2.840.113549.1.9.4
	OIDSHA256          = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	OIDSHA384          = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // 2.16.840.1.101.3.4.2.2
	OIDSHA512          = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // 2.16.840.1.101.3.4.2.3
	OIDECPublicKey     = "\x2a\x86\x48\xce\x3d\x02\x01"         // 1.2.840.10045.2.1
	OIDECDSAWithSHA256 = "\x2a\x86\x48\xce\x3d\x04\x03\x02"     // 1.2.840.10045.4.3.2
	OIDECDSAWithSHA384 = "\x2a\x86\x48\xce\x3d\x04\x03\x03"     // 1.2.840.10045.4.3.3
	OIDECDSAWithSHA512 = "\x2a\x86\x48\xce\x3d\x04\x03\x04"     // 1.2.840.10045.4.3.4
	OIDRSAEncryption   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1
	OIDSHA256WithRSA   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" // 1.2.840.113549.1.1.11
	OIDSHA384WithRSA   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c" // 1.2.840.113549.1.1.12
	OIDSHA512WithRSA   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d" // 1.2.840.113549.1.1.13
	OIDEd25519         = "\x2b\x65\x70"                         // 1.3.101.112
)

// ReadOID reads an object identifier that can be written out. The time to
// write one grows with the square of its length, hence the bound.
func ReadOID(s *cryptobyte.String, oid *cryptobyte.String) bool {
	return s.ReadASN1(oid, asn1.OBJECT_IDENTIFIER) && len(*oid) <= MaxOID
}

// ReadInteger reads an integer of at most that many bits, which can be written
// out for the same reason.
func ReadInteger(s *cryptobyte.String, n *big.Int, bits int) bool {
	return s.ReadASN1Integer(n) && n.BitLen() <= bits
}

// ReadAlgorithm reads an AlgorithmIdentifier whose parameters are NULL or
// absent (both occur for every algorithm used here), and nothing else.
//
//	AlgorithmIdentifier ::= SEQUENCE {
//	   algorithm  OBJECT IDENTIFIER,
//	   parameters ANY DEFINED BY algorithm OPTIONAL }
func ReadAlgorithm(s *cryptobyte.String, oid *string) bool {
	var seq, id, null cryptobyte.String
	var hasNull bool
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !ReadOID(&seq, &id) ||
		!seq.ReadOptionalASN1(&null, &hasNull, asn1.NULL) || !null.Empty() || !seq.Empty() {
		return false
	}
	*oid = string(id)
	return true
}

// DigestAlgorithm returns the hash that oid names; SHA-1 is not among them.
func DigestAlgorithm(oid string) (crypto.Hash, error) {
	switch oid {
	case OIDSHA256:
		return crypto.SHA256, nil
	case OIDSHA384:
		return crypto.SHA384, nil
	case OIDSHA512:
		return crypto.SHA512, nil
	}
	return 0, &Fault{Text: fmt.Sprintf("hash algorithm %s, want SHA-256, SHA-384 or SHA-512", Dotted(oid)), Profile: true}
}

// signatures lists the signature algorithms by identifier and by the hash of
// the signed attributes. Identifiers that name a hash go with that hash alone
// (RFC 5652, Section 5.3); those that name only a kind of key go with any.
var signatures = map[string]map[crypto.Hash]x509.SignatureAlgorithm{
	OIDECDSAWithSHA256: {crypto.SHA256: x509.ECDSAWithSHA256},
	OIDECDSAWithSHA384: {crypto.SHA384: x509.ECDSAWithSHA384},
	OIDECDSAWithSHA512: {crypto.SHA512: x509.ECDSAWithSHA512},
	OIDECPublicKey: {
		crypto.SHA256: x509.ECDSAWithSHA256,
		crypto.SHA384: x509.ECDSAWithSHA384,
		crypto.SHA512: x509.ECDSAWithSHA512,
	},
	OIDSHA256WithRSA: {crypto.SHA256: x509.SHA256WithRSA},
	OIDSHA384WithRSA: {crypto.SHA384: x509.SHA384WithRSA},
	OIDSHA512WithRSA: {crypto.SHA512: x509.SHA512WithRSA},
	OIDRSAEncryption: {
		crypto.SHA256: x509.SHA256WithRSA,
		crypto.SHA384: x509.SHA384WithRSA,
		crypto.SHA512: x509.SHA512WithRSA,
	},
	// The scheme hashes by itself: h is that of the message digest only.
	OIDEd25519: {
		crypto.SHA256: x509.PureEd25519,
		crypto.SHA384: x509.PureEd25519,
		crypto.SHA512: x509.PureEd25519,
	},
}

// SignatureAlgorithm returns the algorithm that oid names when the signed
// attributes are hashed with h.
func SignatureAlgorithm(oid string, h crypto.Hash) (x509.SignatureAlgorithm, error) {
	byHash, ok := signatures[oid]
	if !ok {
		return 0, &Fault{Text: fmt.Sprintf("signature algorithm %s is not supported", Dotted(oid)), Profile: true}
	}
	alg, ok := byHash[h]
	if !ok {
		return 0, &Fault{Text: fmt.Sprintf("signature algorithm %s over %s", Dotted(oid), h), Profile: true}
	}
	return alg, nil
}

// Dotted renders the content octets of an OID for a message.
func Dotted(oid string) string {
	var o x509.OID
	if err := o.UnmarshalBinary([]byte(oid)); err != nil {
		return "(malformed)"
	}
	return o.String()
}

func Digest(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}
