// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
)

type request = virtual.Request
type key = virtual.Key

// flaws are ordered as the checks are.
var flaws = slices.Concat(certificateFlaws, sctFlaws, logFlaws, contentFlaws)

var certificateFlaws = []flaw{
	{"certificate by a stranger", "chain.untrusted", "", func(r *request, k *key) { r.Certificate = func(c *virtual.CertificateInput) { c.Key = k } }},
	{"certificate with a corrupt signature", "chain.untrusted", "", func(r *request, _ *key) { r.Certificate = func(c *virtual.CertificateInput) { c.Corrupt = true } }},
	{"certificate expired", "chain.expired", "", func(r *request, _ *key) {
		r.Certificate = func(c *virtual.CertificateInput) {
			c.NotAfter = c.NotBefore.Add(-time.Second)
			c.NotBefore = c.NotAfter.Add(-time.Hour)
		}
	}},
	{"certificate not yet valid", "chain.expired", "", func(r *request, _ *key) {
		r.Certificate = func(c *virtual.CertificateInput) {
			c.NotBefore = c.NotAfter.Add(time.Second)
			c.NotAfter = c.NotBefore.Add(time.Hour)
		}
	}},
	{"certificate for servers", "chain.profile", "", func(r *request, _ *key) {
		r.Certificate = func(c *virtual.CertificateInput) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	}},
	{"two names", "certificate.san", "", func(r *request, _ *key) {
		r.Names = []virtual.Name{{Value: virtual.DefaultSAN}, {Value: "https://b.test"}}
	}},
	{"two issuers", "certificate.issuer", "", func(r *request, _ *key) { r.Extensions = map[int]string{1: "https://evil.test"} }},
	{"only the old issuer", "=signed", "", func(r *request, _ *key) { r.Extensions = map[int]string{8: ""} }},
	{"another signer", "identity.san", "", func(r *request, _ *key) { r.SAN = virtual.DefaultSAN + "x" }},
	{"another issuer", "identity.issuer", "", func(r *request, _ *key) { r.Issuer = virtual.DefaultIssuer + "x" }},
	{"no SCT", "sct.missing", "", func(r *request, _ *key) { r.SCTs = -1 }},
	{"SCT by a stranger", "sct.signature", "", func(r *request, k *key) { r.SCT = func(s *virtual.SCTInput) { s.Key = k } }},
	{"SCT of another issuer", "sct.signature", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.IssuerKeyHash[0] ^= 1 } }},
	{"SCT of another certificate", "sct.signature", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.TBS = append(bytes.Clone(s.TBS), 0) } }},
	{"SCT too early", "sct.window", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.Timestamp = 1 } }},
	{"SCT of an unknown log", "sct.unknown_log", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.LogID[0] ^= 1 } }},
	{"SCT with extensions", "=signed", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.Extensions = []byte("abc") } }},
	{"SCT of another version", "sct.malformed", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.Version = 1 } }},
	{"SCT under another algorithm", "sct.signature sct.malformed", "", func(r *request, _ *key) { r.SCT = func(s *virtual.SCTInput) { s.Hash ^= 1 } }},
	{"SCT list truncated", "sct.malformed", "", func(r *request, _ *key) { r.SCTList = func(l []byte) []byte { return l[:len(l)-1] } }},
	{"SCT list extended", "sct.malformed", "", func(r *request, _ *key) { r.SCTList = func(l []byte) []byte { return append(l, 0) } }},
	{"SCT list empty", "sct.malformed sct.missing", "", func(r *request, _ *key) { r.SCTList = func([]byte) []byte { return []byte{0, 0} } }},
}

