// SPDX-License-Identifier: Apache-2.0

// Package cms splits up CMS SignedData (RFC 5652, Section 5), as timestamps
// and the signatures of git carry it. It reads strict DER and judges nothing:
// what its callers verify is always the bytes as received.
package cms

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Limits on foreign data, far above what any producer writes.
const (
	MaxOID          = 64  // bytes of an object identifier
	MaxSerialBits   = 160 // RFC 5280, Section 4.1.2.2
	MaxCertificates = 10  // as in a bundle
	MaxAlgorithms   = 16
	MaxAttributes   = 32
)

// The tags [0] and [1] around something.
var (
	Tag0 = asn1.Tag(0).Constructed().ContextSpecific()
	Tag1 = asn1.Tag(1).Constructed().ContextSpecific()
)

// A Fault says why something was not read.
type Fault struct {
	Text string
	// Profile says that it is DER, with contents that the format forbids.
	Profile bool
}

// Error returns the sentence, without a subject.
func (f *Fault) Error() string { return f.Text }

var (
	errSignedData = &Fault{Text: "signed data are not DER"}
	errSignerInfo = &Fault{Text: "signer info is not DER"}
	errAttributes = &Fault{Text: "attributes are not DER"}
	errUnsigned   = &Fault{Text: "no signed attributes", Profile: true}
)

// SignedData are the parts of one SignedData. They share memory with what
// they were read from.
type SignedData struct {
	Version      int64
	Algorithms   cryptobyte.String // the inside of digestAlgorithms
	Encap        cryptobyte.String // the inside of encapContentInfo
	Certificates [][]byte          // DER of each element of the bag
	NotX509      bool              // one of them is of another kind
	Signers      cryptobyte.String // the inside of signerInfos
}

// ReadSignedData reads the inside of a ContentInfo.
//
//	ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT SignedData }
//
//	SignedData ::= SEQUENCE {
//	   version          INTEGER,
//	   digestAlgorithms SET OF AlgorithmIdentifier,
//	   encapContentInfo EncapsulatedContentInfo,
//	   certificates     [0] IMPLICIT SET OF CertificateChoices OPTIONAL,
//	   crls             [1] IMPLICIT SET OF RevocationInfoChoice OPTIONAL,
//	   signerInfos      SET OF SignerInfo }
func ReadSignedData(s cryptobyte.String) (*SignedData, error) {
	var id, content, sd, certs cryptobyte.String
	d := new(SignedData)
	if !ReadOID(&s, &id) || !s.ReadASN1(&content, Tag0) || !s.Empty() {
		return nil, errSignedData
	}
	if string(id) != OIDSignedData {
		return nil, &Fault{Text: fmt.Sprintf("content type %s, want signed data", Dotted(string(id)))}
	}
	if !content.ReadASN1(&sd, asn1.SEQUENCE) || !content.Empty() ||
		!sd.ReadASN1Integer(&d.Version) || !sd.ReadASN1(&d.Algorithms, asn1.SET) ||
		!sd.ReadASN1(&d.Encap, asn1.SEQUENCE) ||
		!sd.ReadOptionalASN1(&certs, nil, Tag0) ||
		!sd.SkipOptionalASN1(Tag1) ||
		!sd.ReadASN1(&d.Signers, asn1.SET) || !sd.Empty() {
		return nil, errSignedData
	}
	if err := SkipAlgorithms(d.Algorithms); err != nil {
		return nil, err
	}
	return d, d.ReadCertificates(certs)
}

// SkipAlgorithms reads the digestAlgorithms, which only help to verify in one
// pass: the one that counts stands in the signer info.
func SkipAlgorithms(s cryptobyte.String) error {
	for n := 0; !s.Empty(); n++ {
		if n == MaxAlgorithms {
			return &Fault{Text: fmt.Sprintf("more than %d digest algorithms", MaxAlgorithms)}
		}
		var alg cryptobyte.String
		if !s.ReadASN1(&alg, asn1.SEQUENCE) || !alg.SkipASN1(asn1.OBJECT_IDENTIFIER) {
			return errSignedData
		}
	}
	return nil
}

