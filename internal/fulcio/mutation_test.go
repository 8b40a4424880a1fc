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
