// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func sample() *SCT {
	return &SCT{LogID: ID{1, 2, 3}, Timestamp: stamp, Extensions: []byte{0, 0, 5, 0, 0, 0, 0, 112},
		Algorithm: sha256ECDSA, Signature: []byte("signature")}
}

// TestParseListOracle reads what certificate-transparency-go wrote.
func TestParseListOracle(t *testing.T) {
	want := sample()
	raw, err := tls.Marshal(ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1, LogID: ct.LogID{KeyID: want.LogID}, Timestamp: want.Timestamp, Extensions: want.Extensions,
		Signature: ct.DigitallySigned{Algorithm: want.Algorithm, Signature: want.Signature},
	})
	if err != nil {
		t.Fatal(err)
	}
	one := ctx509.SerializedSCT{Val: raw}
	list, err := tls.Marshal(ctx509.SignedCertificateTimestampList{SCTList: []ctx509.SerializedSCT{one, one}})
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1OctetString(list)
	scts, err := parseList(b.BytesOrPanic())
	if err != nil || len(scts) != 2 {
		t.Fatalf("%d SCTs, %v", len(scts), err)
	}
	for _, got := range scts {
		if !bytes.Equal(encodeOne(&got), raw) || got.Time().UnixMilli() != stamp {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	leaf := ct.MerkleTreeLeaf{Version: ct.V1, LeafType: ct.TimestampedEntryLeafType, TimestampedEntry: &ct.TimestampedEntry{
		Timestamp: stamp, EntryType: ct.PrecertLogEntryType, Extensions: want.Extensions,
		PrecertEntry: &ct.PreCert{IssuerKeyHash: [32]byte{9}, TBSCertificate: []byte("tbs")},
	}}
	message, err := ct.SerializeSCTSignatureInput(ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1, Timestamp: stamp, Extensions: want.Extensions}, ct.LogEntry{Leaf: leaf})
	hash := [32]byte{9}
	if got := want.message(precertEntry, hash[:], []byte("tbs")); err != nil || !bytes.Equal(got, message) {
		t.Errorf("signed message %x, want %x (%v)", got, message, err)
	}
}

// TestStaticHeader reads the first bytes of a list from a static log (C2SP
// static-ct-api), whose extension holds leaf index 112.
func TestStaticHeader(t *testing.T) {
	sct, _ := hex.DecodeString("00" + "2ca5cd27" + "00000000000000000000000000000000000000000000000000fcf8ef" +
		"0000019bc3d96cbd" + "0008" + "0000050000000070" + "0403" + "0001" + "30")
	got, err := parseSCT(sct)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(got.Extensions) != "0000050000000070" || got.Timestamp != 0x19bc3d96cbd {
		t.Errorf("%+v", got)
	}
}

func TestParseListRefuses(t *testing.T) {
	octets := func(b []byte) []byte {
		var out cryptobyte.Builder
		out.AddASN1OctetString(b)
		return out.BytesOrPanic()
	}
	change := func(f func(*SCT)) []byte {
		s := sample()
		f(s)
		return encode(s)
	}
	good := encode(sample())
	if _, err := parseList(good); err != nil {
		t.Fatal(err)
	}
	inner := good[2:]
	many := make([]*SCT, MaxSCTs+1)
	for i := range many {
		many[i] = sample()
	}
	if scts, err := parseList(encode(many[1:]...)); err != nil || len(scts) != MaxSCTs {
		t.Errorf("%d SCTs: %v", MaxSCTs, err)
	}
	version := bytes.Clone(good)
	version[6] = 1
	for name, der := range map[string][]byte{
		"nothing":              {},
		"no octet string":      inner,
		"byte after":           append(bytes.Clone(good), 0),
		"empty list":           octets([]byte{0, 0}),
		"empty SCT":            octets([]byte{0, 2, 0, 0}),
		"list longer":          octets(append([]byte{inner[0], inner[1] + 1}, inner[2:]...)),
		"list shorter":         octets(append(bytes.Clone(inner), 0)),
		"SCT cut off":          octets([]byte{0, 3, 0, 9, 0}),
		"too many":             encode(many...),
		"version":              version,
		"MD5":                  change(func(s *SCT) { s.Algorithm.Hash = tls.MD5 }),
		"SHA-384":              change(func(s *SCT) { s.Algorithm.Hash = tls.SHA384 }),
		"DSA":                  change(func(s *SCT) { s.Algorithm.Signature = tls.DSA }),
		"no signature":         change(func(s *SCT) { s.Signature = nil }),
		"timestamp":            change(func(s *SCT) { s.Timestamp = maxTimestamp + 1 }),
		"bytes after sig":      octets(prefixed(append(encodeOne(sample()), 0))),
		"cut in the signature": octets(prefixed(encodeOne(sample())[:60])),
		"cut in the log ID":    octets(prefixed(encodeOne(sample())[:20])),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseList(der)
			wantCode(t, err, "sct.malformed")
		})
	}
}

