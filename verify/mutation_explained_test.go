// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// As mutation_test.go: what single checks say, and what they say it of.

// A check that proves nothing says which of the reasons it has.
func TestSkippedForAReason(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	noTSAs := func(m *trustrootv1.TrustedRoot) { m.TimestampAuthorities = nil }
	noLogs := func(m *trustrootv1.TrustedRoot) { m.Tlogs = nil }
	noCTLogs := func(m *trustrootv1.TrustedRoot) { m.Ctlogs = nil }
	managed := verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}
	for _, c := range []struct {
		policy verify.Policy
		root   func(*trustrootv1.TrustedRoot)
		r      virtual.Request
		check  report.Check
		want   string // "" for passed
	}{
		{anybody, noTSAs, virtual.Request{Timestamps: 1}, report.CheckTimestamps, "no timestamp is of an authority that the trust root lists, and none is required"},
		{anybody, noTSAs, virtual.Request{}, report.CheckTimestamps, "the bundle has no timestamps and none is required"},
		{anybody, noCTLogs, virtual.Request{Timestamps: 1}, report.CheckTimestamps, ""},
		{anybody, noCTLogs, virtual.Request{}, report.CheckSCTs, "no signed certificate timestamp is of a known CT log, and none is required"},
		{anybody, noLogs, virtual.Request{Timestamps: 1}, report.CheckEntries, "no entry is of a known log, and none is required"},
		{anybody, noLogs, virtual.Request{Evidence: virtual.NoLog}, report.CheckEntries, "the bundle has no log entries and none is required"},
		{managed, noLogs, virtual.Request{ManagedKey: key}, report.CheckEntries, "no entry is of a known log, and none is required"},
	} {
		res, err := judge(t, verifier(t, rootOf(t, w, c.root), c.policy), signed(t, w, c.r))
		if err != nil {
			t.Fatal(err)
		}
		got := res.Report.Checks[c.check]
		if got.Detail != c.want || (got.Status == report.Skipped) != (c.want != "") {
			t.Errorf("%s: %s, %q, want %q", c.check, got.Status, got.Detail, c.want)
		}
	}
}

// A trust root is called too old where the certificate is younger than all of
// its authorities, and nowhere else.
func TestOlderThanTheSignature(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	noLogs := func(m *trustrootv1.TrustedRoot) { m.Tlogs = nil }
	lateTSA := func(m *trustrootv1.TrustedRoot) {
		m.TimestampAuthorities[0].ValidFor.Start = timestamppb.New(w.Time().Add(time.Hour))
	}
	for _, c := range []struct {
		what    string
		policy  verify.Policy
		r       virtual.Request
		changes []func(*trustrootv1.TrustedRoot)
		old     bool
	}{
		{"older", anybody, virtual.Request{}, []func(*trustrootv1.TrustedRoot){noLogs}, true},
		{"with a younger authority", anybody, virtual.Request{}, []func(*trustrootv1.TrustedRoot){noLogs, lateTSA}, false},
		{"of nothing", anybody, virtual.Request{}, []func(*trustrootv1.TrustedRoot){noLogs, func(m *trustrootv1.TrustedRoot) {
			m.Ctlogs, m.CertificateAuthorities, m.TimestampAuthorities = nil, nil, nil
		}}, false},
		{"for a key", verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}, virtual.Request{ManagedKey: key}, []func(*trustrootv1.TrustedRoot){noLogs}, false},
	} {
		res, err := judge(t, verifier(t, rootOf(t, w, c.changes...), c.policy), signed(t, w, c.r))
		report := reportOf(res, err)
		if got := strings.Contains(report.Notes[0].Detail, "too old"); got != c.old || report.Notes[0].Code != "tlog.unknown_log" {
			t.Errorf("%s: %+v", c.what, report.Notes[0])
		}
	}
}

