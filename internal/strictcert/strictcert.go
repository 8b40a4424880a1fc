// SPDX-License-Identifier: Apache-2.0

// Package strictcert reads certificates with one rule more than crypto/x509
// has: nothing may stand behind the signature inside the certificate. Nobody
// signed what would stand there, so that one certificate would have many
// spellings, each with a digest of its own.
package strictcert

import (
	"crypto/x509"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var errTail = errors.New("certificate has data behind its signature")

// Parse reads one DER certificate and nothing behind it.
func Parse(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	// RFC 5280, Section 4.1:
	//
	//	Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE, signatureValue BIT STRING }
	s := cryptobyte.String(der)
	if !s.ReadASN1(&s, asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) ||
		!s.SkipASN1(asn1.BIT_STRING) || !s.Empty() {
		return nil, errTail
	}
	return cert, nil
}
