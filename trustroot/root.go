// SPDX-License-Identifier: Apache-2.0

// Package trustroot reads trusted_root.json, the document that says which
// logs and authorities count and when, and compiles it into ready verifiers.
//
// Reading is strict where a mistake would widen trust and tolerant where the
// format may grow: unknown members are ignored (a root is signed and shipped
// to programs of all ages), a log or authority with a key of an unknown kind is
// set aside and reported, a log without an ID gets the one that its key has,
// but a malformed date, a log without a start and one ID with two keys are
// refusals.
//
//	root, err := trustroot.Parse(data)
//	log := root.Log(id) // nil: the root does not list it, and it proves nothing
//
// The zero Root trusts nothing. Windows of validity are closed: both ends belong
// to them, and a zero end is open.
//
// Nothing here looks at the clock. Instances that have expired, overlap or
// start in the future all load; what counts is decided at the time of each
// signature.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package trustroot

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/window"
	"github.com/sigbundle/sigbundle/tlog"
)

const (
	codeMalformed = refuse.Code("trust.malformed")
	codeMediaType = refuse.Code("trust.media_type")
	codeWindow    = refuse.Code("trust.window")
	codeLimit     = refuse.Code("trust.limit")
	codeDuplicate = refuse.Code("trust.duplicate")
	codeConflict  = refuse.Code("trust.conflict")
	codeKey       = refuse.Code("trust.key")
)

// The media types of a trust root. All are read; which one is written depends
// on what the root holds, see [Root.MarshalJSON].
const (
	MediaTypeV01    = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
	MediaTypeV01New = "application/vnd.dev.sigstore.trustedroot.v0.1+json"
	MediaTypeV02    = "application/vnd.dev.sigstore.trustedroot.v0.2+json"
)

// Root is a compiled trust root. It is immutable and safe for concurrent use.
// The zero Root trusts nothing. Slices that its methods return must not be
// modified.
type Root struct {
	mediaType string
	sha256    [32]byte
	doc       document // what it is written back from
	logs      []*tlog.Log
	ctlogs    []*ctlog.Log
	cas       []*CertificateAuthority
	tsas      []TimestampAuthority
	byID      map[tlog.ID]*tlog.Log
	ctByID    map[ctlog.ID]*ctlog.Log
	unusable  []Ignored
	fast      *fastverify.Tables // of the authorities; a log has its own
	derived   []derivedID
}

// derivedID is the ID of a log that declares none.
type derivedID struct {
	kind string
	id   [32]byte
}

// The four lists of a trust root, as Ignored.Kind names them.
const (
	KindLog                  = "tlogs"
	KindCTLog                = "ctlogs"
	KindCertificateAuthority = "certificateAuthorities"
	KindTimestampAuthority   = "timestampAuthorities"
)

// Ignored is an instance that was read and decides nothing, because its
// key or its hash is of a kind that this version does not verify.
type Ignored struct {
	Kind   string // the list it is in: one of the Kind constants
	Index  int    // its place in that list, from 0
	ID     string // as declared: the log's ID in base64, else its URL; the authority's URI
	Reason error
}

// MediaType returns the media type of the source.
func (r *Root) MediaType() string { return r.mediaType }

// SHA256 returns the digest of the source bytes. A root that was not read
// from JSON has those of MarshalJSON.
func (r *Root) SHA256() [32]byte { return r.sha256 }

// Logs returns the transparency logs in the order of the source.
func (r *Root) Logs() []*tlog.Log { return r.logs }

// Log returns the transparency log with that ID, nil if there is none.
func (r *Root) Log(id tlog.ID) *tlog.Log { return r.byID[id] }

// LogMayHave returns a transparency log whose key can have that ID and which
// the root lists under another one, nil if there is none. Such a log verifies
// no entry with that ID: the root has to be mended.
func (r *Root) LogMayHave(id tlog.ID) *tlog.Log {
	if r.byID[id] == nil {
		for _, l := range r.logs {
			if l.MayHave(id) {
				return l
			}
		}
	}
	return nil
}