// prefixed returns a list with one SCT.
func prefixed(sct []byte) []byte {
	n := len(sct)
	return append([]byte{0, byte(n + 2), 0, byte(n)}, sct...)
}

func TestParseListOfCertificate(t *testing.T) {
	leaf, _ := issue(t, nil, 0)
	if scts, err := ParseList(leaf); scts != nil || err != nil {
		t.Errorf("certificate without SCTs: %v, %v", scts, err)
	}
	leaf, _ = issue(t, encode(sample()), 0)
	leaf.Extensions = append(slices.Clone(leaf.Extensions), leaf.Extensions...)
	_, err := ParseList(leaf)
	wantCode(t, err, "sct.malformed")
	_, err = ParseList(nil)
	wantCode(t, err, "sct.malformed")
}

// TestCut knows three answers to what the log saw: the certificate made
// without the list, the library's, and the original after putting the list
// back.
func TestCut(t *testing.T) {
	for _, n := range []int{1, 30, 90, 150, 2000} {
		for at := range 3 {
			s := sample()
			s.Signature = make([]byte, n)
			list := encode(s)
			bare, issuer := issue(t, nil, 0)
			leaf, _ := issue(t, list, at)
			p, err := NewPrecert(leaf, issuer)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.TBS, bare.RawTBSCertificate) {
				t.Errorf("list of %d bytes at %d: cut differs from a certificate without the list", len(list), at)
			}
			if want, err := ctx509.RemoveSCTList(leaf.RawTBSCertificate); err != nil || !bytes.Equal(p.TBS, want) {
				t.Errorf("list of %d bytes at %d: cut differs from the library's (%v)", len(list), at, err)
			}
			if back := insert(t, p.TBS, list, leaf); !bytes.Equal(back, leaf.RawTBSCertificate) {
				t.Errorf("list of %d bytes at %d: putting the list back gives another certificate", len(list), at)
			}
			if p.IssuerKeyHash != sha256.Sum256(issuer.RawSubjectPublicKeyInfo) {
				t.Error("issuer key hash is not over the issuer's SPKI")
			}
		}
	}
}

// insert undoes the cut with the position that the parsed leaf tells.
func insert(t *testing.T, tbs, list []byte, leaf *x509.Certificate) []byte {
	t.Helper()
	at := 0
	for !leaf.Extensions[at].Id.Equal(oidSCTList) {
		at++
	}
	var fields, explicit, extensions, extension cryptobyte.String
	in := cryptobyte.String(tbs)
	in.ReadASN1(&fields, cbasn1.SEQUENCE)
	head := fields
	for !fields.PeekASN1Tag(tagExtensions) {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !fields.ReadAnyASN1Element(&element, &tag) {
			t.Fatal("no extensions")
		}
	}
	head = head[:len(head)-len(fields)]
	fields.ReadASN1(&explicit, tagExtensions)
	explicit.ReadASN1(&extensions, cbasn1.SEQUENCE)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(head)
		b.AddASN1(tagExtensions, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for i := 0; ; i++ {
					if i == at {
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier(oidSCTList)
							b.AddASN1OctetString(list)
						})
					}
					if !extensions.ReadASN1Element(&extension, cbasn1.SEQUENCE) {
						return
					}
					b.AddBytes(extension)
				}
			})
		})
	})
	return b.BytesOrPanic()
}

