// SPDX-License-Identifier: Apache-2.0

package strictcert

import (
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// maxName bounds the identifier of a curve, which is rendered.
const maxName = 32

var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	curves         = []asn1.ObjectIdentifier{
		{1, 3, 132, 0, 33}, {1, 2, 840, 10045, 3, 1, 7}, {1, 3, 132, 0, 34}, {1, 3, 132, 0, 35}, // P-224 to P-521
	}
)

// UnsupportedKey says of what kind the elliptic curve key of a certificate is
// that crypto/x509 does not read: on another curve, on one that is written
// out, or a compressed point. It returns "" for every other certificate and for
// what has not the shape of one. Such a certificate is not verified at all.
func UnsupportedKey(der []byte) string {
	// Certificate and TBSCertificate of RFC 5280, Section 4.1
	in := cryptobyte.String(der)
	var cert, tbs, key, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	var point asn1.BitString
	if len(der) > MaxSize || !in.ReadASN1(&cert, cb.SEQUENCE) || !in.Empty() || !cert.ReadASN1(&tbs, cb.SEQUENCE) ||
		!cert.SkipASN1(cb.SEQUENCE) || !cert.SkipASN1(cb.BIT_STRING) || !cert.Empty() ||
		!tbs.SkipOptionalASN1(cb.Tag(0).Constructed().ContextSpecific()) || !tbs.SkipASN1(cb.INTEGER) ||
		!tbs.SkipASN1(cb.SEQUENCE) || !tbs.SkipASN1(cb.SEQUENCE) || !tbs.SkipASN1(cb.SEQUENCE) || !tbs.SkipASN1(cb.SEQUENCE) ||
		!tbs.ReadASN1(&key, cb.SEQUENCE) || !key.ReadASN1(&algorithm, cb.SEQUENCE) || !key.ReadASN1BitString(&point) ||
		!readOID(&algorithm, &oid) || !oid.Equal(oidECPublicKey) {
		return ""
	}
	if algorithm.PeekASN1Tag(cb.SEQUENCE) {
		return "an elliptic curve that is written out"
	}
	var curve asn1.ObjectIdentifier
	if !readOID(&algorithm, &curve) {
		return ""
	}
	if !slices.ContainsFunc(curves, curve.Equal) {
		return "a key on the curve " + curve.String()
	}
	if len(point.Bytes) > 0 && (point.Bytes[0] == 2 || point.Bytes[0] == 3) {
		return "a compressed key"
	}
	return ""
}

func readOID(s *cryptobyte.String, oid *asn1.ObjectIdentifier) bool {
	var raw cryptobyte.String
	peek := *s
	return peek.ReadASN1(&raw, cb.OBJECT_IDENTIFIER) && len(raw) <= maxName && s.ReadASN1ObjectIdentifier(oid)
}
