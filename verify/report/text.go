// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
)

// TextStyle says how [Report.WriteText] writes.
type TextStyle struct {
	// Title names the artifact in the first line, typically its file name.
	Title string
	// Explain adds every check with what it proved.
	Explain bool
	// Color adds ANSI colours. Foreign text is escaped with or without it.
	Color bool
	// Remedy returns what a reader can do about a code, for a program that
	// knows more of it than this library, for example which flag helps. Nil
	// stands for the remedy of package codes.
	Remedy func(code string) string
}

// WriteText writes the report for a person. All foreign text in it is
// escaped. Errors are w's.
func (r *Report) WriteText(w io.Writer, style TextStyle) error {
	t := &textWriter{style: style}
	if r.Verified {
		t.line(t.paint(green, "verified")+"  ", style.Title)
	} else {
		t.line(t.paint(red, "refused")+"  ", style.Title)
		t.failure(r)
	}
	t.signer(r)
	for _, at := range r.Times {
		t.field("signed at", at.Time.UTC().Format(time.RFC3339Nano)+"  by "+timeSources[at.Source]+" of "+orKey(at.By))
		if !r.Verified {
			break
		}
	}
	for _, d := range r.Artifact {
		t.field("artifact", d)
	}
	if s := r.Statement; s != nil {
		t.statement(s)
	}
	t.inputs(r)
	if r.Required.Lowered {
		t.field("required", fmt.Sprintf("less than the trust root suggests: tlog=%d sct=%d tsa=%d time=%d",
			r.Required.Logs, r.Required.SCTs, r.Required.Timestamps, r.Required.Times))
	}
	t.waived(r)
	for _, n := range r.Notes {
		t.field("note", n.Detail)
	}
	if style.Explain {
		t.checks(r)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// waived says what was not proved of a verified bundle because nothing asks for
// it: neither the policy nor the trust root.
func (t *textWriter) waived(r *Report) {
	if !r.Verified {
		return // a refusal has other reasons
	}
	skipped := func(c Check) bool {
		return slices.ContainsFunc(r.Checks, func(s Step) bool { return s.Check == c && s.Status == Skipped })
	}
	certificate := r.Signer != nil && r.Signer.Certificate != nil
	for _, w := range []struct {
		is      bool
		counted bool // in the line about what is required, which exists if anything is lowered
		text    string
	}{
		{certificate && skipped(CheckIdentity), false, "a particular signer: the policy accepts any identity"},
		{skipped(CheckEntries), true, "a log entry: not required, as the trust root lists no transparency log"},
		{certificate && skipped(CheckSCTs), true, "a certificate timestamp: not required, as the trust root lists no CT log"},
		{!certificate && skipped(CheckTime), true, "a time of signing: not required, as the key has no validity period"},
	} {
		if w.is && !(w.counted && r.Required.Lowered) {
			t.field("not asked", w.text)
		}
	}
}

var timeSources = map[string]string{"rfc3161": "a timestamp", "rekor-v1": "a signed entry timestamp"}

type textWriter struct {
	style TextStyle
	b     strings.Builder
	last  string
}

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

func (t *textWriter) paint(color, s string) string {
	if !t.style.Color {
		return s
	}
	return color + s + reset
}

// line writes trusted text followed by foreign text.
func (t *textWriter) line(own, foreign string) {
	t.b.WriteString(own)
	t.b.WriteString(screen.Escape(foreign))
	t.b.WriteByte('\n')
}

// field writes an aligned line; a label that repeats is written once.
func (t *textWriter) field(label, value string) {
	shown := label
	if t.last == label {
		shown = ""
	}
	t.last = label
	t.line("  "+t.paint(dim, fmt.Sprintf("%-11s", shown))+" ", value)
}

func (t *textWriter) failure(r *Report) {
	t.field("because", r.Message)
	t.field("code", r.Code)
	for i, s := range r.Checks {
		if s.Status == Failed {
			t.field("check", fmt.Sprintf("%s, %d of %d", s.Check, i+1, len(r.Checks)))
			break
		}
	}
	fix := t.remedy(r.Code)
	for _, note := range r.Notes {
		if note.Code == "instance.other" || note.Code == "instance.unknown" {
			fix = t.remedy(note.Code) // the reason behind the reason
		}
	}
	if fix != "" {
		t.field("what to do", fix)
	}
}

func (t *textWriter) remedy(code string) string {
	if t.style.Remedy != nil {
		return t.style.Remedy(code)
	}
	return refuse.Describe(refuse.Code(code)).Fix
}

// inputs names what was judged and by what, so far as it could be read.
func (t *textWriter) inputs(r *Report) {
	if r.Bundle != (BundleInfo{}) {
		t.field("bundle", "sha256:"+r.Bundle.SHA256.String())
	}
	if r.TrustRoot != (RootInfo{}) {
		root := "sha256:" + r.TrustRoot.SHA256.String()
		if r.TrustRoot.Source != "" {
			root = r.TrustRoot.Source + ", " + root
		}
		t.field("trust root", root)
	}
}

func (t *textWriter) signer(r *Report) {
	label := "signed by"
	if !r.Verified {
		label = "signer" // the certificate is proved, or the key given; the signature is not
	}
	switch s := r.Signer; {
	case s == nil:
	case s.Key != nil:
		t.field(label, "the key sha256:"+s.Key.SHA256.String()+", "+s.Key.Algorithm)
	case s.Certificate != nil:
		t.field(label, s.Certificate.SAN)
		if kind := s.Certificate.SANType; kind != "" && kind != fulcio.ShapeOf(s.Certificate.SAN).String() {
			t.field("kind", "the name is of kind "+kind+", not what it reads as")
		}
		if s.Certificate.Issuer != "" {
			t.field("issuer", s.Certificate.Issuer)
		}
		t.source(s.Certificate)
	}
}

// source names what was built, and the workflow that called the signer's if
// that differs.
func (t *textWriter) source(c *Certificate) {
	values := make(map[string]string)
	for _, e := range c.Extensions {
		values[e.Name] = e.Value
	}
	if repository := values["sourceRepositoryURI"]; repository != "" {
		t.field("source", strings.TrimSpace(repository+"  "+values["sourceRepositoryRef"]))
	}
	if workflow := values["buildConfigURI"]; workflow != "" && workflow != c.SAN {
		t.field("workflow", workflow)
	}
}

func (t *textWriter) statement(s *Statement) {
	if s.PredicateType != "" {
		t.field("predicate", s.PredicateType)
	}
	switch {
	case s.Matched > 0 && s.MatchedName != "":
		t.field("subject", fmt.Sprintf("%d of %d, %s", s.Matched, s.Subjects, s.MatchedName))
	case s.Matched > 0:
		t.field("subject", fmt.Sprintf("%d of %d", s.Matched, s.Subjects))
	default:
		t.field("subject", fmt.Sprintf("not compared, %d in the statement", s.Subjects))
	}
	if s.WeakDigest {
		t.field("subject", "matched by the weak digest that was asked for")
	}
}

func (t *textWriter) checks(r *Report) {
	t.b.WriteByte('\n')
	for i, s := range r.Checks {
		color := dim
		switch s.Status {
		case Passed:
			color = green
		case Failed:
			color = red
		}
		t.line(fmt.Sprintf("  %2d %-12s%s  ", i+1, s.Check, t.paint(color, fmt.Sprintf("%-8s", s.Status))), s.Detail)
		for _, f := range s.Facts {
			t.line("       ", f.String())
		}
	}
}

// String returns the fact in a sentence; foreign text in it is not escaped.
func (f Fact) String() string {
	s := f.What
	if !f.At.IsZero() {
		s += " at " + f.At.UTC().Format(time.RFC3339Nano)
	}
	if f.By != (Authority{}) {
		s += ", by " + f.By.Role
		if f.By.Name != "" {
			s += " " + f.By.Name
		}
		if f.By.KeyID != (Digest{}) {
			s += " (key " + f.By.KeyID.String()[:16] + ")"
		}
	}
	if f.Over != (Digest{}) {
		s += ", over sha256:" + f.Over.String()[:16]
	}
	return s + ", under " + f.Rule
}

func orKey(a Authority) string {
	if a.Name != "" {
		return a.Name
	}
	return "key " + a.KeyID.String()[:16]
}
