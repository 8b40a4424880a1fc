// SPDX-License-Identifier: Apache-2.0

// A timestamp authority for tests, and a writer of tokens that gets wrong
// whatever it is told to get wrong. Keys, dates and signatures are fixed: the
// same draft has the same bytes in every run.

package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"slices"
	"testing"

	"github.com/sigbundle/sigbundle/internal/cms"
	"time"
)

// Dates of the test authority. The leaf's life ends first.
var (
	rootStart = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	leafStart = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	leafEnd   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rootEnd   = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	stampTime = time.Date(2025, 6, 12, 12, 2, 20, 0, time.UTC)
)

func ecKey(t testing.TB, curve elliptic.Curve, fill byte) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(curve, append([]byte{0}, bytes.Repeat([]byte{fill}, (curve.Params().BitSize+7)/8-1)...))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	data, err := os.ReadFile("testdata/rsa-2048.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey() crypto.Signer {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

// ca is one certificate with its key.
type ca struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newCert issues a certificate; the zero parent makes it self-signed.
func newCert(t testing.TB, template x509.Certificate, key crypto.Signer, parent ca) ca {
	t.Helper()
	if parent.cert == nil {
		parent = ca{&template, key}
	}
	der, err := x509.CreateCertificate(nil, &template, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca{cert, key}
}

func caTemplate(name string, serial int64) x509.Certificate {
	return x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: rootStart, NotAfter: rootEnd,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, BasicConstraintsValid: true,
	}
}

// eku is an extended key usage extension with the purposes 1.3.6.1.5.5.7.3.n.
func eku(t testing.TB, critical bool, purposes ...int) pkix.Extension {
	t.Helper()
	var ids []asn1.ObjectIdentifier
	for _, n := range purposes {
		ids = append(ids, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, n})
	}
	der, err := asn1.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: oidExtKeyUsage, Critical: critical, Value: der}
}

const purposeTimeStamping = 8

func leafTemplate(t testing.TB) x509.Certificate {
	t.Helper()
	return x509.Certificate{
		SerialNumber: big.NewInt(1000), Subject: pkix.Name{CommonName: "test timestamps"},
		NotBefore: leafStart, NotAfter: leafEnd, SubjectKeyId: []byte("leaf key id"),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{eku(t, true, purposeTimeStamping)},
	}
}

// world is a timestamp authority with a root, an intermediate and a leaf.
type world struct {
	root, intermediate, leaf ca
}

// newWorld makes one. Its leaf has the given key, P-256 if nil, and edit may
// change its template.
func newWorld(t testing.TB, key crypto.Signer, edit func(*x509.Certificate)) *world {
	t.Helper()
	w := &world{}
	w.root = newCert(t, caTemplate("test root", 1), ecKey(t, elliptic.P384(), 1), ca{})
	w.intermediate = newCert(t, caTemplate("test intermediate", 2), ecKey(t, elliptic.P384(), 2), w.root)
	if key == nil {
		key = ecKey(t, elliptic.P256(), 3)
	}
	template := leafTemplate(t)
	if edit != nil {
		edit(&template)
	}
	w.leaf = newCert(t, template, key, w.intermediate)
	return w
}

func (w *world) chain() []*x509.Certificate {
	return []*x509.Certificate{w.leaf.cert, w.intermediate.cert, w.root.cert}
}

