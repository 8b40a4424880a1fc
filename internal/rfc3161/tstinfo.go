// SPDX-License-Identifier: Apache-2.0

// What a timestamp says: TSTInfo (RFC 3161, Section 2.4.2).

package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// tstInfo is what of TSTInfo has a meaning for a verifier. Accuracy, ordering
// and the authority's name are read and dropped: no client of the field lets
// them decide anything.
type tstInfo struct {
	policy      string
	imprintHash crypto.Hash
	imprint     []byte // as long as imprintHash demands
	serial      *big.Int
	genTime     time.Time // UTC
	nonce       *big.Int  // nil if absent
}

var errTSTInfo = refuse.New(codeMalformed, "contents of timestamp are not DER")

// parseTSTInfo reads
//
//	TSTInfo ::= SEQUENCE {
//	   version        INTEGER { v1(1) },
//	   policy         TSAPolicyId,
//	   messageImprint MessageImprint,
//	   serialNumber   INTEGER,
//	   genTime        GeneralizedTime,
//	   accuracy       Accuracy OPTIONAL,
//	   ordering       BOOLEAN DEFAULT FALSE,
//	   nonce          INTEGER OPTIONAL,
//	   tsa            [0] GeneralName OPTIONAL,
//	   extensions     [1] IMPLICIT Extensions OPTIONAL }
func parseTSTInfo(der []byte) (info tstInfo, err error) {
	input := cryptobyte.String(der)
	var s, policy, when cryptobyte.String
	var version int64
	if !input.ReadASN1(&s, asn1.SEQUENCE) || !input.Empty() || !s.ReadASN1Integer(&version) {
		return tstInfo{}, errTSTInfo
	}
	if version != 1 {
		return tstInfo{}, refuse.New(codeProfile, "contents of timestamp have version %d, want 1", version)
	}
	if !cms.ReadOID(&s, &policy) {
		return tstInfo{}, errTSTInfo
	}
	var oid x509.OID
	if oid.UnmarshalBinary(policy) != nil {
		return tstInfo{}, errTSTInfo
	}
	info.policy = oid.String()
	if info.imprintHash, info.imprint, err = readImprint(&s); err != nil {
		return tstInfo{}, err
	}
	info.serial = new(big.Int)
	if !cms.ReadInteger(&s, info.serial, cms.MaxSerialBits) || !s.ReadASN1(&when, asn1.GeneralizedTime) {
		return tstInfo{}, errTSTInfo
	}
	if info.genTime, err = parseTime(when); err != nil {
		return tstInfo{}, err
	}
	if info.nonce, err = parseOptions(s); err != nil {
		return tstInfo{}, err
	}
	return info, nil
}

// readImprint reads
//
//	MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
func readImprint(s *cryptobyte.String) (crypto.Hash, []byte, error) {
	var imprint, value cryptobyte.String
	var alg string
	if !s.ReadASN1(&imprint, asn1.SEQUENCE) || !cms.ReadAlgorithm(&imprint, &alg) ||
		!imprint.ReadASN1(&value, asn1.OCTET_STRING) || !imprint.Empty() {
		return 0, nil, errTSTInfo
	}
	h, err := cms.DigestAlgorithm(alg)
	if err != nil {
		return 0, nil, refused(err, "message imprint of timestamp")
	}
	if len(value) != h.Size() {
		return 0, nil, refuse.New(codeMalformed, "message imprint of timestamp has %d bytes, want %d for %s", len(value), h.Size(), h)
	}
	return h, value, nil
}