func TestCutRefuses(t *testing.T) {
	leaf, issuer := issue(t, encode(sample()), 1)
	bare, _ := issue(t, nil, 0)
	whole := leaf.RawTBSCertificate
	for name, tbs := range map[string][]byte{
		"nothing":                   nil,
		"byte after":                append(bytes.Clone(whole), 0),
		"cut off":                   whole[:len(whole)-1],
		"no list":                   bare.RawTBSCertificate,
		"no extension":              {0x30, 0x03, 0x02, 0x01, 0x01},
		"field cut":                 {0x30, 0x02, 0x02, 0x05},
		"not last":                  {0x30, 0x07, 0xa3, 0x02, 0x30, 0x00, 0x02, 0x01, 0x01},
		"list before another field": wrap(append(tagged(tagExtensions, wrap(extensionOf(encode(sample())))), 0x02, 0x01, 0x01)),
		"list before another value": wrap(tagged(tagExtensions, append(wrap(extensionOf(encode(sample()))), 0x02, 0x01, 0x01))),
		"list without its wrapping": wrap(tagged(tagExtensions, extensionOf(encode(sample())))),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cutSCTList(tbs)
			wantCode(t, err, "sct.malformed")
		})
	}
	two := cryptobyte.String(append(bytes.Clone(extensionOf(encode(sample()))), extensionOf(encode(sample()))...))
	_, err := cutExtension(two)
	wantCode(t, err, "sct.malformed")
	_, err = cutExtension(cryptobyte.String{0x02, 0x01, 0x01})
	wantCode(t, err, "sct.malformed")
	_, err = cutExtension(append(extensionOf(encode(sample())), 0x02, 0x01, 0x01))
	wantCode(t, err, "sct.malformed")
	_, err = NewPrecert(bare, issuer)
	wantCode(t, err, "sct.malformed")
	for _, none := range []*x509.Certificate{nil, {}} {
		_, err = NewPrecert(leaf, none)
		wantCode(t, err, "sct.malformed")
	}
	signing := *issuer
	signing.UnknownExtKeyUsage = append(signing.UnknownExtKeyUsage, oidPrecertSigning)
	_, err = NewPrecert(leaf, &signing)
	wantCode(t, err, "chain.profile")
	// A list that is the only extension takes all extensions with it.
	only := wrap(append([]byte{0x02, 0x01, 0x01}, tagged(tagExtensions, wrap(extensionOf(encode(sample()))))...))
	if got, err := cutSCTList(only); err != nil || !bytes.Equal(got, []byte{0x30, 0x03, 0x02, 0x01, 0x01}) {
		t.Errorf("only extension: %x, %v", got, err)
	}
}

func extensionOf(list []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSCTList)
		b.AddASN1OctetString(list)
	})
	return b.BytesOrPanic()
}

func wrap(content []byte) []byte { return tagged(cbasn1.SEQUENCE, content) }

func tagged(tag cbasn1.Tag, content []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(content) })
	return b.BytesOrPanic()
}

func detached(s *SCT) string {
	return fmt.Sprintf(`{"sct_version":0,"id":%q,"timestamp":%d,"extensions":%q,"signature":%q}`,
		s.LogID, s.Timestamp, base64.StdEncoding.EncodeToString(s.Extensions),
		base64.StdEncoding.EncodeToString(digitallySigned(s)))
}

