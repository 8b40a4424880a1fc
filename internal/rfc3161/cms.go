// SPDX-License-Identifier: Apache-2.0

// The token's envelope: CMS SignedData (RFC 5652, Section 5).

package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictcert"
)

var (
	tagExplicit0 = asn1.Tag(0).Constructed().ContextSpecific()
	tagExplicit1 = asn1.Tag(1).Constructed().ContextSpecific()
)

var (
	errSignedData = refuse.New(codeMalformed, "signed data of timestamp are not DER")
	errSignerInfo = refuse.New(codeMalformed, "signer info of timestamp is not DER")
)

// signerID names the signer's certificate, by exactly one of two ways.
type signerID struct {
	issuer []byte   // DER Name; nil: by keyID
	serial *big.Int // goes with issuer
	keyID  []byte   // subject key identifier
}

// names reports whether cert is the certificate that the identifier names.
func (id *signerID) names(cert *x509.Certificate) bool {
	if id.issuer != nil {
		return id.serial.Cmp(cert.SerialNumber) == 0 && bytes.Equal(id.issuer, cert.RawIssuer)
	}
	return len(id.keyID) > 0 && bytes.Equal(id.keyID, cert.SubjectKeyId)
}

// signerInfo is the signature of the token.
type signerInfo struct {
	hash       crypto.Hash
	algorithm  x509.SignatureAlgorithm
	attributes []byte // the signed attributes as received, with tag SET
	digest     []byte // their messageDigest
	certIDs    []certID
	signature  []byte
}

// parseContentInfo reads the inside of a ContentInfo. What it returns keeps
// the token from being attributed to anyone; other faults go to t.blame.
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
func (t *Token) parseContentInfo(s cryptobyte.String) error {
	var id, content, sd, algorithms, encap, certs, signers cryptobyte.String
	var version int64
	if !readOID(&s, &id) || !s.ReadASN1(&content, tagExplicit0) || !s.Empty() {
		return errSignedData
	}
	if string(id) != oidSignedData {
		return refuse.New(codeMalformed, "timestamp token has content type %s, want signed data", dotted(string(id)))
	}
	if !content.ReadASN1(&sd, asn1.SEQUENCE) || !content.Empty() ||
		!sd.ReadASN1Integer(&version) || !sd.ReadASN1(&algorithms, asn1.SET) ||
		!sd.ReadASN1(&encap, asn1.SEQUENCE) ||
		!sd.ReadOptionalASN1(&certs, nil, tagExplicit0) ||
		!sd.SkipOptionalASN1(tagExplicit1) ||
		!sd.ReadASN1(&signers, asn1.SET) || !sd.Empty() {
		return errSignedData
	}
	if err := skipAlgorithms(algorithms); err != nil {
		return err
	}
	if err := t.parseCertificates(certs); err != nil {
		return err
	}
	t.checkVersion(version)
	t.parseContent(encap)
	return t.parseSigner(signers)
}

// checkVersion wants version 3, which RFC 5652, Section 5.1 demands for
// contents other than id-data. Sigstore's authority wrote 1 until May 2023.
func (t *Token) checkVersion(version int64) {
	switch version {
	case 3:
	case 1:
		t.warnings = append(t.warnings, "signed data of timestamp have version 1, want 3")
	default:
		t.blame(refuse.New(codeProfile, "signed data of timestamp have version %d, want 3", version))
	}
}

// skipAlgorithms reads the digestAlgorithms, which only help to verify in one
// pass: the one that counts stands in the signer info.
func skipAlgorithms(s cryptobyte.String) error {
	for n := 0; !s.Empty(); n++ {
		if n == maxAlgorithms {
			return refuse.New(codeMalformed, "timestamp has more than %d digest algorithms", maxAlgorithms)
		}
		var alg cryptobyte.String
		if !s.ReadASN1(&alg, asn1.SEQUENCE) || !alg.SkipASN1(asn1.OBJECT_IDENTIFIER) {
			return errSignedData
		}
	}
	return nil
}

// parseCertificates reads the bag. Too many are fatal before
// any is parsed; a bad one is the token's fault.
func (t *Token) parseCertificates(s cryptobyte.String) error {
	var ders [][]byte
	for !s.Empty() {
		var der cryptobyte.String
		var tag asn1.Tag
		if len(ders) == maxCertificates {
			return refuse.New(codeMalformed, "timestamp has more than %d certificates", maxCertificates)
		}
		if !s.ReadAnyASN1Element(&der, &tag) {
			return errSignedData
		}
		if tag != asn1.SEQUENCE { // attribute and obsolete certificates
			t.blame(refuse.New(codeProfile, "timestamp has a certificate that is not X.509"))
		}
		ders = append(ders, der)
	}
	for _, der := range ders {
		cert, err := strictcert.Parse(der)
		if err != nil {
			t.blame(refuse.Wrap(codeMalformed, err, "certificate inside timestamp"))
			continue
		}
		if tooLong(cert) {
			t.blame(refuse.New(codeMalformed, "certificate inside timestamp has an RSA key of more than %d bits", maxRSABits))
			continue
		}
		t.certs = append(t.certs, cert)
	}
	return nil
}

