// SPDX-License-Identifier: Apache-2.0

// Package strictcert reads certificates with more rules than crypto/x509 has.
//
//   - Nothing may stand behind the signature inside the certificate. No one
//     signed what would stand there, so that one certificate would have many
//     spellings, each with a digest of its own.
//   - Size, serial number and object identifiers are bounded (RFC 5280, Section
//     4.1.2.2 bounds the serial number): the time to render one grows with the
//     square of its length.
//   - Dates end in Z (RFC 5280, Section 4.1.2.5). An offset could move a date
//     into the year 10000, which JSON cannot write.
//   - An Ed25519 key is one that a signer can have.
package strictcert

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds on a certificate. Those of public authorities have 2 KiB.
const (
	MaxSize       = 64 << 10 // bytes of a certificate
	MaxSerialBits = 160      // RFC 5280, Section 4.1.2.2: 20 octets
	MaxOID        = 64       // bytes of an object identifier, and its components
)

var (
	errTail   = errors.New("certificate has data behind its signature")
	errDates  = errors.New("certificate has a date that does not end in Z")
	errSerial = fmt.Errorf("certificate has a serial number of more than %d bits", MaxSerialBits)
	errOID    = fmt.Errorf("certificate has an object identifier of more than %d bytes", MaxOID)
)

// Parse reads one DER certificate and nothing behind it.
func Parse(der []byte) (*x509.Certificate, error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("certificate of %d bytes, more than %d", len(der), MaxSize)
	}
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
	switch {
	case !datesInUTC(cert.RawTBSCertificate):
		return nil, errDates
	case cert.SerialNumber.BitLen() > MaxSerialBits:
		return nil, errSerial
	case longOID(cert):
		return nil, errOID
	}
	if key, ok := cert.PublicKey.(ed25519.PublicKey); ok {
		if err := CheckEd25519(key); err != nil {
			return nil, err
		}
	}
	return cert, nil
}

// datesInUTC reports whether both dates of a certificate end in Z. The year
// then has four digits.
//
//	TBSCertificate ::= SEQUENCE { version [0], serialNumber INTEGER, signature SEQUENCE, issuer Name,
//	    validity SEQUENCE { notBefore Time, notAfter Time }, … }
func datesInUTC(tbs []byte) bool {
	s := cryptobyte.String(tbs)
	var validity, date cryptobyte.String
	if !s.ReadASN1(&s, asn1.SEQUENCE) || !s.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) ||
		!s.SkipASN1(asn1.INTEGER) || !s.SkipASN1(asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) ||
		!s.ReadASN1(&validity, asn1.SEQUENCE) {
		return false
	}
	for range 2 {
		if !validity.ReadAnyASN1(&date, new(asn1.Tag)) || len(date) == 0 || date[len(date)-1] != 'Z' {
			return false
		}
	}
	return true
}

// longOID looks at the identifiers that messages and reports write out.
func longOID(cert *x509.Certificate) bool {
	for i := range cert.Extensions {
		if len(cert.Extensions[i].Id) > MaxOID {
			return true
		}
	}
	for _, oid := range cert.UnknownExtKeyUsage {
		if len(oid) > MaxOID {
			return true
		}
	}
	for _, oid := range cert.Policies {
		if der, err := oid.MarshalBinary(); err != nil || len(der) > MaxOID {
			return true
		}
	}
	for i := range cert.Subject.Names {
		if len(cert.Subject.Names[i].Type) > MaxOID {
			return true
		}
	}
	for i := range cert.Issuer.Names {
		if len(cert.Issuer.Names[i].Type) > MaxOID {
			return true
		}
	}
	return false
}