// ReadCertificates splits up the bag. Too many are fatal before any is parsed.
func (d *SignedData) ReadCertificates(s cryptobyte.String) error {
	for !s.Empty() {
		var der cryptobyte.String
		var tag asn1.Tag
		if len(d.Certificates) == MaxCertificates {
			return &Fault{Text: fmt.Sprintf("more than %d certificates", MaxCertificates)}
		}
		if !s.ReadAnyASN1Element(&der, &tag) {
			return errSignedData
		}
		if tag != asn1.SEQUENCE { // attribute and obsolete certificates
			d.NotX509 = true
		}
		d.Certificates = append(d.Certificates, der)
	}
	return nil
}

// Signer is a SignerInfo up to the identifier of the signer.
type Signer struct {
	Version int64
	ID      SignerID
	Rest    cryptobyte.String // for ReadSignature
	Last    bool              // no other SignerInfo stands behind it
}

// ReadSigner reads the first of the signerInfos.
//
//	SignerInfo ::= SEQUENCE {
//	   version            INTEGER,
//	   sid                SignerIdentifier,
//	   digestAlgorithm    AlgorithmIdentifier,
//	   signedAttrs        [0] IMPLICIT SET OF Attribute OPTIONAL,
//	   signatureAlgorithm AlgorithmIdentifier,
//	   signature          OCTET STRING,
//	   unsignedAttrs      [1] IMPLICIT SET OF Attribute OPTIONAL }
func (d *SignedData) ReadSigner() (*Signer, error) {
	s := d.Signers
	si := new(Signer)
	if !s.ReadASN1(&si.Rest, asn1.SEQUENCE) {
		return nil, errSignerInfo
	}
	if si.Last = s.Empty(); !si.Last {
		return si, nil
	}
	if !si.Rest.ReadASN1Integer(&si.Version) || !ReadSignerID(&si.Rest, &si.ID) {
		return nil, errSignerInfo
	}
	return si, nil
}

// WantVersion is the version that follows from the form of the identifier
// (RFC 5652, Section 5.3).
func (si *Signer) WantVersion() int64 {
	if si.ID.Issuer == nil {
		return 3
	}
	return 1
}

// SignerID names the signer's certificate, by exactly one of two ways.
type SignerID struct {
	Issuer []byte   // DER Name; nil: by KeyID
	Serial *big.Int // goes with Issuer
	KeyID  []byte   // subject key identifier
}

// Names reports whether cert is the certificate that the identifier names.
func (id *SignerID) Names(cert *x509.Certificate) bool {
	if id.Issuer != nil {
		return id.Serial.Cmp(cert.SerialNumber) == 0 && bytes.Equal(id.Issuer, cert.RawIssuer)
	}
	return len(id.KeyID) > 0 && bytes.Equal(id.KeyID, cert.SubjectKeyId)
}

// ReadSignerID reads
//
//	SignerIdentifier ::= CHOICE {
//	   issuerAndSerialNumber SEQUENCE { issuer Name, serialNumber INTEGER },
//	   subjectKeyIdentifier  [0] IMPLICIT OCTET STRING }
func ReadSignerID(s *cryptobyte.String, id *SignerID) bool {
	if tag := asn1.Tag(0).ContextSpecific(); s.PeekASN1Tag(tag) {
		return s.ReadASN1((*cryptobyte.String)(&id.KeyID), tag) && len(id.KeyID) > 0
	}
	var seq cryptobyte.String
	id.Serial = new(big.Int)
	return s.ReadASN1(&seq, asn1.SEQUENCE) &&
		ReadName(&seq, &id.Issuer) &&
		ReadInteger(&seq, id.Serial, MaxSerialBits) && seq.Empty()
}

