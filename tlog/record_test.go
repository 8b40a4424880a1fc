// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// bound is a body and the record it is about.
type bound struct {
	name   string
	kind   Kind
	g      Generation
	body   string
	record Record
}

// bounds has every kind of entry with every kind of signature it may be about.
func bounds(t testing.TB) []bound {
	managed := func(r Record) Record {
		r.Certificate = nil
		return r
	}
	m, e := messageRecord(t), envelopeRecord(t)
	spki := m.Key.SPKI()
	keyPEM := func(text string) string { return strings.Replace(text, certificate, pemOf("PUBLIC KEY", spki), 1) }
	pae := e.Envelope.Digest(crypto.SHA256)
	x509 := `"x509Certificate":{"rawBytes":"` + b64(leafDER) + `"}`
	bare := `"publicKey":{"rawBytes":"` + b64(spki) + `"}`
	return []bound{
		{"hashedrekord 0.0.1", HashedRekordV001(), V1, hashedRekordV001(), m},
		{"hashedrekord 0.0.1, key", HashedRekordV001(), V1, keyPEM(hashedRekordV001()), managed(m)},
		{"dsse 0.0.1", DSSEV001(), V1, dsseV001(), e},
		{"dsse 0.0.1, key", DSSEV001(), V1, keyPEM(dsseV001()), managed(e)},
		{"intoto 0.0.2", IntotoV002(), V1, intotoV002(), e},
		{"intoto 0.0.2, key", IntotoV002(), V1, keyPEM(intotoV002()), managed(e)},
		{"hashedrekord 0.0.2", HashedRekordV002(), V2, hashedRekordV002(), m},
		{"hashedrekord 0.0.2, key", HashedRekordV002(), V2, v2Body(artifactSum[:], messageSig, bare), managed(m)},
		{"hashedrekord 0.0.2, envelope", HashedRekordV002(), V2, v2Body(pae, envelopeSig, x509), e},
		{"hashedrekord 0.0.2, envelope, key", HashedRekordV002(), V2, v2Body(pae, envelopeSig, bare), managed(e)},
		{"dsse 0.0.2", DSSEV002(), V2, dsseV002(), e},
		{"dsse 0.0.2, key", DSSEV002(), V2, v2DSSE(bare), managed(e)},
	}
}