var logFlaws = []flaw{
	{"entry of another digest", "tlog.entry.digest", "", func(r *request, _ *key) { r.Entry = func(e *virtual.EntryInput) { e.Digest[0] ^= 1 } }},
	{"entry of a bare key", "tlog.entry.key", "*v2*", func(r *request, _ *key) { r.Entry = func(e *virtual.EntryInput) { e.Certificate = nil } }},
	{"entry under another algorithm", "tlog.entry.key tlog.entry.malformed tlog.entry.digest", "*v2*", func(r *request, _ *key) {
		r.Entry = func(e *virtual.EntryInput) { e.KeyDetails = "PKIX_ECDSA_P384_SHA_384" }
	}},
	{"body with data behind", "tlog.entry.malformed", "", func(r *request, _ *key) { r.Body = func(b []byte) []byte { return append(b, ' ', '1') } }},
	{"body with an unknown member", "tlog.entry.malformed", "*v2*", func(r *request, _ *key) {
		r.Body = func(b []byte) []byte { return append([]byte(`{"x":1,`), b[1:]...) }
	}},
	{"promise by a stranger", "tlog.promise.signature", "*v1|*both*", func(r *request, k *key) { r.Promise = func(p *virtual.PromiseInput) { p.Key = k } }},
	{"promise corrupt", "tlog.promise.signature", "*v1|*both*", func(r *request, _ *key) { r.Promise = func(p *virtual.PromiseInput) { p.Corrupt = true } }},
	{"promise of another body", "tlog.promise.signature", "*v1|*both*", func(r *request, _ *key) {
		r.Promise = func(p *virtual.PromiseInput) { p.Body = append(bytes.Clone(p.Body), ' ') }
	}},
	{"promise of another log", "tlog.promise.signature", "*v1|*both*", func(r *request, _ *key) { r.Promise = func(p *virtual.PromiseInput) { p.LogID[0] ^= 1 } }},
	{"promise too early", "tlog.window", "*v1|*both*", func(r *request, _ *key) { r.Promise = func(p *virtual.PromiseInput) { p.Integrated = 1 } }},
	{"promise after the certificate", "chain.expired", "*v1|*both*", func(r *request, _ *key) { r.Promise = func(p *virtual.PromiseInput) { p.Integrated += 3600 } }},
	{"checkpoint by a stranger", "tlog.checkpoint.signature", "", func(r *request, k *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Key = k } }},
	{"checkpoint corrupt", "tlog.checkpoint.signature", "", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Corrupt = true } }},
	{"checkpoint under another name", "tlog.checkpoint.unsigned", "*v2*", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Name = "other.test" } }},
	{"checkpoint under another hint", "tlog.checkpoint.unsigned", "", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Hint[0] ^= 1 } }},
	{"checkpoint of another origin", "tlog.checkpoint.origin", "*v2*", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Origin = "other.test" } }},
	{"checkpoint of another size", "tlog.checkpoint.root", "", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Size++ } }},
	{"checkpoint of another root", "tlog.checkpoint.root", "", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Root[0] ^= 1 } }},
	{"checkpoint with an extension", "=signed", "", func(r *request, _ *key) {
		r.Checkpoint = func(c *virtual.CheckpointInput) { c.Extensions = []string{"Timestamp: 1"} }
	}},
	{"checkpoint without a size", "tlog.checkpoint.malformed", "", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Edit = withoutLine(1) } }},
	{"checkpoint without a root", "tlog.checkpoint.malformed", "", func(r *request, _ *key) { r.Checkpoint = func(c *virtual.CheckpointInput) { c.Edit = withoutLine(2) } }},
	{"checkpoint with a padded size", "tlog.checkpoint.malformed", "", func(r *request, _ *key) {
		r.Checkpoint = func(c *virtual.CheckpointInput) {
			c.Edit = func(s string) string { return strings.Replace(s, "\n", "\n0", 1) }
		}
	}},
}

