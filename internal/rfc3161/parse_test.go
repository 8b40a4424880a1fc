// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"sync"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		"20250612120220Z":           stampTime,
		"20250612120220.5Z":         stampTime.Add(time.Second / 2),
		"20250612120220.05Z":        stampTime.Add(time.Second / 20),
		"20250612120220.123456789Z": stampTime.Add(123456789),
		"20240229000000Z":           time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		got, err := parseTime([]byte(text))
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "Z", "2025061212022Z", "202506121202Z", "250612120220Z", "20250612120220", "20250612120220z",
		"20250612120220+0000", "20250612120220-0700Z", "20250612120220.Z", "20250612120220.0Z", "20250612120220.50Z",
		"20250612120220,5Z", "20250612120220.5", "20250612120220.1234567891Z", "20250612120220.5.5Z", "20250612120220.-5Z",
		"20250612120220.5aZ", "20250612120260Z", "20250612126020Z", "20250612240000Z", "20250230000000Z", "20230229000000Z",
		"20251312120220Z", "20250012120220Z", " 20250612120220Z", "20250612120220Z ", "+2025061212022Z", "2025061212022.5Z",
		"20250612120220ZZ", "2025-6-12120220Z",
	} {
		if got, err := parseTime([]byte(text)); refuse.CodeOf(err) != codeMalformed {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestObjectIdentifiers(t *testing.T) {
	for oid, want := range map[string]asn1.ObjectIdentifier{
		cms.OIDSignedData:       {1, 2, 840, 113549, 1, 7, 2},
		oidTSTInfo:              {1, 2, 840, 113549, 1, 9, 16, 1, 4},
		cms.OIDContentType:      {1, 2, 840, 113549, 1, 9, 3},
		cms.OIDMessageDigest:    {1, 2, 840, 113549, 1, 9, 4},
		oidSigningCertificate:   {1, 2, 840, 113549, 1, 9, 16, 2, 12},
		oidSigningCertificateV2: {1, 2, 840, 113549, 1, 9, 16, 2, 47},
		cms.OIDSHA256:           {2, 16, 840, 1, 101, 3, 4, 2, 1},
		cms.OIDSHA384:           {2, 16, 840, 1, 101, 3, 4, 2, 2},
		cms.OIDSHA512:           {2, 16, 840, 1, 101, 3, 4, 2, 3},
		cms.OIDECPublicKey:      {1, 2, 840, 10045, 2, 1},
		cms.OIDECDSAWithSHA256:  {1, 2, 840, 10045, 4, 3, 2},
		cms.OIDECDSAWithSHA384:  {1, 2, 840, 10045, 4, 3, 3},
		cms.OIDECDSAWithSHA512:  {1, 2, 840, 10045, 4, 3, 4},
		cms.OIDRSAEncryption:    {1, 2, 840, 113549, 1, 1, 1},
		cms.OIDSHA256WithRSA:    {1, 2, 840, 113549, 1, 1, 11},
		cms.OIDSHA384WithRSA:    {1, 2, 840, 113549, 1, 1, 12},
		cms.OIDSHA512WithRSA:    {1, 2, 840, 113549, 1, 1, 13},
		cms.OIDEd25519:          {1, 3, 101, 112},
	} {
		der, err := asn1.Marshal(want)
		if err != nil || string(der[2:]) != oid {
			t.Errorf("%s is %x, %v", want, oid, err)
		}
		if cms.Dotted(oid) != want.String() {
			t.Errorf("%s is written %s", want, cms.Dotted(oid))
		}
	}
	if cms.Dotted("\x80") != "(malformed)" {
		t.Error("a malformed identifier has a name")
	}
}

// seeds are tokens of several shapes, for fuzzing.
func seeds(t testing.TB) [][]byte {
	w := newWorld(t, nil, nil)
	full := newDraft(w)
	full.certificates = [][]byte{w.leaf.cert.Raw, w.intermediate.cert.Raw}
	full.options = bytes.Join([][]byte{seq(integer(1)), {1, 1, 0xff}, integer(5), tlv(tContext, seq()),
		tlv(tContext|1, seq(tlv(tOID, []byte{0x2a, 3}), tlv(tOctets)))}, nil)
	full.unsigned = tlv(tContext|1, attribute("\x2a\x03", null))
	full.attributes = withCertIDs(certIDV1(w.leaf.cert),
		signingCertV2(certIDV2(w.leaf.cert, issuerSerial(w.leaf.cert.RawIssuer, w.leaf.cert.SerialNumber))))
	keyID := newDraft(w)
	keyID.signerID, keyID.signerVersion, keyID.genTime = tlv(tFixed, []byte("leaf key id")), 3, "20250612120220.25Z"
	rejected := newDraft(w)
	rejected.status, rejected.noToken = integer(2), true
	return [][]byte{newDraft(w).build(t), full.build(t), keyID.build(t), rejected.build(t)}
}

// Whatever byte changes: the token is refused, or says what it said before.
func TestEveryByteCounts(t *testing.T) {
	w := newWorld(t, nil, nil)
	a := newAuthority(t, w.chain()...)
	for _, seed := range seeds(t)[:3] {
		tok, err := Parse(seed)
		if err != nil {
			t.Fatal(err)
		}
		want, err := a.Verify(tok, []byte("a signature"))
		if err != nil {
			t.Fatal(err)
		}
		accepted := 0
		for i := range seed {
			for _, bit := range []byte{0x01, 0x80} {
				seed[i] ^= bit
				if tok, err := Parse(seed); err == nil {
					if got, err := a.Verify(tok, []byte("a signature")); err == nil {
						accepted++
						if got != want {
							t.Errorf("byte %d: %+v", i, got)
						}
					}
				}
				seed[i] ^= bit
			}
		}
		// What no one signed: the list of digest algorithms, unsigned
		// attributes, certificates that are not needed.
		t.Logf("%d of %d changes make no difference", accepted, 2*len(seed))
		for cut := range len(seed) {
			if _, err := Parse(seed[:cut]); err == nil {
				t.Errorf("the first %d bytes of %d are a token", cut, len(seed))
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	w := newWorld(t, nil, nil)
	d := newDraft(w)
	d.certificates = [][]byte{w.intermediate.cert.Raw}
	tok, err := Parse(d.build(t))
	if err != nil {
		t.Fatal(err)
	}
	a, b := newAuthority(t, w.chain()...), newAuthority(t, w.chain()[1:]...)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := a.Verify(tok, d.message); err != nil {
				t.Error(err)
			}
			_, err := b.Verify(tok, d.message)
			wantCode(t, err, codeSigner)
		})
	}
	wg.Wait()
}

// FuzzParse reads timestamps and verifies them. A stranger's is never accepted.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	w := newWorld(f, nil, nil)
	authorities := []*Authority{newAuthority(f, w.chain()...), newAuthority(f, w.chain()[1:]...)}
	stranger := newAuthority(f, newCert(f, leafTemplate(f), ecKey(f, elliptic.P256(), 9), ca{}).cert)
	f.Fuzz(func(t *testing.T, der []byte) {
		tok, err := Parse(der)
		if err != nil {
			if tok != nil || refuse.CodeOf(err) == "" {
				t.Fatalf("refused without a code: %v", err)
			}
			return
		}
		for _, a := range authorities {
			stamp, err := a.Verify(tok, []byte("a signature"))
			if err == nil && (!a.Knows(tok) || tok.Fault() != nil || !stamp.Time.Equal(tok.GenTime())) {
				t.Fatalf("verified %+v", stamp)
			}
			if err != nil && refuse.CodeOf(err) == "" {
				t.Fatalf("refused without a code: %v", err)
			}
		}
		if _, err := stranger.Verify(tok, []byte("a signature")); err == nil {
			t.Fatal("a stranger's token")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld(b, nil, nil)
	der := newDraft(w).build(b)
	a := newAuthority(b, w.chain()...)
	b.ReportAllocs()
	for b.Loop() {
		tok, err := Parse(der)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Verify(tok, []byte("a signature")); err != nil {
			b.Fatal(err)
		}
	}
}
