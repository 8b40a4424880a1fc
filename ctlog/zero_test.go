// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"crypto/elliptic"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/zerotest"
)

// No zero value, and none that is made by hand, passes for anything that a
// log said, and no call panics.
func TestZeroValues(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 1)
	log := newLog(t, key, v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	bare, issuer := issue(t, nil, 0)
	sct := sign(t, key, precertEntry, precertBytes(issuer, bare.RawTBSCertificate), nil)
	whole := append([]byte{0, byte(len(bare.Raw) >> 8), byte(len(bare.Raw))}, bare.Raw...)
	leaf, _ := issue(t, encode(sct), 0)
	precert, err := NewPrecert(leaf, issuer)
	if err != nil {
		t.Fatal(err)
	}
	window := Window{Start: start, End: end}
	id := log.ID()
	zerotest.Package{
		Types: map[string]any{
			"ID":        &id,
			"Log":       log,
			"LogConfig": &LogConfig{ID: id, Key: spki(t, key), Algorithm: v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, Windows: []Window{window}},
			"Precert":   precert,
			"SCT":       sct,
			"Window":    &window,
		},
		Funcs: map[string]any{"NewLog": NewLog, "NewPrecert": NewPrecert, "ParseDetached": ParseDetached, "ParseList": ParseList},
		Args:  []any{leaf, sct.Time(), []byte(detached(sct)), bare.Raw, sign(t, key, x509Entry, whole, nil)},
		Accepted: map[string]string{
			"ParseList(p)": "a certificate without a list has no SCT, and thresholds count none",
		},
	}.Run(t)
}
