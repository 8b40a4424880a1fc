// SPDX-License-Identifier: Apache-2.0

package strictcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), slices.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(der); err != nil {
		t.Errorf("a good certificate: %v", err)
	}
	// A NULL behind the signature, and the length of the whole mended: der
	// begins 30 82 hi lo.
	tail := append(slices.Clone(der), 5, 0)
	n := len(tail) - 4
	tail[1], tail[2], tail[3] = 0x82, byte(n>>8), byte(n)
	if len(der) < 260 {
		n = len(der) - 3 + 2 // 30 81 len
		tail = append(slices.Clone(der), 5, 0)
		tail[2] = byte(n)
	}
	if _, err := x509.ParseCertificate(tail); err != nil {
		t.Fatalf("the forgery does not pass where it is meant to: %v", err)
	}
	if _, err := Parse(tail); err != errTail {
		t.Errorf("data behind the signature: %v", err)
	}
	for _, bad := range [][]byte{nil, {0}, der[:len(der)-1], append(slices.Clone(der), 0)} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%d bytes pass", len(bad))
		}
	}
}
