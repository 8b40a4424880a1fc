// SPDX-License-Identifier: Apache-2.0

// Package insight says what a trust root means: what it lists, what is odd
// about it, how two of them differ, and what would stop verifying if a key
// were no longer trusted.
//
// It decides nothing about any bundle and looks at no clock: the time by
// which a root is judged comes from the caller.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package insight

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/window"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Schema names the version of a description's JSON form.
const Schema = "sigbundle.trustroot.v1"

// Origin is what a caller knows about where a root comes from. A root does
// not know it.
type Origin struct {
	Source string    `json:"source,omitempty"` // in words
	Proved time.Time `json:"provedAt,omitzero"`
	Newest time.Time `json:"newestInstance,omitzero"` // where nothing is proved: when the newest instance began
	Age    string    `json:"age,omitempty"`           // in words, since Proved or else since Newest
}

// Description is a trust root in words and dates.
type Description struct {
	Schema    string  `json:"schema"`
	SHA256    string  `json:"sha256"`
	MediaType string  `json:"mediaType"`
	Origin    Origin  `json:"origin,omitzero"`
	Instances []Entry `json:"instances"`
}

// Entry is one log or authority.
type Entry struct {
	Kind string `json:"kind"` // one of the trustroot.Kind constants
	// Name is the URL or URI as the root gives it, and for authorities
	// without one the subject of the anchor.
	Name string `json:"name"`
	// KeyID is SHA-256, in hexadecimal, of the SPKI of the log's key, or of
	// the first certificate of the authority's chain. It is what reports and
	// Retire call the key.
	KeyID     string `json:"keyId,omitempty"`
	LogID     string `json:"logId,omitempty"` // base64, as declared
	Algorithm string `json:"algorithm,omitempty"`
	Operator  string `json:"operator,omitempty"`

	Windows      []Window      `json:"validFor,omitempty"`
	Certificates []Certificate `json:"certificates,omitempty"`

	// Ignored says why the entry decides nothing; empty if it counts.
	Ignored string `json:"unusable,omitempty"`
}

// Window is a range of time with both ends included; a zero End is open.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
}

// String returns the range as "START to END", days where they are enough.
func (w Window) String() string {
	if w.End.IsZero() {
		return "from " + short(w.Start)
	}
	return short(w.Start) + " to " + short(w.End)
}

func short(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Certificate is one certificate of an authority.
type Certificate struct {
	Subject   string    `json:"subject"`
	SHA256    string    `json:"sha256"`
	KeyID     string    `json:"keyId"`
	Algorithm string    `json:"algorithm"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
}

// Describe lists everything that a root holds, in its order: transparency
// logs, certificate authorities, CT logs, timestamp authorities, then what
// was set aside.
func Describe(root *trustroot.Root, from Origin) *Description {
	sum := root.SHA256()
	d := &Description{Schema: Schema, SHA256: hex.EncodeToString(sum[:]), MediaType: root.MediaType(), Origin: from}
	for _, l := range root.Logs() {
		d.add(logInstance(trustroot.KindLog, l.BaseURL(), l.Operator(), l.ID().String(), l, window.As[window.Window](l.Windows())))
	}
	for _, a := range root.CertificateAuthorities() {
		d.add(authorityInstance(trustroot.KindCertificateAuthority, a.URI(), a.Operator(), a.Chain(), caWindow(a)))
	}
	for _, l := range root.CTLogs() {
		d.add(logInstance(trustroot.KindCTLog, l.BaseURL(), l.Operator(), l.ID().String(), l, window.As[window.Window](l.Windows())))
	}
	for _, a := range root.TimestampAuthorities() {
		d.add(authorityInstance(trustroot.KindTimestampAuthority, a.URI(), a.Operator(), a.Chain(), tsaWindow(a)))
	}
	for _, u := range root.Ignored() {
		in := Entry{Kind: u.Kind, Name: u.ID, Ignored: u.Reason.Error()}
		if u.Kind == trustroot.KindLog || u.Kind == trustroot.KindCTLog {
			in.LogID = u.ID
		}
		d.add(in)
	}
	return d
}

func (d *Description) add(in Entry) { d.Instances = append(d.Instances, in) }

func caWindow(a *trustroot.CertificateAuthority) Window {
	start, end := a.Window()
	return Window{start, end}
}

func tsaWindow(a trustroot.TimestampAuthority) Window {
	start, end := a.Window()
	return Window{start, end}
}

// logKey is what both kinds of log say of their keys.
type logKey interface {
	KeyID() [sha256.Size]byte
	Algorithm() v1.PublicKeyDetails
}

func logInstance(kind, name, operator, id string, key logKey, windows []window.Window) Entry {
	sum := key.KeyID()
	in := Entry{
		Kind: kind, Name: name, Operator: operator, LogID: id,
		KeyID: hex.EncodeToString(sum[:]), Algorithm: key.Algorithm().String(),
	}
	for _, w := range windows {
		in.Windows = append(in.Windows, Window{w.Start, w.End})
	}
	return in
}

func authorityInstance(kind, name, operator string, chain []*x509.Certificate, w Window) Entry {
	in := Entry{Kind: kind, Name: name, Operator: operator, Windows: []Window{w}}
	for _, c := range chain {
		sum := sha256.Sum256(c.Raw)
		in.Certificates = append(in.Certificates, Certificate{
			Subject: c.Subject.String(), SHA256: hex.EncodeToString(sum[:]), KeyID: keyID(c), Algorithm: algorithm(c.PublicKey),
			NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		})
	}
	in.KeyID, in.Algorithm = in.Certificates[0].KeyID, in.Certificates[0].Algorithm
	if in.Name == "" {
		in.Name = chain[len(chain)-1].Subject.String()
	}
	return in
}

func keyID(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// algorithm names a public key for a person.
func algorithm(pub any) string {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "unknown"
}
