// SPDX-License-Identifier: Apache-2.0

// Package inspect spells out what a bundle says, without judging any of it.
//
// Everything here is a claim. In JSON all of it is under the member
// "unverified", and in text every group is marked, so that no part can be
// taken for a proof when it is cut out and shown elsewhere.
package inspect

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
)

// Schema names the version of the JSON form. Members may be added within a
// version; members keep their name and their meaning.
const Schema = "sigbundle.inspection.v1"

// Inspection is what one bundle says.
type Inspection struct {
	Schema string `json:"schema"`
	SHA256 string `json:"sha256"` // of the bundle's bytes; the only fact here
	// Deviations say what is wrong with a bundle that is refused, of which
	// Unverified is what could be read.
	Deviations []string `json:"deviations,omitempty"`
	Unverified Claims   `json:"unverified"`
}

// Claims is the content of a bundle, as found.
type Claims struct {
	MediaType   string        `json:"mediaType"`
	Version     string        `json:"version"`
	Signature   []byte        `json:"signature"`             // base64
	Message     *Message      `json:"message,omitempty"`     // a signature over the artifact itself
	Envelope    *Envelope     `json:"envelope,omitempty"`    // or over this
	Certificate *Certificate  `json:"certificate,omitempty"` // the signer is who it names
	Key         *Key          `json:"key,omitempty"`         // or who holds this
	Chain       []Certificate `json:"chain,omitempty"`       // further certificates, without self-issued ones
	DroppedRoot bool          `json:"selfIssuedCertificateIgnored,omitempty"`
	Entries     []Entry       `json:"entries,omitempty"`
	Timestamps  []Timestamp   `json:"timestamps,omitempty"`
}

// Message is what a bundle says about the signed artifact.
type Message struct {
	Digest string `json:"digest,omitempty"` // "ALGORITHM:HEX", "" if absent
}

// Key is a managed key; a bundle carries no more of it than a hint.
type Key struct {
	Hint string `json:"hint"`
}

// Envelope is the signed envelope.
type Envelope struct {
	PayloadType   string     `json:"payloadType"`
	KeyID         string     `json:"keyId,omitempty"`
	PayloadSize   int        `json:"payloadSize"` // bytes
	PayloadSHA256 string     `json:"payloadSha256"`
	Statement     *Statement `json:"statement,omitempty"`
	Payload       []byte     `json:"payload,omitempty"` // base64, if it is no statement
	Fault         string     `json:"fault,omitempty"`   // why it is no statement
}

// Statement is the in-toto statement in an envelope.
type Statement struct {
	Type          string          `json:"type"`
	PredicateType string          `json:"predicateType,omitempty"`
	Subjects      []Subject       `json:"subjects"`
	Predicate     json.RawMessage `json:"predicate,omitempty"`

	predicateKind string
}

// Subject is one artifact that a statement is about.
type Subject struct {
	Name    string   `json:"name,omitempty"`
	Digests []string `json:"digests"` // "ALGORITHM:HEX", as written
}

// Timestamp is one RFC 3161 timestamp.
type Timestamp struct {
	Time         Time     `json:"time,omitzero"`
	Policy       string   `json:"policy,omitempty"`
	Hash         string   `json:"hash,omitempty"`
	Serial       string   `json:"serial,omitempty"` // decimal
	Certificates []string `json:"certificates,omitempty"`
	Oddities     []string `json:"oddities,omitempty"`
	Fault        string   `json:"fault,omitempty"` // why it can be no evidence
}

// Time is a time that a bundle states. Unlike [time.Time] it has a JSON form
// in any year: a bundle may state one that RFC 3339 cannot write.
type Time struct{ time.Time }

// MarshalJSON returns the time as RFC 3339 writes it, with as many digits of
// the year as it takes.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, t.Format(time.RFC3339Nano)), nil
}

