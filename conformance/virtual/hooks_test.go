// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// flaw is a bundle that is wrong in one respect.
type flaw struct {
	name    string
	want    string // the code of the one check that fails
	request virtual.Request
	root    func(*trustrootv1.TrustedRoot)
}

const predicate = "https://example.test/p"

func hooks(h virtual.Hooks) virtual.Request {
	return virtual.Request{Timestamps: 1, Hooks: h}
}

func attest(h virtual.Hooks) virtual.Request {
	return virtual.Request{PredicateType: predicate, Hooks: h}
}

func v2(h virtual.Hooks) virtual.Request {
	return virtual.Request{Evidence: virtual.RekorV2, Hooks: h}
}

func signerFlaws(w *virtual.World, stranger *virtual.Key) []flaw {
	hour := func(c *virtual.CertificateInput) {
		c.NotBefore, c.NotAfter = w.Time().Add(-2*time.Hour), w.Time().Add(-time.Hour)
	}
	return []flaw{
		{"certificate expired", "chain.expired", hooks(virtual.Hooks{Certificate: hour}), nil},
		{"certificate of a stranger", "chain.untrusted", hooks(virtual.Hooks{Certificate: func(c *virtual.CertificateInput) { c.Key = stranger }}), nil},
		{"certificate not signed", "chain.untrusted", hooks(virtual.Hooks{Certificate: func(c *virtual.CertificateInput) { c.Corrupt = true }}), nil},
		{"certificate for servers", "chain.profile", hooks(virtual.Hooks{Certificate: func(c *virtual.CertificateInput) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}}), nil},
		{"two names", "certificate.san", virtual.Request{Names: []virtual.Name{{Value: "https://a.test"}, {Value: "https://b.test"}}}, nil},
		{"two issuers", "certificate.issuer", virtual.Request{Extensions: map[int]string{1: "https://evil.test"}}, nil},
		{"extension of another type", "certificate.extension", hooks(virtual.Hooks{Certificate: func(c *virtual.CertificateInput) {
			e := virtual.Extension(20, "push")
			e.Value[0] = 0x13
			c.ExtraExtensions = append(c.ExtraExtensions, e)
		}}), nil},
		{"no SCT", "sct.missing", virtual.Request{SCTs: -1}, nil},
		{"SCT by a stranger", "sct.signature", hooks(virtual.Hooks{SCT: func(s *virtual.SCTInput) { s.Key = stranger }}), nil},
		{"SCT of another issuer", "sct.signature", hooks(virtual.Hooks{SCT: func(s *virtual.SCTInput) { s.IssuerKeyHash[0] ^= 1 }}), nil},
		{"SCT too early", "sct.window", hooks(virtual.Hooks{SCT: func(s *virtual.SCTInput) { s.Timestamp = 1 }}), nil},
		{"SCT of an unknown log", "sct.unknown_log", hooks(virtual.Hooks{SCT: func(s *virtual.SCTInput) { s.LogID[0] ^= 1 }}), nil},
		{"SCT list cut off", "sct.malformed", hooks(virtual.Hooks{SCTList: func(l []byte) []byte { return l[:len(l)-1] }}), nil},
		{"signature by a stranger", "signature.invalid", hooks(virtual.Hooks{Signature: func(s *virtual.SignatureInput) { s.Key = stranger }}), nil},
		{"signature corrupt", "signature.invalid", v2(virtual.Hooks{Signature: func(s *virtual.SignatureInput) { s.Corrupt = true }}), nil},
		{"log that the root does not list", "tlog.unknown_log", hooks(virtual.Hooks{}), func(r *trustrootv1.TrustedRoot) { r.Tlogs = r.Tlogs[1:] }},
		{"CA that ended", "chain.window", hooks(virtual.Hooks{}), func(r *trustrootv1.TrustedRoot) {
			r.CertificateAuthorities[0].ValidFor.End = timestamppb.New(w.Time().Add(-time.Second))
		}},
	}
}