// CTLogs returns the certificate transparency logs in the order of the source.
func (r *Root) CTLogs() []*ctlog.Log { return r.ctlogs }

// CTLog returns the CT log with that ID, nil if there is none.
func (r *Root) CTLog(id ctlog.ID) *ctlog.Log { return r.ctByID[id] }

// CertificateAuthorities returns the authorities for signing certificates in
// the order of the source.
func (r *Root) CertificateAuthorities() []*CertificateAuthority { return r.cas }

// TimestampAuthorities returns the timestamp authorities in the order of the
// source.
func (r *Root) TimestampAuthorities() []TimestampAuthority { return r.tsas }

// Ignored returns the instances that were set aside, and why.
func (r *Root) Ignored() []Ignored { return r.unusable }

// DerivedID reports whether a log of that kind, KindLog or KindCTLog, declares
// no ID in the source, so that its ID was computed.
func (r *Root) DerivedID(kind string, id [32]byte) bool {
	return slices.Contains(r.derived, derivedID{kind, id})
}

// TimestampAuthority is one entry of timestampAuthorities, as the root has it.
// It is immutable and safe for concurrent use. Package verify accepts the
// timestamps of those alone that a Root returns: another implementation of the
// interface knows no timestamp.
type TimestampAuthority interface {
	// Chain returns the certificates as the source orders them; the last one
	// is the trust anchor. They must not be modified.
	Chain() []*x509.Certificate
	// Leaf returns the certificate that signs the timestamps, nil if the root
	// does not have it. It must not be modified.
	Leaf() *x509.Certificate
	// URI returns the declared address, which is descriptive only, not unique
	// and may be empty.
	URI() string
	// Operator returns the declared operator, empty if unknown.
	Operator() string
	// Window returns the range of time in which the authority counts, both
	// ends included; a zero end is open.
	Window() (start, end time.Time)
	// ValidAt reports whether the authority is valid at t.
	ValidAt(t time.Time) bool
	// KeyID returns SHA-256 over the leaf's SPKI, or over the anchor's if the
	// root does not have the leaf. It names the authority in reports.
	KeyID() [32]byte
}

// CertificateAuthority is one entry of certificateAuthorities: one anchor,
// its intermediates and one range of time. It is immutable and safe for
// concurrent use.
type CertificateAuthority struct {
	chain    []*x509.Certificate // …, anchor
	subject  Subject
	uri      string
	operator string
	window   window.Window
	links    []link                       // proved at construction; unused if special
	special  bool                         // a certificate has constraints: x509.Verify decides
	names    map[*x509.Certificate]string // subjects of the chain

	fast *fastverify.Tables // of the root; nil: none
}

// Chain returns the certificates as the source orders them; the last one is
// the trust anchor.
func (a *CertificateAuthority) Chain() []*x509.Certificate { return a.chain }

// Anchor returns the trust anchor, nil for the zero authority.
func (a *CertificateAuthority) Anchor() *x509.Certificate {
	if len(a.chain) == 0 {
		return nil
	}
	return a.chain[len(a.chain)-1]
}

// Subject returns the declared name, which is descriptive only.
func (a *CertificateAuthority) Subject() Subject { return a.subject }

// URI returns the declared address, which is descriptive only, not unique and
// may be empty.
func (a *CertificateAuthority) URI() string { return a.uri }

// Operator returns the declared operator, empty if unknown.
func (a *CertificateAuthority) Operator() string { return a.operator }

// Window returns the validity period of the authority, both ends
// included; a zero end is open.
func (a *CertificateAuthority) Window() (start, end time.Time) {
	return a.window.Start, a.window.End
}

// ValidAt reports whether the authority is valid at t.
func (a *CertificateAuthority) ValidAt(t time.Time) bool { return a.window.Contains(t) }
