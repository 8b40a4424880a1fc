// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/bounds"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// This file holds what other verifiers were fooled by, one test for each
// published advisory that concerns verification. Each names the line that
// guards against it here and fails when that line is taken away. The other
// findings, which were never published, are in regression_test.go.

// refused asserts that a story of testdata/virtual is refused with a code.
func refused(t *testing.T, code string, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := story(t, "../testdata/virtual/"+name+"_fail.txtar").Judge(false)
		wantCode(t, name, err, code)
	}
}

// spliced are the stories in which a log vouches for something else.
var spliced = map[string][]string{
	"tlog.entry.digest":    {"entries/entry-of-another-artifact", "entries/entry-of-another-artifact-in-rekor-v2", "entries/entry-of-another-payload"},
	"tlog.entry.signature": {"entries/entry-of-another-signature", "entries/entry-of-another-signature-in-rekor-v2", "entries/entry-of-another-signature-of-an-envelope"},
	"tlog.entry.key":       {"entries/entry-of-another-certificate", "entries/entry-of-another-key", "entries/entry-of-a-bare-key"},
}

// sigstore-go before 1.2.1 did not hold timestamps against the window of a
// managed key. Guard: step_signer.go, keyValidity, the comparison in the loop.
func TestCVE_2026_54787_ManagedKeyWindow(t *testing.T) {
	refused(t, "key.window", "validity/managed-key-before-its-window", "validity/managed-key-after-its-window", "validity/managed-key-integrated-after-its-window")
}

// sigstore-go before 1.2.0 let one log meet a threshold of several. Guard: the
// maps by source in step_log.go, bindings; step_signer.go, countSCTs;
// step_time.go, timestamps and time; bundle/build.go, bundle.duplicate_entry;
// trustroot/compile.go, trust.duplicate.
func TestCVE_2026_49834_OneLogIsOneLog(t *testing.T) {
	refused(t, "tlog.threshold", "entries/two-logs-of-one-operator", "entries/one-log-of-two")
	refused(t, "sct.threshold", "scts/one-log-twice")
	refused(t, "timestamp.threshold", "timestamps/one-authority-twice")
	refused(t, "bundle.duplicate_entry", "bundle/entry-twice")
	refused(t, "trust.duplicate", "trust/two-keys-for-one-log")

	// A bundle that was not parsed could hold one entry twice: it counts once.
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{})
	b.Entries = append(b.Entries, b.Entries[0])
	for want, require := range map[string]verify.Requirements{"tlog.threshold": {Logs: 2}, "time.threshold": {Times: 2}} {
		_, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{AnyIdentity: true, Require: require}), b)
		wantCode(t, "one entry twice", err, want)
	}
}

// sigstore-go before 0.6.1 read lists without bounds. Guard: the bounds of
// bundle/decode.go and dsse/statement.go, which count before they read.
func TestCVE_2024_45395_Bounds(t *testing.T) {
	refused(t, "bundle.limit", "bundle/too-many-timestamps")
	refused(t, "statement.limit", "statement/too-many-subjects")
	const entry = `{"logIndex":"1"},`
	for name, data := range map[string]string{
		"entries":    `{"verificationMaterial":{"tlogEntries":[` + strings.Repeat(entry, 10<<20/len(entry)) + `{}]}}`,
		"timestamps": `{"verificationMaterial":{"timestampVerificationData":{"rfc3161Timestamps":[` + strings.Repeat(`{},`, 3<<20) + `{}]}}}`,
		"depth":      strings.Repeat(`{"verificationMaterial":`, 400_000),
		"signatures": `{"dsseEnvelope":{"signatures":[` + strings.Repeat(`{},`, 3<<20) + `{}]}}`,
	} {
		most := bounds.Time(100 * float64(len(data)))
		took, _ := bounds.Within(most, func() {
			if _, err := bundle.Parse([]byte(data)); err == nil {
				t.Errorf("%s: accepted", name)
			}
		})
		if took > most {
			t.Errorf("%s: refused after %v of processor time, want at most %v", name, took, most)
		}
	}
}

// cosign before 3.0.4 took any valid log entry for the bundle's. Guard:
// step_log.go, bindings, VerifyRecord.
func TestCVE_2026_22703_AnyValidEntry(t *testing.T) {
	for code, names := range spliced {
		refused(t, code, names...)
	}
}

// cosign did not tie entries to signatures and ignored the identity asked for
// when an entry was there. Guard: VerifyRecord, and step_identity.go.
func TestCVE_2022_36056_EntryAndIdentity(t *testing.T) {
	TestCVE_2026_22703_AnyValidEntry(t)
	refused(t, "identity.san", "identity/another-signer")
	refused(t, "identity.issuer", "identity/another-issuer")
}