// sctFlaws change one byte each of the list of SCTs after the log has signed
// it, and before the authority signs the certificate around it.
var sctFlaws = func() (list []flaw) {
	const (
		header = 2 + 2 // lengths of the list and of the one SCT
		size   = header + 1 + 32 + 8 + 2 + 2 + 2
	)
	for i := range size + 70 {
		name, want := "signature", "sct.signature sct.malformed"
		switch {
		case i < 2:
			name, want = "length of the list", "sct.malformed"
		case i < header:
			name, want = "length", "sct.malformed"
		case i < header+1:
			name, want = "version", "sct.malformed"
		case i < header+33:
			name, want = "log ID", "sct.unknown_log"
		case i < header+41:
			name, want = "timestamp", "sct.signature sct.window sct.malformed"
		case i < header+43:
			name, want = "extensions", "sct.malformed"
		case i < header+45:
			name, want = "algorithms", "sct.malformed"
		case i < size:
			name, want = "length of the signature", "sct.malformed"
		}
		list = append(list, flaw{"SCT changed: " + name, want, "", func(r *request, _ *key) {
			r.SCTList = func(l []byte) []byte {
				if i < len(l) {
					l[i] ^= 1
				}
				return l
			}
		}})
	}
	return list
}()

func withoutLine(i int) func(string) string {
	return func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		return strings.Join(append(lines[:i:i], lines[i+1:]...), "")
	}
}

