// SPDX-License-Identifier: Apache-2.0

package fulcio

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func sanCert(der ...[]byte) *x509.Certificate {
	c := new(x509.Certificate)
	for _, d := range der {
		c.Extensions = append(c.Extensions, pkix.Extension{Id: oidSAN, Critical: true, Value: d})
	}
	return c
}

// tlv encodes one value with a short or a two-byte length.
func tlv(tag byte, content ...[]byte) []byte {
	body := bytes.Join(content, nil)
	switch n := len(body); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
}

func TestSubjectAltName(t *testing.T) {
	user, _ := hex.DecodeString("3021a01f060a2b0601040183bf300107a0110c0f666f6f216578616d706c652e636f6d")
	typeID, _ := hex.DecodeString("060a2b0601040183bf300107")
	otherID, _ := hex.DecodeString("060a2b0601040183bf300108")
	odd := "HTTPS://GitHub.com/a/b//c%2f?x#@refs/heads/main"
	email, uri := tlv(0x81, []byte("a@example.com")), tlv(0x86, []byte(odd))
	tests := []struct {
		name string
		cert *x509.Certificate
		want SAN // zero: refused
	}{
		{"user name of the Fulcio specification", sanCert(user), SAN{OtherName, "foo!example.com"}},
		{"email", sanCert(tlv(0x30, email)), SAN{Email, "a@example.com"}},
		{"uri, raw", sanCert(tlv(0x30, uri)), SAN{URI, odd}},
		{"none", sanCert(), SAN{}},
		{"two extensions", sanCert(user, user), SAN{}},
		{"no names", sanCert(tlv(0x30)), SAN{}},
		{"two names", sanCert(tlv(0x30, email, uri)), SAN{}},
		{"same name twice", sanCert(tlv(0x30, email, email)), SAN{}},
		{"trailing byte", sanCert(append(tlv(0x30, email), 0)), SAN{}},
		{"not a sequence", sanCert(tlv(0x31, email)), SAN{}},
		{"cut", sanCert(tlv(0x30, email[:5])), SAN{}},
		{"dns", sanCert(tlv(0x30, tlv(0x82, []byte("example.com")))), SAN{}},
		{"empty", sanCert(tlv(0x30, tlv(0x81))), SAN{}},
		{"not ascii", sanCert(tlv(0x30, tlv(0x81, []byte("ä@example.com")))), SAN{}},
		{"nul", sanCert(tlv(0x30, tlv(0x81, []byte("a@example.com\x00.evil")))), SAN{}},
		{"too long", sanCert(tlv(0x30, tlv(0x86, []byte(strings.Repeat("a", maxName+1))))), SAN{}},
		{"constructed email", sanCert(tlv(0x30, tlv(0xa1, []byte("a@example.com")))), SAN{}},
		{"otherName of another type", sanCert(tlv(0x30, tlv(0xa0, otherID, tlv(0xa0, tlv(0x0c, []byte("x")))))), SAN{}},
		{"otherName without a type", sanCert(tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x0c, []byte("x")))))), SAN{}},
		{"otherName as IA5String", sanCert(tlv(0x30, tlv(0xa0, typeID, tlv(0xa0, tlv(0x16, []byte("x")))))), SAN{}},
		{"otherName, trailing value", sanCert(tlv(0x30, tlv(0xa0, typeID, tlv(0xa0, tlv(0x0c, []byte("x")), []byte{5, 0})))), SAN{}},
		{"otherName, trailing field", sanCert(tlv(0x30, tlv(0xa0, typeID, tlv(0xa0, tlv(0x0c, []byte("x"))), []byte{5, 0}))), SAN{}},
		{"otherName, not UTF-8", sanCert(tlv(0x30, tlv(0xa0, typeID, tlv(0xa0, tlv(0x0c, []byte{0xff}))))), SAN{}},
		{"otherName, implicit", sanCert(tlv(0x30, tlv(0xa0, typeID, tlv(0x80, []byte("x"))))), SAN{}},
		{"otherName, long-form length", sanCert(tlv(0x30, tlv(0xa0, typeID, tlv(0xa0, []byte{0x0c, 0x81, 1, 'x'})))), SAN{}},
	}
	for _, tt := range tests {
		got, err := SubjectAltName(tt.cert)
		if tt.want == (SAN{}) {
			if refuse.CodeOf(err) != codeSAN {
				t.Errorf("%s: got %v, %v, want a refusal", tt.name, got, err)
			}
		} else if err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

func ext(n int, value []byte) pkix.Extension {
	oid := append(append(asn1.ObjectIdentifier{}, arc...), n)
	return pkix.Extension{Id: oid, Value: value}
}

func TestExtensions(t *testing.T) {
	const iss = "https://token.actions.githubusercontent.com"
	set, err := Extensions(&x509.Certificate{Extensions: []pkix.Extension{
		ext(12, tlv(0x0c, []byte("https://github.com/o/r"))),
		ext(8, tlv(0x0c, []byte(iss))),
		ext(1, []byte(iss)),
		{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, Value: []byte("not ours")},
		ext(99, []byte{1, 2}),
		ext(11, tlv(0x0c)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := set.Issuer(); v != iss || !ok {
		t.Errorf("issuer %q, %v", v, ok)
	}
	if v, ok := set.Lookup("sourceRepositoryURI"); v != "https://github.com/o/r" || !ok {
		t.Errorf("repository %q, %v", v, ok)
	}
	if v, ok := set.Value(11); v != "" || !ok {
		t.Errorf("an empty extension is not absent: %q, %v", v, ok)
	}
	if _, ok := set.Value(13); ok {
		t.Error("an absent extension is not empty")
	}
	for _, name := range []string{"1.3.6.1.4.1.57264.1.99", "1.3.6.1.4.1.57264.1.12"} {
		if v, ok := set.Lookup(name); v != map[int]string{99: "AQI=", 12: "https://github.com/o/r"}[Number(name)] || !ok {
			t.Errorf("%s is %q, %v", name, v, ok)
		}
	}
	for _, name := range []string{"", "1.3.6.1.4.1.57264.1.", "1.3.6.1.4.1.57264.1.0", "1.3.6.1.4.1.57264.1.012", "1.3.6.1.4.1.57264.1.+12", "1.3.6.1.4.1.57264.1.-1",
		"1.3.6.1.4.1.57264.1.4294967308", "1.3.6.1.4.1.57264.2"} {
		if n := Number(name); n != 0 {
			t.Errorf("%q is number %d", name, n)
		}
	}
	if _, ok := set.Lookup("nonsense"); ok {
		t.Error("a name that nobody gave was found")
	}
	var numbers []int
	for _, e := range set.All() {
		numbers = append(numbers, e.Number)
	}
	if len(numbers) != 5 || numbers[0] != 1 || numbers[1] != 8 || numbers[4] != 99 {
		t.Errorf("numbers %v", numbers)
	}
}

func TestIssuerAlone(t *testing.T) {
	for _, e := range []pkix.Extension{ext(1, []byte("i")), ext(8, tlv(0x0c, []byte("i")))} {
		set, err := Extensions(&x509.Certificate{Extensions: []pkix.Extension{e}})
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := set.Issuer(); v != "i" || !ok {
			t.Errorf("issuer %q, %v", v, ok)
		}
	}
	if _, ok := new(ExtensionSet).Issuer(); ok {
		t.Error("the empty set has an issuer")
	}
}

func TestExtensionsRefused(t *testing.T) {
	many := []pkix.Extension{}
	for n := range maxExts + 1 {
		many = append(many, ext(100+n, nil))
	}
	tests := map[string]struct {
		exts []pkix.Extension
		code refuse.Code
	}{
		"issuers differ":          {[]pkix.Extension{ext(1, []byte("a")), ext(8, tlv(0x0c, []byte("b")))}, codeIssuer},
		"issuer and empty issuer": {[]pkix.Extension{ext(1, nil), ext(8, tlv(0x0c, []byte("b")))}, codeIssuer},
		"twice":                   {[]pkix.Extension{ext(9, tlv(0x0c)), ext(9, tlv(0x0c))}, codeExt},
		"unknown twice":           {[]pkix.Extension{ext(99, nil), ext(99, nil)}, codeExt},
		"PrintableString":         {[]pkix.Extension{ext(8, tlv(0x13, []byte("b")))}, codeExt},
		"raw text in 8":           {[]pkix.Extension{ext(8, []byte("https://example.com"))}, codeExt},
		"trailing byte":           {[]pkix.Extension{ext(24, append(tlv(0x0c, []byte("b")), 0))}, codeExt},
		"long-form length":        {[]pkix.Extension{ext(24, []byte{0x0c, 0x81, 1, 'b'})}, codeExt},
		"empty content":           {[]pkix.Extension{ext(24, nil)}, codeExt},
		"invalid UTF-8":           {[]pkix.Extension{ext(24, tlv(0x0c, []byte{0xc3}))}, codeExt},
		"invalid UTF-8, raw":      {[]pkix.Extension{ext(6, []byte{0xc3})}, codeExt},
		"too long":                {[]pkix.Extension{ext(6, bytes.Repeat([]byte("a"), maxValue+1))}, codeExt},
		"too many":                {many, codeExt},
	}
	for name, tt := range tests {
		if _, err := Extensions(&x509.Certificate{Extensions: tt.exts}); refuse.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for n := range 40 {
		name := Name(n)
		if (name != "") != (n >= 1 && n <= 24 && n != 7) {
			t.Errorf("number %d is called %q", n, name)
		}
		if name != "" && (seen[name] || Number(name) != n) {
			t.Errorf("name %q is not unique", name)
		}
		seen[name] = true
	}
	if Name(-1) != "" || Number("") != 0 {
		t.Error("no number, no name")
	}
}
