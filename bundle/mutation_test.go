// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one condition or number of the package is changed.

// objects calls do with every object of a document.
func objects(doc any, do func(object)) {
	switch v := doc.(type) {
	case object:
		do(v)
		for _, inner := range v {
			objects(inner, do)
		}
	case array:
		for _, inner := range v {
			objects(inner, do)
		}
	}
}

// A member that no one knows is refused in every message, whatever it holds:
// it is not read in the place of another.
func TestUnknownMembersEverywhere(t *testing.T) {
	for _, doc := range []object{messageV03(t), messageOld(t, "0.1"), envelopeV03(t)} {
		mustParse(t, doc)
		n := 0
		objects(doc, func(o object) {
			n++
			for _, value := range []any{nil, "", "AQ==", "1", 1, true, object{}, array{}} {
				o["zz"] = value
				if _, err := Parse(text(t, doc)); refuse.CodeOf(err) != "bundle.malformed" {
					t.Errorf("%v in %v: %v", value, o, err)
				}
			}
			delete(o, "zz")
		})
		if n < 12 {
			t.Errorf("%d objects", n)
		}
	}
}

// A content or a carrier that is null may be beside another.
func TestNullBeside(t *testing.T) {
	for path, doc := range map[string]object{
		"messageSignature": envelopeV03(t), "dsseEnvelope": messageV03(t),
		"verificationMaterial.certificate": envelopeV03(t), "verificationMaterial.publicKey": messageV03(t),
		"verificationMaterial.x509CertificateChain": messageV03(t),
	} {
		set(t, doc, path, nil)
		mustParse(t, doc)
	}
}

// What is exactly as large as it may be is read.
func TestLargest(t *testing.T) {
	const entries, stamps = "verificationMaterial.tlogEntries", "verificationMaterial.timestampVerificationData.rfc3161Timestamps"
	doc := messageV03(t)
	set(t, doc, entries, repeat(32, func(i int) any { return entry(t, i) }))
	set(t, doc, stamps, repeat(32, func(i int) any { return object{"signedTimestamp": b64([]byte{1, byte(i)})} }))
	set(t, doc, entries+".0.inclusionProof.hashes", repeat(64, func(int) any { return b64(fill('h', 32)) }))
	set(t, doc, entries+".0.inclusionProof.checkpoint.envelope", strings.Repeat("x", 64<<10))
	set(t, doc, entries+".0.inclusionProof.logIndex", "0")
	set(t, doc, entries+".0.inclusionProof.treeSize", "1")
	if b := mustParse(t, doc); len(b.Entries) != 32 || len(b.Timestamps) != 32 || len(b.Entries[0].Proof.Hashes) != 64 {
		t.Error("not all of it was read")
	}
	old := messageOld(t, "0.2")
	names := [][2]string{{"leaf", "0"}}
	for i := range 9 {
		names = append(names, [2]string{string(rune('0' + i)), string(rune('1' + i))})
	}
	set(t, old, "verificationMaterial.x509CertificateChain", chain(t, names...))
	if b := mustParse(t, old); len(b.Intermediates) != 9 {
		t.Errorf("%d certificates beside the leaf", len(b.Intermediates))
	}
	many := envelopeV03(t)
	set(t, many, "dsseEnvelope.signatures", repeat(32, func(int) any { return object{} }))
	if _, err := Parse(text(t, many)); refuse.CodeOf(err) != "bundle.signature_count" {
		t.Errorf("32 signatures: %v", err)
	}
	padded := func(doc object) []byte {
		data := text(t, doc)
		return append(data, bytes.Repeat([]byte(" "), 64<<20-len(data))...)
	}
	if _, err := Parse(padded(messageV03(t))); err != nil {
		t.Errorf("bundle of 64 MiB: %v", err)
	}
	if _, err := ParseEntry(padded(entry(t, 7))); err != nil {
		t.Errorf("entry of 64 MiB: %v", err)
	}
}

// What is absent is not written, and what is short is.
func TestWrittenParts(t *testing.T) {
	doc := messageV03(t)
	set(t, doc, "messageSignature.messageDigest", remove)
	set(t, doc, "verificationMaterial.timestampVerificationData", remove)
	set(t, doc, "verificationMaterial.tlogEntries.0.inclusionPromise", remove)
	data, err := mustParse(t, doc).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"timestampVerificationData", "inclusionPromise", "messageDigest"} {
		if bytes.Contains(data, []byte(absent)) {
			t.Errorf("%s in %s", absent, data)
		}
	}
	if m := entryProto(&tlog.Entry{Promise: []byte{1}}); len(m.GetInclusionPromise().GetSignedEntryTimestamp()) != 1 || m.CanonicalizedBody != nil {
		t.Errorf("%v", m)
	}

	// White space goes, but not that in strings, whatever they escape.
	doc = envelopeV03(t)
	const hint = `say "a b" \\ c: d`
	set(t, doc, "verificationMaterial.publicKey.hint", hint)
	set(t, doc, "dsseEnvelope.signatures.0.keyid", hint)
	m, err := mustParse(t, doc).Proto()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := FromProto(m); err != nil || again.KeyHint != hint {
		t.Errorf("%v", err)
	}
	m.GetVerificationMaterial().GetPublicKey().Hint = "\xff"
	if data, err := marshal(m); err == nil {
		t.Errorf("written: %s", data)
	}
}