var contentFlaws = []flaw{
	{"timestamp by a stranger", "timestamp.signature", "", func(r *request, k *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Key = k } }},
	{"timestamp of something else", "timestamp.imprint", "", func(r *request, _ *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Message = []byte("else") } }},
	{"timestamp granted with changes", "timestamp.status", "", func(r *request, _ *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Status = 1 } }},
	{"timestamp refused", "timestamp.status", "", func(r *request, _ *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Status = 2 } }},
	{"timestamp waiting", "timestamp.status", "", func(r *request, _ *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Status = 3 } }},
	{"timestamp names another signer", "timestamp.signer", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) { t.Signer = impostor(t.Signer) }
	}},
	{"timestamp names nobody", "time.none", "*v2*", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) {
			t.Signer = forged(t.Signer.RawSubject, t.Signer.RawIssuer, big.NewInt(1), t.Signer.SubjectKeyId)
		}
	}},
	{"timestamp with an impostor's certificate", "timestamp.signer", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) {
			t.Certificates = append([]*x509.Certificate{impostor(t.Signer)}, t.Certificates...)
		}
	}},
	{"timestamp with an authority more", "=signed", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) {
			t.Certificates = append(t.Certificates, forged(t.Signer.RawIssuer, t.Signer.RawIssuer, big.NewInt(1), t.Signer.AuthorityKeyId))
		}
	}},
	{"timestamp with a nonce", "=signed", "", func(r *request, _ *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Nonce = big.NewInt(7) } }},
	{"timestamp too late", "chain.expired", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) { t.Time = t.Time.Add(time.Hour) }
	}},
	{"timestamp before the authority", "timestamp.window timestamp.chain", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) { t.Time = t.Time.AddDate(-3, 0, 0) }
	}},
	{"timestamp under SHA-1", "timestamp.profile timestamp.malformed timestamp.imprint", "", func(r *request, _ *key) { r.Timestamp = func(t *virtual.TimestampInput) { t.Hash = crypto.SHA1 } }},
	{"timestamp with a stray byte", "timestamp.malformed", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) { t.Info = func(der []byte) []byte { return append(der, 0) } }
	}},
	{"timestamp without attributes", "timestamp.profile", "", func(r *request, _ *key) {
		r.Timestamp = func(t *virtual.TimestampInput) { t.Attributes = func(list *[][]byte) { *list = (*list)[:2] } }
	}},
	{"no time", "time.none", "*v2*", func(r *request, _ *key) { r.Timestamps = -1 }},
	{"signature by a stranger", "signature.invalid", "", func(r *request, k *key) { r.Signature = func(s *virtual.SignatureInput) { s.Key = k } }},
	{"signature of something else", "signature.invalid", "", func(r *request, _ *key) { r.Signature = func(s *virtual.SignatureInput) { s.Message = []byte("else") } }},
	{"unknown media type", "bundle.version", "", func(r *request, _ *key) { r.Bundle = func(m *bundlev1.Bundle) { m.MediaType = "text/plain" } }},
	{"payload is not JSON", "statement.malformed", "envelope*", envelope(func(e *dsse.Envelope) { e.Payload = []byte("{") })},
	{"payload is empty", "statement.malformed", "envelope*", envelope(func(e *dsse.Envelope) { e.Payload = nil })},
	{"payload of another type", "statement.payload_type", "envelope*", envelope(func(e *dsse.Envelope) { e.PayloadType = "text/plain" })},
	{"payload type not in ASCII", "statement.payload_type", "envelope*", envelope(func(e *dsse.Envelope) { e.PayloadType += "\u0161" })},
	{"statement: subject twice", "statement.malformed", "envelope*", payload(`"subject":`, `"subject":[],"subject":`)},
	{"statement: SUBJECT too", "statement.malformed =signed", "envelope*", payload(`"subject":`, `"SUBJECT":[],"subject":`)},
	{"statement: another _type", "statement.type", "envelope*", payload(`"https://in-toto.io/Statement/v1"`, `"https://in-toto.io/Statement/v9"`)},
	{"statement: no _type", "statement.type statement.malformed", "envelope*", payload(`"_type":"https://in-toto.io/Statement/v1",`, ``)},
	{"statement: data behind", "statement.malformed", "envelope*", envelope(func(e *dsse.Envelope) { e.Payload = append(bytes.Clone(e.Payload), "{}"...) })},
	{"statement: byte order mark", "statement.malformed", "envelope*", envelope(func(e *dsse.Envelope) { e.Payload = append([]byte("\xef\xbb\xbf"), e.Payload...) })},
	{"statement: unknown member", "=signed", "envelope*", payload(`"subject":`, `"comment":{"subject":[]},"subject":`)},
	{"statement: no subject", "statement.subjects statement.malformed", "envelope*", payload(`"subject":`, `"subjects":`)},
	{"statement about nothing", "statement.subjects", "envelope*", statement(func(s *virtual.Statement) { s.Subjects = []virtual.Subject{} })},
	{"statement about something else", "artifact.mismatch", "envelope*", statement(func(s *virtual.Statement) { s.Subjects[0].Digest["sha256"] = strings.Repeat("00", 32) })},
	{"statement: digest in capitals", "=signed artifact.mismatch", "envelope*", statement(func(s *virtual.Statement) {
		s.Subjects[0].Digest["sha256"] = strings.ToUpper(s.Subjects[0].Digest["sha256"])
	})},
	{"statement: short digest", "artifact.mismatch statement.subjects statement.malformed", "envelope*", statement(func(s *virtual.Statement) {
		s.Subjects[0].Digest["sha256"] = s.Subjects[0].Digest["sha256"][:62]
	})},
	{"statement: empty digest", "artifact.mismatch statement.subjects statement.malformed", "envelope*", statement(func(s *virtual.Statement) { s.Subjects[0].Digest["sha256"] = "" })},
	{"statement: MD5 only", "artifact.not_comparable", "envelope*", statement(func(s *virtual.Statement) { s.Subjects[0].Digest = map[string]string{"md5": strings.Repeat("00", 16)} })},
	{"statement: SHA-512 differs", "artifact.mismatch", "envelope*", statement(func(s *virtual.Statement) { s.Subjects[0].Digest["sha512"] = strings.Repeat("00", 64) })},
}

func envelope(change func(*dsse.Envelope)) func(*request, *key) {
	return func(r *request, _ *key) { r.Envelope = change }
}

func statement(change func(*virtual.Statement)) func(*request, *key) {
	return func(r *request, _ *key) { r.Statement = change }
}

func payload(old, new string) func(*request, *key) {
	return envelope(func(e *dsse.Envelope) { e.Payload = bytes.Replace(e.Payload, []byte(old), []byte(new), 1) })
}
