// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"crypto/elliptic"
	"encoding/asn1"
	"testing"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one condition or number of the package is changed.

// An issuer that signs precertificates only is told by exactly one number.
func TestPrecertSigningIssuer(t *testing.T) {
	leaf, issuer := issue(t, encode(sample()), 0)
	arcs := []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4} // RFC 6962, Section 3.1
	issuer.UnknownExtKeyUsage = []asn1.ObjectIdentifier{arcs}
	_, err := NewPrecert(leaf, issuer)
	wantCode(t, err, "chain.profile")
	issuer.UnknownExtKeyUsage = []asn1.ObjectIdentifier{append(arcs[:9:9], 5)}
	if _, err := NewPrecert(leaf, issuer); err != nil {
		t.Errorf("another extended key usage: %v", err)
	}
}

func TestNothingToVerify(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 9)
	log := newLog(t, key, commonv1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	s := sample()
	_, err := log.VerifyCertificate(s, nil)
	wantCode(t, err, "sct.signature")
	_, err = log.Verify(s, &Precert{})
	wantCode(t, err, "sct.signature")
}

// The latest time that RFC 3339 can write is one at which a log may sign.
func TestLastTimestamp(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, int(999*time.Millisecond), time.UTC)
	if maxTimestamp != last.UnixMilli() {
		t.Errorf("the last millisecond is %d, want %d", int64(maxTimestamp), last.UnixMilli())
	}
	if MaxSCTs != 32 || maxCertificate != 1<<24-1 || maxExtensions != 1<<16-1 {
		t.Error("a bound has moved")
	}
}
