// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

type refusalCode = refuse.Code

func wantCode(t testing.TB, err error, code refuse.Code, context ...any) {
	t.Helper()
	if got := refuse.CodeOf(err); err == nil || got != code {
		t.Errorf("%v: %q: %v, want %q", context, got, err, code)
	}
}

// wantRefusal checks that d parses, is known to a, and is refused.
func wantRefusal(t *testing.T, a *Authority, d *draft, code refuse.Code) {
	t.Helper()
	tok, err := Parse(d.build(t))
	if err != nil {
		t.Fatal(err)
	}
	if !a.Knows(tok) {
		t.Fatal("the authority does not know its token")
	}
	_, err = a.Verify(tok, d.message)
	wantCode(t, err, code)
}

func longKey() *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), maxRSABits)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

// TestFatal has what keeps a token from being attributed to anyone.
func TestFatal(t *testing.T) {
	repeat := func(b []byte, n int) []byte { return bytes.Repeat(b, n) }
	for _, c := range []struct {
		name string
		edit func(*draft)
		code refuse.Code
	}{
		{"trailing byte", func(d *draft) { d.trailer = []byte{0} }, codeMalformed},
		{"something after the token", func(d *draft) { d.afterToken = null }, codeMalformed},
		{"something after the status", func(d *draft) { d.afterStatus = null }, codeMalformed},
		{"status is no integer", func(d *draft) { d.status = null }, codeMalformed},
		{"status is not minimal", func(d *draft) { d.status = tlv(tInteger, []byte{0, 0}) }, codeMalformed},
		{"rejected", func(d *draft) { d.status, d.noToken = integer(2), true }, codeStatus},
		{"granted, no token", func(d *draft) { d.noToken = true }, codeStatus},
		{"not signed data", func(d *draft) { d.contentType = oidTSTInfo }, codeMalformed},
		{"no signer", func(d *draft) { d.signers = 0 }, codeMalformed},
		{"two signers", func(d *draft) { d.signers = 2 }, codeMalformed},
		{"signer id of another kind", func(d *draft) { d.signerID = tlv(tFixed|1, []byte{1}) }, codeMalformed},
		{"empty key id", func(d *draft) { d.signerID = tlv(tFixed) }, codeMalformed},
		{"signer id with more", func(d *draft) { d.signerID = seq(d.world.leaf.cert.RawIssuer, integer(1000), null) }, codeMalformed},
		{"certificates that are not DER", func(d *draft) { d.certificates = [][]byte{{0x30, 0x80, 0, 0}} }, codeMalformed},
		{"11 certificates", func(d *draft) {
			d.certificates = [][]byte{repeat(d.world.leaf.cert.Raw, cms.MaxCertificates+1)}
		}, codeMalformed},
		{"certificate of a byte more than 64 KiB", func(d *draft) {
			d.certificates = [][]byte{tlv(tSequence, make([]byte, 65536-3))}
		}, codeMalformed},
		{"algorithms that are none", func(d *draft) { d.algorithms = null }, codeMalformed},
		{"17 algorithms", func(d *draft) { d.algorithms = repeat(algorithm(cms.OIDSHA256), cms.MaxAlgorithms+1) }, codeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDraft(newWorld(t, nil, nil))
			c.edit(d)
			_, err := Parse(d.build(t))
			wantCode(t, err, c.code)
		})
	}
}

func TestBareTokenIsNoResponse(t *testing.T) {
	w := newWorld(t, nil, nil)
	response := newDraft(w).build(t)
	status := seq(integer(0))
	token := response[4+len(status):]
	if response[1] != 0x82 || token[0] != tSequence {
		t.Fatal("the response is not laid out as expected")
	}
	_, err := Parse(token)
	wantCode(t, err, codeMalformed)
	for _, der := range [][]byte{nil, {}, {0x30}, {0x30, 0}, {0x30, 0x80, 0, 0}, {0x30, 0x81, 2, 0x30, 0}} {
		_, err := Parse(der)
		wantCode(t, err, codeMalformed, der)
	}
}