// sigstore-java took unrelated entries. Guard: VerifyRecord.
func TestCVE_2024_53267_UnrelatedEntry(t *testing.T) { TestCVE_2026_22703_AnyValidEntry(t) }

// cosign believed that an entry was in a log without proof. Guard:
// bundle/entry.go, bundle.proof_missing and bundle.promise_missing.
func TestCVE_2022_23649_EntryWithoutProof(t *testing.T) {
	refused(t, "bundle.proof_missing", "bundle/no-proof")
	refused(t, "bundle.promise_missing", "bundle/no-promise-in-0.1")
	refused(t, "tlog.threshold", "entries/no-entry")
}

// cosign reported success for payloads that did not parse, and for predicates
// of another type. Guard: step_content.go, statement, each return.
func TestCVE_2026_39395_UnparsedPayload(t *testing.T) {
	refused(t, "statement.malformed", "statement/payload-is-not-JSON")
	refused(t, "statement.predicate_type", "statement/another-predicate-type")
	w := world(t, virtual.Config{})
	r := virtual.Request{PredicateType: "https://example.test", Hooks: virtual.Hooks{Envelope: func(e *dsse.Envelope) { e.Payload = []byte("{") }}}
	_, err := verifier(t, rootOf(t, w), anybody).Verify(signed(t, w, r), verify.NoArtifact())
	wantCode(t, "without an artifact", err, "statement.malformed")
}

// cosign and policy-controller (CVE-2022-35930) took any attestation where one
// of a given type was wanted. Guard: step_content.go, PredicateTypes.
func TestCVE_2022_35929_PredicateType(t *testing.T) {
	refused(t, "statement.predicate_type", "statement/another-predicate-type", "statement/message-instead-of-a-statement")
}

// cosign before 3.0.5 took an expired intermediate when no log was asked for.
// Guard: trustroot/chains.go, chain.expired.
func TestCVE_2026_24122_ExpiredIntermediate(t *testing.T) {
	c := story(t, "../testdata/virtual/validity/intermediate-expired_fail.txtar")
	_, err := c.Judge(false)
	wantCode(t, "with a log", err, "chain.expired")
	c.Policy.Require.Logs = -1
	_, err = c.Judge(false)
	wantCode(t, "without", err, "chain.expired")
}

// timestamp-authority before 2.0.6, and rfc3161-client (CVE-2026-33753), held
// the first certificate of a token against the rules, not the signer's. Guard:
// internal/rfc3161/verify.go, signer and embeddedSigner.
func TestCVE_2026_39984_ForgedSigner(t *testing.T) {
	refused(t, "timestamp.signer", "timestamps/forged-signer-in-the-token", "timestamps/timestamp-of-another-certificate", "timestamps/signer-in-neither-place")
	refused(t, "timestamp.profile", "timestamps/authority-for-signing-code-as-well", "timestamps/purpose-not-critical")
}

