// SPDX-License-Identifier: Apache-2.0

package fulcio

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one number of the package is changed.

func extension(number int, value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, number}, Value: value}
}

// Numbers 1 to 6 hold the text itself, later ones DER.
func TestLastRawExtension(t *testing.T) {
	text := "refs/heads/main"
	der := append([]byte{0x0c, byte(len(text))}, text...)
	set, err := Extensions(&x509.Certificate{Extensions: []pkix.Extension{extension(6, []byte(text)), extension(9, der)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []int{6, 9} {
		if got, ok := set.Value(number); !ok || got != text {
			t.Errorf("extension %d is %q", number, got)
		}
	}
}

// Bounds are spelled out, so that moving one does not move its test.
func TestBoundsAreWhatTheyAre(t *testing.T) {
	for size, ok := range map[int]bool{4096: true, 4097: false} {
		_, err := Extensions(&x509.Certificate{Extensions: []pkix.Extension{extension(2, []byte(strings.Repeat("a", size)))}})
		if (err == nil) != ok {
			t.Errorf("value of %d bytes: %v", size, err)
		}
	}
	for count, ok := range map[int]bool{64: true, 65: false} {
		var list []pkix.Extension
		for i := range count {
			list = append(list, extension(100+i, []byte("a")))
		}
		if _, err := Extensions(&x509.Certificate{Extensions: list}); (err == nil) != ok {
			t.Errorf("%d extensions: %v", count, err)
		}
	}
}

// Only a number directly below the arc is an extension of the set.
func TestOtherArcs(t *testing.T) {
	var list []pkix.Extension
	for _, oid := range []asn1.ObjectIdentifier{
		{1, 3, 6, 1, 4, 1, 57264, 1}, {1, 3, 6, 1, 4, 1, 57264, 1, 1, 1}, {1, 3, 6, 1, 4, 1, 57264, 1, 1, 1, 1},
		{1, 3, 6, 1, 4, 1, 57264, 2, 1}, {2, 3, 6, 1, 4, 1, 57264, 1, 1}, {1, 3, 6, 1, 4, 1, 57265, 1, 1}, {2, 5, 29, 17}, nil,
	} {
		list = append(list, pkix.Extension{Id: oid, Value: []byte("https://issuer.test")})
	}
	set, err := Extensions(&x509.Certificate{Extensions: list})
	if err != nil || len(set.All()) != 0 {
		t.Errorf("%+v, %v", set, err)
	}
}

// Each name must be found under its number, the first included.
func TestLookupOfEveryNumber(t *testing.T) {
	for n := range 26 {
		name := Name(n)
		if known := n >= 1 && n <= 24 && n != 7; (name != "") != known {
			t.Errorf("%d is called %q", n, name)
		} else if !known {
			continue
		}
		value := []byte("a")
		if n > 6 {
			value = []byte{0x0c, 1, 'a'}
		}
		set, err := Extensions(&x509.Certificate{Extensions: []pkix.Extension{extension(n, value)}})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := set.Lookup(name); !ok || got != "a" {
			t.Errorf("%s is %q, %v", name, got, ok)
		}
	}
}

// email returns the extension with one name.
func email(text string) pkix.Extension {
	name := append([]byte{0x81, 0x82, byte(len(text) >> 8), byte(len(text))}, text...)
	return pkix.Extension{
		Id:    asn1.ObjectIdentifier{2, 5, 29, 17}, // RFC 5280, Section 4.2.1.6
		Value: append([]byte{0x30, 0x82, byte(len(name) >> 8), byte(len(name))}, name...),
	}
}

func TestNameBounds(t *testing.T) {
	if SANType(0).String() != "unknown" {
		t.Error("the zero type is a type")
	}
	long := strings.Repeat("a", 256) // DER wants the short form of shorter lengths
	for text, ok := range map[string]bool{
		strings.Repeat("a", 4096): true, strings.Repeat("a", 4097): false,
		long + " !~": true, long + "\x1f": false, long + "\x00": false, long + "\x7f": false, long + "\x80": false, long + "\xff": false,
	} {
		other := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Value: []byte{0x30, 0}}
		san, err := SubjectAltName(&x509.Certificate{Extensions: []pkix.Extension{other, email(text), other}})
		if (err == nil) != ok || ok && (san != SAN{Email, text}) {
			t.Errorf("%q: %v, %v", text[max(0, len(text)-8):], san.Type, err)
		}
	}
}
