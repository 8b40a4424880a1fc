// SPDX-License-Identifier: Apache-2.0

// Signed attributes (RFC 5652, Section 11) and the ones that tie the signature
// to the signer's certificate (RFC 5035; RFC 3161, Section 2.4.2; RFC 5816).

package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

var errAttributes = refuse.New(codeMalformed, "signed attributes of timestamp are not DER")

// certID is an ESSCertID or ESSCertIDv2: what the signer signed about its own
// certificate.
type certID struct {
	hash   crypto.Hash
	value  []byte
	issuer []byte   // DER Name, nil if absent
	serial *big.Int // goes with issuer
}

// names reports whether cert is the certificate that the identifier names.
func (id *certID) names(cert *x509.Certificate) bool {
	if !bytes.Equal(id.value, cms.Digest(id.hash, cert.Raw)) {
		return false
	}
	return id.issuer == nil ||
		id.serial.Cmp(cert.SerialNumber) == 0 && bytes.Equal(id.issuer, cert.RawIssuer)
}

// parseAttributes reads the inside of the signed attributes, and demands those
// that RFC 3161 demands. Unknown ones are signed, and ignored.
func (si *signerInfo) parseAttributes(s cryptobyte.String) error {
	seen := make(map[string]bool)
	err := cms.ReadAttributes(s, true, func(oid string, values cryptobyte.String) error {
		seen[oid] = true
		return si.parseAttribute(oid, values)
	})
	switch {
	case err != nil:
		return refused(err, "signed attributes of timestamp")
	case !seen[cms.OIDContentType]:
		return refuse.New(codeProfile, "timestamp does not sign its content type")
	case !seen[cms.OIDMessageDigest]:
		return refuse.New(codeProfile, "timestamp does not sign its message digest")
	case !seen[oidSigningCertificate] && !seen[oidSigningCertificateV2]:
		return refuse.New(codeProfile, "timestamp does not sign the identity of its signer's certificate")
	}
	return nil
}

// parseAttribute reads the one value of an attribute that is known.
func (si *signerInfo) parseAttribute(oid string, values cryptobyte.String) error {
	var value cryptobyte.String
	switch oid {
	case cms.OIDContentType:
		if !cms.ReadOID(&values, &value) || !values.Empty() {
			return errAttributes
		}
		if string(value) != oidTSTInfo {
			return refuse.New(codeProfile, "timestamp signs content type %s, want TSTInfo", cms.Dotted(string(value)))
		}
	case cms.OIDMessageDigest:
		if !values.ReadASN1(&value, asn1.OCTET_STRING) || !values.Empty() {
			return errAttributes
		}
		si.digest = value
	case oidSigningCertificate, oidSigningCertificateV2:
		if !values.ReadASN1(&value, asn1.SEQUENCE) || !values.Empty() {
			return errAttributes
		}
		id, err := parseSigningCertificate(value, oid == oidSigningCertificateV2)
		if err != nil {
			return err
		}
		si.certIDs = append(si.certIDs, id)
	}
	return nil
}

// parseSigningCertificate reads the inside of a SigningCertificate (RFC 2634,
// Section 5.4) or SigningCertificateV2 (RFC 5035, Section 3), and returns the
// first identifier: the signer's. The others would name the chain, which the
// trust root decides.
//
//	SigningCertificateV2 ::= SEQUENCE {
//	   certs    SEQUENCE OF ESSCertIDv2,
//	   policies SEQUENCE OF PolicyInformation OPTIONAL }
func parseSigningCertificate(s cryptobyte.String, v2 bool) (first certID, err error) {
	var certs cryptobyte.String
	if !s.ReadASN1(&certs, asn1.SEQUENCE) || certs.Empty() ||
		!s.SkipOptionalASN1(asn1.SEQUENCE) || !s.Empty() {
		return certID{}, errAttributes
	}
	for n := 0; !certs.Empty(); n++ {
		var seq cryptobyte.String
		if n == maxESSCerts {
			return certID{}, refuse.New(codeMalformed, "timestamp identifies more than %d certificates", maxESSCerts)
		}
		if !certs.ReadASN1(&seq, asn1.SEQUENCE) {
			return certID{}, errAttributes
		}
		id, err := parseCertID(seq, v2)
		if err != nil {
			return certID{}, err
		}
		if n == 0 {
			first = id
		}
	}
	return first, nil
}

// parseCertID reads the inside of
//
//	ESSCertIDv2 ::= SEQUENCE {
//	   hashAlgorithm AlgorithmIdentifier DEFAULT { id-sha256 },
//	   certHash      OCTET STRING,
//	   issuerSerial  IssuerSerial OPTIONAL }
//
// or of ESSCertID, which lacks the hashAlgorithm and means SHA-1. As a mere
// identifier SHA-1 is good enough: the trust root names the certificate.
func parseCertID(s cryptobyte.String, v2 bool) (id certID, err error) {
	id.hash = crypto.SHA1
	if v2 {
		id.hash = crypto.SHA256
		if s.PeekASN1Tag(asn1.SEQUENCE) {
			var alg string
			if !cms.ReadAlgorithm(&s, &alg) {
				return certID{}, errAttributes
			}
			if id.hash, err = cms.DigestAlgorithm(alg); err != nil {
				return certID{}, refused(err, "certificate identifier of timestamp")
			}
		}
	}
	if !s.ReadASN1((*cryptobyte.String)(&id.value), asn1.OCTET_STRING) {
		return certID{}, errAttributes
	}
	if !s.Empty() && !readIssuerSerial(&s, &id) || !s.Empty() {
		return certID{}, errAttributes
	}
	return id, nil
}

// readIssuerSerial reads
//
//	IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }
//
// whose issuer is a single directoryName, [4] EXPLICIT Name (RFC 5035,
// Section 5.4.1.1).
func readIssuerSerial(s *cryptobyte.String, id *certID) bool {
	var seq, names, name cryptobyte.String
	id.serial = new(big.Int)
	return s.ReadASN1(&seq, asn1.SEQUENCE) &&
		seq.ReadASN1(&names, asn1.SEQUENCE) &&
		names.ReadASN1(&name, asn1.Tag(4).Constructed().ContextSpecific()) && names.Empty() &&
		cms.ReadName(&name, &id.issuer) && name.Empty() &&
		cms.ReadInteger(&seq, id.serial, cms.MaxSerialBits) && seq.Empty()
}
