// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// tlsAlgorithm returns the numbers of TLS 1.2 (RFC 5246, Section 7.4.1.4.1)
// for a CT log's key, for Ed25519 those of RFC 8446.
func tlsAlgorithm(t KeyType) (hash, signature byte) {
	switch t {
	case RSA2048, RSA3072, RSA4096:
		return 4, 1
	case Ed25519:
		return 8, 7
	}
	return 4, 3
}

// sctList returns the TLS encoding of the CT log's timestamps of a certificate
// (RFC 6962, Section 3.3), nil if there are to be none.
func (w *World) sctList(r *Request, tbs []byte, at time.Time) ([]byte, error) {
	n := r.SCTs
	if n == 0 {
		n = 1
	}
	if n < 0 || w.ct == nil {
		return nil, nil
	}
	var b cryptobyte.Builder
	var err error
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for i := 0; i < n && err == nil; i++ {
			var sct []byte
			sct, err = w.sct(r, i, tbs, at)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sct) })
		}
	})
	if err != nil {
		return nil, err
	}
	list, err := b.Bytes()
	if err == nil && r.SCTList != nil {
		list = r.SCTList(list)
	}
	return list, err
}

// sct returns one timestamp.
func (w *World) sct(r *Request, number int, tbs []byte, at time.Time) ([]byte, error) {
	in := &SCTInput{
		Number:        number,
		LogID:         sha256.Sum256(w.ct.spki),
		Timestamp:     uint64(at.UnixMilli()),
		Extensions:    w.config.CTExtensions,
		IssuerKeyHash: sha256.Sum256(w.ca[0].key.spki),
		TBS:           tbs,
		Signing:       Signing{Key: w.ct},
	}
	in.Hash, in.Algorithm = tlsAlgorithm(w.ct.typ)
	if r.SCT != nil {
		r.SCT(in)
	}
	message, err := in.message()
	if err != nil {
		return nil, fmt.Errorf("virtual: SCT: %w", err)
	}
	sig, err := in.sign(message, crypto.SHA256) // whatever the curve, RFC 6962, Section 2.1.4
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddUint8(in.Version)
	b.AddBytes(in.LogID[:])
	b.AddUint64(in.Timestamp)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(in.Extensions) })
	b.AddUint8(in.Hash)
	b.AddUint8(in.Algorithm)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sig) })
	return b.Bytes()
}

// message returns what the log signs: RFC 6962, Section 3.2, for a
// precertificate.
func (in *SCTInput) message() ([]byte, error) {
	const certificateTimestamp, precertEntry = 0, 1
	var b cryptobyte.Builder
	b.AddUint8(in.Version)
	b.AddUint8(certificateTimestamp)
	b.AddUint64(in.Timestamp)
	b.AddUint16(precertEntry)
	b.AddBytes(in.IssuerKeyHash[:])
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(in.TBS) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(in.Extensions) })
	return b.Bytes()
}