// Of spells out a bundle.
func Of(b *bundle.Bundle) *Inspection {
	in := &Inspection{
		Schema: Schema,
		SHA256: hex.EncodeToString(b.SHA256[:]),
		Unverified: Claims{
			MediaType:   b.MediaType,
			Version:     b.Version.String(),
			Signature:   b.Signature,
			DroppedRoot: b.DroppedRoot,
		},
	}
	c := &in.Unverified
	if b.Envelope != nil {
		c.Envelope = envelope(b.Envelope)
	} else {
		c.Message = message(b.MessageDigest)
	}
	if b.Leaf != nil {
		c.Certificate = certificate(b.Leaf)
	} else {
		c.Key = &Key{b.KeyHint}
	}
	for _, cert := range b.Intermediates {
		c.Chain = append(c.Chain, *certificate(cert))
	}
	for i := range b.Entries {
		c.Entries = append(c.Entries, entry(&b.Entries[i]))
	}
	for _, der := range b.Timestamps {
		c.Timestamps = append(c.Timestamps, timestamp(der))
	}
	return in
}

// OfParts spells out what can be read of a bundle that is refused; nil if that
// is nothing.
func OfParts(p *bundle.Parts) *Inspection {
	in := Of(&p.Content)
	in.SHA256 = hex.EncodeToString(p.SHA256[:])
	for _, err := range p.Deviations {
		in.Deviations = append(in.Deviations, err.Error())
	}
	c := &in.Unverified
	c.MediaType, c.Version = p.MediaType, ""
	if p.Version != 0 {
		c.Version = p.Version.String()
	}
	if c.Message != nil && p.Content.MessageDigest == nil {
		c.Message = nil
	}
	if c.Key != nil && c.Key.Hint == "" {
		c.Key = nil
	}
	if c.MediaType == "" && c.Message == nil && c.Envelope == nil && c.Certificate == nil && c.Key == nil &&
		len(c.Signature)+len(c.Chain)+len(c.Entries)+len(c.Timestamps) == 0 {
		return nil
	}
	return in
}

func message(d *bundle.Digest) *Message {
	if d == nil {
		return &Message{}
	}
	return &Message{hashName(d.Algorithm) + ":" + hex.EncodeToString(d.Value)}
}

func envelope(e *dsse.Envelope) *Envelope {
	sum := sha256.Sum256(e.Payload)
	out := &Envelope{
		PayloadType:   e.PayloadType,
		KeyID:         e.KeyID,
		PayloadSize:   len(e.Payload),
		PayloadSHA256: hex.EncodeToString(sum[:]),
	}
	s, err := dsse.ParseStatement(e.Payload, 0)
	if err != nil {
		out.Payload, out.Fault = e.Payload, err.Error()
		return out
	}
	out.Statement = &Statement{Type: s.Type, PredicateType: s.PredicateType, Predicate: raw(s.Predicate), predicateKind: s.PredicateKind()}
	for _, subject := range s.Subjects {
		found := Subject{Name: subject.Name}
		for _, d := range subject.Digests {
			found.Digests = append(found.Digests, d.Algorithm+":"+d.Hex)
		}
		out.Statement.Subjects = append(out.Statement.Subjects, found)
	}
	return out
}

// raw returns JSON that encoding/json can write: of what it finds too deep or
// otherwise wrong it returns the text.
func raw(data json.RawMessage) json.RawMessage {
	if len(data) == 0 || json.Valid(data) {
		return data
	}
	text, _ := json.Marshal(string(data)) // a string always has a JSON form
	return text
}

func timestamp(der []byte) Timestamp {
	token, err := rfc3161.Parse(der)
	if err != nil {
		return Timestamp{Fault: err.Error()}
	}
	out := Timestamp{Time: Time{token.GenTime()}, Policy: token.Policy(), Oddities: token.Warnings()}
	if h := token.ImprintHash(); h != 0 {
		out.Hash = hashName(h)
	}
	if serial := token.Serial(); serial != nil {
		out.Serial = serial.String()
	}
	for _, cert := range token.Certificates() {
		out.Certificates = append(out.Certificates, cert.Subject.String())
	}
	if err := token.Fault(); err != nil {
		out.Fault = err.Error()
	}
	return out
}

// hashName names a hash as statements and digests on the command line do.
func hashName(h crypto.Hash) string {
	switch h {
	case crypto.SHA256:
		return "sha256"
	case crypto.SHA384:
		return "sha384"
	case crypto.SHA512:
		return "sha512"
	}
	return h.String()
}