func tooLong(cert *x509.Certificate) bool {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() > maxRSABits
}

// parseContent reads the inside of
//
//	EncapsulatedContentInfo ::= SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING OPTIONAL }
func (t *Token) parseContent(s cryptobyte.String) {
	var id, explicit, content cryptobyte.String
	if !readOID(&s, &id) {
		t.blame(errTSTInfo)
		return
	}
	if string(id) != oidTSTInfo {
		t.blame(refuse.New(codeProfile, "timestamp token signs content of type %s, want TSTInfo", dotted(string(id))))
		return
	}
	if !s.ReadASN1(&explicit, tagExplicit0) || !s.Empty() ||
		!explicit.ReadASN1(&content, asn1.OCTET_STRING) || !explicit.Empty() {
		t.blame(errTSTInfo)
		return
	}
	info, err := parseTSTInfo(content)
	t.blame(err)
	t.info, t.content = info, content
}

// parseSigner reads the signerInfos, of which there must be one (RFC 3161,
// Section 2.4.2).
//
//	SignerInfo ::= SEQUENCE {
//	   version            INTEGER,
//	   sid                SignerIdentifier,
//	   digestAlgorithm    AlgorithmIdentifier,
//	   signedAttrs        [0] IMPLICIT SET OF Attribute OPTIONAL,
//	   signatureAlgorithm AlgorithmIdentifier,
//	   signature          OCTET STRING,
//	   unsignedAttrs      [1] IMPLICIT SET OF Attribute OPTIONAL }
func (t *Token) parseSigner(s cryptobyte.String) error {
	var si cryptobyte.String
	var version int64
	if !s.ReadASN1(&si, asn1.SEQUENCE) {
		return errSignerInfo
	}
	if !s.Empty() {
		return refuse.New(codeMalformed, "timestamp has more than one signer")
	}
	if !si.ReadASN1Integer(&version) || !readSignerID(&si, &t.signer) {
		return errSignerInfo
	}
	// RFC 5652, Section 5.3: the version follows from the form of the identifier.
	want := int64(1)
	if t.signer.issuer == nil {
		want = 3
	}
	if version != want {
		t.blame(refuse.New(codeProfile, "signer info of timestamp has version %d, want %d", version, want))
	}
	var err error
	t.si, err = parseSignature(si)
	t.blame(err)
	return nil
}

// readSignerID reads
//
//	SignerIdentifier ::= CHOICE {
//	   issuerAndSerialNumber SEQUENCE { issuer Name, serialNumber INTEGER },
//	   subjectKeyIdentifier  [0] IMPLICIT OCTET STRING }
func readSignerID(s *cryptobyte.String, id *signerID) bool {
	if tag := asn1.Tag(0).ContextSpecific(); s.PeekASN1Tag(tag) {
		return s.ReadASN1((*cryptobyte.String)(&id.keyID), tag) && len(id.keyID) > 0
	}
	var seq cryptobyte.String
	id.serial = new(big.Int)
	return s.ReadASN1(&seq, asn1.SEQUENCE) &&
		readName(&seq, &id.issuer) &&
		readInteger(&seq, id.serial, maxSerialBits) && seq.Empty()
}

// parseSignature reads what follows the SignerIdentifier.
func parseSignature(s cryptobyte.String) (si signerInfo, err error) {
	var attributes, signature cryptobyte.String
	var digestOID, signatureOID string
	if !readAlgorithm(&s, &digestOID) {
		return si, errSignerInfo
	}
	if !s.PeekASN1Tag(tagExplicit0) {
		return si, refuse.New(codeProfile, "timestamp has no signed attributes")
	}
	if !s.ReadASN1Element(&attributes, tagExplicit0) || !readAlgorithm(&s, &signatureOID) ||
		!s.ReadASN1(&signature, asn1.OCTET_STRING) ||
		!s.SkipOptionalASN1(tagExplicit1) || !s.Empty() {
		return si, errSignerInfo
	}
	if si.hash, err = digestAlgorithm(digestOID, "signature"); err != nil {
		return si, err
	}
	if si.algorithm, err = signatureAlgorithm(signatureOID, si.hash); err != nil {
		return si, err
	}
	if err := si.parseAttributes(attributes); err != nil {
		return si, err
	}
	// RFC 5652, Section 5.4: signed is the SET, and not the [0] in its place.
	// The rest is signed as received: sorting it would hide what is not DER.
	si.attributes = bytes.Clone(attributes)
	si.attributes[0] = byte(asn1.SET)
	si.signature = signature
	return si, nil
}

// readName reads
//
//	Name ::= SEQUENCE OF SET SIZE (1..MAX) OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
//
// and keeps it as it is: names are compared byte for byte (RFC 5280, Section
// 4.1.2.4 has the form).
func readName(s *cryptobyte.String, name *[]byte) bool {
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
			if !rdn.ReadASN1(&attribute, asn1.SEQUENCE) || !readOID(&attribute, &part) ||
				!attribute.ReadAnyASN1Element(&part, new(asn1.Tag)) || !attribute.Empty() {
				return false
			}
		}
	}
	return true
}