func logFlaws(w *virtual.World, stranger *virtual.Key) []flaw {
	return []flaw{
		{"entry of another digest", "tlog.entry.digest", hooks(virtual.Hooks{Entry: func(e *virtual.EntryInput) { e.Digest[0] ^= 1 }}), nil},
		{"entry of another digest, v2", "tlog.entry.digest", v2(virtual.Hooks{Entry: func(e *virtual.EntryInput) { e.Digest[0] ^= 1 }}), nil},
		{"entry of a bare key", "tlog.entry.key", v2(virtual.Hooks{Entry: func(e *virtual.EntryInput) { e.Certificate = nil }}), nil},
		{"entry of another signature", "tlog.entry.signature", hooks(virtual.Hooks{Entry: func(e *virtual.EntryInput) {
			e.Signature = append(bytes.Clone(e.Signature[:len(e.Signature)-1]), 0)
		}}), nil},
		{"promise by a stranger", "tlog.promise.signature", hooks(virtual.Hooks{Promise: func(p *virtual.PromiseInput) { p.Key = stranger }}), nil},
		{"promise about another index", "tlog.promise.signature", hooks(virtual.Hooks{
			Bundle: func(m *bundlev1.Bundle) { m.VerificationMaterial.TlogEntries[0].LogIndex++ },
		}), nil},
		{"promise too early", "tlog.window", hooks(virtual.Hooks{Promise: func(p *virtual.PromiseInput) { p.Integrated = 1 }}), nil},
		{"integrated too late", "chain.expired", hooks(virtual.Hooks{Promise: func(p *virtual.PromiseInput) { p.Integrated += 3600 }}), nil},
		{"checkpoint by a stranger", "tlog.checkpoint.signature", hooks(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Key = stranger }}), nil},
		{"checkpoint by a stranger, v2", "tlog.checkpoint.signature", v2(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Corrupt = true }}), nil},
		{"checkpoint under another name", "tlog.checkpoint.unsigned", v2(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Name = "other.test" }}), nil},
		{"checkpoint of another log", "tlog.checkpoint.origin", v2(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Origin = "other.test" }}), nil},
		{"checkpoint without a size", "tlog.checkpoint.malformed", v2(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) {
			c.Edit = func(text string) string {
				lines := strings.SplitAfter(text, "\n")
				return lines[0] + lines[2]
			}
		}}), nil},
		{"another root", "tlog.checkpoint.root", v2(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Root[0] ^= 1 }}), nil},
		{"another path", "tlog.inclusion", virtual.Request{Evidence: virtual.RekorV2, Later: 4, Hooks: virtual.Hooks{
			Bundle: func(m *bundlev1.Bundle) { m.VerificationMaterial.TlogEntries[0].InclusionProof.Hashes[0][0] ^= 1 },
		}}, nil},
		{"two logs, one promise corrupt", "tlog.promise.signature", virtual.Request{Evidence: virtual.RekorBoth, Hooks: virtual.Hooks{
			Promise: func(p *virtual.PromiseInput) { p.Corrupt = true },
		}}, nil},
	}
}

func otherFlaws(w *virtual.World, stranger *virtual.Key) []flaw {
	return []flaw{
		{"timestamp by a stranger", "timestamp.signature", hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) { s.Key = stranger }}), nil},
		{"timestamp of something else", "timestamp.imprint", hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) { s.Message = []byte("else") }}), nil},
		{"timestamp refused", "timestamp.status", hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) { s.Status = 2 }}), nil},
		{"timestamp too late", "chain.expired", hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) { s.Time = s.Time.Add(time.Hour) }}), nil},
		{"timestamp with a stray byte", "timestamp.malformed", hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) {
			s.Info = func(der []byte) []byte { return append(der, 0) }
		}}), nil},
		{"timestamp without attributes", "timestamp.profile", hooks(virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) {
			s.Attributes = func(list *[][]byte) { *list = (*list)[:2] }
		}}), nil},
		{"statement about nothing", "statement.subjects", attest(virtual.Hooks{Statement: func(s *virtual.Statement) { s.Subjects = []virtual.Subject{} }}), nil},
		{"statement about something else", "artifact.mismatch", attest(virtual.Hooks{Statement: func(s *virtual.Statement) {
			s.Subjects[0].Digest["sha256"] = strings.Repeat("00", 32)
		}}), nil},
		{"payload is not JSON", "statement.malformed", attest(virtual.Hooks{Envelope: func(e *dsse.Envelope) { e.Payload = []byte("{") }}), nil},
		{"payload of another type", "statement.payload_type", attest(virtual.Hooks{Envelope: func(e *dsse.Envelope) { e.PayloadType = "text/plain" }}), nil},
		{"unknown media type", "bundle.version", hooks(virtual.Hooks{Bundle: func(m *bundlev1.Bundle) { m.MediaType = "text/plain" }}), nil},
		{"no promise in 0.1", "bundle.promise_missing", virtual.Request{Version: bundle.V01, WithoutPromise: true}, nil},
		{"no proof", "bundle.proof_missing", virtual.Request{WithoutProof: true}, nil},
		{"no time", "time.none", virtual.Request{Evidence: virtual.RekorV2, Timestamps: -1}, nil},
		{"body with something more", "tlog.entry.malformed", v2(virtual.Hooks{Body: func(b []byte) []byte { return append(b, ' ', '1') }}), nil},
	}
}

// What a hook breaks is broken, and nothing else is.
func TestHooks(t *testing.T) {
	w := newWorld(t, virtual.Config{})
	stranger, err := w.Key("stranger", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	flaws := append(signerFlaws(w, stranger), logFlaws(w, stranger)...)
	for _, f := range append(flaws, otherFlaws(w, stranger)...) {
		var changes []func(*trustrootv1.TrustedRoot)
		if f.root != nil {
			changes = append(changes, f.root)
		}
		data, err := w.TrustedRoot(changes...)
		if err != nil {
			t.Fatal(err)
		}
		root, err := trustroot.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		s := sign(t, w, f.request)
		failed, err := explain(t, root, s)
		if code(err) != f.want || failed > 1 {
			t.Errorf("%s: %d checks failed, first %q: %v, want only %q", f.name, failed, code(err), err, f.want)
		}
	}
}

// explain returns the number of checks that fail, and why.
func explain(t *testing.T, root *trustroot.Root, s *virtual.Signed) (int, error) {
	t.Helper()
	v, err := verify.New(verify.Config{Root: root, Policy: anyone(s), Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(s.Bundle)
	if err != nil {
		return 1, err
	}
	a, err := v.ReadArtifact(bytes.NewReader(s.Artifact), b)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(b, a)
	failed := 0
	var refused *verify.Error
	if errors.As(err, &refused) {
		for _, step := range refused.Report.Checks {
			if step.Status == report.Failed {
				failed++
			}
		}
	}
	return failed, err
}
