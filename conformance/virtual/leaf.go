// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A certificate with SCTs is signed over them, and they are signed over it.
// crypto/x509 cannot embed anything once it has encoded a certificate, would
// sign twice and check both signatures. So it only writes the certificate,
// under a key that costs little and means nothing; what follows puts in the
// SCTs and the real algorithm, and signs for real.

var (
	oidSAN     = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidSCTList = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
	oidFulcio  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1}
)

// Lifetimes of signers' certificates.
const (
	leafLife   = 10 * time.Minute
	githubLife = 365 * 24 * time.Hour
)

// Extension returns extension number n of Fulcio, for use in a Certificate
// hook: raw text up to 6, a UTF8String beyond.
func Extension(n int, value string) pkix.Extension {
	e := pkix.Extension{Id: append(slices.Clone(oidFulcio), n), Value: []byte(value)}
	if n > 6 {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) })
		e.Value = b.BytesOrPanic() // cannot fail: a length and bytes
	}
	return e
}

// errTemplate is about what crypto/x509 would take from a source of randomness
// that it is not given.
var errTemplate = errors.New("virtual: a hook left a certificate without key or serial number")

// leaf issues the signer's certificate.
func (w *World) leaf(r *Request, role string, key *Key, at time.Time) ([]byte, error) {
	template, err := w.signerTemplate(r, role, key, at)
	if err != nil {
		return nil, err
	}
	ca := w.ca[0]
	in := &CertificateInput{Certificate: template, Signing: Signing{Key: ca.key}}
	if r.Certificate != nil {
		r.Certificate(in)
	}
	if in.Certificate == nil || in.SerialNumber == nil || in.Key == nil {
		return nil, errTemplate
	}
	// Without a PublicKey, crypto/x509 has nothing to compare the key with.
	parent := &x509.Certificate{RawSubject: ca.cert.RawSubject, SubjectKeyId: ca.cert.SubjectKeyId}
	der, err := x509.CreateCertificate(nil, in.Certificate, parent, in.PublicKey, w.blank.priv)
	if err != nil {
		return nil, fmt.Errorf("virtual: signer's certificate: %w", err)
	}
	parts, err := splitTBS(der, keyKinds[in.Key.typ].algorithm)
	if err != nil {
		return nil, err
	}
	list, err := w.sctList(r, parts.tbs(nil), at)
	if err != nil {
		return nil, err
	}
	tbs := parts.tbs(list)
	sig, err := in.sign(tbs, 0)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes([]byte(parts.algorithm))
		b.AddASN1BitString(sig)
	})
	return b.Bytes()
}

// signerTemplate is the profile of a signer's certificate.
func (w *World) signerTemplate(r *Request, role string, key *Key, at time.Time) (*x509.Certificate, error) {
	t := &x509.Certificate{
		SerialNumber: w.serial(role),
		NotBefore:    at,
		NotAfter:     at.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		SubjectKeyId: keyID(key),
		PublicKey:    key.Public(),
	}
	if w.config.GitHub {
		t.Subject = pkix.Name{Organization: []string{"GitHub, Inc."}, CommonName: "Attester"}
		t.NotAfter = at.Add(githubLife)
	}
	names, err := altNames(w.names(r))
	if err != nil {
		return nil, err
	}
	// An empty subject makes the names critical (RFC 5280, Section 4.2.1.6).
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidSAN, Critical: !w.config.GitHub, Value: names})
	for n := 1; n <= 24; n++ {
		value, set := r.Extensions[n]
		if !set && (n == 1 || n == 8) {
			value = w.issuerOf(r)
		}
		if value != "" || set && n != 1 && n != 8 {
			t.ExtraExtensions = append(t.ExtraExtensions, Extension(n, value))
		}
	}
	return t, nil
}

func (w *World) names(r *Request) []Name {
	switch {
	case r.Names != nil:
		return r.Names
	case r.SAN == "" && w.config.GitHub:
		return []Name{{URI, GitHubSAN}}
	case r.SAN == "":
		return []Name{{URI, DefaultSAN}}
	case strings.Contains(r.SAN, "@") && !strings.Contains(r.SAN, ":"):
		return []Name{{Email, r.SAN}}
	}
	return []Name{{URI, r.SAN}}
}

func (w *World) issuerOf(r *Request) string {
	if r.Issuer == "" && !w.config.GitHub {
		return DefaultIssuer
	}
	return r.Issuer
}

// altNames encodes names as they are; crypto/x509 would parse and respell
// URIs.
//
//	OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
//	GeneralName ::= CHOICE { otherName [0] OtherName, rfc822Name [1] IA5String, uniformResourceIdentifier [6] IA5String, … }
func altNames(names []Name) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, name := range names {
			value := func(b *cryptobyte.Builder) { b.AddBytes([]byte(name.Value)) }
			switch name.Type {
			case Email:
				b.AddASN1(cbasn1.Tag(1).ContextSpecific(), value)
			case OtherName:
				b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(append(slices.Clone(oidFulcio), 7))
					b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.UTF8String, value)
					})
				})
			default:
				b.AddASN1(cbasn1.Tag(6).ContextSpecific(), value)
			}
		}
	})
	return b.Bytes()
}

// tbsParts is a TBSCertificate, open at its end.
type tbsParts struct {
	head, middle []byte // before and after the signature algorithm
	algorithm    string
	extensions   []byte // the elements of Extensions
}

var errTBS = errors.New("virtual: certificate of an unexpected form")

const tagExtensions = cbasn1.Tag(3) | 0x80 | 0x20

// splitTBS takes apart what crypto/x509 wrote, and replaces its algorithm.
//
//	TBSCertificate  ::=  SEQUENCE  {
//	    version [0], serialNumber INTEGER, signature AlgorithmIdentifier,
//	    issuer, validity, subject, subjectPublicKeyInfo, extensions [3] EXPLICIT }
func splitTBS(der []byte, algorithm string) (*tbsParts, error) {
	in := cryptobyte.String(der)
	var cert, s, explicit, extensions cryptobyte.String
	if !in.ReadASN1(&cert, cbasn1.SEQUENCE) || !cert.ReadASN1(&s, cbasn1.SEQUENCE) {
		return nil, errTBS
	}
	p := &tbsParts{algorithm: algorithm}
	start := s
	if !s.SkipASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) || !s.SkipASN1(cbasn1.INTEGER) {
		return nil, errTBS
	}
	p.head = start[:len(start)-len(s)]
	if !s.SkipASN1(cbasn1.SEQUENCE) {
		return nil, errTBS
	}
	start = s
	for range 4 {
		if !s.SkipASN1(cbasn1.SEQUENCE) {
			return nil, errTBS
		}
	}
	p.middle = start[:len(start)-len(s)]
	if !s.ReadASN1(&explicit, tagExtensions) || !explicit.ReadASN1(&extensions, cbasn1.SEQUENCE) {
		return nil, errTBS
	}
	p.extensions = extensions
	return p, nil
}

// tbs returns the DER, with a list of SCTs in the end unless it is nil.
func (p *tbsParts) tbs(sctList []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(p.head)
		b.AddBytes([]byte(p.algorithm))
		b.AddBytes(p.middle)
		b.AddASN1(tagExtensions, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(p.extensions)
				if sctList != nil {
					addSCTList(b, sctList)
				}
			})
		})
	})
	return b.BytesOrPanic() // cannot fail: lengths and bytes
}

// addSCTList adds the extension of RFC 6962, Section 3.3: the TLS encoding in
// an OCTET STRING in the OCTET STRING that every extension is.
func addSCTList(b *cryptobyte.Builder, list []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSCTList)
		b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(list)
		})
	})
}
