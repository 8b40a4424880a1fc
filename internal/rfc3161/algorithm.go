// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"crypto"
	_ "crypto/sha1" // ESSCertID names certificates by SHA-1
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Object identifiers, as the content octets of their DER: compared byte for
// byte, an identifier of any size needs no parsing.
const (
	oidSignedData           = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"         // 1.2.840.113549.1.7.2
	oidTSTInfo              = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" // 1.2.840.113549.1.9.16.1.4
	oidContentType          = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"         // 1.2.840.113549.1.9.3
	oidMessageDigest        = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"         // 1.2.840.113549.1.9.4
	oidSigningCertificate   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c" // 1.2.840.113549.1.9.16.2.12
	oidSigningCertificateV2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f" // 1.2.840.113549.1.9.16.2.47
	oidSHA256               = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"         // 2.16.840.1.101.3.4.2.1
	oidSHA384               = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"         // 2.16.840.1.101.3.4.2.2
	oidSHA512               = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"         // 2.16.840.1.101.3.4.2.3
	oidECPublicKey          = "\x2a\x86\x48\xce\x3d\x02\x01"                 // 1.2.840.10045.2.1
	oidECDSAWithSHA256      = "\x2a\x86\x48\xce\x3d\x04\x03\x02"             // 1.2.840.10045.4.3.2
	oidECDSAWithSHA384      = "\x2a\x86\x48\xce\x3d\x04\x03\x03"             // 1.2.840.10045.4.3.3
	oidECDSAWithSHA512      = "\x2a\x86\x48\xce\x3d\x04\x03\x04"             // 1.2.840.10045.4.3.4
	oidRSAEncryption        = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"         // 1.2.840.113549.1.1.1
	oidSHA256WithRSA        = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"         // 1.2.840.113549.1.1.11
	oidSHA384WithRSA        = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"         // 1.2.840.113549.1.1.12
	oidSHA512WithRSA        = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"         // 1.2.840.113549.1.1.13
	oidEd25519              = "\x2b\x65\x70"                                 // 1.3.101.112
)

// readOID reads an object identifier that can be written out. The time to
// write one grows with the square of its length, hence the bound.
func readOID(s *cryptobyte.String, oid *cryptobyte.String) bool {
	return s.ReadASN1(oid, asn1.OBJECT_IDENTIFIER) && len(*oid) <= maxOID
}

// readInteger reads an integer of at most that many bits, which can be written
// out for the same reason.
func readInteger(s *cryptobyte.String, n *big.Int, bits int) bool {
	return s.ReadASN1Integer(n) && n.BitLen() <= bits
}

// readAlgorithm reads an AlgorithmIdentifier whose parameters are NULL or
// absent (both occur for every algorithm used here), and nothing else.
//
//	AlgorithmIdentifier ::= SEQUENCE {
//	   algorithm  OBJECT IDENTIFIER,
//	   parameters ANY DEFINED BY algorithm OPTIONAL }
func readAlgorithm(s *cryptobyte.String, oid *string) bool {
	var seq, id, null cryptobyte.String
	var hasNull bool
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !readOID(&seq, &id) ||
		!seq.ReadOptionalASN1(&null, &hasNull, asn1.NULL) || !null.Empty() || !seq.Empty() {
		return false
	}
	*oid = string(id)
	return true
}

// digestAlgorithm returns the hash that oid names; SHA-1 is none of them.
func digestAlgorithm(oid, where string) (crypto.Hash, error) {
	switch oid {
	case oidSHA256:
		return crypto.SHA256, nil
	case oidSHA384:
		return crypto.SHA384, nil
	case oidSHA512:
		return crypto.SHA512, nil
	}
	return 0, refuse.New(codeProfile, "%s of timestamp has hash algorithm %s, want SHA-256, SHA-384 or SHA-512", where, dotted(oid))
}

// signatures lists the signature algorithms by identifier and by the hash of
// the signed attributes. Identifiers that name a hash go with that hash alone
// (RFC 5652, Section 5.3); those that name only a kind of key go with any.
var signatures = map[string]map[crypto.Hash]x509.SignatureAlgorithm{
	oidECDSAWithSHA256: {crypto.SHA256: x509.ECDSAWithSHA256},
	oidECDSAWithSHA384: {crypto.SHA384: x509.ECDSAWithSHA384},
	oidECDSAWithSHA512: {crypto.SHA512: x509.ECDSAWithSHA512},
	oidECPublicKey: {
		crypto.SHA256: x509.ECDSAWithSHA256,
		crypto.SHA384: x509.ECDSAWithSHA384,
		crypto.SHA512: x509.ECDSAWithSHA512,
	},
	oidSHA256WithRSA: {crypto.SHA256: x509.SHA256WithRSA},
	oidSHA384WithRSA: {crypto.SHA384: x509.SHA384WithRSA},
	oidSHA512WithRSA: {crypto.SHA512: x509.SHA512WithRSA},
	oidRSAEncryption: {
		crypto.SHA256: x509.SHA256WithRSA,
		crypto.SHA384: x509.SHA384WithRSA,
		crypto.SHA512: x509.SHA512WithRSA,
	},
	// The scheme hashes by itself: h is that of the message digest only.
	oidEd25519: {
		crypto.SHA256: x509.PureEd25519,
		crypto.SHA384: x509.PureEd25519,
		crypto.SHA512: x509.PureEd25519,
	},
}

// signatureAlgorithm returns the algorithm that oid names when the signed
// attributes are hashed with h.
func signatureAlgorithm(oid string, h crypto.Hash) (x509.SignatureAlgorithm, error) {
	byHash, ok := signatures[oid]
	if !ok {
		return 0, refuse.New(codeProfile, "timestamp has signature algorithm %s, which is not supported", dotted(oid))
	}
	alg, ok := byHash[h]
	if !ok {
		return 0, refuse.New(codeProfile, "timestamp has signature algorithm %s over %s", dotted(oid), h)
	}
	return alg, nil
}

// dotted renders the content octets of an OID for a message.
func dotted(oid string) string {
	var o x509.OID
	if err := o.UnmarshalBinary([]byte(oid)); err != nil {
		return "(malformed)"
	}
	return o.String()
}

func digest(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}
