// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// oidPrecertSigning marks a CA certificate that signs precertificates for
// another one (RFC 6962, Section 3.1). The log then sees two issuers.
var oidPrecertSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4}

// Precert is what a log saw of a certificate into which its SCT was embedded
// later on. It is made once per certificate and serves all its SCTs.
type Precert struct {
	IssuerKeyHash [sha256.Size]byte // SHA-256 over the issuer's SPKI
	TBS           []byte            // DER TBSCertificate without the list of SCTs
}

// NewPrecert returns what a log saw of leaf. The issuer must be the
// certificate that signed leaf in the path that was verified: two
// certificates may share its name. Refusals are chain.profile for an issuer
// that signs precertificates only, and sct.malformed.
func NewPrecert(leaf, issuer *x509.Certificate) (*Precert, error) {
	if leaf == nil || issuer == nil || len(issuer.RawSubjectPublicKeyInfo) == 0 {
		return nil, refuse.New("sct.malformed", "no certificate to check SCTs with")
	}
	for _, eku := range issuer.UnknownExtKeyUsage {
		if eku.Equal(oidPrecertSigning) {
			return nil, refuse.New("chain.profile", "SCTs under an issuer that signs precertificates only are not supported")
		}
	}
	tbs, err := cutSCTList(leaf.RawTBSCertificate)
	if err != nil {
		return nil, err
	}
	return &Precert{IssuerKeyHash: sha256.Sum256(issuer.RawSubjectPublicKeyInfo), TBS: tbs}, nil
}

// tagExtensions is the tag of the extensions in a TBSCertificate.
const tagExtensions = cbasn1.Tag(3) | 0x80 | 0x20

// cutSCTList removes the one list of SCTs from a DER TBSCertificate. All other
// bytes stay as they are, except for the lengths around the cut: decoding and
// encoding the whole would change what the log saw.
//
//	TBSCertificate  ::=  SEQUENCE  {
//	    …
//	    extensions      [3]  EXPLICIT Extensions OPTIONAL }
//	Extensions  ::=  SEQUENCE SIZE (1..MAX) OF Extension   // RFC 5280, Section 4.1
func cutSCTList(tbs []byte) ([]byte, error) {
	in := cryptobyte.String(tbs)
	var fields, extensions cryptobyte.String
	if !in.ReadASN1(&fields, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, errTBS()
	}
	head := fields
	for !fields.Empty() && !fields.PeekASN1Tag(tagExtensions) {
		var tag cbasn1.Tag
		var field cryptobyte.String
		if !fields.ReadAnyASN1Element(&field, &tag) {
			return nil, errTBS()
		}
	}
	head = head[:len(head)-len(fields)]
	var explicit cryptobyte.String
	if !fields.ReadASN1(&explicit, tagExtensions) || !fields.Empty() ||
		!explicit.ReadASN1(&extensions, cbasn1.SEQUENCE) || !explicit.Empty() {
		return nil, errTBS()
	}
	rest, err := cutExtension(extensions)
	if err != nil {
		return nil, err
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, len(tbs)))
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(head)
		if len(rest) == 0 {
			return // an empty Extensions would not be one
		}
		b.AddASN1(tagExtensions, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(rest) })
		})
	})
	out, err := b.Bytes()
	return out, refuse.Wrap("sct.malformed", err, "certificate")
}

// sctListOID is the DER of oidSCTList, with which an Extension begins.
var sctListOID = []byte{0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02}

// cutExtension returns the elements of an Extensions without the list of SCTs.
func cutExtension(extensions cryptobyte.String) ([]byte, error) {
	rest := make([]byte, 0, len(extensions))
	found := 0
	for !extensions.Empty() {
		element := extensions
		var body cryptobyte.String
		if !extensions.ReadASN1(&body, cbasn1.SEQUENCE) {
			return nil, errTBS()
		}
		if bytes.HasPrefix(body, sctListOID) {
			found++
			continue
		}
		rest = append(rest, element[:len(element)-len(extensions)]...)
	}
	if found != 1 {
		return nil, refuse.New("sct.malformed", "certificate with %d lists of SCTs, want 1", found)
	}
	return rest, nil
}

func errTBS() error {
	return refuse.New("sct.malformed", "certificate without extensions to take SCTs from")
}