// rfc3161-client verified the chain of a timestamp and not its signature.
// Guard: internal/rfc3161/verify.go, checkSignature.
func TestCVE_2025_52556_TimestampSignature(t *testing.T) {
	refused(t, "timestamp.signature", "timestamps/timestamp-corrupt", "timestamps/timestamp-by-a-stranger")
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	b := signed(t, w, virtual.Request{Timestamps: 1})
	der := b.Timestamps[0]
	// Contents, attributes and signature alike; what stands before them is a
	// list of hash algorithms that nothing goes by (RFC 5652, Section 5.1).
	contents := bytes.Index(der, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"))
	for i := max(contents, 0); i < len(der); i++ {
		b.Timestamps = [][]byte{bytes.Clone(der)}
		b.Timestamps[0][i] ^= 1
		res, err := judge(t, v, b)
		if err == nil && len(res.Report.Times) != 1 {
			t.Errorf("byte %d of %d: a timestamp that was altered counts", i, len(der))
		}
	}
}

// sigstore-js believed the time beside an inclusion proof. Guard:
// step_time.go, promises: a time comes from a verified promise alone.
func TestCVE_2026_48816_TimeWithoutPromise(t *testing.T) {
	refused(t, "time.none", "time/time-without-a-promise")
	w := world(t, virtual.Config{})
	for _, v := range []virtual.Request{{WithoutPromise: true, Timestamps: 1}, {Evidence: virtual.RekorV2}} {
		v.Bundle = func(m *bundlev1.Bundle) { m.VerificationMaterial.TlogEntries[0].IntegratedTime = 1 << 31 }
		res, err := judge(t, verifier(t, rootOf(t, w), anybody), signed(t, w, v))
		if err != nil || len(res.Report.Times) != 1 || res.Report.Times[0].Source != "rfc3161" {
			t.Errorf("times beside the timestamp's: %v", err)
		}
	}
}

// sigstore-js cut payload types to one byte a character. Guard: dsse/dsse.go,
// PAE, lengths in bytes.
func TestCVE_2026_48758_PayloadTypeInBytes(t *testing.T) {
	refused(t, "signature.invalid", "signature/payload-type-cut-short", "signature/payload-signed-without-its-type")
	refused(t, "statement.payload_type", "statement/payload-of-another-type")
}

// sigstore-ruby before 0.2.3 threw the comparison of subjects away. Guard:
// step_content.go, statement, matchSubject.
func TestCVE_2026_31830_SubjectMismatch(t *testing.T) {
	refused(t, "artifact.mismatch", "statement/another-artifact")
	c := story(t, "../testdata/virtual/verified/v03-envelope.txtar")
	c.Artifact = []byte("something else")
	_, err := c.Judge(false)
	wantCode(t, "another file", err, "artifact.mismatch")
	c.Artifact, c.Digest = nil, "sha256:"+strings.Repeat("ab", 32)
	_, err = c.Judge(false)
	wantCode(t, "another digest", err, "artifact.mismatch")
}

// sigstore-python did not hold the time of integration against the
// certificate. Guard: step_signer.go, validity, the loop over all times.
func TestCVE_2024_55655_TimeOutsideCertificate(t *testing.T) {
	refused(t, "chain.expired", "validity/integrated-after-the-certificate", "validity/certificate-expired")
}

// gitsign panicked on empty input; gh (CVE-2025-25204) took no attestations
// for success. Guard: bundle/lines.go, bundle.empty; verify.go, nil bundles.
func TestCVE_2026_44310_NothingIsNoSuccess(t *testing.T) {
	for _, data := range []string{"", "\n", " \n\n", "[]", "null", "{}", "0"} {
		n := 0
		for b, err := range bundle.All([]byte(data)) {
			if n++; err == nil || b != nil || codes.Of(err) == "" {
				t.Errorf("%q: %v, %v", data, b, err)
			}
		}
		if n == 0 {
			t.Errorf("%q: no bundle and no refusal", data)
		}
	}
}

// gitsign verified bytes that it had encoded again. Guard: verify hands on
// the payload that the signature was checked over: pipeline.go, result.
func TestCVE_2026_44309_ExactBytes(t *testing.T) {
	const odd = "{ \"_type\" :\t\"https://in-toto.io/Statement/v1\",\n \"subject\":[{\"name\":\"\u00e9\\u0041\",\"digest\":{\"sha256\":\"%x\"}}],\"predicateType\":\"t\", \"predicate\":{\"n\":1.0e2 , \"z\":9007199254740993}}\n"
	w := world(t, virtual.Config{})
	text := fmt.Sprintf(odd, digest)
	r := virtual.Request{PredicateType: "t", Hooks: virtual.Hooks{Envelope: func(e *dsse.Envelope) { e.Payload = []byte(text) }}}
	res, err := judge(t, verifier(t, rootOf(t, w), anybody), signed(t, w, r))
	if err != nil {
		t.Fatal(err)
	}
	if string(res.Payload) != text || string(res.Statement.Predicate) != `{"n":1.0e2 , "z":9007199254740993}` {
		t.Errorf("%q, predicate %q", res.Payload, res.Statement.Predicate)
	}
}

// Trail of Bits, review of sigstore-rust, TOB-2: evidence was not required,
// and nothing showed it. Guard: pipeline.go, require, Lowered.
func TestTOB2_LoweredShows(t *testing.T) {
	report, err := story(t, "../testdata/virtual/verified/timestamp-only.txtar").Judge(false)
	if err != nil || !report.Required.Lowered {
		t.Errorf("lowered requirements do not show: %v", err)
	}
}

// TOB-4: one authority in an attacker's hands chose the time. Guard:
// step_signer.go, validity, every time and not any.
func TestTOB4_EveryTimeCounts(t *testing.T) {
	refused(t, "chain.expired", "validity/stamped-after-the-certificate", "validity/integrated-after-the-certificate")
	refused(t, "tlog.window", "time/log-ended-before-the-second-timestamp")
}

// TOB-7: times in the future were granted some skew; sigstore-go accepts a
// promise five minutes ahead. Guard: trustroot/chains.go, chain.expired. The
// clock decides nothing: ahead is what lies after the certificate.
func TestTOB7_FutureTime(t *testing.T) {
	for _, ahead := range []int64{601, 900, 3600, 20 * 365 * 86400} {
		w := world(t, virtual.Config{})
		r := virtual.Request{Hooks: virtual.Hooks{Promise: func(p *virtual.PromiseInput) { p.Integrated += ahead }}}
		_, err := judge(t, verifier(t, rootOf(t, w), anybody), signed(t, w, r))
		wantCode(t, fmt.Sprint(ahead), err, "chain.expired")
	}
}

// TOB-9: an envelope with several signatures counted as each one's. Guard:
// bundle/build.go, bundle.signature_count.
func TestTOB9_OneSignature(t *testing.T) {
	refused(t, "bundle.signature_count", "bundle/two-signatures", "bundle/no-signature")
}

// TOB-11: chain and window were taken from two timestamp authorities. Guard:
// step_time.go, stamp, one authority at a time.
func TestTOB11_BorrowedWindow(t *testing.T) {
	refused(t, "timestamp.chain", "timestamps/anchor-of-another-authority")
	refused(t, "timestamp.window", "timestamps/authority-ended")
	w := world(t, virtual.Config{TSAs: 2})
	root := rootOf(t, w, func(r *trustrootv1.TrustedRoot) {
		one, two := r.TimestampAuthorities[0], r.TimestampAuthorities[1]
		two.Uri, two.Subject = one.Uri, one.Subject
		one.ValidFor.End = one.ValidFor.Start
	})
	_, err := judge(t, verifier(t, root, anybody), signed(t, w, virtual.Request{Timestamps: 1}))
	wantCode(t, "the window of the authority with the same URI", err, "timestamp.window")
}

// Rekor's library (rekor pull request 2861) compared root hashes without
// regard to case, by which all bytes that are no text are equal. Guard:
// tlog/inclusion.go, tlog.checkpoint.root.
func TestRekor2861_RootsAreCompared(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	for _, r := range []virtual.Request{{Later: 3}, {Later: 3, Evidence: virtual.RekorV2}} {
		b := signed(t, w, r)
		proof := b.Entries[0].Proof
		root := proof.Root
		for i := range root {
			for bit := range 8 {
				proof.Root = root
				proof.Root[i] ^= 1 << bit
				_, err := judge(t, v, b)
				wantCode(t, fmt.Sprintf("byte %d, bit %d", i, bit), err, "tlog.checkpoint.root")
			}
		}
		proof.Root = root
		_, err := judge(t, v, b)
		wantCode(t, "as it was", err, "")
		if b.Entries[0].Proof.Root != [32]byte(bytes.Clone(root[:])) {
			t.Error("verification changed the bundle")
		}
	}
	folded := []byte(strings.ToUpper("abcdefghijklmnopqrstuvwxyzabcdef"))
	for _, root := range [][]byte{folded, bytes.ToLower(folded), bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{0xfe}, 32)} {
		b := signed(t, w, virtual.Request{Later: 3, Hooks: virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Root = folded }}})
		b.Entries[0].Proof.Root = [32]byte(root)
		if _, err := judge(t, v, b); err == nil {
			t.Errorf("%q verifies", root)
		}
	}
}

