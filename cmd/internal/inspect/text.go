// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/screen"
)

// WriteText writes the inspection for a person: one group after the other,
// each of them marked. All foreign text is escaped. With color the marks are
// in colour. Errors are w's.
func (in *Inspection) WriteText(w io.Writer, title string, color bool) error {
	t := &textWriter{mark: "UNVERIFIED"}
	if color {
		t.mark = "\x1b[33m" + t.mark + "\x1b[0m"
	}
	c := &in.Unverified
	t.group("bundle", 0)
	t.field("file", title)
	t.field("sha256", in.SHA256)
	t.field("media type", c.MediaType)
	t.field("version", c.Version)
	t.field("signature", base64.StdEncoding.EncodeToString(c.Signature))
	for i, d := range in.Deviations {
		t.field(fmt.Sprintf("deviation %d", i+1), d)
	}
	t.content(c)
	t.signer(c)
	for i := range c.Entries {
		t.entry(&c.Entries[i], i+1)
	}
	for i := range c.Timestamps {
		t.timestamp(&c.Timestamps[i], i+1)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type textWriter struct {
	mark string
	b    strings.Builder
}

// group begins a group of lines; number 0 means the only one.
func (t *textWriter) group(name string, number int) {
	if number > 0 {
		name = fmt.Sprintf("%s %d", name, number)
	}
	fmt.Fprintf(&t.b, "%s  %s\n", name, t.mark)
}

// field writes a line, unless there is nothing to write.
func (t *textWriter) field(label, value string) {
	if value != "" {
		fmt.Fprintf(&t.b, "  %-16s %s\n", label, screen.Escape(value))
	}
}

// block writes foreign text of several lines, each behind a bar, so that no
// line of it can pass for one of ours.
func (t *textWriter) block(label, text string) {
	fmt.Fprintf(&t.b, "  %s\n", label)
	for line := range strings.Lines(text) {
		fmt.Fprintf(&t.b, "    | %s\n", screen.Escape(strings.TrimSuffix(line, "\n")))
	}
}

func (t *textWriter) time(label string, at Time) {
	if !at.IsZero() {
		t.field(label, at.Format(time.RFC3339Nano))
	}
}

func (t *textWriter) content(c *Claims) {
	if c.Message != nil {
		t.group("message", 0)
		t.field("digest", orNone(c.Message.Digest))
		return
	}
	e := c.Envelope
	if e == nil {
		return // of a bundle that is refused
	}
	t.group("envelope", 0)
	t.field("payload type", e.PayloadType)
	t.field("key id", e.KeyID)
	t.field("payload", fmt.Sprintf("%d bytes, sha256:%s", e.PayloadSize, e.PayloadSHA256))
	t.field("no statement", e.Fault)
	if e.Statement == nil {
		return
	}
	s := e.Statement
	t.group("statement", 0)
	t.field("type", s.Type)
	for i, subject := range s.Subjects {
		t.field(fmt.Sprintf("subject %d", i+1), subject.Name)
		for _, d := range subject.Digests {
			t.field("  digest", d)
		}
	}
	t.field("predicate type", s.PredicateType)
	if k := s.predicateKind; k != "" && k != "object" && k != "null" {
		t.field("predicate kind", k)
	}
	var predicate bytes.Buffer
	if len(s.Predicate) > 0 && json.Indent(&predicate, s.Predicate, "", "  ") == nil {
		t.block("predicate", predicate.String())
	}
}

func (t *textWriter) signer(c *Claims) {
	if c.Key != nil {
		t.group("managed key", 0)
		t.field("hint", orNone(c.Key.Hint))
	} else if c.Certificate != nil {
		t.group("certificate", 0)
		t.certificate(c.Certificate)
	}
	for i := range c.Chain {
		t.group("further certificate", i+1)
		t.certificate(&c.Chain[i])
	}
	if c.DroppedRoot {
		t.field("ignored", "a self-issued certificate")
	}
}

func (t *textWriter) certificate(c *Certificate) {
	t.field("sha256", c.SHA256)
	t.field("serial", c.Serial)
	t.field("subject", c.Subject)
	t.field("issued by", c.Issuer)
	t.time("not before", c.NotBefore)
	t.time("not after", c.NotAfter)
	t.field("key", c.Key+", sha256:"+c.KeySHA256)
	t.field("name", c.SAN)
	t.field("kind of name", c.SANType)
	t.field("oidc issuer", c.OIDCIssuer)
	for _, e := range c.Extensions {
		label := e.OID
		if e.Name != "" {
			label = e.Name + ", " + e.OID
		}
		if e.Critical {
			label += ", critical"
		}
		value := e.Value
		if value == "" && e.Hex != "" {
			value = "hex " + e.Hex
		}
		t.field("extension", label)
		t.field("  value", value)
	}
	for _, s := range c.SCTs {
		t.field("sct", "log "+s.LogID)
		t.time("  time", s.Time)
		t.field("  extensions", s.Extensions)
	}
	for _, fault := range c.Faults {
		t.field("unreadable", fault)
	}
}

func (t *textWriter) entry(e *Entry, number int) {
	t.group("log entry", number)
	t.field("log", e.LogID)
	t.field("index", fmt.Sprint(e.Index))
	t.field("kind", e.Kind+" "+e.Version)
	t.time("integrated", e.Integrated)
	t.field("promise", base64.StdEncoding.EncodeToString(e.Promise))
	if b := e.Body; b != nil {
		t.field("body", fmt.Sprintf("%d bytes, sha256:%s", b.Size, b.SHA256))
		if !b.Understood {
			t.field("  kind", "of a kind that is not understood")
		}
		t.field("  digest", b.Digest)
		t.field("  payload type", b.PayloadType)
		t.field("  certificate", b.CertificateSHA256)
		t.field("  key", b.KeySHA256)
		t.field("  signature", base64.StdEncoding.EncodeToString(b.Signature))
	}
	p := e.Proof
	if p == nil {
		t.field("proof", "none")
		return
	}
	t.field("proof", fmt.Sprintf("leaf %d of a tree of %d", p.Index, p.Size))
	t.field("  root", p.Root)
	for _, h := range p.Hashes {
		t.field("  hash", h)
	}
	if p.Checkpoint != "" {
		t.block("checkpoint", p.Checkpoint)
	}
}

func (t *textWriter) timestamp(s *Timestamp, number int) {
	t.group("timestamp", number)
	t.time("time", s.Time)
	t.field("policy", s.Policy)
	t.field("hash", s.Hash)
	t.field("serial", s.Serial)
	for _, c := range s.Certificates {
		t.field("certificate", c)
	}
	for _, o := range s.Oddities {
		t.field("odd", o)
	}
	t.field("no evidence", s.Fault)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