// A Signature is what follows the identifier of the signer.
type Signature struct {
	Digest     string            // object identifier of the digest algorithm
	Algorithm  string            // and of the signature algorithm
	Attributes cryptobyte.String // the inside of the signed attributes
	Signed     []byte            // the signed attributes as they are signed, with tag SET
	Value      []byte
	Unsigned   cryptobyte.String // the inside of the unsigned attributes
}

// ReadSignature reads what follows the identifier of the signer.
func ReadSignature(s cryptobyte.String) (*Signature, error) {
	var attributes, unsigned, value cryptobyte.String
	si := new(Signature)
	if !ReadAlgorithm(&s, &si.Digest) {
		return nil, errSignerInfo
	}
	if !s.PeekASN1Tag(Tag0) {
		return nil, errUnsigned
	}
	if !s.ReadASN1Element(&attributes, Tag0) || !ReadAlgorithm(&s, &si.Algorithm) ||
		!s.ReadASN1(&value, asn1.OCTET_STRING) ||
		!s.ReadOptionalASN1(&unsigned, nil, Tag1) || !s.Empty() {
		return nil, errSignerInfo
	}
	// RFC 5652, Section 5.4: signed is the SET, and not the [0] in its place.
	// The rest is signed as received: sorting it would hide what is not DER.
	si.Signed = bytes.Clone(attributes)
	si.Signed[0] = byte(asn1.SET)
	if !attributes.ReadASN1(&si.Attributes, Tag0) {
		return nil, errAttributes
	}
	si.Value, si.Unsigned = value, unsigned
	return si, nil
}

// ReadAttributes calls visit for each attribute with its type and the inside
// of its values. Each type occurs once. The signed ones ascend, as X.690,
// Section 11.6 has the elements of a SET OF; the unsigned ones need not.
//
//	Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue }
func ReadAttributes(s cryptobyte.String, signed bool, visit func(oid string, values cryptobyte.String) error) error {
	var previous []byte
	seen := make(map[string]bool)
	for n := 0; !s.Empty(); n++ {
		var raw, attr, id, values cryptobyte.String
		if n == MaxAttributes {
			return &Fault{Text: fmt.Sprintf("more than %d attributes", MaxAttributes)}
		}
		if !s.ReadASN1Element(&raw, asn1.SEQUENCE) {
			return errAttributes
		}
		if signed && bytes.Compare(previous, raw) > 0 {
			return &Fault{Text: "signed attributes are not in DER order"}
		}
		previous = raw
		if !raw.ReadASN1(&attr, asn1.SEQUENCE) || !ReadOID(&attr, &id) ||
			!attr.ReadASN1(&values, asn1.SET) || !attr.Empty() {
			return errAttributes
		}
		if seen[string(id)] {
			return &Fault{Text: fmt.Sprintf("attribute %s is repeated", Dotted(string(id))), Profile: true}
		}
		seen[string(id)] = true
		if err := visit(string(id), values); err != nil {
			return err
		}
	}
	return nil
}

// ReadName reads
//
//	Name ::= SEQUENCE OF SET SIZE (1..MAX) OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
//
// and keeps it as it is: names are compared byte for byte (RFC 5280, Section
// 4.1.2.4 has the form).
func ReadName(s *cryptobyte.String, name *[]byte) bool {
	var rdns, rdn, attribute, part cryptobyte.String
	if !s.ReadASN1Element((*cryptobyte.String)(name), asn1.SEQUENCE) {
		return false
	}
	whole := cryptobyte.String(*name)
	whole.ReadASN1(&rdns, asn1.SEQUENCE) // as it was just read
	for !rdns.Empty() {
		if !rdns.ReadASN1(&rdn, asn1.SET) || rdn.Empty() {
			return false
		}
		for !rdn.Empty() {
			if !rdn.ReadASN1(&attribute, asn1.SEQUENCE) || !ReadOID(&attribute, &part) ||
				!attribute.ReadAnyASN1Element(&part, new(asn1.Tag)) || !attribute.Empty() {
				return false
			}
		}
	}
	return true
}
