// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidSignedData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256           = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384           = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512           = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidSHA1             = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidTimestampPolicy  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}
	tagContext0         = cbasn1.Tag(0).ContextSpecific().Constructed()
	errTimestampWithout = errors.New("virtual: a hook left a timestamp without signer, serial number or policy")
)

// timestamp returns the DER TimeStampResp of an authority, counted from 1.
func (w *World) timestamp(r *Request, authority int, role string, sig []byte, at time.Time) ([]byte, error) {
	chain := w.tsas[authority-1].chain
	in := &TimestampInput{
		Authority: authority,
		Policy:    slices.Clone(oidTimestampPolicy),
		Hash:      crypto.SHA256,
		Message:   sig,
		Serial:    w.serial(fmt.Sprintf("%s/timestamp/%d", role, authority)),
		Time:      at,
		Signer:    chain[0].cert,
		Signing:   Signing{Key: chain[0].key},
	}
	if r.EmbedCertificates {
		for _, c := range chain[:max(1, len(chain)-1)] {
			in.Certificates = append(in.Certificates, c.cert)
		}
	}
	if r.Timestamp != nil {
		r.Timestamp(in)
	}
	if in.Signer == nil || in.Serial == nil || in.Policy == nil || in.Key == nil || !in.Hash.Available() {
		return nil, errTimestampWithout
	}
	info, err := in.info()
	if err != nil {
		return nil, fmt.Errorf("virtual: timestamp: %w", err)
	}
	if in.Info != nil {
		info = in.Info(info)
	}
	return in.response(info)
}

// info writes TSTInfo (RFC 3161, Section 2.4.2).
func (in *TimestampInput) info() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(in.Policy)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addHash(b, in.Hash)
			b.AddASN1OctetString(digest(in.Hash, in.Message))
		})
		b.AddASN1BigInt(in.Serial)
		b.AddASN1(cbasn1.GeneralizedTime, func(b *cryptobyte.Builder) {
			b.AddBytes([]byte(in.Time.UTC().Format("20060102150405.999999999Z")))
		})
		if in.Nonce != nil {
			b.AddASN1BigInt(in.Nonce)
		}
	})
	return b.Bytes()
}

// response writes the rest:
//
//	TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo }
//	ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT SignedData }
//	SignedData ::= SEQUENCE { version INTEGER, digestAlgorithms SET,
//	    encapContentInfo SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING },
//	    certificates [0] IMPLICIT SET OPTIONAL, signerInfos SET }
func (in *TimestampInput) response(info []byte) ([]byte, error) {
	signer, err := in.signerInfo(info)
	if err != nil {
		return nil, err
	}
	signedData := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addHash(b, in.signedHash()) })
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidTSTInfo)
			b.AddASN1(tagContext0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(info) })
		})
		if len(in.Certificates) > 0 {
			b.AddASN1(tagContext0, func(b *cryptobyte.Builder) { addSorted(b, raws(in.Certificates)) })
		}
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(signer) })
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(in.Status)) })
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			b.AddASN1(tagContext0, func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, signedData) })
		})
	})
	return b.Bytes()
}

// signerInfo signs the attributes, as a SET, and puts [0] in its place (RFC
// 5652, Section 5.4).
func (in *TimestampInput) signerInfo(info []byte) ([]byte, error) {
	attributes, err := in.attributes(info)
	if err != nil {
		return nil, err
	}
	var set cryptobyte.Builder
	set.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addSorted(b, attributes) })
	signed, err := set.Bytes()
	if err != nil {
		return nil, err
	}
	sig, err := in.sign(signed, in.signedHash())
	if err != nil {
		return nil, err
	}
	signed[0] = byte(tagContext0)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(in.Signer.RawIssuer)
			b.AddASN1BigInt(in.Signer.SerialNumber)
		})
		addHash(b, in.signedHash())
		b.AddBytes(signed)
		b.AddBytes([]byte(keyKinds[in.Key.typ].algorithm))
		b.AddASN1OctetString(sig)
	})
	return b.Bytes()
}

// attributes returns the DER of each attribute to be signed: those that RFC
// 3161 and RFC 5816 demand.
func (in *TimestampInput) attributes(info []byte) ([][]byte, error) {
	certID := sha256.Sum256(in.Signer.Raw)
	var list [][]byte
	for _, a := range []struct {
		oid   asn1.ObjectIdentifier
		value func(*cryptobyte.Builder)
	}{
		{oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidTSTInfo) }},
		{oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest(in.signedHash(), info)) }},
		{oidSigningCertV2, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SigningCertificateV2
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // certs
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(certID[:]) })
				})
			})
		}},
	} {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(a.oid)
			b.AddASN1(cbasn1.SET, a.value)
		})
		der, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		list = append(list, der)
	}
	if in.Attributes != nil {
		in.Attributes(&list)
	}
	return list, nil
}

// signedHash is that of the attributes; for Ed25519 SHA-512 (RFC 8419, Section
// 3.1).
func (in *TimestampInput) signedHash() crypto.Hash {
	if h := keyKinds[in.Key.typ].hash; h != 0 {
		return h
	}
	return crypto.SHA512
}

func addHash(b *cryptobyte.Builder, h crypto.Hash) {
	oid := oidSHA256
	switch h {
	case crypto.SHA1:
		oid = oidSHA1
	case crypto.SHA384:
		oid = oidSHA384
	case crypto.SHA512:
		oid = oidSHA512
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1NULL()
	})
}

// addSorted adds the elements of a SET OF in the order that DER wants.
func addSorted(b *cryptobyte.Builder, elements [][]byte) {
	elements = slices.Clone(elements)
	slices.SortFunc(elements, bytes.Compare)
	for _, e := range elements {
		b.AddBytes(e)
	}
}

func raws(certs []*x509.Certificate) (list [][]byte) {
	for _, c := range certs {
		list = append(list, c.Raw)
	}
	return list
}
