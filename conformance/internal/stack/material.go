// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// material holds the keys and certificates of the servers.
type material struct {
	dir    string
	ca     authority
	tsa    map[string]authority     // by server name
	logKey map[string]crypto.Signer // by server name
	start  time.Time                // since when all of it is good
}

// authority is a certificate chain, anchor last, and the key of its first
// certificate.
type authority struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

const organization = "sigbundle stack"

// newMaterial makes all keys and certificates and writes them into dir:
// NAME.key (PKCS#8), NAME.pub (SPKI) and NAME.chain.pem.
func newMaterial(dir string, now time.Time) (*material, error) {
	m := &material{
		dir: dir, start: now.Add(-time.Hour).Truncate(time.Second),
		tsa: map[string]authority{}, logKey: map[string]crypto.Signer{},
	}
	var err error
	if m.ca, err = newCA(m.start); err != nil {
		return nil, err
	}
	if err := m.writeAuthority("fulcio", m.ca); err != nil {
		return nil, err
	}
	for _, name := range []string{"tsa", "tsab"} {
		if m.tsa[name], err = newTSA(name, m.start); err != nil {
			return nil, err
		}
		if err := m.writeAuthority(name, m.tsa[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"ct", "rekor1", "rekor2", "rekor2b"} {
		if m.logKey[name], err = newLogKey(name); err != nil {
			return nil, err
		}
		if err := m.writeKey(name, m.logKey[name]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// newLogKey makes an Ed25519 key for Rekor v2 and a P-256 key for all others.
func newLogKey(name string) (crypto.Signer, error) {
	if name == "rekor2" || name == "rekor2b" {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// newCA makes Fulcio's intermediate under a root. Fulcio wants the code
// signing usage on every intermediate.
func newCA(start time.Time) (authority, error) {
	root, rootKey, err := newRoot("stack fulcio root", start)
	if err != nil {
		return authority{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	t := template("stack fulcio intermediate", start)
	t.IsCA, t.MaxPathLenZero = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	cert, err := issue(t, root, key.Public(), rootKey)
	return authority{key, []*x509.Certificate{cert, root}}, err
}

// newTSA makes a timestamp signer under a root. RFC 3161, Section 2.3: the
// extended key usage is timeStamping alone, and critical.
func newTSA(name string, start time.Time) (authority, error) {
	root, rootKey, err := newRoot("stack "+name+" root", start)
	if err != nil {
		return authority{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return authority{}, err
	}
	t := template("stack "+name, start)
	t.BasicConstraintsValid = false
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}
	cert, err := issue(t, root, key.Public(), rootKey)
	return authority{key, []*x509.Certificate{cert, root}}, err
}

func newRoot(name string, start time.Time) (*x509.Certificate, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := template(name, start)
	t.IsCA = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	cert, err := issue(t, t, key.Public(), key)
	return cert, key, err
}

func template(name string, start time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: []string{organization}},
		NotBefore: start, NotAfter: start.AddDate(10, 0, 0), BasicConstraintsValid: true,
	}
}

func issue(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	var err error
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (m *material) writeAuthority(name string, a authority) error {
	var ders [][]byte
	for _, c := range a.chain {
		ders = append(ders, c.Raw)
	}
	root := ders[len(ders)-1:]
	return errors.Join(
		m.writeKey(name, a.key),
		m.writePEM(name+".chain.pem", "CERTIFICATE", ders...),
		m.writePEM(name+".root.pem", "CERTIFICATE", root...),
	)
}

func (m *material) writeKey(name string, key crypto.Signer) error {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return errors.Join(
		m.writePEM(name+".key", "PRIVATE KEY", private),
		m.writePEM(name+".pub", "PUBLIC KEY", public),
	)
}

func (m *material) writePEM(name, kind string, ders ...[]byte) error {
	var out []byte
	for _, der := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	return m.write(name, out)
}

func (m *material) write(name string, data []byte) error {
	return os.WriteFile(m.path(name), data, 0o600)
}

func (m *material) path(name string) string { return filepath.Join(m.dir, name) }

// spki is the public key of a log (DER).
func (m *material) spki(name string) ([]byte, error) {
	key := m.logKey[name]
	if key == nil {
		return nil, fmt.Errorf("no log %q", name)
	}
	return x509.MarshalPKIXPublicKey(key.Public())
}
