// SPDX-License-Identifier: Apache-2.0

// The token's envelope: CMS SignedData (RFC 5652, Section 5).

package rfc3161

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictcert"
)

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
func (t *Token) parseContentInfo(s cryptobyte.String) error {
	sd, err := cms.ReadSignedData(s)
	if err != nil {
		return refused(err, "timestamp")
	}
	t.parseCertificates(sd)
	t.checkVersion(sd.Version)
	t.parseContent(sd.Encap)
	return t.parseSigner(sd)
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

// parseCertificates reads the bag. A bad certificate is the token's fault.
func (t *Token) parseCertificates(sd *cms.SignedData) {
	if sd.NotX509 {
		t.blame(refuse.New(codeProfile, "timestamp has a certificate that is not X.509"))
	}
	for _, der := range sd.Certificates {
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
	if !cms.ReadOID(&s, &id) {
		t.blame(errTSTInfo)
		return
	}
	if string(id) != oidTSTInfo {
		t.blame(refuse.New(codeProfile, "timestamp token signs content of type %s, want TSTInfo", cms.Dotted(string(id))))
		return
	}
	if !s.ReadASN1(&explicit, cms.Tag0) || !s.Empty() ||
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
func (t *Token) parseSigner(sd *cms.SignedData) error {
	si, err := sd.ReadSigner()
	if err != nil {
		return refused(err, "timestamp")
	}
	if !si.Last {
		return refuse.New(codeMalformed, "timestamp has more than one signer")
	}
	t.signer = si.ID
	if want := si.WantVersion(); si.Version != want {
		t.blame(refuse.New(codeProfile, "signer info of timestamp has version %d, want %d", si.Version, want))
	}
	t.si, err = parseSignature(si.Rest)
	t.blame(err)
	return nil
}

// parseSignature reads what follows the SignerIdentifier.
func parseSignature(s cryptobyte.String) (si signerInfo, err error) {
	sig, err := cms.ReadSignature(s)
	if err != nil {
		return si, refused(err, "timestamp")
	}
	if si.hash, err = cms.DigestAlgorithm(sig.Digest); err != nil {
		return si, refused(err, "signature of timestamp")
	}
	if si.algorithm, err = cms.SignatureAlgorithm(sig.Algorithm, si.hash); err != nil {
		return si, refused(err, "timestamp")
	}
	if err := si.parseAttributes(sig.Attributes); err != nil {
		return si, err
	}
	si.attributes, si.signature = sig.Signed, sig.Value
	return si, nil
}