// parseOptions reads what follows genTime, and returns the nonce, nil if there is
// no nonce.
func parseOptions(s cryptobyte.String) (nonce *big.Int, err error) {
	var accuracy, tsa, extensions cryptobyte.String
	var hasAccuracy, hasExtensions bool
	if !s.ReadOptionalASN1(&accuracy, &hasAccuracy, asn1.SEQUENCE) || hasAccuracy && !skipAccuracy(accuracy) {
		return nil, errTSTInfo
	}
	if s.PeekASN1Tag(asn1.BOOLEAN) {
		var ordering bool
		if !s.ReadASN1Boolean(&ordering) {
			return nil, errTSTInfo
		}
	}
	if s.PeekASN1Tag(asn1.INTEGER) {
		nonce = new(big.Int)
		if !cms.ReadInteger(&s, nonce, maxNonceBits) {
			return nil, errTSTInfo
		}
	}
	if !s.ReadOptionalASN1(&tsa, nil, asn1.Tag(0).Constructed().ContextSpecific()) ||
		!s.ReadOptionalASN1(&extensions, &hasExtensions, asn1.Tag(1).Constructed().ContextSpecific()) || !s.Empty() {
		return nil, errTSTInfo
	}
	if hasExtensions {
		return nonce, parseExtensions(extensions)
	}
	return nonce, nil
}

// skipAccuracy reads the inside of
//
//	Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0] INTEGER OPTIONAL, micros [1] INTEGER OPTIONAL }
func skipAccuracy(s cryptobyte.String) bool {
	return s.SkipOptionalASN1(asn1.INTEGER) &&
		s.SkipOptionalASN1(asn1.Tag(0).ContextSpecific()) &&
		s.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) && s.Empty()
}

// parseExtensions refuses critical extensions, all of which are unknown here.
//
//	Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
func parseExtensions(s cryptobyte.String) error {
	if s.Empty() {
		return errTSTInfo // Extensions ::= SEQUENCE SIZE (1..MAX)
	}
	for n := 0; !s.Empty(); n++ {
		var ext, id, value cryptobyte.String
		var critical bool
		if n == maxExtensions {
			return refuse.New(codeMalformed, "timestamp has more than %d extensions", maxExtensions)
		}
		if !s.ReadASN1(&ext, asn1.SEQUENCE) || !cms.ReadOID(&ext, &id) ||
			ext.PeekASN1Tag(asn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) ||
			!ext.ReadASN1(&value, asn1.OCTET_STRING) || !ext.Empty() {
			return errTSTInfo
		}
		if critical {
			return refuse.New(codeProfile, "timestamp has unknown critical extension %s", cms.Dotted(string(id)))
		}
	}
	return nil
}

// Shape of genTime: RFC 3161, Section 2.4.2 (seconds, UTC, no trailing zeros
// in the fraction).
const (
	timeLayout      = "20060102150405"
	maxFractionSize = 9 // digits: nanoseconds, the finest that time.Time holds
)

// parseTime reads YYYYMMDDhhmmss[.f…]Z, and keeps the fraction: rounding would
// move a time across the edge of a validity period.
func parseTime(s []byte) (time.Time, error) {
	bad := refuse.New(codeMalformed, "time of timestamp %q is not DER GeneralizedTime in UTC", s)
	text, isUTC := bytes.CutSuffix(s, []byte("Z"))
	seconds, fraction, hasFraction := bytes.Cut(text, []byte("."))
	// Parse accepts a fraction that the layout does not name: hence the length.
	if !isUTC || len(seconds) != len(timeLayout) {
		return time.Time{}, bad
	}
	t, err := time.Parse(timeLayout, string(seconds))
	if err != nil {
		return time.Time{}, bad
	}
	if !hasFraction {
		return t, nil
	}
	if len(fraction) == 0 || len(fraction) > maxFractionSize || fraction[len(fraction)-1] == '0' {
		return time.Time{}, bad
	}
	nanoseconds := 0
	for i := range maxFractionSize {
		digit := byte('0')
		if i < len(fraction) {
			digit = fraction[i]
		}
		if digit < '0' || digit > '9' {
			return time.Time{}, bad
		}
		nanoseconds = nanoseconds*10 + int(digit-'0')
	}
	return t.Add(time.Duration(nanoseconds)), nil
}
