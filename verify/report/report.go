// SPDX-License-Identifier: Apache-2.0

// Package report holds what a verification proved, as data: which check rests
// on which bytes, by which key, at what time, or which check refused. Reading
// and writing reports needs no verifier:
//
//	var r report.Report
//	if err := json.Unmarshal(data, &r); err != nil {
//		return err
//	}
//	r.WriteText(os.Stdout, report.TextStyle{Title: "artifact", Explain: true})
//
// Nothing in a report is proved to its reader: a report is what the program that
// wrote it says.
//
// The JSON form is that of docs/reference/report.schema.json. Within a version of
// [Schema], members are added and none changes its name or its meaning.
//
// This package follows semantic versioning from v0.1.0 on, and reports that were
// stored keep their meaning.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// Schema names the version of the report's JSON form. Members may be
// added within a version; each keeps its name and its meaning.
const Schema = "sigbundle.report.v1"

// A Check is one of the questions that every verification answers, in this
// order.
type Check int

// The checks; docs/reference/verification.md says what each of them rests on.
const (
	CheckSigner      Check = iota // the kind of signer is one that the policy accepts
	CheckDigest                   // the message digest that the bundle names is the artifact's
	CheckTimestamps               // RFC 3161 timestamps
	CheckPromises                 // signed entry timestamps of Rekor v1
	CheckCheckpoints              // signed checkpoints of the logs
	CheckInclusion                // inclusion proofs against the checkpoints
	CheckEntries                  // log entries commit to this very signature
	CheckTime                     // enough verified times, and the logs' keys valid at them
	CheckValidity                 // certificate path, or managed key, valid at every verified time
	CheckSCTs                     // signed certificate timestamps
	CheckIdentity                 // the certificate's identity is one of the policy's
	CheckSignature                // the signature over the artifact or the envelope
	CheckStatement                // the in-toto statement is about the artifact
	CheckRules                    // the policy's rules

	NumChecks // how many checks there are
)

var checkNames = [NumChecks]string{
	"signer", "digest", "timestamps", "promises", "checkpoints", "inclusion", "entries",
	"time", "validity", "scts", "identity", "signature", "statement", "rules",
}

// String returns the check's name in reports.
func (c Check) String() string {
	if c < 0 || c >= NumChecks {
		return "unknown"
	}
	return checkNames[c]
}

// MarshalText returns the check's name.
func (c Check) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Status is the outcome of a check. The zero Status is NotRun.
type Status int

// The outcomes of a check.
const (
	NotRun  Status = iota // an earlier check had failed
	Passed                // proved; Facts say what
	Skipped               // there was nothing to check, or the policy asks for nothing
	Failed                // refused; Code and Detail say why
)

var statusNames = [...]string{"not run", "passed", "skipped", "failed"}

// String returns "not run", "passed", "skipped" or "failed".
func (s Status) String() string {
	if s < NotRun || s > Failed {
		return "unknown"
	}
	return statusNames[s]
}

// MarshalText returns the outcome's name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Report says what was proved about a bundle and its artifact, by which
// key, at what time and under which rule, or which check refused it. It is a
// function of bundle, artifact, trust root and policy alone, and repeats the
// caller's [Config].RootSource: the same inputs give the same bytes of JSON on
// every machine and on every day.
type Report struct {
	Schema    string     `json:"schema"`
	Verified  bool       `json:"verified"`
	Code      string     `json:"code,omitempty"`     // of the refusal
	Message   string     `json:"message,omitempty"`  // the refusal in a sentence
	Bundle    BundleInfo `json:"bundle,omitzero"`    // absent if it could not be read
	TrustRoot RootInfo   `json:"trustRoot,omitzero"` // absent if it could not be read
	Artifact  []string   `json:"artifact,omitempty"` // digests compared, "ALGORITHM:HEX"
	Signer    *Signer    `json:"signer,omitempty"`   // whose certificate or key it is, absent unless that is proved; who signed, if Verified
	Times     []Time     `json:"verifiedTimes,omitempty"`
	Statement *Statement `json:"statement,omitempty"` // absent unless proved, with its signer
	Checks    []Step     `json:"checks,omitempty"`
	Required  Required   `json:"required,omitzero"`
	Notes     []Note     `json:"notes,omitempty"`
}

// BundleInfo names the bundle judged.
type BundleInfo struct {
	SHA256    Digest `json:"sha256"`
	MediaType string `json:"mediaType"`
}

// RootInfo names the trust root judged by.
type RootInfo struct {
	SHA256    Digest `json:"sha256"`
	MediaType string `json:"mediaType"`
	// Source, Freshness and the like are the caller's to say: a trust root
	// does not know where it came from.
	Source string `json:"source,omitempty"`
}

// Required is how much evidence was asked for, defaults resolved.
type Required struct {
	Logs       int  `json:"logs"`
	SCTs       int  `json:"scts"`
	Timestamps int  `json:"timestamps"`
	Times      int  `json:"times"`
	Lowered    bool `json:"lowered"` // a number is below what the trust root suggests
}

