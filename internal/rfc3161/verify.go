// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Stamp is a verified timestamp. All of it is authenticated.
type Stamp struct {
	Time      time.Time         // genTime, UTC, with its fraction of a second
	Signer    *x509.Certificate // the certificate whose key signed the token; must not be modified
	Policy    string            // dotted OID
	Authority *Authority        // whose token it is
}

// Verify checks that t is a timestamp by this authority over message (the raw
// bytes of a signature): contents, imprint, CMS signature, signer, validity period and
// chain at the time it states. The errors are the timestamp.* codes.
func (a *Authority) Verify(t *Token, message []byte) (Stamp, error) {
	if a == nil || t == nil || !t.parsed {
		return Stamp{}, refuse.New(codeMalformed, "no timestamp, or no authority to check it with")
	}
	if t.fault != nil {
		return Stamp{}, t.fault
	}
	if !a.Knows(t) {
		return Stamp{}, refuse.New(codeSigner, "timestamp is not from the authority %q", a.uri)
	}
	signer, err := a.signer(t)
	if err != nil {
		return Stamp{}, err
	}
	if !bytes.Equal(t.info.imprint, cms.Digest(t.info.imprintHash, message)) {
		return Stamp{}, refuse.New(codeImprint, "timestamp is over something else than this signature")
	}
	if err := checkSigner(signer); err != nil {
		return Stamp{}, err
	}
	if !a.ValidAt(t.info.genTime) {
		return Stamp{}, refuse.New(codeWindow, "timestamp of %s is outside the validity of the authority %q",
			t.info.genTime.Format(time.RFC3339Nano), a.uri)
	}
	if err := a.checkSignature(t, signer); err != nil {
		return Stamp{}, err
	}
	if err := a.checkChain(signer, t.certs, t.info.genTime); err != nil {
		return Stamp{}, err
	}
	return Stamp{Time: t.info.genTime, Signer: signer, Policy: t.info.policy, Authority: a}, nil
}

// signer returns the certificate that t's SignerIdentifier names: the leaf of
// the trust root if it has one, else that of the token.
func (a *Authority) signer(t *Token) (*x509.Certificate, error) {
	if a.leaf == nil {
		return t.embeddedSigner()
	}
	for _, c := range t.certs {
		if t.signer.Names(c) && !bytes.Equal(c.Raw, a.leaf.Raw) {
			return nil, refuse.New(codeSigner, "certificate of the signer inside the timestamp is not that of the trust root")
		}
	}
	return a.leaf, nil
}

// embeddedSigner returns the one certificate inside the token that its
// SignerIdentifier names. Any other choice (the first one that is no CA, say)
// would be the attacker's.
func (t *Token) embeddedSigner() (*x509.Certificate, error) {
	var found *x509.Certificate
	for _, c := range t.certs {
		if !t.signer.Names(c) {
			continue
		}
		if found != nil {
			return nil, refuse.New(codeSigner, "more than one certificate inside the timestamp could be that of its signer")
		}
		found = c
	}
	if found == nil {
		return nil, refuse.New(codeSigner, "neither the timestamp nor the trust root has the certificate of its signer")
	}
	return found, nil
}

var (
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidKeyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
)

// checkSigner holds the signer's certificate against RFC 3161, Section 2.3:
// a key that does nothing but sign timestamps.
func checkSigner(cert *x509.Certificate) error {
	if cert.IsCA {
		return refuse.New(codeProfile, "certificate of the timestamp's signer is a CA")
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
		return refuse.New(codeProfile, "timestamp's signer has an RSA key of less than %d bits", minRSABits)
	}
	// Unknown purposes are included: one purpose means one.
	if len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) != 1 || len(cert.ExtKeyUsage) != 1 ||
		cert.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping {
		return refuse.New(codeProfile, "certificate of the timestamp's signer is not for timestamping alone")
	}
	for _, ext := range cert.Extensions {
		switch {
		case ext.Id.Equal(oidExtKeyUsage) && !ext.Critical:
			return refuse.New(codeProfile, "extended key usage of the timestamp's signer is not critical")
		case ext.Id.Equal(oidKeyUsage):
			const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
			if cert.KeyUsage&signing == 0 || cert.KeyUsage&^signing != 0 {
				return refuse.New(codeProfile, "key usage of the timestamp's signer is not signing alone")
			}
		}
	}
	return nil
}

// checkSignature checks that cert is what the signature names, that the signed
// attributes hold for the contents, and the signature over them.
func (a *Authority) checkSignature(t *Token, cert *x509.Certificate) error {
	for _, id := range t.si.certIDs {
		if !id.names(cert) {
			return refuse.New(codeSigner, "timestamp was signed under another certificate than that of its signer")
		}
	}
	if !bytes.Equal(t.si.digest, cms.Digest(t.si.hash, t.content)) {
		return refuse.New(codeSignature, "message digest of timestamp does not match its contents")
	}
	// CheckSignature refuses algorithms that do not fit the key. Authorities
	// are free in their choice of curve and hash, so the registry of Sigstore
	// algorithms (internal/sigkey) does not apply.
	if a.fast != nil && cert == a.leaf && a.fast.CheckSignature(cert, t.si.algorithm, t.si.attributes, t.si.signature) {
		return nil
	}
	if err := cert.CheckSignature(t.si.algorithm, t.si.attributes, t.si.signature); err != nil {
		return refuse.Wrap(codeSignature, err, "signature of timestamp")
	}
	return nil
}
