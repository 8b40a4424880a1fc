// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one condition or number of the package is changed.

// spoiled returns every way in which one element of der, at any depth that
// holds elements, can be missing, be another one, be of another type with the
// same content, or be followed by one more. What opaque returns true for is not entered.
func spoiled(der []byte, opaque func(tag byte) bool) [][]byte {
	var list [][]byte
	kids := children(der)
	if der[0]&0x20 == 0 || opaque(der[0]) {
		return nil
	}
	with := func(kids ...[]byte) { list = append(list, tlv(der[0], kids...)) }
	with(append(kids[:len(kids):len(kids)], tlv(0x16))...)
	for i, kid := range kids {
		before, after := kids[:i:i], kids[i+1:]
		with(append(before, after...)...)
		with(append(append(before, tlv(0x16)), after...)...)
		with(append(append(before, append([]byte{kid[0] ^ 1}, kid[1:]...)), after...)...)
		for _, bad := range spoiled(kid, opaque) {
			with(append(append(before, bad), after...)...)
		}
	}
	return list
}

// children splits the content of an element.
func children(der []byte) (kids [][]byte) {
	s := cryptobyte.String(der)
	var content, kid cryptobyte.String
	if s.ReadAnyASN1(&content, nil) && der[0]&0x20 != 0 {
		for content.ReadAnyASN1Element(&kid, nil) {
			kids = append(kids, kid)
		}
	}
	return kids
}

func never(byte) bool { return false }

// What is read by hand must be of its form to the last element.
func TestFormsToTheLastElement(t *testing.T) {
	name := newWorld(t, nil, nil).leaf.cert.RawIssuer
	inside := func(der []byte) cryptobyte.String {
		s := cryptobyte.String(der)
		var content cryptobyte.String
		s.ReadAnyASN1(&content, nil)
		return content
	}
	isName := func(tag byte) bool { return tag == tContext|4 }
	for _, c := range []struct {
		name   string
		good   []byte
		opaque func(byte) bool
		read   func(der []byte) bool
		lacks  int // how many elements may be missing
	}{
		{"algorithm", algorithm(cms.OIDSHA256), never, func(der []byte) bool {
			var oid string
			s := cryptobyte.String(der)
			return cms.ReadAlgorithm(&s, &oid)
		}, 0},
		{"imprint", seq(algorithm(cms.OIDSHA256), tlv(tOctets, make([]byte, 32))), never, func(der []byte) bool {
			s := cryptobyte.String(der)
			_, _, err := readImprint(&s)
			return err == nil
		}, 0},
		{"attributes", tlv(tContext, attribute("\x2a\x03")), func(tag byte) bool { return tag == tSet }, func(der []byte) bool {
			var set cryptobyte.String
			s := cryptobyte.String(der)
			if !s.ReadASN1(&set, cms.Tag0) || !s.Empty() {
				return false
			}
			err := new(signerInfo).parseAttributes(set)
			return refuse.CodeOf(err) == codeProfile // of its form, and lacking others
		}, 1},
		{"certificate identifier", seq(algorithm(cms.OIDSHA512), tlv(tOctets), issuerSerial(name, big.NewInt(1))), isName, func(der []byte) bool {
			_, err := parseCertID(inside(der), true)
			return refuse.CodeOf(err) == ""
		}, 2},
		{"issuer and serial number", issuerSerial(name, big.NewInt(1)), isName, func(der []byte) bool {
			s := cryptobyte.String(der)
			return readIssuerSerial(&s, new(certID)) && s.Empty()
		}, 0},
		{"content", seq(tlv(tOID, []byte(oidTSTInfo)), tlv(tContext, tlv(tOctets, []byte{0x30, 0}))), never, func(der []byte) bool {
			var tok Token
			tok.parseContent(inside(der))
			return tok.content != nil
		}, 0},
		{"certificate identifiers", seq(seq(seq(tlv(tOctets)))), never, func(der []byte) bool {
			_, err := parseSigningCertificate(inside(der), true)
			return err == nil
		}, 0},
		{"contents", newDraft(newWorld(t, nil, nil)).content(), never, func(der []byte) bool {
			_, err := parseTSTInfo(der)
			return err == nil
		}, 1},
		{"extensions", tlv(tContext|1, seq(tlv(tOID, []byte{0x2a, 3}), tlv(tOctets))), never, func(der []byte) bool {
			return parseExtensions(inside(der)) == nil
		}, 0},
	} {
		if !c.read(c.good) {
			t.Errorf("%s: not read", c.name)
		}
		read := 0
		for _, bad := range spoiled(c.good, c.opaque) {
			if c.read(bad) {
				read++
			}
		}
		if read != c.lacks {
			t.Errorf("%s: read in spite of %d changes, want %d", c.name, read, c.lacks)
		}
	}
}