func parsed(t testing.TB, text string, k Kind) *Body {
	t.Helper()
	b, err := ParseBody([]byte(text), k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVerifyRecord changes one thing of a signature at a time, for every kind.
func TestVerifyRecord(t *testing.T) {
	other := signerKey(t, elliptic.P384())
	for _, in := range bounds(t) {
		b := parsed(t, in.body, in.kind)
		wantCode(t, b.VerifyRecord(in.g, in.record), "")
		if in.kind == HashedRekordV002() {
			built, err := BuildBody(in.record, b.Hash)
			if err != nil || string(built) != in.body {
				t.Errorf("%s: built %s (%v), want %s", in.name, built, err, in.body)
			}
		}
		if in.g == V2 {
			// The same content with other bytes is still about the record.
			spaced := parsed(t, strings.Replace(in.body, ":", ": ", 3), in.kind)
			wantCode(t, spaced.VerifyRecord(in.g, in.record), "")
		}
		digest := refuse.Code("tlog.entry.digest")
		for _, c := range []struct {
			name   string
			code   refuse.Code
			change func(*Record)
		}{
			{"other signature", "tlog.entry.signature", func(r *Record) { r.Signature = []byte("other") }},
			{"no signature", "tlog.entry.signature", func(r *Record) { r.Signature = nil }},
			{"other certificate", "tlog.entry.key", func(r *Record) { r.Certificate = []byte("other") }},
			{"certificate or key", "tlog.entry.key", func(r *Record) {
				if r.Certificate = nil; in.record.Certificate == nil {
					r.Certificate = leafDER
				}
			}},
			{"no key", "tlog.entry.key", func(r *Record) { r.Key = nil }},
			{"other content", digest, func(r *Record) {
				sum := bytes.Repeat([]byte{7}, 32)
				r.Digests = map[crypto.Hash][]byte{crypto.SHA256: sum}
				if r.Envelope != nil {
					r.Envelope = &dsse.Envelope{Payload: []byte("other"), PayloadType: r.Envelope.PayloadType}
				}
			}},
		} {
			t.Run(in.name+", "+c.name, func(t *testing.T) {
				r := in.record
				c.change(&r)
				wantCode(t, b.VerifyRecord(in.g, r), c.code)
			})
		}
		wantCode(t, b.VerifyRecord(0, in.record), "tlog.entry.generation")
		wantCode(t, b.VerifyRecord(V1+V2-in.g, in.record), "tlog.entry.generation")
		wantCode(t, b.VerifyRecord(in.g, Record{}), "tlog.entry.key")
		if in.record.Certificate == nil {
			r := in.record
			r.Key = other
			wantCode(t, b.VerifyRecord(in.g, r), "tlog.entry.key")
		}
	}
	wantCode(t, new(Body).VerifyRecord(V1, messageRecord(t)), "tlog.entry.malformed")
}

func TestContentFitsKind(t *testing.T) {
	m, e := messageRecord(t), envelopeRecord(t)
	// The signature is the same, so that only the content differs.
	m.Signature, e.Signature = envelopeSig, messageSig
	wantCode(t, parsed(t, hashedRekordV001(), HashedRekordV001()).VerifyRecord(V1, e), "tlog.entry.kind")
	wantCode(t, parsed(t, dsseV001(), DSSEV001()).VerifyRecord(V1, m), "tlog.entry.kind")
	wantCode(t, parsed(t, intotoV002(), IntotoV002()).VerifyRecord(V1, m), "tlog.entry.kind")
	wantCode(t, parsed(t, dsseV002(), DSSEV002()).VerifyRecord(V2, m), "tlog.entry.kind")
	wantCode(t, parsed(t, hashedRekordV002(), HashedRekordV002()).VerifyRecord(V2, e), "tlog.entry.digest")
}

func TestPayloadType(t *testing.T) {
	e := envelopeRecord(t)
	changed := *e.Envelope
	changed.PayloadType = "text/plain"
	e.Envelope = &changed
	wantCode(t, parsed(t, intotoV002(), IntotoV002()).VerifyRecord(V1, e), "tlog.entry.payload_type")
	// dsse bodies have no payload type: only the signature covers it.
	wantCode(t, parsed(t, dsseV001(), DSSEV001()).VerifyRecord(V1, e), "")
	wantCode(t, parsed(t, dsseV002(), DSSEV002()).VerifyRecord(V2, e), "")
	pae := v2Body(envelopeRecord(t).Envelope.Digest(crypto.SHA256), envelopeSig, `"x509Certificate":{"rawBytes":"`+b64(leafDER)+`"}`)
	wantCode(t, parsed(t, pae, HashedRekordV002()).VerifyRecord(V2, e), "tlog.entry.digest")
}

func TestUnknownDigest(t *testing.T) {
	m := messageRecord(t)
	sum := sha512.Sum512(artifact)
	m.Digests = map[crypto.Hash][]byte{crypto.SHA512: sum[:]}
	wantCode(t, parsed(t, hashedRekordV001(), HashedRekordV001()).VerifyRecord(V1, m), "artifact.not_comparable")
	wantCode(t, parsed(t, hashedRekordV002(), HashedRekordV002()).VerifyRecord(V2, m), "artifact.not_comparable")
}

// TestHashOfKey knows which hashes v1 entries of a key may have: the larger
// curves were used with SHA-256 as well, and pure Ed25519 with none.
func TestHashOfKey(t *testing.T) {
	sums := map[crypto.Hash][]byte{}
	names := map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}
	for h := range names {
		w := h.New()
		w.Write(artifact)
		sums[h] = w.Sum(nil)
	}
	pure, err := sigkey.New(v1.PublicKeyDetails_PKIX_ED25519, edKey(3).Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key  *sigkey.Key
		want []crypto.Hash
	}{
		{signerKey(t, elliptic.P256()), []crypto.Hash{crypto.SHA256}},
		{signerKey(t, elliptic.P384()), []crypto.Hash{crypto.SHA256, crypto.SHA384}},
		{signerKey(t, elliptic.P521()), []crypto.Hash{crypto.SHA256, crypto.SHA512}},
		{pure, []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}},
	} {
		for h, name := range names {
			text := strings.Replace(hashedRekordV001(), fmt.Sprintf(`"sha256","value":"%x"`, artifactSum), fmt.Sprintf(`%q,"value":"%x"`, name, sums[h]), 1)
			r := messageRecord(t)
			r.Key, r.Digests = c.key, sums
			code := refuse.Code("tlog.entry.digest")
			for _, w := range c.want {
				if w == h {
					code = ""
				}
			}
			t.Run(fmt.Sprint(c.key.Algorithm(), " ", name), func(t *testing.T) {
				wantCode(t, parsed(t, text, HashedRekordV001()).VerifyRecord(V1, r), code)
			})
		}
	}
}

