// SPDX-License-Identifier: Apache-2.0

package strictcert

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

var signer = ed25519.NewKeyFromSeed(slices.Repeat([]byte{7}, 32))

func create(t *testing.T, edit func(*x509.Certificate), key ed25519.PublicKey) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(1700000000, 0), NotAfter: time.Date(2055, 1, 2, 3, 4, 5, 0, time.UTC)}
	edit(template)
	der, err := x509.CreateCertificate(nil, template, template, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestBounds(t *testing.T) {
	public := signer.Public().(ed25519.PublicKey)
	arcs := func(n int) asn1.ObjectIdentifier {
		return append(asn1.ObjectIdentifier{1, 2}, slices.Repeat([]int{3}, n)...)
	}
	policy := func(n int) x509.OID {
		oid, err := x509.OIDFromInts(append([]uint64{1, 2}, slices.Repeat([]uint64{1 << 63}, n)...))
		if err != nil {
			t.Fatal(err)
		}
		return oid
	}
	extension := func(id asn1.ObjectIdentifier) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{{Id: id, Value: []byte{5, 0}}} }
	}
	for name, c := range map[string]struct {
		edit func(*x509.Certificate)
		want string // part of the error, "" if it passes
	}{
		"plain":            {func(*x509.Certificate) {}, ""},
		"160 bits":         {func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 158) }, ""},
		"long serial":      {func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 160) }, "serial"},
		"very long serial": {func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 400000) }, "serial"},
		"extension":        {extension(arcs(60)), ""},
		"long extension":   {extension(arcs(64)), "identifier"},
		"long purpose":     {func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{arcs(64)} }, "identifier"},
		"policy":           {func(c *x509.Certificate) { c.Policies = []x509.OID{policy(6)} }, ""},
		"long policy":      {func(c *x509.Certificate) { c.Policies = []x509.OID{policy(7)} }, "identifier"},
		"long name type": {func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: arcs(64), Value: "a"}}
		}, "identifier"},
		"large certificate": {func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("a", MaxSize) }, "bytes"},
	} {
		_, err := Parse(create(t, c.edit, public))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A date with an offset passes crypto/x509, and can lie in the year 10000.
func TestDates(t *testing.T) {
	der := create(t, func(*x509.Certificate) {}, signer.Public().(ed25519.PublicKey))
	for _, c := range []struct{ in, out string }{
		{"\x18\x0f20550102030405Z", "\x18\x1399991231235959-0100"},
		{"\x18\x0f20550102030405Z", "\x18\x1399991231235959-2359"},
		{"\x18\x0f20550102030405Z", "\x18\x1320550102030405+0100"},
		{"\x17\x0d231114221320Z", "\x17\x11231114221320-0100"},
		{"\x17\x0d231114221320Z", "\x17\x11231114221320+2359"},
	} {
		forged := bytes.Replace(der, []byte(c.in), []byte(c.out), 1)
		forged = grow(t, forged, []byte(c.out), len(c.out)-len(c.in))
		if _, err := x509.ParseCertificate(forged); err != nil {
			t.Fatalf("%q does not pass where it is meant to: %v", c.out, err)
		}
		if _, err := Parse(forged); err != errDates {
			t.Errorf("%q: %v", c.out, err)
		}
	}
}

// grow mends the lengths around a value that became n bytes longer: those of
// the validity, of the TBSCertificate and of the certificate.
func grow(t *testing.T, der, value []byte, n int) []byte {
	t.Helper()
	at := bytes.Index(der, value)
	validity := bytes.LastIndex(der[:at], []byte{0x30, 32}) // a UTCTime and a GeneralizedTime
	if at-validity > 20 || validity < 0 {
		t.Fatal("no validity")
	}
	der[validity+1] += byte(n)
	if der[1] != 0x81 || der[3] != 0x30 || int(der[4])+n > 127 {
		t.Fatalf("certificate begins % x", der[:8])
	}
	der[2] += byte(n)
	der[4] += byte(n)
	return der
}

func TestEdwardsKey(t *testing.T) {
	for _, key := range []string{
		"\x01" + strings.Repeat("\x00", 31), strings.Repeat("\x00", 32), strings.Repeat("\x00", 31) + "\x80",
		"\xec" + strings.Repeat("\xff", 30) + "\x7f", "\xee" + strings.Repeat("\xff", 30) + "\x7f", "\x02" + strings.Repeat("\x00", 31),
	} {
		der := create(t, func(*x509.Certificate) {}, ed25519.PublicKey(key))
		if _, err := Parse(der); err == nil || !strings.Contains(err.Error(), "Ed25519") {
			t.Errorf("key % x: %v", key, err)
		}
	}
}
