// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

func mustParse(t testing.TB, doc object) *Bundle {
	t.Helper()
	b, err := Parse(text(t, doc))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseMessage(t *testing.T) {
	data := text(t, messageV03(t))
	b, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if b.MediaType != MediaType || b.Version != V03 || b.SHA256 != sha256.Sum256(data) {
		t.Errorf("got %q, %v, %x", b.MediaType, b.Version, b.SHA256)
	}
	if string(b.Signature) != "signature" || b.Envelope != nil {
		t.Errorf("signature %q, envelope %v", b.Signature, b.Envelope)
	}
	if d := b.MessageDigest; d == nil || d.Algorithm != crypto.SHA256 || !bytes.Equal(d.Value, fill('d', 32)) {
		t.Errorf("message digest %v", d)
	}
	if b.Leaf == nil || b.Leaf.Subject.CommonName != "leaf" || b.Intermediates != nil || b.DroppedRoot || b.KeyHint != "" {
		t.Errorf("material %v, %v, %v, %q", b.Leaf, b.Intermediates, b.DroppedRoot, b.KeyHint)
	}
	if len(b.Timestamps) != 1 || string(b.Timestamps[0]) != "token" {
		t.Errorf("timestamps %q", b.Timestamps)
	}
	if len(b.Entries) != 1 {
		t.Fatalf("%d entries", len(b.Entries))
	}
	e := b.Entries[0]
	if e.Index != 7 || e.Integrated != 1700000001 || e.LogID != tlog.ID(fill('l', 32)) || e.Kind != tlog.HashedRekordV001() ||
		string(e.Promise) != "promise" || e.Body == nil || string(e.Body.Signature) != "signature" {
		t.Errorf("entry %+v", e)
	}
	if p := e.Proof; p.Index != 5 || p.Size != 9 || p.Root != tlog.Hash(fill('r', 32)) || len(p.Hashes) != 2 ||
		p.Hashes[1] != tlog.Hash(fill('b', 32)) || !strings.HasPrefix(p.Checkpoint, "log.example\n") {
		t.Errorf("proof %+v", p)
	}
}

func TestParseEnvelope(t *testing.T) {
	b := mustParse(t, envelopeV03(t))
	e := b.Envelope
	if e == nil || string(e.Payload) != "{}" || e.PayloadType != dsse.PayloadTypeInToto || e.KeyID != "key" || string(e.Signature) != "signature" {
		t.Fatalf("envelope %+v", e)
	}
	if string(b.Signature) != "signature" || b.MessageDigest != nil || b.Leaf != nil || b.KeyHint != "key" {
		t.Errorf("got %+v", b)
	}
}

func TestParseOldChain(t *testing.T) {
	for version, want := range map[string]Version{"0.1": V01, "0.2": V02} {
		b := mustParse(t, messageOld(t, version))
		if b.Version != want || b.Version.String() != version {
			t.Errorf("version %v, want %s", b.Version, version)
		}
		if b.Leaf.Subject.CommonName != "leaf" || len(b.Intermediates) != 1 || b.Intermediates[0].Subject.CommonName != "intermediate" || b.DroppedRoot {
			t.Errorf("leaf %v, extra %v, dropped %v", b.Leaf.Subject, b.Intermediates, b.DroppedRoot)
		}
	}
	doc := messageOld(t, "0.2")
	set(t, doc, "verificationMaterial.x509CertificateChain",
		chain(t, [2]string{"leaf", "intermediate"}, [2]string{"root", "root"}, [2]string{"intermediate", "root"}))
	b := mustParse(t, doc)
	if len(b.Intermediates) != 1 || b.Intermediates[0].Subject.CommonName != "intermediate" || !b.DroppedRoot {
		t.Errorf("extra %v, dropped %v", b.Intermediates, b.DroppedRoot)
	}
	set(t, doc, "verificationMaterial.x509CertificateChain", chain(t, [2]string{"self", "self"}))
	if b := mustParse(t, doc); b.Leaf == nil || b.DroppedRoot {
		t.Errorf("self-issued leaf: %v, dropped %v", b.Leaf, b.DroppedRoot)
	}
}

// Spellings and omissions that a reader accepts.
func TestParseAccepted(t *testing.T) {
	const entry0 = "verificationMaterial.tlogEntries.0."
	type change struct {
		path  string
		value any
	}
	for why, changes := range map[string][]change{
		"old spelling of 0.3":      {{"mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.3"}},
		"no message digest":        {{"messageSignature.messageDigest", remove}},
		"message digest null":      {{"messageSignature.messageDigest", nil}},
		"SHA-384":                  {{"messageSignature.messageDigest", object{"algorithm": "SHA2_384", "digest": b64(fill('d', 48))}}},
		"SHA-512 by number":        {{"messageSignature.messageDigest", object{"algorithm": 3, "digest": b64(fill('d', 64))}}},
		"integers as numbers":      {{entry0 + "logIndex", 7}, {entry0 + "integratedTime", 0}, {entry0 + "inclusionProof.treeSize", 9}},
		"no promise":               {{entry0 + "inclusionPromise", remove}},
		"promise null":             {{entry0 + "inclusionPromise", nil}},
		"no time":                  {{entry0 + "integratedTime", remove}},
		"proof without hashes":     {{entry0 + "inclusionProof.hashes", nil}},
		"no entries":               {{"verificationMaterial.tlogEntries", remove}},
		"entries empty":            {{"verificationMaterial.tlogEntries", array{}}},
		"entries null":             {{"verificationMaterial.tlogEntries", nil}},
		"no timestamp data":        {{"verificationMaterial.timestampVerificationData", remove}},
		"timestamp data null":      {{"verificationMaterial.timestampVerificationData", nil}},
		"timestamp data empty":     {{"verificationMaterial.timestampVerificationData", object{}}},
		"timestamps empty":         {{"verificationMaterial.timestampVerificationData.rfc3161Timestamps", array{}}},
		"other carriers null":      {{"verificationMaterial.publicKey", nil}, {"verificationMaterial.x509CertificateChain", nil}},
		"other content null":       {{"dsseEnvelope", nil}},
		"URL-safe, unpadded":       {{"messageSignature.signature", "-_8"}},
		"largest log index":        {{entry0 + "logIndex", "9223372036854775807"}},
		"entry of an unknown kind": {{entry0 + "kindVersion", object{"kind": "rekord", "version": "0.0.1"}}, {entry0 + "canonicalizedBody", b64([]byte(`{"apiVersion":"0.0.1","kind":"rekord","spec":{}}`))}},
		"most entries":             {{"verificationMaterial.tlogEntries", repeat(MaxEntries, func(i int) any { return entry(t, i) })}},
		"most timestamps": {{"verificationMaterial.timestampVerificationData.rfc3161Timestamps",
			repeat(MaxTimestamps, func(i int) any { return object{"signedTimestamp": b64([]byte{byte(i)})} })}},
		"most hashes":        {{entry0 + "inclusionProof.hashes", repeat(MaxProofHashes, func(int) any { return b64(fill('h', 32)) })}},
		"longest checkpoint": {{entry0 + "inclusionProof.checkpoint.envelope", strings.Repeat("x", MaxCheckpoint)}},
	} {
		doc := messageV03(t)
		for _, c := range changes {
			set(t, doc, c.path, c.value)
		}
		data := text(t, doc)
		if _, err := Parse(data); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		sameAsProtojson(t, data)
	}

	doc := messageOld(t, "0.1")
	set(t, doc, entry0+"inclusionProof", nil)
	if b := mustParse(t, doc); b.Entries[0].Proof != nil {
		t.Error("0.1 without a proof has one")
	}
	for _, keyid := range []any{remove, nil, ""} { // no hint cannot disagree
		doc := envelopeV03(t)
		set(t, doc, "dsseEnvelope.signatures.0.keyid", keyid)
		mustParse(t, doc)
	}
	doc = envelopeV03(t)
	set(t, doc, "verificationMaterial.publicKey", object{})
	set(t, doc, "dsseEnvelope.signatures.0.keyid", "")
	if b := mustParse(t, doc); b.Leaf != nil || b.KeyHint != "" {
		t.Errorf("managed key without a hint: %+v", b)
	}
	doc = envelopeV03(t) // the rule is about managed keys only
	set(t, doc, "verificationMaterial.publicKey", remove)
	set(t, doc, "verificationMaterial.certificate", object{"rawBytes": b64(certificate(t, "leaf", "intermediate"))})
	mustParse(t, doc)
}

// Every name in snake case is the same member, and not a second one.
func TestSnakeCase(t *testing.T) {
	docs := [][]byte{text(t, messageV03(t)), text(t, messageOld(t, "0.1")), text(t, envelopeV03(t))}
	for second, first := range snake {
		used := false
		for _, data := range docs {
			key := []byte(`"` + first + `":`)
			if !bytes.Contains(data, key) {
				continue
			}
			used = true
			renamed := bytes.ReplaceAll(data, key, []byte(`"`+second+`":`))
			sameAsProtojson(t, renamed)
			if _, err := Parse(renamed); err != nil {
				t.Errorf("%s: %v", second, err)
			}
			both := bytes.Replace(data, key, []byte(`"`+second+`":null,"`+first+`":`), 1)
			if _, err := Parse(both); refuse.CodeOf(err) != "bundle.malformed" {
				t.Errorf("%s in both spellings: %v", first, err)
			}
		}
		if !used {
			t.Errorf("%s: no fixture has it", first)
		}
	}
}

func TestParseEntry(t *testing.T) {
	e, err := ParseEntry(text(t, entry(t, 7)))
	if want := mustParse(t, messageV03(t)).Entries[0]; err != nil || !sameEntry(e, want) {
		t.Errorf("got %+v, %v, want %+v", e, err, want)
	}
	for why, c := range map[string]struct {
		data string
		code refuse.Code
	}{
		"null":          {"null", "bundle.malformed"},
		"array":         {"[]", "bundle.malformed"},
		"trailing data": {string(text(t, entry(t, 7))) + "{}", "bundle.malformed"},
		"empty":         {"{}", "bundle.log_id"},
		"a bundle":      {string(text(t, messageV03(t))), "bundle.malformed"},
	} {
		if _, err := ParseEntry([]byte(c.data)); refuse.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", why, err, c.code)
		}
	}
	doc := entry(t, 7)
	set(t, doc, "inclusionProof", nil)
	if _, err := ParseEntry(text(t, doc)); refuse.CodeOf(err) != "bundle.proof_missing" {
		t.Errorf("without a proof: %v", err)
	}
}

// The bundle keeps nothing of the bytes it was parsed from.
func TestParseCopies(t *testing.T) {
	data := text(t, messageV03(t))
	b, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	before, err := b.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	after, err := b.MarshalJSON()
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("changed with its source: %v", err)
	}
}

// One bundle is shared by goroutines that read all of it; the race detector
// judges.
func TestConcurrentUse(t *testing.T) {
	b := mustParse(t, messageOld(t, "0.2"))
	want, err := b.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got, err := b.MarshalJSON()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %s, %v", got, err)
			}
			m, err := b.Proto()
			if err != nil {
				t.Error(err)
			}
			if again, err := FromProto(m); err != nil || !sameBundle(again, b) {
				t.Errorf("got %+v, %v", again, err)
			}
		})
	}
	group.Wait()
}

func TestVersionString(t *testing.T) {
	for v, want := range map[Version]string{V01: "0.1", V02: "0.2", V03: "0.3", 0: "Version(0)", 9: "Version(9)"} {
		if v.String() != want {
			t.Errorf("got %q, want %q", v, want)
		}
	}
}