// TestFaults has what is wrong with a token whose signer is known.
func TestFaults(t *testing.T) {
	extension := func(critical ...byte) []byte {
		return tlv(tContext|1, seq(tlv(tOID, []byte{0x2a, 3}), critical, tlv(tOctets)))
	}
	for _, c := range []struct {
		name string
		edit func(*draft)
		code refuse.Code
	}{
		{"granted with modifications", func(d *draft) { d.status = integer(1) }, codeStatus},
		{"rejected, with a token", func(d *draft) { d.status = integer(2) }, codeStatus},
		{"granted, with a failure", func(d *draft) { d.afterStatus = tlv(tBitString, []byte{0, 1}) }, codeStatus},
		{"version 2", func(d *draft) { d.version = 2 }, codeProfile},
		{"version 4", func(d *draft) { d.version = 4 }, codeProfile},
		{"other content", func(d *draft) { d.eContentType = cms.OIDSignedData }, codeProfile},
		{"certificate of another kind", func(d *draft) { d.certificates = [][]byte{tlv(tContext | 1)} }, codeProfile},
		{"certificate that is none", func(d *draft) { d.certificates = [][]byte{seq()} }, codeMalformed},
		{"certificate with a byte more", func(d *draft) {
			d.certificates = [][]byte{tlv(tSequence, d.world.leaf.cert.Raw[4:], []byte{5, 0})}
		}, codeMalformed},
		{"RSA key too long", func(d *draft) { d.certificates = [][]byte{longCertificate(t, d.world)} }, codeMalformed},

		{"contents not DER", func(d *draft) { d.eContent = []byte{0x30} }, codeMalformed},
		{"contents empty", func(d *draft) { d.eContent = []byte{} }, codeMalformed},
		{"byte after contents", func(d *draft) { d.tstTrailer = []byte{0} }, codeMalformed},
		{"contents version 2", func(d *draft) { d.tstVersion = 2 }, codeProfile},
		{"policy empty", func(d *draft) { d.policy = tlv(tOID) }, codeMalformed},
		{"policy not minimal", func(d *draft) { d.policy = tlv(tOID, []byte{0x2a, 0x80, 1}) }, codeMalformed},
		{"imprint SHA-1", func(d *draft) { d.imprintOf("\x2b\x0e\x03\x02\x1a", crypto.SHA1, null) }, codeProfile},
		{"imprint parameters", func(d *draft) { d.imprintOf(cms.OIDSHA256, crypto.SHA256, integer(1)) }, codeMalformed},
		{"imprint cut", func(d *draft) { d.imprint = seq(algorithm(cms.OIDSHA256), tlv(tOctets, make([]byte, 31))) }, codeMalformed},
		{"imprint of another length", func(d *draft) { d.imprint = seq(algorithm(cms.OIDSHA256), tlv(tOctets, make([]byte, 64))) }, codeMalformed},
		{"local time", func(d *draft) { d.genTime = "20250612120220" }, codeMalformed},
		{"accuracy with more", func(d *draft) { d.options = seq(integer(1), null) }, codeMalformed},
		{"ordering not DER", func(d *draft) { d.options = []byte{1, 1, 1} }, codeMalformed},
		{"nonce not minimal", func(d *draft) { d.options = tlv(tInteger, []byte{0, 1}) }, codeMalformed},
		{"options out of order", func(d *draft) { d.options = append(integer(5), 1, 1, 0xff) }, codeMalformed},
		{"critical extension", func(d *draft) { d.options = extension(1, 1, 0xff) }, codeProfile},
		{"no extension at all", func(d *draft) { d.options = tlv(tContext | 1) }, codeMalformed},
		{"extension not DER", func(d *draft) { d.options = tlv(tContext|1, null) }, codeMalformed},
		{"33 extensions", func(d *draft) {
			one := extension()
			d.options = tlv(tContext|1, bytes.Repeat(one[2:], maxExtensions+1))
		}, codeMalformed},

		{"signer version", func(d *draft) { d.signerVersion = 3 }, codeProfile},
		{"signer version of key id", func(d *draft) { d.signerID = tlv(tFixed, []byte("leaf key id")) }, codeProfile},
		{"no attributes", func(d *draft) { d.noAttributes = true }, codeProfile},
		{"digest SHA-1", func(d *draft) { d.digestOID = "\x2b\x0e\x03\x02\x1a" }, codeProfile},
		{"signature unknown", func(d *draft) { d.signatureOID = "\x2a\x86\x48\xce\x3d\x04\x01" }, codeProfile},
		{"signature over another hash", func(d *draft) { d.signatureOID = cms.OIDECDSAWithSHA384 }, codeProfile},
		{"something after the signature", func(d *draft) { d.unsigned = null }, codeMalformed},
		{"attributes out of order", func(d *draft) {
			d.unsorted = true
			d.attributes = func(d *draft) [][]byte {
				return [][]byte{signingCertV2(certIDV2(d.world.leaf.cert)), contentTypeAttribute(), d.digestAttribute()}
			}
		}, codeMalformed},
		{"no content type", func(d *draft) {
			d.attributes = func(d *draft) [][]byte {
				return [][]byte{d.digestAttribute(), signingCertV2(certIDV2(d.world.leaf.cert))}
			}
		}, codeProfile},
		{"other content type", func(d *draft) {
			d.attributes = func(d *draft) [][]byte {
				return [][]byte{attribute(cms.OIDContentType, tlv(tOID, []byte(cms.OIDSignedData))), d.digestAttribute()}
			}
		}, codeProfile},
		{"no digest", func(d *draft) {
			d.attributes = func(d *draft) [][]byte {
				return [][]byte{contentTypeAttribute(), signingCertV2(certIDV2(d.world.leaf.cert))}
			}
		}, codeProfile},
		{"no certificate id", func(d *draft) { d.attributes = withCertIDs() }, codeProfile},
		{"attribute twice", func(d *draft) { d.attributes = withAttribute(contentTypeAttribute()) }, codeProfile},
		{"attribute with two values", func(d *draft) {
			v := tlv(tOctets, make([]byte, 32))
			d.attributes = func(*draft) [][]byte { return [][]byte{attribute(cms.OIDMessageDigest, v, v)} }
		}, codeMalformed},
		{"attribute without value", func(d *draft) {
			d.attributes = func(*draft) [][]byte { return [][]byte{attribute(cms.OIDContentType)} }
		}, codeMalformed},
		{"attribute not DER", func(d *draft) { d.attributes = withAttribute(null) }, codeMalformed},
		{"33 attributes", func(d *draft) {
			d.attributes = func(*draft) (all [][]byte) {
				for i := range byte(cms.MaxAttributes + 1) {
					all = append(all, attribute(string([]byte{0x2a, i}), null))
				}
				return all
			}
		}, codeMalformed},
		{"certificate ids empty", func(d *draft) { d.attributes = withCertIDs(signingCertV2()) }, codeMalformed},
		{"17 certificate ids", func(d *draft) {
			d.attributes = withCertIDs(signingCertV2(bytes.Repeat(certIDV2(d.world.leaf.cert), maxESSCerts+1)))
		}, codeMalformed},
		{"certificate id with SHA-1", func(d *draft) {
			id := seq(algorithm("\x2b\x0e\x03\x02\x1a"), tlv(tOctets, cms.Digest(crypto.SHA1, d.world.leaf.cert.Raw)))
			d.attributes = withCertIDs(signingCertV2(id))
		}, codeProfile},
		{"certificate id with more", func(d *draft) {
			c := d.world.leaf.cert
			d.attributes = withCertIDs(signingCertV2(certIDV2(c, issuerSerial(c.RawIssuer, c.SerialNumber), null)))
		}, codeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil, nil)
			d := newDraft(w)
			c.edit(d)
			wantRefusal(t, newAuthority(t, w.chain()...), d, c.code)
			tok, err := Parse(d.build(t))
			if err != nil || refuse.CodeOf(tok.Fault()) != c.code {
				t.Errorf("fault %v, %v", tok.Fault(), err)
			}
		})
	}
}

