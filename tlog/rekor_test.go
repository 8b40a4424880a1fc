// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// This file is a small Rekor: it makes keys, bodies, trees, proofs,
// checkpoints and promises, slowly and obviously, without code of the package.

const (
	hostV1   = "rekor.example.com"
	originV1 = hostV1 + " - 2605736670972794746"
	hostV2   = "log2025-1.rekor.example.com"

	integrated = 1710869186
)

var window2024 = []Window{{
	Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
	End:   time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC),
}}

// ecKey and edKey return the same key for the same seed.
func ecKey(t testing.TB, curve elliptic.Curve, seed byte) *ecdsa.PrivateKey {
	t.Helper()
	raw := make([]byte, (curve.Params().BitSize+7)/8)
	raw[len(raw)-1], raw[len(raw)-2] = seed, 1
	key, err := ecdsa.ParseRawPrivateKey(curve, raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func spkiOf(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func algorithmOf(key crypto.Signer) sigkey.Algorithm {
	k, ok := key.(*ecdsa.PrivateKey)
	switch {
	case !ok:
		return v1.PublicKeyDetails_PKIX_ED25519
	case k.Curve == elliptic.P384():
		return v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384
	}
	return v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
}

// signWith signs a message as a log does.
func signWith(t testing.TB, key crypto.Signer, h crypto.Hash, message []byte) []byte {
	t.Helper()
	if h != 0 {
		w := h.New()
		w.Write(message)
		message = w.Sum(nil)
	}
	sig, err := key.Sign(nil, message, h)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// rekor is a log with its private key.
type rekor struct {
	*Log
	key    crypto.Signer
	hash   crypto.Hash // of its signatures; 0: Ed25519
	name   string
	origin string
}

func spkiID(t testing.TB, key crypto.Signer, _ string) ID { return sha256.Sum256(spkiOf(t, key)) }

// edNoteID is the note key hash of an Ed25519 key, C2SP signed-note.
func edNoteID(_ testing.TB, key crypto.Signer, name string) ID {
	return sha256.Sum256([]byte(name + "\n\x01" + string(key.Public().(ed25519.PublicKey))))
}

func newRekor(t testing.TB, key crypto.Signer, name, origin string, id ID) *rekor {
	t.Helper()
	l, err := NewLog(LogConfig{
		ID: id, Key: spkiOf(t, key), Algorithm: algorithmOf(key),
		BaseURL: "https://" + name + "/", Operator: "example", Windows: window2024,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rekor{Log: l, key: key, name: name, origin: origin}
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		r.hash = crypto.SHA256
	}
	return r
}

// rekorV1 and rekorV2 are the public good logs with other names and keys:
// P-256 and Ed25519.
func rekorV1(t testing.TB) *rekor {
	key := ecKey(t, elliptic.P256(), 1)
	return newRekor(t, key, hostV1, originV1, spkiID(t, key, ""))
}

func rekorV2(t testing.TB) *rekor {
	key := edKey(1)
	return newRekor(t, key, hostV2, hostV2, edNoteID(t, key, hostV2))
}

// line returns a signature line over text.
func (r *rekor) line(t testing.TB, name string, hint, text string) string {
	t.Helper()
	sig := append([]byte(hint), signWith(t, r.key, r.hash, []byte(text))...)
	return "— " + name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

func headText(origin string, size uint64, root Hash, extensions ...string) string {
	lines := append([]string{origin, fmt.Sprint(size), base64.StdEncoding.EncodeToString(root[:])}, extensions...)
	return strings.Join(lines, "\n") + "\n"
}

// checkpoint returns a signed tree head.
func (r *rekor) checkpoint(t testing.TB, size uint64, root Hash) string {
	t.Helper()
	text := headText(r.origin, size, root)
	id := r.ID()
	return text + "\n" + r.line(t, r.name, string(id[:4]), text)
}

// promise returns a signed entry timestamp.
func (r *rekor) promise(t testing.TB, e *Entry) []byte {
	t.Helper()
	message := fmt.Sprintf(`{"body":%q,"integratedTime":%d,"logID":%q,"logIndex":%d}`,
		base64.StdEncoding.EncodeToString(e.Body.Raw), e.Integrated, hex.EncodeToString(e.LogID[:]), e.Index)
	return signWith(t, r.key, r.hash, []byte(message))
}

// log puts a body into a tree of size leaves at index and returns its entry.
func (r *rekor) log(t testing.TB, raw string, k Kind, index, size int) (*Entry, *Checkpoint) {
	t.Helper()
	body, err := ParseBody([]byte(raw), k)
	if err != nil {
		t.Fatal(err)
	}
	leaves := make([][]byte, size)
	for i := range leaves {
		leaves[i] = fmt.Append(nil, "leaf ", i)
	}
	leaves[index] = body.Raw
	root := treeHash(leaves)
	e := &Entry{LogID: r.ID(), Index: int64(index), Kind: k, Body: body, Proof: &Proof{
		Index: uint64(index), Size: uint64(size), Root: root, Hashes: treePath(index, leaves),
		Checkpoint: r.checkpoint(t, uint64(size), root),
	}}
	c, err := r.OpenCheckpoint(e.Proof.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

// split returns the largest power of two below n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

// treeHash is MTH of RFC 6962, Section 2.1, word for word.
func treeHash(leaves [][]byte) Hash {
	if len(leaves) == 1 {
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	k := split(len(leaves))
	left, right := treeHash(leaves[:k]), treeHash(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// treePath is PATH of RFC 6962, Section 2.1.1, word for word.
func treePath(m int, leaves [][]byte) []Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if m < k {
		return append(treePath(m, leaves[:k]), treeHash(leaves[k:]))
	}
	return append(treePath(m-k, leaves[k:]), treeHash(leaves[:k]))
}

// The signatures that entries are about. Nothing here verifies them, so that
// they are text.
var (
	artifact    = []byte("artifact")
	leafDER     = []byte("certificate")
	messageSig  = []byte("message signature")
	envelopeSig = []byte("envelope signature")
	artifactSum = sha256.Sum256(artifact)
)

func signerKey(t testing.TB, curve elliptic.Curve) *sigkey.Key {
	t.Helper()
	key, err := sigkey.ForPublicKey(ecKey(t, curve, 9).Public())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func messageRecord(t testing.TB) Record {
	return Record{Signature: messageSig, Certificate: leafDER, Key: signerKey(t, elliptic.P256()),
		Digests: map[crypto.Hash][]byte{crypto.SHA256: artifactSum[:]}}
}

func envelopeRecord(t testing.TB) Record {
	e := &dsse.Envelope{Payload: []byte("payload"), PayloadType: dsse.PayloadTypeInToto, Signature: envelopeSig}
	return Record{Signature: envelopeSig, Certificate: leafDER, Key: signerKey(t, elliptic.P256()), Envelope: e}
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func pemOf(blockType string, der []byte) string {
	return b64(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
}

// Bodies as Rekor writes them, for messageRecord and envelopeRecord.
func hashedRekordV001() string {
	return fmt.Sprintf(`{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"%x"}},"signature":{"content":%q,"publicKey":{"content":%q}}}}`,
		artifactSum, b64(messageSig), pemOf("CERTIFICATE", leafDER))
}

func dsseV001() string {
	return fmt.Sprintf(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{"algorithm":"sha256","value":"00"},"payloadHash":{"algorithm":"sha256","value":"%x"},"signatures":[{"signature":%q,"verifier":%q}]}}`,
		sha256.Sum256([]byte("payload")), b64(envelopeSig), pemOf("CERTIFICATE", leafDER))
}

func intotoV002() string {
	return fmt.Sprintf(`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payload":"x","payloadType":"application/vnd.in-toto+json","signatures":[{"publicKey":%q,"sig":%q}]},"hash":{"algorithm":"sha256","value":"00"},"payloadHash":{"algorithm":"sha256","value":"%x"}}}}`,
		pemOf("CERTIFICATE", leafDER), b64([]byte(b64(envelopeSig))), sha256.Sum256([]byte("payload")))
}

func hashedRekordV002() string {
	return v2Body(artifactSum[:], messageSig, `"x509Certificate":{"rawBytes":"`+b64(leafDER)+`"}`)
}

func dsseV002() string {
	return v2DSSE(`"x509Certificate":{"rawBytes":"` + b64(leafDER) + `"}`)
}

func v2DSSE(verifier string) string {
	sum := sha256.Sum256([]byte("payload"))
	return fmt.Sprintf(`{"apiVersion":"0.0.2","kind":"dsse","spec":{"dsseV002":{"payloadHash":{"algorithm":"SHA2_256","digest":%q},"signatures":[{"content":%q,"verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256",%s}}]}}}`,
		b64(sum[:]), b64(envelopeSig), verifier)
}

func v2Body(digest, sig []byte, verifier string) string {
	return fmt.Sprintf(`{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":%q},"signature":{"content":%q,"verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256",%s}}}}}`,
		b64(digest), b64(sig), verifier)
}

func wantCode(t testing.TB, err error, want refuse.Code) {
	t.Helper()
	if got := refuse.CodeOf(err); got != want || (err == nil) != (want == "") {
		t.Errorf("got code %q (%v), want %q", got, err, want)
	}
}