func newAuthority(t testing.TB, chain ...*x509.Certificate) *Authority {
	t.Helper()
	a, err := NewAuthority(AuthorityConfig{Chain: chain, URI: "https://tsa.test", Start: rootStart})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// DER, written by hand.

func tlv(tag byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

const (
	tInteger, tBitString, tOctets, tNull, tOID, tUTF8   = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c
	tGeneralizedTime, tSequence, tSet, tContext, tFixed = 0x18, 0x30, 0x31, 0xa0, 0x80
)

func seq(parts ...[]byte) []byte { return tlv(tSequence, parts...) }

func integer(n int64) []byte {
	der, err := asn1.Marshal(n)
	if err != nil {
		panic(err) // cannot happen: any int64 has an encoding
	}
	return der
}

func bigInteger(n *big.Int) []byte {
	der, err := asn1.Marshal(n)
	if err != nil {
		panic(err) // cannot happen, as above
	}
	return der
}

func algorithm(oid string, params ...[]byte) []byte {
	return seq(append([][]byte{tlv(tOID, []byte(oid))}, params...)...)
}

var null = tlv(tNull)

func attribute(oid string, values ...[]byte) []byte {
	return seq(tlv(tOID, []byte(oid)), tlv(tSet, values...))
}

// draft is a token about to be written. Parts that are DER already are nil
// until build fills them in, unless a test did.
type draft struct {
	world   *world
	message []byte

	status, afterStatus, afterToken, trailer []byte
	noToken                                  bool
	contentType                              string
	version                                  int64
	algorithms                               []byte

	eContentType            string
	tstVersion              int64
	policy                  []byte
	imprint                 []byte
	genTime                 string
	options, tstTrailer     []byte // after genTime; after TSTInfo
	eContent                []byte // instead of all of these
	certificates            [][]byte
	afterCertificates       []byte
	signers                 int
	signerVersion           int64
	signerID                []byte
	digestOID, signatureOID string
	hash                    crypto.Hash // of attributes and signature
	attributes              func(d *draft) [][]byte
	unsorted                bool
	noAttributes            bool
	key                     crypto.Signer
	spoil                   func(sig []byte)
	unsigned                []byte
}

func newDraft(w *world) *draft {
	cert := w.leaf.cert
	return &draft{
		world: w, message: []byte("a signature"),
		status: integer(0), contentType: cms.OIDSignedData, version: 3,
		algorithms:   algorithm(cms.OIDSHA256, null),
		eContentType: oidTSTInfo, tstVersion: 1,
		policy:  tlv(tOID, []byte("\x2b\x06\x01\x04\x01\x83\xbf\x30\x02")),
		genTime: stampTime.Format("20060102150405Z"),
		signers: 1, signerVersion: 1,
		signerID:  seq(cert.RawIssuer, bigInteger(cert.SerialNumber)),
		digestOID: cms.OIDSHA256, signatureOID: cms.OIDECDSAWithSHA256, hash: crypto.SHA256,
		attributes: defaultAttributes, key: w.leaf.key,
	}
}

// imprintOf fills in the imprint of d.message under another hash.
func (d *draft) imprintOf(oid string, h crypto.Hash, params ...[]byte) {
	d.imprint = seq(algorithm(oid, params...), tlv(tOctets, cms.Digest(h, d.message)))
}

func (d *draft) content() []byte {
	if d.eContent != nil {
		return d.eContent
	}
	if d.imprint == nil {
		d.imprintOf(cms.OIDSHA256, crypto.SHA256, null)
	}
	d.eContent = slices.Concat(seq(integer(d.tstVersion), d.policy, d.imprint, integer(77),
		tlv(tGeneralizedTime, []byte(d.genTime)), d.options), d.tstTrailer)
	return d.eContent
}

func contentTypeAttribute() []byte {
	return attribute(cms.OIDContentType, tlv(tOID, []byte(oidTSTInfo)))
}

func (d *draft) digestAttribute() []byte {
	return attribute(cms.OIDMessageDigest, tlv(tOctets, cms.Digest(d.hash, d.content())))
}

// certIDV2 is an ESSCertIDv2 of cert with SHA-256.
func certIDV2(cert *x509.Certificate, more ...[]byte) []byte {
	return seq(append([][]byte{tlv(tOctets, cms.Digest(crypto.SHA256, cert.Raw))}, more...)...)
}

func issuerSerial(issuer []byte, serial *big.Int) []byte {
	return seq(seq(tlv(tContext|4, issuer)), bigInteger(serial))
}

func signingCertV2(ids ...[]byte) []byte { return attribute(oidSigningCertificateV2, seq(seq(ids...))) }

func defaultAttributes(d *draft) [][]byte {
	return [][]byte{contentTypeAttribute(), d.digestAttribute(), signingCertV2(certIDV2(d.world.leaf.cert))}
}

// build writes the response.
func (d *draft) build(t testing.TB) []byte {
	t.Helper()
	if d.noToken {
		return append(seq(seq(d.status, d.afterStatus)), d.trailer...)
	}
	encap := seq(tlv(tOID, []byte(d.eContentType)), tlv(tContext, tlv(tOctets, d.content())))
	var certificates []byte
	if d.certificates != nil {
		certificates = tlv(tContext, d.certificates...)
	}
	signers := bytes.Repeat(d.signerInfo(t), d.signers)
	sd := seq(integer(d.version), tlv(tSet, d.algorithms), encap, certificates, d.afterCertificates, tlv(tSet, signers))
	token := seq(tlv(tOID, []byte(d.contentType)), tlv(tContext, sd))
	return append(seq(seq(d.status, d.afterStatus), token, d.afterToken), d.trailer...)
}

func (d *draft) signerInfo(t testing.TB) []byte {
	t.Helper()
	attributes := d.attributes(d)
	if !d.unsorted {
		slices.SortFunc(attributes, bytes.Compare)
	}
	signed := tlv(tSet, attributes...)
	input := signed
	opts := crypto.SignerOpts(crypto.Hash(0))
	if _, pure := d.key.(ed25519.PrivateKey); !pure {
		input, opts = cms.Digest(d.hash, signed), d.hash
	}
	sig, err := d.key.Sign(nil, input, opts)
	if err != nil {
		t.Fatal(err)
	}
	if d.spoil != nil {
		d.spoil(sig)
	}
	signed[0] = tContext
	if d.noAttributes {
		signed = nil
	}
	return seq(integer(d.signerVersion), d.signerID, algorithm(d.digestOID, null), signed,
		algorithm(d.signatureOID), tlv(tOctets, sig), d.unsigned)
}
