// SPDX-License-Identifier: Apache-2.0

// Package fulcio reads what a certificate says about the signer: its one
// subject alternative name and the extensions 1.3.6.1.4.1.57264.1.N.
//
// Both are read from the DER and not from the fields that crypto/x509 fills:
// that package knows no otherName, and a url.URL written back is not always
// the text that was certified. Identities are compared byte for byte, so the
// bytes have to be those of the certificate.
package fulcio

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// SANType is the kind of a subject alternative name. The zero SANType is
// none of them.
type SANType uint8

// The kinds of name a signer can have (Fulcio specification, Section 7).
const (
	Email     SANType = iota + 1 // rfc822Name
	URI                          // uniformResourceIdentifier
	OtherName                    // otherName 1.3.6.1.4.1.57264.1.7: "user!domain"
)

// String returns the name used in policies and reports.
func (t SANType) String() string {
	switch t {
	case Email:
		return "email"
	case URI:
		return "uri"
	case OtherName:
		return "otherName"
	}
	return "unknown"
}

// SAN is the name of a signer. Value holds the text exactly as certified.
type SAN struct {
	Type  SANType
	Value string
}

const codeSAN = refuse.Code("certificate.san")

// maxName bounds a name, in bytes; the longest in public use, workflow URIs,
// stay below 500.
const maxName = 4096

var (
	oidSAN       = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidOtherName = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 7}
)

// SubjectAltName returns the one name that cert was issued for. No name, more
// than one (a policy could then be met by either), a name of another kind or
// a malformed one are refused with certificate.san.
func SubjectAltName(cert *x509.Certificate) (SAN, error) {
	var value []byte
	found := 0
	for i := range cert.Extensions {
		if cert.Extensions[i].Id.Equal(oidSAN) {
			value = cert.Extensions[i].Value
			found++
		}
	}
	switch found {
	case 0:
		return SAN{}, refuse.New(codeSAN, "certificate has no subject alternative name")
	case 1:
		return parseSAN(value)
	}
	return SAN{}, refuse.New(codeSAN, "certificate has two subject alternative name extensions")
}

// parseSAN reads
//
//	SubjectAltName ::= SEQUENCE SIZE (1..MAX) OF GeneralName
//	GeneralName    ::= CHOICE { otherName [0] OtherName, rfc822Name [1] IA5String,
//	                   …, uniformResourceIdentifier [6] IA5String, … }
//
// of RFC 5280, Section 4.2.1.6, where exactly one GeneralName is wanted.
func parseSAN(der []byte) (SAN, error) {
	input := cryptobyte.String(der)
	var names, name cryptobyte.String
	var tag cbasn1.Tag
	if !input.ReadASN1(&names, cbasn1.SEQUENCE) || !input.Empty() {
		return SAN{}, refuse.New(codeSAN, "subject alternative name is not a DER SEQUENCE")
	}
	if names.Empty() {
		return SAN{}, refuse.New(codeSAN, "subject alternative name is empty")
	}
	if !names.ReadAnyASN1(&name, &tag) {
		return SAN{}, refuse.New(codeSAN, "subject alternative name is not DER")
	}
	if !names.Empty() {
		return SAN{}, refuse.New(codeSAN, "certificate has more than one subject alternative name")
	}
	switch tag {
	case cbasn1.Tag(1).ContextSpecific():
		return ia5(Email, name)
	case cbasn1.Tag(6).ContextSpecific():
		return ia5(URI, name)
	case cbasn1.Tag(0).ContextSpecific().Constructed():
		return otherName(name)
	}
	return SAN{}, refuse.New(codeSAN, "subject alternative name is neither an email address, a URI nor a user name (tag %#02x)", uint8(tag))
}

func ia5(t SANType, text []byte) (SAN, error) {
	for _, c := range text {
		if c >= 0x80 {
			return SAN{}, refuse.New(codeSAN, "subject alternative name is not an IA5String")
		}
	}
	return checked(t, text)
}

// otherName reads OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER,
// value [0] EXPLICIT ANY } without its outer tag, which GeneralName replaces.
func otherName(der cryptobyte.String) (SAN, error) {
	var oid asn1.ObjectIdentifier
	var explicit, text cryptobyte.String
	if !der.ReadASN1ObjectIdentifier(&oid) {
		return SAN{}, refuse.New(codeSAN, "otherName without a type")
	}
	if !oid.Equal(oidOtherName) {
		return SAN{}, refuse.New(codeSAN, "otherName of unknown type %s", oid)
	}
	if !der.ReadASN1(&explicit, cbasn1.Tag(0).ContextSpecific().Constructed()) || !der.Empty() ||
		!explicit.ReadASN1(&text, cbasn1.UTF8String) || !explicit.Empty() || !utf8.Valid(text) {
		return SAN{}, refuse.New(codeSAN, "otherName is not exactly one UTF8String")
	}
	return checked(OtherName, text)
}

func checked(t SANType, text []byte) (SAN, error) {
	if len(text) == 0 {
		return SAN{}, refuse.New(codeSAN, "subject alternative name is empty")
	}
	if len(text) > maxName {
		return SAN{}, refuse.New(codeSAN, "subject alternative name is longer than %d bytes", maxName)
	}
	for _, c := range text {
		if c < 0x20 || c == 0x7f { // no identity holds one, and NUL cuts names short elsewhere
			return SAN{}, refuse.New(codeSAN, "subject alternative name %q holds a control character", text)
		}
	}
	return SAN{Type: t, Value: string(text)}, nil
}

// ShapeOf returns the kind of name that a text reads as. An authority that
// checks addresses or names of one kind says nothing about a text that reads
// as another kind.
func ShapeOf(name string) SANType {
	scheme, _, found := strings.Cut(name, ":")
	if found && isScheme(scheme) {
		return URI
	}
	if strings.Contains(name, "@") {
		return Email
	}
	return OtherName
}

// isScheme reports whether s is a scheme by RFC 3986, Section 3.1.
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		other := '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return s != ""
}