func longCertificate(t testing.TB, w *world) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(nil, &x509.Certificate{SerialNumber: big.NewInt(5)}, w.root.cert, longKey(), w.root.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestForgeries has well-formed tokens that are not what they should be.
func TestForgeries(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*draft)
		code refuse.Code
	}{
		{"another message", func(d *draft) { d.content(); d.message = []byte("another signature") }, codeImprint},
		{"another key", func(d *draft) { d.key = ecKey(t, elliptic.P256(), 9) }, codeSignature},
		{"key of another kind", func(d *draft) { d.key, d.signatureOID = edKey(), cms.OIDEd25519 }, codeSignature},
		{"signature spoiled", func(d *draft) { d.spoil = func(sig []byte) { sig[len(sig)-1] ^= 1 } }, codeSignature},
		{"digest of other contents", func(d *draft) {
			d.attributes = func(d *draft) [][]byte {
				return [][]byte{contentTypeAttribute(), attribute(cms.OIDMessageDigest, tlv(tOctets, make([]byte, 32))),
					signingCertV2(certIDV2(d.world.leaf.cert))}
			}
		}, codeSignature},
		{"certificate id of another", func(d *draft) {
			d.attributes = withCertIDs(signingCertV2(certIDV2(d.world.root.cert), certIDV2(d.world.leaf.cert)))
		}, codeSigner},
		{"one certificate id of another", func(d *draft) {
			d.attributes = withCertIDs(certIDV1(d.world.root.cert), signingCertV2(certIDV2(d.world.leaf.cert)))
		}, codeSigner},
		{"certificate id with another issuer", func(d *draft) {
			c := d.world.leaf.cert
			d.attributes = withCertIDs(signingCertV2(certIDV2(c, issuerSerial(c.RawSubject, c.SerialNumber))))
		}, codeSigner},
		{"certificate id with another serial", func(d *draft) {
			c := d.world.leaf.cert
			d.attributes = withCertIDs(signingCertV2(certIDV2(c, issuerSerial(c.RawIssuer, big.NewInt(1)))))
		}, codeSigner},
		{"namesake of the leaf inside", func(d *draft) {
			fake := newCert(t, leafTemplate(t), ecKey(t, elliptic.P256(), 9), d.world.intermediate)
			d.certificates, d.key = [][]byte{fake.cert.Raw}, fake.key
		}, codeSigner},
		{"before the window", func(d *draft) { d.genTime = "20191231235959Z" }, codeWindow},
		{"before the leaf", func(d *draft) { d.genTime = "20231231235959Z" }, codeChain},
		{"after the leaf", func(d *draft) { d.genTime = "20260101000000.000000001Z" }, codeChain},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil, nil)
			d := newDraft(w)
			c.edit(d)
			wantRefusal(t, newAuthority(t, w.chain()...), d, c.code)
		})
	}
}