// One log with a key of a kind that is not known must not take the whole root
// down, nor count. Guard: trustroot/compile.go, unsupported.
func TestUnsupportedKeyIsSetAside(t *testing.T) {
	w := world(t, virtual.Config{})
	var known []string
	for i := range 2 {
		root := rootOf(t, w, func(r *trustrootv1.TrustedRoot) {
			r.Tlogs[i].PublicKey.KeyDetails = commonv1.PublicKeyDetails_LMS_SHA256
		})
		if n := len(root.Ignored()); n != 1 {
			t.Errorf("%d keys set aside", n)
		}
		for _, e := range []virtual.Evidence{virtual.RekorV1, virtual.RekorV2} {
			_, err := judge(t, verifier(t, root, anybody), signed(t, w, virtual.Request{Evidence: e, Timestamps: 1}))
			known = append(known, codes.Of(err))
		}
	}
	if got := fmt.Sprint(known); got != "[tlog.unknown_log   tlog.unknown_log]" {
		t.Error(got)
	}
}

// What a later version of the trust root or of a statement adds is ignored by
// this one. Guard: trustroot/parse.go and dsse/statement.go, Skip.
func TestUnknownMembersOfSignedDocuments(t *testing.T) {
	c := story(t, "../testdata/virtual/verified/v03-envelope.txtar")
	c.TrustedRoot = bytes.Replace(c.TrustedRoot, []byte("{"), []byte(`{"comment": {"a": [1, null]},`), 1)
	if !json.Valid(c.TrustedRoot) {
		t.Fatal("not JSON")
	}
	_, err := c.Judge(false)
	wantCode(t, "member of the trust root", err, "")
	w := world(t, virtual.Config{})
	r := virtual.Request{PredicateType: "t", Hooks: virtual.Hooks{Envelope: func(e *dsse.Envelope) {
		e.Payload = bytes.Replace(e.Payload, []byte("{"), []byte(`{"comment":{"a":[1,null]},`), 1)
	}}}
	_, err = judge(t, verifier(t, rootOf(t, w), anybody), signed(t, w, r))
	wantCode(t, "member of the statement", err, "")
	_, err = trustroot.Parse([]byte(`{}`))
	wantCode(t, "no members at all", err, "trust.media_type")
}
