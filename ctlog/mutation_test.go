// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/google/certificate-transparency-go/tls"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
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

// What a log signs may be as large as its fields allow, and no larger.
func TestLargestMessages(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 9)
	log := newLog(t, key, commonv1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	for _, c := range []struct {
		certificate, extensions int
		timestamp               uint64
		code                    refuse.Code
	}{
		{1<<24 - 1, 0, stamp, ""},
		{1 << 24, 0, stamp, "sct.malformed"},
		{1, 1<<16 - 1, stamp, ""},
		{1, 1 << 16, stamp, "sct.malformed"},
		{1, 0, 253402300799999, ""},
		{1, 0, 253402300800000, "sct.malformed"},
	} {
		der := make([]byte, c.certificate)
		s := &SCT{LogID: log.id, Timestamp: c.timestamp, Extensions: make([]byte, c.extensions), Algorithm: sha256ECDSA}
		digest := sha256.Sum256(s.message(x509Entry, nil, der))
		var err error
		if s.Signature, err = key.Sign(nil, digest[:], crypto.SHA256); err != nil {
			t.Fatal(err)
		}
		_, err = log.VerifyCertificate(s, der)
		if c.timestamp != stamp && c.code == "" {
			c.code = "sct.window" // that far, and no malformed time
		}
		wantCode(t, err, c.code)
	}
	// The length of a certificate takes three bytes.
	message := sample().message(x509Entry, nil, make([]byte, 0x012345))
	if got := message[12:15]; !bytes.Equal(got, []byte{0x01, 0x23, 0x45}) {
		t.Errorf("length %x", got)
	}
}

// An SCT that ends after its version is not one of no one's log at no time.
func TestCutOffSCT(t *testing.T) {
	_, err := parseSCT([]byte{0, 4, 3, 0, 1, 0x30})
	wantCode(t, err, "sct.malformed")
}

func TestDetachedBounds(t *testing.T) {
	good := detached(sample())
	change := func(f func(*SCT)) string {
		s := sample()
		f(s)
		return detached(s)
	}
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"256 KiB":          {good + strings.Repeat(" ", 256<<10-len(good)), true},
		"a byte more":      {good + strings.Repeat(" ", 256<<10-len(good)+1), false},
		"1970":             {change(func(s *SCT) { s.Timestamp = 0 }), true},
		"last millisecond": {change(func(s *SCT) { s.Timestamp = 253402300799999 }), true},
		"one later":        {change(func(s *SCT) { s.Timestamp = 253402300800000 }), false},
		"64 KiB - 1":       {change(func(s *SCT) { s.Extensions = make([]byte, 65535) }), true},
		"64 KiB":           {change(func(s *SCT) { s.Extensions = make([]byte, 65536) }), false},
	} {
		if _, err := ParseDetached([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The number of Ed25519 in TLS, RFC 8446, Section 4.2.3.
func TestEd25519Number(t *testing.T) {
	if want := (tls.SignatureAndHashAlgorithm{Hash: 0x08, Signature: 0x07}); ed25519Intrinsic != want {
		t.Errorf("%+v, want %+v", ed25519Intrinsic, want)
	}
}