// TestBuildBodyAlgorithms builds for every type of key and reads it back.
func TestBuildBodyAlgorithms(t *testing.T) {
	ed, err := sigkey.New(v1.PublicKeyDetails_PKIX_ED25519, edKey(3).Public())
	if err != nil {
		t.Fatal(err)
	}
	legacy, err := signerKey(t, elliptic.P384()).WithHash(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key  *sigkey.Key
		hash crypto.Hash
		want sigkey.Algorithm
	}{
		{signerKey(t, elliptic.P256()), crypto.SHA256, v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256},
		{signerKey(t, elliptic.P384()), crypto.SHA384, v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384},
		{signerKey(t, elliptic.P521()), crypto.SHA512, v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512},
		{legacy, crypto.SHA384, v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384},
		{ed, crypto.SHA512, v1.PublicKeyDetails_PKIX_ED25519_PH},
	} {
		r := envelopeRecord(t)
		r.Key, r.Certificate = c.key, nil
		raw, err := BuildBody(r, c.hash)
		if err != nil {
			t.Fatalf("%s: %v", c.want, err)
		}
		b := parsed(t, string(raw), HashedRekordV002())
		if b.Algorithm != c.want || b.Hash != c.hash {
			t.Errorf("%s over %s, want %s over %s", b.Algorithm, b.Hash, c.want, c.hash)
		}
		wantCode(t, b.VerifyRecord(V2, r), "")
		_, err = BuildBody(r, crypto.SHA224)
		wantCode(t, err, "tlog.entry.digest")
	}
}

func TestBuildBodyRefuses(t *testing.T) {
	good := messageRecord(t)
	odd := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2303, 1), E: 65537}
	rsa2304, err := sigkey.New(v1.PublicKeyDetails_PKIX_RSA_PKCS1V5, odd) //nolint:staticcheck // deprecated, and possible
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		code   refuse.Code
		change func(*Record)
	}{
		{"no key", "tlog.entry.key", func(r *Record) { r.Key = nil }},
		{"no signature", "tlog.entry.signature", func(r *Record) { r.Signature = nil }},
		{"no digest", "artifact.not_comparable", func(r *Record) { r.Digests = nil }},
		{"empty digest", "artifact.not_comparable", func(r *Record) { r.Digests = map[crypto.Hash][]byte{crypto.SHA256: {}} }},
		{"RSA of an odd size", "key.unsupported", func(r *Record) { r.Key = rsa2304 }},
		{"key of another size", "tlog.entry.digest", func(r *Record) { r.Key = signerKey(t, elliptic.P384()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := good
			c.change(&r)
			_, err := BuildBody(r, crypto.SHA256)
			wantCode(t, err, c.code)
		})
	}
}

// TestOtherHash has an entry over a hash that no Sigstore client uses.
func TestOtherHash(t *testing.T) {
	raw, err := BuildBody(messageRecord(t), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseBody([]byte(strings.Replace(string(raw), "SHA2_256", "SHA3_256", 1)), HashedRekordV002())
	wantCode(t, err, "tlog.entry.malformed")
}

// TestKeyDetails has an entry whose algorithm is not that of the certificate's
// key.
func TestKeyDetails(t *testing.T) {
	r := messageRecord(t)
	r.Key = signerKey(t, elliptic.P384())
	wantCode(t, parsed(t, hashedRekordV002(), HashedRekordV002()).VerifyRecord(V2, r), "tlog.entry.key")
	e := envelopeRecord(t)
	e.Key = r.Key
	wantCode(t, parsed(t, dsseV002(), DSSEV002()).VerifyRecord(V2, e), "tlog.entry.key")
}

// Entries say what hash a signature is over, except those of Rekor v1 for
// envelopes.
func TestSignatureHash(t *testing.T) {
	p384 := strings.Replace(dsseV002(), "PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384", 1)
	for _, c := range []struct {
		body string
		kind Kind
		want crypto.Hash
	}{
		{hashedRekordV001(), HashedRekordV001(), crypto.SHA256},
		{dsseV001(), DSSEV001(), 0},
		{intotoV002(), IntotoV002(), 0},
		{hashedRekordV002(), HashedRekordV002(), crypto.SHA256},
		{dsseV002(), DSSEV002(), crypto.SHA256},
		{p384, DSSEV002(), crypto.SHA384},
	} {
		if h, ok := parsed(t, c.body, c.kind).SignatureHash(); h != c.want || ok != (c.want != 0) {
			t.Errorf("%s: %s, %v, want %s", c.kind, h, ok, c.want)
		}
	}
}

// TestConcurrent uses one log and one entry from many goroutines.
func TestConcurrent(t *testing.T) {
	r := rekorV2(t)
	e, _ := r.log(t, hashedRekordV002(), HashedRekordV002(), 2, 5)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c, err := r.OpenCheckpoint(e.Proof.Checkpoint)
			wantCode(t, err, "")
			g, err := r.Generation(e, c)
			wantCode(t, err, "")
			wantCode(t, e.VerifyInclusion(c, g), "")
			wantCode(t, e.Body.VerifyRecord(g, messageRecord(t)), "")
		})
	}
	group.Wait()
}

func BenchmarkVerifyRecord(b *testing.B) {
	for _, in := range bounds(b) {
		body := parsed(b, in.body, in.kind)
		b.Run(in.name, func(b *testing.B) {
			for b.Loop() {
				if err := body.VerifyRecord(in.g, in.record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