// The frame of a token is no one's to sign: it must be of its form, too.
func TestFrameToTheLastElement(t *testing.T) {
	w := newWorld(t, nil, nil)
	a := newAuthority(t, w.chain()...)
	d := newDraft(w)
	der := d.build(t)
	accepted := 0
	for _, bad := range spoiled(der, never) {
		tok, err := Parse(bad)
		if err == nil {
			_, err = a.Verify(tok, d.message)
		}
		if err == nil {
			accepted++
		}
	}
	// The list of algorithms may be empty, and its parameters are not read;
	// those of the signer's algorithm may be missing.
	if accepted != 6 {
		t.Errorf("%d changes make no difference, want 6", accepted)
	}
	for what, s := range map[string][]byte{
		"no identifier": tlv(tContext, seq()), "nothing": {}, "identifier alone": tlv(tOID, []byte(cms.OIDSignedData)),
		"another after it": bytes.Join([][]byte{children(children(der)[1])[0], children(children(der)[1])[1], null}, nil),
	} {
		wantCode(t, new(Token).parseContentInfo(s), codeMalformed, what)
	}
	signer := children(children(children(children(children(der)[1])[1])[0])[3])[0]
	parts := children(signer)[2:]
	for i := range parts[:len(parts)-1] {
		without := bytes.Join(append(append([][]byte{}, parts[:i]...), parts[i+1:]...), nil)
		if i == 1 {
			continue // the attributes, whose absence has a code of its own
		}
		_, err := parseSignature(without)
		wantCode(t, err, codeMalformed, "without part", i)
	}
}

func TestAttributesOfTheirForm(t *testing.T) {
	id := func(c *x509.Certificate) []byte { return seq(seq(certIDV2(c))) }
	for _, c := range []struct {
		name string
		edit func(*draft)
		code refuse.Code
	}{
		{"other content type, signed", func(d *draft) {
			d.attributes = func(d *draft) [][]byte {
				return [][]byte{attribute(cms.OIDContentType, tlv(tOID, []byte(cms.OIDSignedData))), d.digestAttribute(),
					signingCertV2(certIDV2(d.world.leaf.cert))}
			}
		}, codeProfile},
		{"two lists of certificates", func(d *draft) {
			c := d.world.leaf.cert
			d.attributes = withCertIDs(attribute(oidSigningCertificateV2, id(c), id(c)))
		}, codeMalformed},
		{"certificate id with no algorithm in its place", func(d *draft) {
			d.attributes = withCertIDs(signingCertV2(seq(seq(null), tlv(tOctets, make([]byte, 32)))))
		}, codeMalformed},
		{"certificate id without a value", func(d *draft) { d.attributes = withCertIDs(signingCertV2(seq())) }, codeMalformed},
		{"attribute of nothing", func(d *draft) { d.attributes = withAttribute(seq()) }, codeMalformed},
		{"signer id of another number", func(d *draft) {
			d.signerID = seq(d.world.leaf.cert.RawIssuer, integer(1001))
		}, codeSigner},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil, nil)
			d := newDraft(w)
			c.edit(d)
			tok, err := Parse(d.build(t))
			if err != nil {
				t.Fatal(err)
			}
			_, err = newAuthority(t, w.chain()...).Verify(tok, d.message)
			wantCode(t, err, c.code)
		})
	}
}

// Bounds are spelled out, so that moving one does not move its test.
func TestBoundsAreWhatTheyAre(t *testing.T) {
	for what, c := range map[string]struct {
		most int
		read func(n int) error
	}{
		"digest algorithms": {16, func(n int) error { return cms.SkipAlgorithms(bytes.Repeat(algorithm(cms.OIDSHA256), n)) }},
		"attributes": {32, func(n int) error {
			var all [][]byte
			for i := range byte(n) {
				all = append(all, attribute(string([]byte{0x2a, i}), null))
			}
			err := new(signerInfo).parseAttributes(bytes.Join(all, nil))
			if refuse.CodeOf(err) == codeProfile { // as many as there may be, and not those there must be
				return nil
			}
			return err
		}},
		"extensions": {32, func(n int) error {
			return parseExtensions(bytes.Repeat(seq(tlv(tOID, []byte{0x2a, 3}), tlv(tOctets)), n))
		}},
		"certificate identifiers": {16, func(n int) error {
			_, err := parseSigningCertificate(seq(bytes.Repeat(seq(tlv(tOctets)), n)), true)
			return err
		}},
		"certificates": {10, func(n int) error {
			return new(cms.SignedData).ReadCertificates(bytes.Repeat(seq(), n))
		}},
		"certificates of an authority": {10, func(n int) error {
			chain := make([]*x509.Certificate, n)
			for i := range chain {
				chain[i] = &x509.Certificate{IsCA: true}
			}
			_, err := NewAuthority(AuthorityConfig{Chain: chain, Start: rootStart})
			return err
		}},
		"bits of RSA": {8192, func(n int) error {
			if tooLong(&x509.Certificate{PublicKey: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), uint(n-1))}}) {
				return errTSTInfo
			}
			return nil
		}},
	} {
		if err := c.read(c.most); err != nil {
			t.Errorf("%d %s: %v", c.most, what, err)
		}
		if c.read(c.most+1) == nil {
			t.Errorf("%d %s", c.most+1, what)
		}
	}
	signer := func(bits uint) error {
		cert := *newWorld(t, nil, nil).leaf.cert
		cert.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), bits-1)}
		return checkSigner(&cert)
	}
	if err := signer(2048); err != nil {
		t.Error(err)
	}
	wantCode(t, signer(2047), codeProfile)
}

