// SPDX-License-Identifier: Apache-2.0

package strictcert

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// components returns an identifier of so many components.
func components(n int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{1, 2}, slices.Repeat([]int{3}, n-2)...)
}

// Each bound holds at the limit and not one beyond it, for the first and for
// the second value of a list.
func TestLimits(t *testing.T) {
	names := func(n int) pkix.Name {
		return pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: components(4), Value: "a"}, {Type: components(n), Value: "b"}}}
	}
	policy := func(n int) x509.OID { // of n bytes
		ints := append([]uint64{1, 2}, slices.Repeat([]uint64{3}, n-1)...)
		oid, err := x509.OIDFromInts(ints)
		if err != nil {
			t.Fatal(err)
		}
		return oid
	}
	for name, c := range map[string]struct {
		limit int
		edit  func(c, parent *x509.Certificate, n int)
		want  error
	}{
		"extension": {MaxOID, func(c, _ *x509.Certificate, n int) {
			c.ExtraExtensions = []pkix.Extension{{Id: components(4), Value: []byte{5, 0}}, {Id: components(n), Value: []byte{5, 0}}}
		}, errOID},
		"first extension": {MaxOID, func(c, _ *x509.Certificate, n int) {
			c.ExtraExtensions = []pkix.Extension{{Id: components(n), Value: []byte{5, 0}}, {Id: components(4), Value: []byte{5, 0}}}
		}, errOID},
		"purpose": {MaxOID, func(c, _ *x509.Certificate, n int) {
			c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{components(4), components(n)}
		}, errOID},
		"policy":  {MaxOID, func(c, _ *x509.Certificate, n int) { c.Policies = []x509.OID{policy(3), policy(n)} }, errOID},
		"subject": {MaxOID, func(c, _ *x509.Certificate, n int) { c.Subject = names(n) }, errOID},
		"issuer":  {MaxOID, func(_, parent *x509.Certificate, n int) { parent.Subject = names(n) }, errOID},
		"serial number": {MaxSerialBits, func(c, _ *x509.Certificate, n int) {
			c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), uint(n-1))
		}, errSerial},
	} {
		for _, n := range []int{c.limit, c.limit + 1} {
			template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1800000000, 0)}
			parent := &x509.Certificate{Subject: pkix.Name{CommonName: "issuer"}}
			c.edit(template, parent, n)
			der, err := x509.CreateCertificate(nil, template, parent, signer.Public(), signer)
			if err != nil {
				t.Fatal(err)
			}
			var want error
			if n > c.limit {
				want = c.want
			}
			if _, err := Parse(der); err != want {
				t.Errorf("%s of %d: %v, want %v", name, n, err, want)
			}
		}
	}
}

// A certificate may have MaxSize bytes and not one more.
func TestLimitOfSize(t *testing.T) {
	of := func(n int) []byte { // with an extension of n bytes
		return create(t, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: components(4), Value: make([]byte, n)}}
		}, signer.Public().(ed25519.PublicKey))
	}
	n := MaxSize - 1000
	n += MaxSize - len(of(n))
	for more := range 2 {
		der := of(n + more)
		if len(der) != MaxSize+more {
			t.Fatalf("%d bytes, want %d", len(der), MaxSize+more)
		}
		if _, err := Parse(der); (err == nil) != (more == 0) {
			t.Errorf("%d bytes: %v", len(der), err)
		}
	}
}

// shape is a certificate with a key of an elliptic curve, part by part, as far
// as UnsupportedKey and datesInUTC look at it.
type shape struct {
	version, serial, algorithm, issuer, validity, subject []byte
	key                                                   []byte
	outer, signature                                      []byte
	behindSignature, behindCertificate                    []byte
}

func der(tag cb.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, p := range parts {
			b.AddBytes(p)
		}
	})
	return b.BytesOrPanic()
}

func sequence(parts ...[]byte) []byte { return der(cb.SEQUENCE, parts...) }

