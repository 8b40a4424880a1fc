// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// issuer is a certificate with its key.
type issuer struct {
	cert *x509.Certificate
	key  *Key
}

// tsa is a timestamp authority: the leaf first, the anchor last. A lone one is
// both.
type tsa struct {
	uri   string
	chain []issuer
}

// makeCA makes the certificate authority of signers.
func (w *World) makeCA() error {
	root := w.caTemplate(RoleRoot, "sigstore", 1)
	anchor, err := w.issue(RoleRoot, root, w.config.CAKey, nil)
	if err != nil {
		return err
	}
	w.ca = []issuer{anchor}
	if w.config.BareRoot {
		return nil
	}
	template := w.caTemplate(RoleIntermediate, "sigstore-intermediate", 0)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	intermediate, err := w.issue(RoleIntermediate, template, w.config.CAKey, &anchor)
	w.ca = []issuer{intermediate, anchor}
	return err
}

// makeTSAs makes the timestamp authorities.
func (w *World) makeTSAs() error {
	for i := 1; i <= w.config.TSAs; i++ {
		t := tsa{uri: fmt.Sprintf("https://tsa%d.%s/api/v1/timestamp", i, w.config.Domain)}
		role := func(name string) string { return fmt.Sprintf("%s/%d", name, i) }
		leaf := w.leafTemplate(role(RoleTSALeaf), fmt.Sprintf("sigstore-tsa %d", i))
		if w.config.LoneTSA {
			lone, err := w.issue(role(RoleTSALeaf), leaf, w.config.TSAKey, nil)
			if err != nil {
				return err
			}
			t.chain = []issuer{lone}
			w.tsas = append(w.tsas, t)
			continue
		}
		anchor, err := w.issue(role(RoleTSARoot), w.caTemplate(role(RoleTSARoot), "sigstore-tsa-root", 1), ECDSAP384, nil)
		if err != nil {
			return err
		}
		template := w.caTemplate(role(RoleTSAIntermediate), "sigstore-tsa-intermediate", 0)
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
		intermediate, err := w.issue(role(RoleTSAIntermediate), template, ECDSAP384, &anchor)
		if err != nil {
			return err
		}
		signer, err := w.issue(role(RoleTSALeaf), leaf, w.config.TSAKey, &intermediate)
		if err != nil {
			return err
		}
		t.chain = []issuer{signer, intermediate, anchor}
		w.tsas = append(w.tsas, t)
	}
	return nil
}

// caTemplate is the profile of an authority that issues certificates.
func (w *World) caTemplate(role, name string, pathLen int) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          w.serial(role),
		Subject:               pkix.Name{Organization: []string{w.config.Domain}, CommonName: name},
		NotBefore:             w.start(),
		NotAfter:              w.start().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            pathLen,
		MaxPathLenZero:        pathLen == 0,
	}
}

// leafTemplate is the profile of a signer of timestamps, whose one purpose has
// to be critical (RFC 3161, Section 2.3).
func (w *World) leafTemplate(role, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: w.serial(role),
		Subject:      pkix.Name{Organization: []string{w.config.Domain}, CommonName: name},
		NotBefore:    w.start(),
		NotAfter:     w.start().AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{
			Id:       asn1.ObjectIdentifier{2, 5, 29, 37},
			Critical: true,
			Value:    []byte("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08"), // SEQUENCE { id-kp-timeStamping }
		}},
	}
}

// issue makes an authority's certificate; without a parent it signs itself.
func (w *World) issue(role string, template *x509.Certificate, t KeyType, parent *issuer) (issuer, error) {
	key, err := w.key("ca/"+role, t)
	if err != nil {
		return issuer{}, err
	}
	template.SubjectKeyId = keyID(key)
	if w.config.Authority != nil {
		w.config.Authority(role, template)
	}
	if template.SerialNumber == nil {
		return issuer{}, errTemplate
	}
	if parent == nil {
		parent = &issuer{template, key}
	}
	der, err := x509.CreateCertificate(nil, template, parent.cert, key.Public(), parent.key.priv)
	if err != nil {
		return issuer{}, fmt.Errorf("virtual: certificate of %s: %w", role, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return issuer{}, fmt.Errorf("virtual: certificate of %s: %w", role, err)
	}
	return issuer{cert, key}, nil
}

// keyID is a subject key identifier (RFC 7093, Section 2, method 1 except for
// hashing the whole SPKI). crypto/x509 has changed its mind about how to make
// one, and would do so again.
func keyID(k *Key) []byte {
	sum := sha256.Sum256(k.spki)
	return sum[:20]
}

// serial makes a positive serial number.
func (w *World) serial(role string) *big.Int {
	raw := w.derive("serial/"+role, 0, 16)
	raw[0] = raw[0]&0x7f | 0x40
	return new(big.Int).SetBytes(raw)
}
