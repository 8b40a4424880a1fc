// SPDX-License-Identifier: Apache-2.0

// Package ctlog judges signed certificate timestamps (RFC 6962): promises of
// a certificate transparency log that it has seen a certificate.
package ctlog

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"time"

	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/window"
)

// Window is the closed range of time in which a log's key counts.
type Window = window.Window

// ID names a log: SHA-256 over its SPKI (RFC 6962, Section 3.2).
type ID [32]byte

// String returns the ID as trust roots write it, in padded base64.
func (id ID) String() string { return base64.StdEncoding.EncodeToString(id[:]) }

// SCT is a parsed signed certificate timestamp, version 1.
type SCT struct {
	LogID      ID
	Timestamp  uint64 // milliseconds since 1970-01-01 UTC
	Extensions []byte // part of what is signed
	Signature  []byte // ASN.1 ECDSA or PKCS #1 v1.5, without the TLS header
	SigAlg     uint8  // TLS SignatureAlgorithm
}

// LogConfig says what a trust root says about a log.
type LogConfig struct {
	ID        ID
	Key       []byte // DER, as Algorithm demands
	Algorithm sigkey.Algorithm
	BaseURL   string
	Operator  string // empty: unknown
	Windows   []Window
}

// Log is a CT log of a trust root.
type Log struct{ cfg LogConfig }

// Precert is what a log signs for an embedded SCT.
type Precert struct {
	IssuerKeyHash [32]byte
	TBS           []byte
}

var errLater = errors.New("not there yet")

// NewLog returns a log.
func NewLog(cfg LogConfig) (*Log, error) { return nil, errLater }

// ID returns the log's ID.
func (l *Log) ID() ID { return l.cfg.ID }

// Key returns the log's key.
func (l *Log) Key() *sigkey.Key { return nil }

// BaseURL returns the log's URL as the trust root has it.
func (l *Log) BaseURL() string { return "" }

// Operator returns the log's operator, empty if unknown.
func (l *Log) Operator() string { return "" }

// Windows returns the ranges of time in which the key counts.
func (l *Log) Windows() []Window { return nil }

// Covers reports whether t lies in one of the windows.
func (l *Log) Covers(t time.Time) bool { return false }

// ParseList returns the SCTs embedded in leaf.
func ParseList(leaf *x509.Certificate) ([]SCT, error) { return nil, errLater }

// NewPrecert returns the signed part of a precertificate.
func NewPrecert(leaf, issuer *x509.Certificate) (*Precert, error) { return nil, errLater }

// Verify checks an embedded SCT.
func (l *Log) Verify(s *SCT, p *Precert) (time.Time, error) { return time.Time{}, errLater }

// VerifyCertificate checks a detached SCT.
func (l *Log) VerifyCertificate(s *SCT, leafDER []byte) (time.Time, error) {
	return time.Time{}, errLater
}

// ParseDetached reads the JSON form of RFC 6962, Section 4.1.
func ParseDetached(data []byte) (*SCT, error) { return nil, errLater }