func oid(t *testing.T, id asn1.ObjectIdentifier) []byte {
	t.Helper()
	raw, err := asn1.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func plain() shape {
	date := der(cb.UTCTime, []byte("250101000000Z"))
	return shape{
		version: der(cb.Tag(0).Constructed().ContextSpecific(), der(cb.INTEGER, []byte{2})), serial: der(cb.INTEGER, []byte{1}),
		algorithm: sequence(), issuer: sequence(), validity: sequence(date, date), subject: sequence(),
		outer: sequence(), signature: der(cb.BIT_STRING, []byte{0, 1}),
	}
}

func (s shape) tbs() []byte {
	return sequence(s.version, s.serial, s.algorithm, s.issuer, s.validity, s.subject, s.key)
}

func (s shape) der() []byte {
	return append(sequence(s.tbs(), s.outer, s.signature, s.behindSignature), s.behindCertificate...)
}

// publicKey returns a SubjectPublicKeyInfo.
func publicKey(algorithm, parameters []byte, point ...byte) []byte {
	return sequence(sequence(algorithm, parameters), der(cb.BIT_STRING, append([]byte{0}, point...)))
}

func TestUnsupportedKey(t *testing.T) {
	ec := oid(t, asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1})
	curve := func(id ...int) []byte { return oid(t, id) }
	p256 := curve(1, 2, 840, 10045, 3, 1, 7)
	long := func(n int) asn1.ObjectIdentifier {
		return append(asn1.ObjectIdentifier{1, 2}, slices.Repeat([]int{3}, n-1)...)
	}
	compressed := publicKey(ec, p256, 2, 1)
	with := func(edit func(*shape)) shape {
		s := plain()
		s.key = compressed
		edit(&s)
		return s
	}
	key := func(k []byte) shape { return with(func(s *shape) { s.key = k }) }
	fill := func(n int) shape { // a certificate of n bytes
		s := with(func(s *shape) { s.subject = sequence(make([]byte, n-1000)) })
		return with(func(o *shape) { o.subject = sequence(make([]byte, n-1000+n-len(s.der()))) })
	}
	const short = "a compressed key"
	for name, c := range map[string]struct {
		cert shape
		want string
	}{
		"P-224":                       {key(publicKey(ec, curve(1, 3, 132, 0, 33), 4, 1)), ""},
		"P-256":                       {key(publicKey(ec, p256, 4, 1)), ""},
		"P-384":                       {key(publicKey(ec, curve(1, 3, 132, 0, 34), 4, 1)), ""},
		"P-521":                       {key(publicKey(ec, curve(1, 3, 132, 0, 35), 4, 1)), ""},
		"P-224 compressed":            {key(publicKey(ec, curve(1, 3, 132, 0, 33), 3, 1)), short},
		"P-256 compressed":            {key(compressed), short},
		"P-384 compressed":            {key(publicKey(ec, curve(1, 3, 132, 0, 34), 3, 1)), short},
		"P-521 compressed":            {key(publicKey(ec, curve(1, 3, 132, 0, 35), 2, 1)), short},
		"the point at infinity":       {key(publicKey(ec, p256, 0)), ""},
		"a hybrid point":              {key(publicKey(ec, p256, 6, 1)), ""},
		"first byte 1":                {key(publicKey(ec, p256, 1, 1)), ""},
		"no point":                    {key(publicKey(ec, p256)), ""},
		"secp256k1":                   {key(publicKey(ec, curve(1, 3, 132, 0, 10), 4, 1)), "a key on the curve 1.3.132.0.10"},
		"secp256k1, compressed":       {key(publicKey(ec, curve(1, 3, 132, 0, 10), 2, 1)), "a key on the curve 1.3.132.0.10"},
		"brainpoolP256r1":             {key(publicKey(ec, curve(1, 3, 36, 3, 3, 2, 8, 1, 1, 7), 4)), "a key on the curve 1.3.36.3.3.2.8.1.1.7"},
		"a curve written out":         {key(publicKey(ec, sequence([]byte{2, 1, 1}), 4, 1)), "an elliptic curve that is written out"},
		"no curve":                    {key(publicKey(ec, nil, 4, 1)), ""},
		"the curve of the issuer":     {key(publicKey(ec, []byte{5, 0}, 4, 1)), ""},
		"a curve of 32 bytes":         {key(publicKey(ec, oid(t, long(maxName)), 4)), "a key on the curve " + long(maxName).String()},
		"a curve of 33 bytes":         {key(publicKey(ec, oid(t, long(maxName+1)), 4)), ""},
		"RSA":                         {key(publicKey(curve(1, 2, 840, 113549, 1, 1, 1), []byte{5, 0}, 2)), ""},
		"another use of EC":           {key(publicKey(curve(1, 2, 840, 10045, 2, 2), p256, 2)), ""},
		"an algorithm of 33 bytes":    {key(publicKey(oid(t, long(maxName+1)), p256, 2)), ""},
		"no algorithm":                {key(publicKey(nil, nil, 2)), ""},
		"no version":                  {with(func(s *shape) { s.version = nil }), short},
		"no serial number":            {with(func(s *shape) { s.serial = nil }), ""},
		"no signature algorithm":      {with(func(s *shape) { s.algorithm = nil }), ""},
		"no issuer":                   {with(func(s *shape) { s.issuer = nil }), ""},
		"no validity":                 {with(func(s *shape) { s.validity = nil }), ""},
		"no subject":                  {with(func(s *shape) { s.subject = nil }), ""},
		"no key":                      {with(func(s *shape) { s.key = nil }), ""},
		"an empty key":                {key(sequence()), ""},
		"a key without bits":          {key(sequence(sequence(ec, p256))), ""},
		"no outer algorithm":          {with(func(s *shape) { s.outer = nil }), ""},
		"no signature":                {with(func(s *shape) { s.signature = nil }), ""},
		"data behind the signature":   {with(func(s *shape) { s.behindSignature = []byte{5, 0} }), ""},
		"data behind the certificate": {with(func(s *shape) { s.behindCertificate = []byte{5, 0} }), ""},
		"of the greatest size":        {fill(MaxSize), short},
		"a byte too large":            {fill(MaxSize + 1), ""},
	} {
		if got := UnsupportedKey(c.cert.der()); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if n := len(fill(MaxSize).der()); n != MaxSize {
		t.Errorf("%d bytes, want %d", n, MaxSize)
	}
	for _, bad := range [][]byte{nil, {}, {5, 0}, sequence(), sequence(sequence())} {
		if got := UnsupportedKey(bad); got != "" {
			t.Errorf("% x: %q", bad, got)
		}
	}
}

func TestDatesInUTC(t *testing.T) {
	good, bad := der(cb.UTCTime, []byte("250101000000Z")), der(cb.UTCTime, []byte("250101000000+0000"))
	empty := der(cb.UTCTime)
	with := func(edit func(*shape)) shape {
		s := plain()
		edit(&s)
		return s
	}
	dates := func(d ...[]byte) shape { return with(func(s *shape) { s.validity = sequence(d...) }) }
	for name, c := range map[string]struct {
		cert shape
		want bool
	}{
		"both":             {dates(good, good), true},
		"GeneralizedTime":  {dates(good, der(cb.GeneralizedTime, []byte("20550101000000Z"))), true},
		"no version":       {with(func(s *shape) { s.version = nil }), true},
		"the first not":    {dates(bad, good), false},
		"the second not":   {dates(good, bad), false},
		"the first empty":  {dates(empty, good), false},
		"the second empty": {dates(good, empty), false},
		"one":              {dates(good), false},
		"neither":          {dates(), false},
		"no validity":      {with(func(s *shape) { s.validity, s.subject = nil, nil }), false},
		"no serial number": {with(func(s *shape) { s.serial = nil }), false},
		"no algorithm":     {with(func(s *shape) { s.algorithm = nil }), false},
		"no issuer":        {with(func(s *shape) { s.issuer = nil }), false},
	} {
		if got := datesInUTC(c.cert.tbs()); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if datesInUTC(nil) || datesInUTC([]byte{5, 0}) {
		t.Error("no certificate has dates")
	}
}

func TestCheckEd25519(t *testing.T) {
	// Points of small order, in their canonical form.
	for _, key := range []string{
		"\x01" + strings.Repeat("\x00", 31),
		strings.Repeat("\x00", 32),
		strings.Repeat("\x00", 31) + "\x80",
		"\xec" + strings.Repeat("\xff", 30) + "\x7f",
	} {
		if err := CheckEd25519(ed25519.PublicKey(key)); err != errEdwardsOrder {
			t.Errorf("% x: %v, want %v", key, err, errEdwardsOrder)
		}
	}
	public := signer.Public().(ed25519.PublicKey)
	for name, key := range map[string]ed25519.PublicKey{
		"no bytes": nil, "31 bytes": public[:31], "33 bytes": append(slices.Clone(public), 0),
		"not on the curve":        ed25519.PublicKey("\x02" + strings.Repeat("\x00", 31)),
		"p + 1":                   ed25519.PublicKey("\xee" + strings.Repeat("\xff", 30) + "\x7f"),
		"1 with the sign of zero": ed25519.PublicKey("\x01" + strings.Repeat("\x00", 30) + "\x80"),
	} {
		if err := CheckEd25519(key); err != errEdwardsPoint {
			t.Errorf("%s: %v, want %v", name, err, errEdwardsPoint)
		}
	}
	if err := CheckEd25519(public); err != nil {
		t.Error(err)
	}
}
