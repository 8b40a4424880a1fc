// SPDX-License-Identifier: Apache-2.0

package fastverify

import (
	"crypto"
	"crypto/ecdsa"
	_ "crypto/sha256" // the hashes of digest
	_ "crypto/sha512"
	"crypto/x509"
)

// CheckSignature reports what c.CheckSignature reports as an error: whether
// signature is one by c's key over signed. Nothing else about c is checked.
func (t *Tables) CheckSignature(c *x509.Certificate, algorithm x509.SignatureAlgorithm, signed, signature []byte) bool {
	pub, ok := c.PublicKey.(*ecdsa.PublicKey)
	h := hashOf(algorithm)
	if t == nil || !ok || h == 0 {
		return c.CheckSignature(algorithm, signed, signature) == nil
	}
	w := h.New()
	w.Write(signed)
	return t.Verify(pub, w.Sum(nil), signature)
}

// CheckSignatureFrom reports what child.CheckSignatureFrom(parent) reports as
// an error: whether parent signed child, and may sign certificates at all.
func (t *Tables) CheckSignatureFrom(child, parent *x509.Certificate) bool {
	// RFC 5280, Section 4.2.1.3. All that is out of the ordinary is left to
	// crypto/x509, which knows certificates without extensions, too.
	plain := parent.Version == 3 && parent.BasicConstraintsValid && parent.IsCA && parent.KeyUsage&x509.KeyUsageCertSign != 0
	if t == nil || !plain {
		return child.CheckSignatureFrom(parent) == nil
	}
	return t.CheckSignature(parent, child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
}

// hashOf returns the hash of an ECDSA algorithm, 0 for all others.
func hashOf(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.ECDSAWithSHA256:
		return crypto.SHA256
	case x509.ECDSAWithSHA384:
		return crypto.SHA384
	case x509.ECDSAWithSHA512:
		return crypto.SHA512
	}
	return 0
}
