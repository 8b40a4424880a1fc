// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/window"
)

// LogConfig is what a trust root says about a log.
type LogConfig struct {
	ID        ID               // as declared; entries are matched with it
	Key       []byte           // DER, in the form that Algorithm demands
	Algorithm sigkey.Algorithm // never taken from an entry
	BaseURL   string           // where Name comes from; the scheme may be missing
	Operator  string           // who thresholds count; empty if unknown

	// CheckpointKeyID is the hint of the log's checkpoint signatures, or
	// empty. It can be computed, so a wrong one is refused.
	CheckpointKeyID []byte

	Windows []Window // when the key counts; none: never
}

// Log is a Rekor log of a trust root. It is immutable and safe for concurrent
// use; the zero value refuses everything.
type Log struct {
	id         ID
	key        *sigkey.Key
	sha256Key  *sigkey.Key // ECDSA keys with a larger hash only
	name       string
	baseURL    string
	operator   string
	noteID     ID         // C2SP signed-note key hash under name
	generation Generation // what the ID says; 0: the checkpoint has to
	windows    []Window
}

// NewLog returns a log. The error of a key of a type that is not supported
// wraps a sigkey.UnsupportedError; refusals are trust.key and trust.window.
func NewLog(cfg LogConfig) (*Log, error) {
	if cfg.ID == (ID{}) {
		return nil, refuse.New("trust.key", "transparency log without an ID")
	}
	key, err := sigkey.Parse(cfg.Algorithm, cfg.Key)
	if err != nil {
		return nil, refuse.Wrap("trust.key", err, "transparency log %s", cfg.ID)
	}
	for _, w := range cfg.Windows {
		if err := w.Check(); err != nil {
			return nil, refuse.Wrap("trust.window", err, "transparency log %s", cfg.ID)
		}
	}
	l := &Log{
		id:       cfg.ID,
		key:      key,
		name:     nameFor(cfg.ID, key, cfg.BaseURL),
		baseURL:  cfg.BaseURL,
		operator: cfg.Operator,
		windows:  slices.Clone(cfg.Windows),
	}
	if _, ok := key.Public().(*ecdsa.PublicKey); ok && key.Hash() != crypto.SHA256 {
		if l.sha256Key, err = key.WithHash(crypto.SHA256); err != nil {
			return nil, refuse.Wrap("trust.key", err, "transparency log %s", cfg.ID)
		}
	}
	l.noteID = noteID(key, l.name)
	l.generation = l.generationByID()
	if id := cfg.CheckpointKeyID; len(id) > 0 && !l.hints(id) {
		return nil, refuse.New("trust.key", "transparency log %s has the checkpoint key ID %x, its key has %x", cfg.ID, id, l.noteID[:4])
	}
	return l, nil
}

// Accelerated returns the same log with tables to check its signatures by: it
// gives the same answers. The zero Log stays what it is.
func (l *Log) Accelerated(t *fastverify.Tables) *Log {
	c := *l
	if l.key != nil {
		c.key = l.key.Accelerated(t)
	}
	if l.sha256Key != nil {
		c.sha256Key = l.sha256Key.Accelerated(t)
	}
	return &c
}

// nameOf returns host, port and path of a URL: the name by which a log signs
// its checkpoints.
func nameOf(baseURL string) string {
	if _, rest, ok := strings.Cut(baseURL, "://"); ok {
		baseURL = rest
	}
	return strings.TrimSuffix(baseURL, "/")
}

// nameFor returns the name of a log. Some logs sign under their bare host,
// without the port and path of their URL, and most clients expect no other
// (URL.Hostname in sigstore-go). The declared ID is a hash over the name, and
// so tells whether a log is one of those.
func nameFor(id ID, key *sigkey.Key, baseURL string) string {
	name := nameOf(baseURL)
	if id == noteID(key, name) {
		return name
	}
	if u, err := url.Parse("//" + name); err == nil && u.Hostname() != "" && id == noteID(key, u.Hostname()) {
		return u.Hostname()
	}
	return name
}

// noteID returns the full key hash of a signed note, whose first four bytes
// are the hint (C2SP signed-note; rekor-tiles for ECDSA, where the hash is
// over the SPKI alone, and for RSA, whose type has no number).
func noteID(key *sigkey.Key, name string) ID {
	switch pub := key.Public().(type) {
	case ed25519.PublicKey:
		return sha256.Sum256(slices.Concat([]byte(name+"\n\x01"), pub))
	case *rsa.PublicKey:
		return sha256.Sum256(slices.Concat([]byte(name+"\n\xffPKIX-RSA-PKCS#1v1.5"), key.SPKI()))
	}
	return key.ID()
}

// generationByID tells Rekor v2 by its ID, the note key. The SPKI, which both
// names v1 logs and is the note key for ECDSA, says nothing, since some trust
// roots name v2 logs by it as well.
func (l *Log) generationByID() Generation {
	if l.id == l.noteID && l.id != l.key.ID() {
		return V2
	}
	return 0
}

// hints reports whether id begins like one of the two forms that the ID of
// the log's key has. Rekor v1 used the SPKI for keys of every type, v2 never.
func (l *Log) hints(id []byte) bool {
	spki := l.key.ID()
	return len(id) >= hintSize && (bytes.HasPrefix(l.noteID[:], id) || l.generation != V2 && bytes.HasPrefix(spki[:], id))
}

// verifyV1 checks a signature of Rekor v1, which signs SHA-256 with ECDSA keys
// of every size unless it was built on the algorithm registry.
func (l *Log) verifyV1(message, sig []byte) error {
	err := l.key.Verify(message, sig)
	if err != nil && l.sha256Key != nil {
		err = l.sha256Key.Verify(message, sig)
	}
	return err
}

// ID returns the log's ID as the trust root declares it.
func (l *Log) ID() ID { return l.id }

// IDFits reports whether the declared ID is one that the key has. A declared
// ID that does not fit deserves a warning.
func (l *Log) IDFits() bool { return l.key != nil && (l.id == l.key.ID() || l.id == l.noteID) }

// Key returns the log's key, nil for the zero Log.
func (l *Log) Key() *sigkey.Key { return l.key }

// KeyID returns the hint with which the log's checkpoint signatures begin, if
// the declared ID is of its generation.
func (l *Log) KeyID() [hintSize]byte {
	if l.id == l.key.ID() {
		return [hintSize]byte(l.id[:])
	}
	return [hintSize]byte(l.noteID[:])
}

// Name returns host, port and path of the base URL: the origin of a Rekor v2
// log, "" if the trust root has no URL.
func (l *Log) Name() string { return l.name }

// BaseURL returns the log's URL as the trust root has it.
func (l *Log) BaseURL() string { return l.baseURL }

// Operator returns who runs the log, "" if the trust root does not say.
func (l *Log) Operator() string { return l.operator }

// Windows returns the ranges of time in which the key counts.
func (l *Log) Windows() []Window { return slices.Clone(l.windows) }

// Covers reports whether the key counts at t.
func (l *Log) Covers(t time.Time) bool { return window.Any(l.windows, t) }