// Names lead from a token's signer to an authority over as many certificates
// as a token may hold, and not round in a circle.
func TestKnowsOverCertificates(t *testing.T) {
	link := func(subject, issuer byte) *x509.Certificate {
		return &x509.Certificate{RawSubject: []byte{subject}, RawIssuer: []byte{issuer}}
	}
	tok := &Token{parsed: true, signer: cms.SignerID{Issuer: []byte{0}, Serial: new(big.Int)}}
	for i := range byte(10) {
		tok.certs = append(tok.certs, link(i, i+1))
	}
	if !(&Authority{chain: []*x509.Certificate{link(10, 11)}}).Knows(tok) {
		t.Error("the tenth issuer is not known")
	}
	tok.certs[9] = link(9, 0)
	if (&Authority{chain: []*x509.Certificate{link(10, 11)}}).Knows(tok) {
		t.Error("a circle leads to an authority")
	}
}

func TestShortIdentifiers(t *testing.T) {
	for _, content := range [][]byte{nil, null, tlv(tContext, tlv(tOctets))} {
		var tok Token
		tok.parseContent(content)
		wantCode(t, tok.Fault(), codeMalformed, "content without a type")
	}
	if (&cms.SignerID{}).Names(&x509.Certificate{}) {
		t.Error("no identifier names a certificate without one")
	}
	s := cryptobyte.String(tlv(tFixed, []byte{7}))
	var id cms.SignerID
	if !cms.ReadSignerID(&s, &id) || !id.Names(&x509.Certificate{SubjectKeyId: []byte{7}}) {
		t.Error("an identifier of one byte names nothing")
	}
	root := newWorld(t, nil, nil).root.cert
	if got := newAuthority(t, root).KeyID(); got != sha256.Sum256(root.RawSubjectPublicKeyInfo) {
		t.Errorf("an authority of one certificate has the key %x", got)
	}
	for _, bad := range [][]byte{{tInteger, 5}, {tFixed, 1}, {tFixed | 1, 1}, {tInteger}, null} {
		if skipAccuracy(bad) {
			t.Errorf("accuracy %x", bad)
		}
	}
}

// Tables make no signature good that is not.
func TestAcceleratedRefuses(t *testing.T) {
	w := newWorld(t, nil, nil)
	d := newDraft(w)
	a := newAuthority(t, w.chain()...).Accelerated(fastverify.New())
	for range 40 { // tables are built for keys that recur
		verifies(t, a, d)
	}
	d.spoil = func(sig []byte) { sig[len(sig)-1] ^= 1 }
	wantRefusal(t, a, d, codeSignature)
}

// The name of a signer's issuer is DER as a whole, not only on the outside: a
// token that spoils it is malformed, not one of an authority no one knows.
func TestSignerNames(t *testing.T) {
	part := seq(tlv(tOID, []byte("\x55\x04\x0a")), tlv(tUTF8, []byte("x")))
	read := func(name []byte) bool {
		s := cryptobyte.String(seq(name, integer(7)))
		return cms.ReadSignerID(&s, new(cms.SignerID))
	}
	for _, name := range [][]byte{seq(), seq(tlv(tSet, part)), seq(tlv(tSet, part, part), tlv(tSet, part))} {
		if !read(name) {
			t.Errorf("%x is a name", name)
		}
	}
	for what, name := range map[string][]byte{
		"nothing":                    nil,
		"a set of sets":              tlv(tSet, tlv(tSet, part)),
		"a set":                      tlv(tSet, part),
		"sequences in it":            seq(part),
		"an empty set":               seq(tlv(tSet)),
		"an empty set after another": seq(tlv(tSet, part), tlv(tSet)),
		"no attribute":               seq(tlv(tSet, tlv(tUTF8, []byte("x")))),
		"a bad one after another":    seq(tlv(tSet, part, seq())),
		"a type that is none":        seq(tlv(tSet, seq(tlv(tUTF8, []byte("x")), tlv(tUTF8, []byte("x"))))),
		"no value":                   seq(tlv(tSet, seq(tlv(tOID, []byte("\x55\x04\x0a"))))),
		"two values":                 seq(tlv(tSet, seq(tlv(tOID, []byte("\x55\x04\x0a")), integer(1), integer(2)))),
		"a value cut short":          seq(tlv(tSet, seq(tlv(tOID, []byte("\x55\x04\x0a")), []byte{tUTF8, 2, 'x'}))),
		"a byte after its parts":     seq(tlv(tSet, part), []byte{0}),
	} {
		if read(name) {
			t.Errorf("%s is taken for a name", what)
		}
	}
	w := newWorld(t, nil, nil)
	d := newDraft(w)
	d.signerID = seq(seq(part), integer(7))
	_, err := Parse(d.build(t))
	wantCode(t, err, codeMalformed)
}
