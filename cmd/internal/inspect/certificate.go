// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"strings"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// Certificate is a certificate, in summary except for its extensions: those are
// all there.
type Certificate struct {
	SHA256     string      `json:"sha256"`
	Serial     string      `json:"serial"` // hexadecimal
	Subject    string      `json:"subject,omitempty"`
	Issuer     string      `json:"issuer"` // the certificate authority
	NotBefore  Time        `json:"notBefore"`
	NotAfter   Time        `json:"notAfter"`
	Key        string      `json:"key"` // the algorithm
	KeySHA256  string      `json:"keySha256"`
	SAN        string      `json:"subjectAlternativeName,omitempty"`
	SANType    string      `json:"subjectAlternativeNameType,omitempty"`
	OIDCIssuer string      `json:"oidcIssuer,omitempty"`
	Extensions []Extension `json:"extensions,omitempty"` // in the order of the certificate
	SCTs       []SCT       `json:"scts,omitempty"`
	Faults     []string    `json:"faults,omitempty"` // what could not be read
}

// Extension is one extension of a certificate.
type Extension struct {
	OID      string `json:"oid"`
	Name     string `json:"name,omitempty"` // "" if we know none
	Critical bool   `json:"critical,omitempty"`
	Value    string `json:"value,omitempty"` // as text, where it is text
	Hex      string `json:"hex,omitempty"`   // else the DER
}

// SCT is one embedded signed certificate timestamp.
type SCT struct {
	LogID      string `json:"logId"` // base64
	Time       Time   `json:"time"`
	Extensions string `json:"extensions,omitempty"` // hexadecimal
}

func certificate(cert *x509.Certificate) *Certificate {
	out := &Certificate{
		SHA256:    sum(cert.Raw),
		Serial:    cert.SerialNumber.Text(16),
		Subject:   cert.Subject.String(),
		Issuer:    cert.Issuer.String(),
		NotBefore: Time{cert.NotBefore.UTC()},
		NotAfter:  Time{cert.NotAfter.UTC()},
		Key:       cert.PublicKeyAlgorithm.String(),
		KeySHA256: sum(cert.RawSubjectPublicKeyInfo),
	}
	if key, err := sigkey.ForPublicKey(cert.PublicKey); err == nil {
		out.Key = key.Algorithm().String()
	}
	if !cert.IsCA {
		out.name(cert)
	}
	scts, err := ctlog.ParseList(cert)
	out.fault(err)
	for _, s := range scts {
		out.SCTs = append(out.SCTs, SCT{ctlog.ID(s.LogID).String(), Time{s.Time()}, hex.EncodeToString(s.Extensions)})
	}
	set, err := fulcio.Extensions(cert)
	out.fault(err)
	if set != nil {
		out.OIDCIssuer, _ = set.Issuer()
	}
	for _, e := range cert.Extensions {
		out.Extensions = append(out.Extensions, extension(e, cert, set))
	}
	return out
}

func (c *Certificate) name(cert *x509.Certificate) {
	san, err := fulcio.SubjectAltName(cert)
	c.fault(err)
	if err == nil {
		c.SAN, c.SANType = san.Value, san.Type.String()
	}
}

func (c *Certificate) fault(err error) {
	if err != nil {
		c.Faults = append(c.Faults, err.Error())
	}
}

// fulcioArc is where Fulcio's extensions are.
const fulcioArc = "1.3.6.1.4.1.57264.1."

// extensionNames names the extensions of RFC 5280 and RFC 6962 that occur.
var extensionNames = map[string]string{
	"2.5.29.14":               "subjectKeyIdentifier",
	"2.5.29.15":               "keyUsage",
	"2.5.29.17":               "subjectAltName",
	"2.5.29.19":               "basicConstraints",
	"2.5.29.35":               "authorityKeyIdentifier",
	"2.5.29.37":               "extKeyUsage",
	"1.3.6.1.4.1.11129.2.4.2": "signedCertificateTimestampList",
}

func extension(e pkix.Extension, cert *x509.Certificate, set *fulcio.ExtensionSet) Extension {
	oid := e.Id.String()
	out := Extension{OID: oid, Name: extensionNames[oid], Critical: e.Critical}
	switch {
	case strings.HasPrefix(oid, fulcioArc) && set != nil:
		for _, known := range set.All() {
			if e.Id[len(e.Id)-1] == known.Number && known.Name != "" {
				out.Name, out.Value = known.Name, known.Value
				return out
			}
		}
	case oid == "2.5.29.15":
		out.Value = keyUsage(cert.KeyUsage)
		return out
	case oid == "2.5.29.37":
		out.Value = extKeyUsage(cert)
		return out
	}
	out.Hex = hex.EncodeToString(e.Value)
	return out
}

// keyUsage names the bits in their order (RFC 5280, Section 4.2.1.3).
func keyUsage(usage x509.KeyUsage) string {
	names := []string{
		"digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
	}
	var set []string
	for bit, name := range names {
		if usage&(1<<bit) != 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, ", ")
}

func extKeyUsage(cert *x509.Certificate) string {
	var set []string
	for _, usage := range cert.ExtKeyUsage {
		set = append(set, usage.String())
	}
	for _, oid := range cert.UnknownExtKeyUsage {
		set = append(set, oid.String())
	}
	return strings.Join(set, ", ")
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
