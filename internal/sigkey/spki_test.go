// SPDX-License-Identifier: Apache-2.0

package sigkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"math/big"
	"testing"
)

func TestMarshalAgrees(t *testing.T) {
	k := ecKey(t, elliptic.P256())
	for _, pub := range []crypto.PublicKey{
		k.Public(), ecKey(t, elliptic.P384()).Public(), ecKey(t, elliptic.P521()).Public(), ecKey(t, elliptic.P224()).Public(),
		rsaKey(t, 2048).Public(), edKey().Public(), nil, "key",
		&ecdsa.PublicKey{Curve: k.Curve, X: k.X, Y: new(big.Int).Add(k.Y, big.NewInt(1))},
		&ecdsa.PublicKey{Curve: k.Curve, X: new(big.Int).Add(k.X, k.Params().P), Y: k.Y},
		&ecdsa.PublicKey{Curve: k.Curve, X: new(big.Int), Y: new(big.Int)},
	} {
		want, wantErr := x509.MarshalPKIXPublicKey(pub)
		got, err := marshal(pub)
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%T: %x, %v, crypto/x509 has %x, %v", pub, got, err, want, wantErr)
		}
	}
}

func BenchmarkForPublicKey(b *testing.B) {
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		pub := ecKey(b, c).Public()
		b.Run(c.Params().Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ForPublicKey(pub); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