// TestSignerProfile has leaves that a trust root should not contain.
func TestSignerProfile(t *testing.T) {
	usages := func(e pkix.Extension) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{e} }
	}
	for _, c := range []struct {
		name string
		edit func(*x509.Certificate)
		ok   bool
	}{
		{"as it should be", nil, true},
		{"no key usage", func(c *x509.Certificate) { c.KeyUsage = 0 }, true},
		{"both signing usages", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageContentCommitment }, true},
		{"key usage for encryption", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, false},
		{"key usage for more", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }, false},
		{"no purpose", func(c *x509.Certificate) { c.ExtraExtensions = nil }, false},
		{"purpose not critical", usages(eku(t, false, purposeTimeStamping)), false},
		{"another purpose", usages(eku(t, true, 3)), false},
		{"two purposes", usages(eku(t, true, purposeTimeStamping, 3)), false},
		{"an unknown purpose more", usages(eku(t, true, purposeTimeStamping, 99)), false},
		{"an unknown purpose", usages(eku(t, true, 99)), false},
		{"the purpose twice", usages(eku(t, true, purposeTimeStamping, purposeTimeStamping)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil, c.edit)
			d := newDraft(w)
			if a := newAuthority(t, w.chain()...); c.ok {
				verifies(t, a, d)
			} else {
				wantRefusal(t, a, d, codeProfile)
			}
		})
	}
}

// A CA that signs tokens itself, and an RSA key that is too short.
func TestSignerIsCA(t *testing.T) {
	w := newWorld(t, nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	d := newDraft(w)
	d.certificates = [][]byte{w.leaf.cert.Raw}
	wantRefusal(t, newAuthority(t, w.intermediate.cert, w.root.cert), d, codeProfile)

	short := *newWorld(t, nil, nil).leaf.cert
	short.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), minRSABits-2), E: 65537}
	wantCode(t, checkSigner(&short), codeProfile)
}

// CVE-2026-39984: the certificate that is checked is the one that signed, and
// not the innocent one that lies next to it.
func TestInnocentCertificateInside(t *testing.T) {
	w := newWorld(t, nil, nil)
	guilty := leafTemplate(t)
	guilty.SerialNumber = big.NewInt(666)
	guilty.SubjectKeyId = []byte("another key id")
	guilty.ExtraExtensions = []pkix.Extension{eku(t, true, 3)} // code signing, by the same CA
	signer := newCert(t, guilty, ecKey(t, elliptic.P256(), 9), w.intermediate)
	for _, bag := range [][]*x509.Certificate{{w.leaf.cert, signer.cert}, {signer.cert, w.leaf.cert}} {
		d := newDraft(w)
		d.key = signer.key
		d.certificates = [][]byte{bag[0].Raw, bag[1].Raw}
		d.signerID = seq(signer.cert.RawIssuer, bigInteger(signer.cert.SerialNumber))
		d.attributes = withCertIDs(signingCertV2(certIDV2(signer.cert)))
		wantRefusal(t, newAuthority(t, w.intermediate.cert, w.root.cert), d, codeProfile)
		// The same under the innocent one's name.
		d.signerID = seq(w.leaf.cert.RawIssuer, bigInteger(w.leaf.cert.SerialNumber))
		wantRefusal(t, newAuthority(t, w.intermediate.cert, w.root.cert), d, codeSigner)
		d.attributes = defaultAttributes
		wantRefusal(t, newAuthority(t, w.intermediate.cert, w.root.cert), d, codeSignature)
	}
}