func TestDetached(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 3)
	leaf, _ := issue(t, nil, 0)
	made := sign(t, key, 0, append([]byte{0, byte(len(leaf.Raw) >> 8), byte(len(leaf.Raw))}, leaf.Raw...), []byte{4})
	got, err := ParseDetached([]byte(detached(made)))
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(t, key, v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	if at, err := l.VerifyCertificate(got, leaf.Raw); err != nil || at.UnixMilli() != stamp {
		t.Errorf("%v, %v", at, err)
	}
	_, err = l.VerifyCertificate(got, leaf.RawTBSCertificate)
	wantCode(t, err, "sct.signature")
	// Embedded and detached SCTs sign different things.
	_, err = l.Verify(got, &Precert{TBS: leaf.Raw})
	wantCode(t, err, "sct.signature")
}

func TestDetachedRefuses(t *testing.T) {
	good := detached(sample())
	replace := func(old, with string) string {
		out := bytes.Replace([]byte(good), []byte(old), []byte(with), 1)
		if string(out) == good {
			t.Fatalf("%q is not in the sample", old)
		}
		return string(out)
	}
	long := sample()
	long.Extensions = make([]byte, 1<<16)
	for name, text := range map[string]string{
		"no JSON":       "",
		"data after":    good + "{}",
		"duplicate key": replace(`{`, `{"id":"","`+`id":""`[1:]+`,`),
		"version":       replace(`"sct_version":0`, `"sct_version":1`),
		"no version":    replace(`"sct_version":0,`, ``),
		"short ID":      replace(sample().LogID.String(), "AQID"),
		"no timestamp":  replace(`"timestamp":1710869186470,`, ``),
		"negative":      replace(`1710869186470`, `-1`),
		"no signature":  replace(`"signature":`, `"sig":`),
		"base64":        replace(`"extensions":"`, `"extensions":"!`),
		"long":          fmt.Sprintf(`{"x":"%0*d"}`, maxDetached, 0),
		"SHA-1":         detached(&SCT{Signature: []byte{1}, Algorithm: tls.SignatureAndHashAlgorithm{Hash: 2, Signature: 3}}),
		"extensions":    string(bytes.Replace([]byte(good), []byte(`AAAFAAAAAHA=`), []byte(base64.StdEncoding.EncodeToString(long.Extensions)), 1)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseDetached([]byte(text))
			wantCode(t, err, "sct.malformed")
		})
	}
	if _, err := ParseDetached([]byte(replace(`{`, `{"note":[1],`))); err != nil {
		t.Errorf("another member: %v", err)
	}
}

// FuzzSCTList reads the extension of a certificate. What is read encodes to the
// same bytes.
func FuzzSCTList(f *testing.F) {
	f.Add(encode(sample()))
	f.Add(encode(sample(), sample()))
	f.Add([]byte{0x04, 0x02, 0, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		scts, err := parseList(der)
		if err != nil {
			if refuse.CodeOf(err) != "sct.malformed" {
				t.Errorf("code of %v", err)
			}
			return
		}
		list := make([]*SCT, len(scts))
		for i := range scts {
			list[i] = &scts[i]
		}
		if len(scts) == 0 || len(scts) > MaxSCTs || !bytes.Equal(encode(list...), der) {
			t.Errorf("%d SCTs do not encode to what they were read from", len(scts))
		}
	})
}

// FuzzDetached reads the answer of a certificate authority that does not embed
// the SCT. What is read means the same when it is written out.
func FuzzDetached(f *testing.F) {
	f.Add([]byte(detached(sample())))
	f.Add([]byte(`{"sct_version":0,"id":"","timestamp":0,"extensions":"","signature":"BAMAAA=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sct, err := ParseDetached(data)
		if err != nil {
			if refuse.CodeOf(err) != "sct.malformed" {
				t.Errorf("code of %v", err)
			}
			return
		}
		again, err := ParseDetached([]byte(detached(sct)))
		if err != nil || again.LogID != sct.LogID || again.Timestamp != sct.Timestamp || again.Algorithm != sct.Algorithm ||
			!bytes.Equal(again.Extensions, sct.Extensions) || !bytes.Equal(again.Signature, sct.Signature) {
			t.Errorf("%+v became %+v, %v", sct, again, err)
		}
	})
}