// A trust root that lists a log's key under another ID is wrong, not too old.
func TestKeyUnderAnotherID(t *testing.T) {
	w := world(t, virtual.Config{})
	wrong := bytes.Repeat([]byte{7}, 32)
	logs := func(id func(*trustrootv1.TransparencyLogInstance) []byte) func(*trustrootv1.TrustedRoot) {
		return func(m *trustrootv1.TrustedRoot) {
			for _, l := range m.Tlogs {
				l.LogId.KeyId = id(l)
			}
		}
	}
	unlike := func(l *trustrootv1.TransparencyLogInstance) []byte {
		return slices.Concat(l.LogId.KeyId[:31], []byte{l.LogId.KeyId[31] ^ 1})
	}
	keyHash := func(l *trustrootv1.TransparencyLogInstance) []byte {
		sum := sha256.Sum256(l.PublicKey.RawBytes)
		return sum[:]
	}
	ctlogs := func(m *trustrootv1.TrustedRoot) { m.Ctlogs[0].LogId.KeyId = wrong }
	for _, c := range []struct {
		what, code string
		r          virtual.Request
		change     func(*trustrootv1.TrustedRoot)
	}{
		{"v1", "tlog.unknown_log", virtual.Request{}, logs(unlike)},
		{"v2", "tlog.unknown_log", virtual.Request{Evidence: virtual.RekorV2}, logs(unlike)},
		{"v2 in the form of v1", "tlog.unknown_log", virtual.Request{Evidence: virtual.RekorV2}, logs(keyHash)},
		{"an envelope", "tlog.unknown_log", virtual.Request{PredicateType: "https://example.test/p"}, logs(unlike)},
		{"CT log", "sct.unknown_log", virtual.Request{}, ctlogs},
		{"CT log and v2", "sct.unknown_log", virtual.Request{Evidence: virtual.RekorV2}, ctlogs},
	} {
		res, err := judge(t, verifier(t, rootOf(t, w, c.change), anybody), signed(t, w, c.r))
		wantCode(t, c.what, err, c.code)
		report := reportOf(res, err)
		if !strings.Contains(report.Message, "under the ID") || strings.Contains(report.Message, "too old") {
			t.Errorf("%s: %s", c.what, report.Message)
		}
		for _, note := range report.Notes {
			if strings.Contains(note.Detail, "too old") {
				t.Errorf("%s: %s", c.what, note.Detail)
			}
		}
	}
}

// The first check that fails is the verdict, and what follows is explained.
func TestExplainedRefusals(t *testing.T) {
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{})
	stranger := verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly("https://a.test"), Issuer: issuer}}}
	v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: stranger, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	other, err := v.ReadArtifact(bytes.NewReader([]byte("else")), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a                    verify.Artifact
		code                 string
		signature, statement string
	}{
		{other, "artifact.mismatch", "signature.invalid", ""},
		{verify.NoArtifact(), "artifact.missing", "artifact.missing", ""},
	} {
		_, err = v.Verify(b, c.a)
		wantCode(t, "the first of several", err, c.code)
		var refused *verify.Error
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if got := refused.Report.Checks[report.CheckSignature].Code; got != c.signature {
			t.Errorf("signature: %q, want %q", got, c.signature)
		}
		if refused.Check != report.CheckDigest || refused.Report.Code != c.code {
			t.Errorf("%s, %s", refused.Check, refused.Report.Code)
		}
	}
}

// A digest under another hash than the key's is not a wrong signature.
func TestSignatureNotComparable(t *testing.T) {
	w := world(t, virtual.Config{GitHub: true})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	b := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1})
	b.MessageDigest = nil
	a, err := verify.ArtifactDigest("sha512", make([]byte, 64))
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}).Verify(b, a)
	wantCode(t, "SHA-512 for a P-256 key", err, "artifact.not_comparable")
}

// A log's key has to count when it made the promise, and at no other time.
func TestPromiseHasItsOwnTime(t *testing.T) {
	w := world(t, virtual.Config{})
	minute := w.Time().Add(time.Minute)
	root := rootOf(t, w, func(m *trustrootv1.TrustedRoot) {
		for _, l := range m.Tlogs {
			l.PublicKey.ValidFor.End = timestamppb.New(minute)
		}
	})
	later := virtual.Hooks{Timestamp: func(in *virtual.TimestampInput) { in.Time = minute.Add(time.Minute) }}
	_, err := judge(t, verifier(t, root, anybody), signed(t, w, virtual.Request{Timestamps: 1, Hooks: later}))
	wantCode(t, "timestamp after the log", err, "")
}

// Under an issuer that signs precertificates only, SCTs cannot be checked, and
// that is said even where none is required.
func TestPrecertIssuer(t *testing.T) {
	w := world(t, virtual.Config{Authority: func(role string, template *x509.Certificate) {
		if template.IsCA {
			template.UnknownExtKeyUsage = append(template.UnknownExtKeyUsage, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4})
			template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageTimeStamping)
		}
	}})
	for _, require := range []verify.Requirements{{}, {SCTs: verify.NotRequired}} {
		_, err := judge(t, verifier(t, rootOf(t, w), verify.Policy{AnyIdentity: true, Require: require}), signed(t, w, virtual.Request{}))
		wantCode(t, "issuer of precertificates", err, "chain.profile")
	}
}