// A Step is the outcome of one check.
type Step struct {
	Check  Check  `json:"check"`
	Status Status `json:"status"`
	Code   string `json:"code,omitempty"`   // failed: the stable code
	Detail string `json:"detail,omitempty"` // failed: the sentence; skipped: the reason
	Facts  []Fact `json:"facts,omitempty"`
}

// A Fact is one thing proved: which bytes, by which key, at what time, under
// which rule.
type Fact struct {
	What string    `json:"what"`
	Over Digest    `json:"over,omitzero"` // SHA-256 of the bytes that the proof covers
	By   Authority `json:"by,omitzero"`
	At   Instant   `json:"at,omitzero"`
	Rule string    `json:"rule"`
}

// Authority is a key, or the holder of one, that vouched for something.
type Authority struct {
	Role  string `json:"role"`           // "transparency log", "certificate authority", …
	Name  string `json:"name,omitempty"` // as the trust root or certificate has it
	KeyID Digest `json:"keyId,omitzero"` // SHA-256 of the key's SPKI, or the log ID
}

// Digest is a SHA-256 digest; the zero Digest means no digest.
type Digest [sha256.Size]byte

// String returns the digest in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText returns "sha256:" and the digest in lower-case hexadecimal.
func (d Digest) MarshalText() ([]byte, error) {
	return hex.AppendEncode([]byte("sha256:"), d[:]), nil
}

// Time is a moment at which, provably, the signature existed.
type Time struct {
	Time   Instant   `json:"time"`
	Source string    `json:"source"` // "rfc3161" or "rekor-v1"
	By     Authority `json:"by"`
}

// A Note is something that does not refuse a bundle and that its reader
// should know.
type Note struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Signer says who signed.
type Signer struct {
	Certificate *Certificate `json:"certificate,omitempty"`
	Key         *KeyInfo     `json:"key,omitempty"`
	// Identity is the number, from 1, of the policy's identity that matched;
	// 0 if none was asked for.
	Identity     int    `json:"identity,omitempty"`
	IdentityName string `json:"identityName,omitempty"`
}

// Certificate is what a proved leaf certificate says.
type Certificate struct {
	SHA256     Digest      `json:"sha256"`
	SAN        string      `json:"subjectAlternativeName"`
	SANType    string      `json:"subjectAlternativeNameType"` // "uri", "email" or "otherName"
	Issuer     string      `json:"issuer,omitempty"`           // the OIDC issuer
	Extensions []Extension `json:"extensions,omitempty"`       // in the order of their OIDs
	NotBefore  Instant     `json:"notBefore"`
	NotAfter   Instant     `json:"notAfter"`
	Chain      []Digest    `json:"chain"` // SHA-256 of each certificate of the path, leaf first
}

// Extension is one Fulcio extension of a certificate.
type Extension struct {
	Name  string `json:"name"`  // "" if the number has no meaning yet
	OID   string `json:"oid"`   // in dots
	Value string `json:"value"` // the text, of one without a name the content in base64
}

// KeyInfo is the managed key that signed.
type KeyInfo struct {
	Hint      string  `json:"hint,omitempty"`
	SHA256    Digest  `json:"sha256"` // of the SPKI
	Algorithm string  `json:"algorithm"`
	Start     Instant `json:"start,omitzero"`
	End       Instant `json:"end,omitzero"`
}

// Statement is what a proved in-toto statement says.
type Statement struct {
	Type          string `json:"type"`
	PredicateType string `json:"predicateType,omitempty"`
	Subjects      int    `json:"subjects"` // how many there are
	// Matched is the number, from 1, of the subject that is the artifact; 0
	// if no artifact was compared.
	Matched     int    `json:"matched,omitempty"`
	MatchedName string `json:"matchedName,omitempty"`
	// MatchedBy lists the digest algorithms compared and equal.
	MatchedBy []string `json:"matchedBy,omitempty"`
	// WeakDigest says that the only digest compared was a weak one, which
	// the caller had named.
	WeakDigest bool `json:"weakDigest,omitempty"`
}

// An Instant is a time in a report.
type Instant struct{ time.Time }

// The first and the last time that RFC 3339 can write.
var (
	firstInstant = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
)

// MarshalText returns the time as RFC 3339 writes it, in UTC. A time outside
// the years 0 to 9999, which no parsed bundle has, is written as the nearest
// time within them.
func (i Instant) MarshalText() ([]byte, error) {
	t := i.UTC()
	switch {
	case t.Before(firstInstant):
		t = firstInstant
	case t.After(lastInstant):
		t = lastInstant
	}
	return t.AppendFormat(nil, time.RFC3339Nano), nil
}

// MarshalJSON returns the text in quotation marks.
func (i Instant) MarshalJSON() ([]byte, error) {
	text, err := i.MarshalText()
	return strconv.AppendQuote(nil, string(text)), err
}

// MarshalIndent returns the report as indented JSON with a final newline.
func (r *Report) MarshalIndent() []byte {
	data, _ := json.MarshalIndent(r, "", "  ") // no value of a report's types fails
	return append(data, '\n')
}
