// SPDX-License-Identifier: Apache-2.0

package fulcio

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Numbers of the extensions that other code asks for by number.
const (
	IssuerV1 = 1 // raw text; certificates from before March 2023 have only this one
	IssuerV2 = 8 // DER UTF8String
)

const (
	lastRaw     = 6  // 1–6 hold the text itself, 8–24 a DER UTF8String
	lastKnown   = 24 // the last number with a meaning
	maxValue    = 4096
	maxExts     = 64 // in this arc, known or not
	codeExt     = refuse.Code("certificate.extension")
	codeIssuer  = refuse.Code("certificate.issuer")
	issuerClash = "certificate names two issuers, %q and %q"
)

// names lists what the numbers mean (Fulcio, oid-info).
var names = [lastKnown + 1]string{
	1:  "issuerV1",
	2:  "githubWorkflowTrigger",
	3:  "githubWorkflowSHA",
	4:  "githubWorkflowName",
	5:  "githubWorkflowRepository",
	6:  "githubWorkflowRef",
	8:  "issuerV2",
	9:  "buildSignerURI",
	10: "buildSignerDigest",
	11: "runnerEnvironment",
	12: "sourceRepositoryURI",
	13: "sourceRepositoryDigest",
	14: "sourceRepositoryRef",
	15: "sourceRepositoryIdentifier",
	16: "sourceRepositoryOwnerURI",
	17: "sourceRepositoryOwnerIdentifier",
	18: "buildConfigURI",
	19: "buildConfigDigest",
	20: "buildTrigger",
	21: "runInvocationURI",
	22: "sourceRepositoryVisibilityAtSigning",
	23: "deploymentEnvironment",
	24: "tokenSubject",
}

// Name returns the name of extension number n, "" if the number has none.
func Name(n int) string {
	if n < 0 || n >= len(names) {
		return ""
	}
	return names[n]
}

// prefix is arc in dots, and a dot.
const prefix = "1.3.6.1.4.1.57264.1."

// Number returns the number of the extension called name, or of that whose
// object identifier name is, and 0 if there is none. By its identifier an
// extension is found although its number has no meaning yet.
func Number(name string) int {
	if digits, ok := strings.CutPrefix(name, prefix); ok {
		if n, err := strconv.ParseUint(digits, 10, 31); err == nil && strconv.FormatUint(n, 10) == digits {
			return int(n)
		}
		return 0
	}
	if name != "" {
		for n, s := range names {
			if s == name {
				return n
			}
		}
	}
	return 0
}

// Extension is one extension of the arc 1.3.6.1.4.1.57264.1.
type Extension struct {
	Number int
	Name   string // "" if the number has no meaning yet
	Value  string // the text; the content in base64 if the number has no meaning yet
	Raw    []byte // the content of the extension, as certified
}

// OID returns the extension's object identifier in dots.
func (e Extension) OID() string { return prefix + strconv.Itoa(e.Number) }

// ExtensionSet holds the extensions of one certificate. The zero set is
// empty. It is immutable and safe for concurrent use.
type ExtensionSet struct{ list []Extension }

// arc is the parent of all of them: 1.3.6.1.4.1.57264.1.
var arc = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1}

// Extensions reads the Fulcio extensions of cert. A known one that is not
// the text its number demands, and one that occurs twice, is refused with
// certificate.extension: it must never be taken for absent. Two issuers that
// differ are refused with certificate.issuer.
func Extensions(cert *x509.Certificate) (*ExtensionSet, error) {
	set := &ExtensionSet{list: make([]Extension, 0, min(maxExts, len(cert.Extensions)))}
	for i := range cert.Extensions {
		oid := cert.Extensions[i].Id
		if len(oid) != len(arc)+1 || !oid[:len(arc)].Equal(arc) {
			continue
		}
		if len(set.list) == maxExts {
			return nil, refuse.New(codeExt, "certificate has more than %d Fulcio extensions", maxExts)
		}
		e, err := parseExtension(oid[len(arc)], cert.Extensions[i].Value)
		if err != nil {
			return nil, err
		}
		if err := set.insert(e); err != nil {
			return nil, err
		}
	}
	v1, has1 := set.Value(IssuerV1)
	v2, has2 := set.Value(IssuerV2)
	if has1 && has2 && v1 != v2 {
		return nil, refuse.New(codeIssuer, issuerClash, v1, v2)
	}
	return set, nil
}

// insert keeps the list in the order of the numbers.
func (s *ExtensionSet) insert(e Extension) error {
	at := len(s.list)
	for at > 0 && s.list[at-1].Number >= e.Number {
		at--
	}
	if at < len(s.list) && s.list[at].Number == e.Number {
		return refuse.New(codeExt, "certificate has extension 1.3.6.1.4.1.57264.1.%d twice", e.Number)
	}
	s.list = append(s.list, Extension{})
	copy(s.list[at+1:], s.list[at:])
	s.list[at] = e
	return nil
}

func parseExtension(n int, raw []byte) (Extension, error) {
	e := Extension{Number: n, Name: Name(n), Raw: raw}
	if e.Name == "" {
		e.Value = base64.StdEncoding.EncodeToString(raw)
		return e, nil
	}
	text := cryptobyte.String(raw)
	if n > lastRaw {
		outer := text
		if !outer.ReadASN1(&text, cbasn1.UTF8String) || !outer.Empty() {
			return e, refuse.New(codeExt, "certificate extension %s (.%d) is not exactly one UTF8String", e.Name, n)
		}
	}
	if !utf8.Valid(text) {
		return e, refuse.New(codeExt, "certificate extension %s (.%d) is not UTF-8", e.Name, n)
	}
	if len(text) > maxValue {
		return e, refuse.New(codeExt, "certificate extension %s (.%d) is longer than %d bytes", e.Name, n, maxValue)
	}
	e.Value = string(text)
	return e, nil
}

// All returns the extensions in the order of their numbers. The slice and
// what it holds must not be modified.
func (s *ExtensionSet) All() []Extension { return s.list }

// Value returns the value of extension number n, see [Extension], and whether
// the certificate has it: absent and empty are different things.
func (s *ExtensionSet) Value(n int) (string, bool) {
	for i := range s.list {
		if s.list[i].Number == n {
			return s.list[i].Value, true
		}
	}
	return "", false
}

// Lookup returns the text of the extension called name, as in [Name], and
// whether the certificate has it.
func (s *ExtensionSet) Lookup(name string) (string, bool) {
	n := Number(name)
	if n == 0 {
		return "", false
	}
	return s.Value(n)
}

// Issuer returns the OIDC issuer that vouched for the signer: the second
// form, or where a certificate has only the first, that one.
func (s *ExtensionSet) Issuer() (string, bool) {
	if v, ok := s.Value(IssuerV2); ok {
		return v, true
	}
	return s.Value(IssuerV1)
}
