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

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/window"
)

// LogConfig is what a trust root says about a log.
type LogConfig struct {
	ID        ID                  // as declared; entries are matched with it
	Key       []byte              // DER, in the form that Algorithm demands
	Algorithm v1.PublicKeyDetails // never taken from an entry
	BaseURL   string              // where Name comes from; the scheme may be missing
	Operator  string              // whom thresholds count; empty if unknown

	// CheckpointKeyID is the hint of the log's checkpoint signatures, or
	// empty. It can be computed, so a wrong one is refused.
	CheckpointKeyID []byte

	// Shards are further URLs of the log: those under which the trust root
	// lists the same ID with the same key again.
	Shards []Shard

	Windows []Window // validity periods of the key; if empty, the key is never valid
}

// Shard is a URL of a log with the hint that the log's checkpoints have there,
// which may be empty.
type Shard struct {
	BaseURL         string
	CheckpointKeyID []byte
}

// Log is a Rekor log of a trust root. It is immutable and safe for concurrent
// use; the zero value refuses everything.
type Log struct {
	id         ID
	key        *sigkey.Key
	sha256Key  *sigkey.Key // ECDSA keys with a larger hash only
	names      []noteName  // that its checkpoints may have, the principal one first
	baseURL    string
	operator   string
	generation Generation // what the ID says; 0: the checkpoint has to
	windows    []Window
}

// NewLog returns a log. Refusals are trust.key and trust.window.
func NewLog(cfg LogConfig) (*Log, error) {
	if cfg.ID == (ID{}) {
		return nil, refuse.New("trust.key", "transparency log without an ID")
	}
	key, err := sigkey.Parse(cfg.Algorithm, cfg.Key)
	if err != nil {
		return nil, refuse.Wrap("trust.key", err, "transparency log %s", cfg.ID)
	}
	for _, w := range cfg.Windows {
		if err := window.Window(w).Check(); err != nil {
			return nil, refuse.Wrap("trust.window", err, "transparency log %s", cfg.ID)
		}
	}
	key = key.Accelerated(fastverify.New())
	l := &Log{
		id:       cfg.ID,
		key:      key,
		baseURL:  cfg.BaseURL,
		operator: cfg.Operator,
		windows:  slices.Clone(cfg.Windows),
	}
	if _, ok := key.Public().(*ecdsa.PublicKey); ok && key.Hash() != crypto.SHA256 {
		if l.sha256Key, err = key.WithHash(crypto.SHA256); err != nil {
			return nil, refuse.Wrap("trust.key", err, "transparency log %s", cfg.ID)
		}
	}
	for _, shard := range append([]Shard{{cfg.BaseURL, cfg.CheckpointKeyID}}, cfg.Shards...) {
		names := namesFor(cfg.ID, key, shard)
		if names == nil {
			return nil, refuse.New("trust.key", "transparency log %s has the checkpoint key ID %x, want %x", cfg.ID, shard.CheckpointKeyID, possibleIDs(key, shard.BaseURL)[0][:hintSize])
		}
		for _, n := range names {
			if !slices.Contains(l.names, n) {
				l.names = append(l.names, n)
			}
		}
	}
	l.generation = l.generationByID()
	return l, nil
}

// nameOf returns host, port and path of a URL: the name by which a log signs
// its checkpoints.
func nameOf(baseURL string) string {
	if _, rest, ok := strings.Cut(baseURL, "://"); ok {
		baseURL = rest
	}
	return strings.TrimSuffix(baseURL, "/")
}

// noteName is a name that a log's checkpoints may have, and the C2SP
// signed-note key hash of the log's key under it.
type noteName struct {
	name string
	id   ID
}

// candidates returns the names that a URL allows for. Most logs sign under
// host, port and path of their URL, some under the bare host, which is all
// that most clients expect (URL.Hostname in sigstore-go).
func candidates(key *sigkey.Key, baseURL string) []noteName {
	name := nameOf(baseURL)
	all := []noteName{{name, noteID(key, name)}}
	if u, err := url.Parse("//" + name); err == nil && u.Hostname() != "" && u.Hostname() != name {
		all = append(all, noteName{u.Hostname(), noteID(key, u.Hostname())})
	}
	return all
}

// namesFor returns the names that the checkpoints of a log may have. The
// declared ID and the checkpoint key ID are hashes over the name, except for
// ECDSA, and decide where they can; where they say nothing, both names do. It
// returns nil if the checkpoint key ID is not one of the key.
func namesFor(id ID, key *sigkey.Key, shard Shard) []noteName {
	all := candidates(key, shard.BaseURL)
	spki := key.ID()
	keep := func(fits func(ID) bool) (kept []noteName) {
		for _, n := range all {
			if fits(n.id) {
				kept = append(kept, n)
			}
		}
		return kept
	}
	if named := keep(func(n ID) bool { return n == id }); len(named) > 0 {
		all = named
	}
	hint := shard.CheckpointKeyID
	if len(hint) == 0 {
		return all
	}
	if len(hint) < hintSize {
		return nil
	}
	if named := keep(func(n ID) bool { return bytes.HasPrefix(n[:], hint) }); len(named) > 0 {
		return named
	}
	// Rekor v1 used the SPKI for keys of every type, v2 never.
	if bytes.HasPrefix(spki[:], hint) && (id == spki || !slices.ContainsFunc(all, func(n noteName) bool { return n.id == id })) {
		return all
	}
	return nil
}

// possibleIDs returns the IDs that a log can have with a key and a URL: the
// note key hashes of Rekor v2 and the SPKI's hash of v1.
func possibleIDs(key *sigkey.Key, baseURL string) (ids []ID) {
	for _, n := range candidates(key, baseURL) {
		ids = append(ids, n.id)
	}
	if !slices.Contains(ids, key.ID()) {
		ids = append(ids, key.ID())
	}
	return ids
}

// DerivedID returns the ID of a log whose trust root does not declare one: of
// the IDs that its key can have, that which its checkpoint key ID begins. If
// there is no checkpoint key ID either, it is the hash of the key alone, which
// names ECDSA logs of both generations and logs of Rekor v1. The refusal is
// trust.key.
func (c LogConfig) DerivedID() (ID, error) {
	key, err := sigkey.Parse(c.Algorithm, c.Key)
	if err != nil {
		return ID{}, refuse.Wrap("trust.key", err, "transparency log")
	}
	if len(c.CheckpointKeyID) == 0 {
		return key.ID(), nil
	}
	for _, id := range possibleIDs(key, c.BaseURL) {
		if len(c.CheckpointKeyID) >= hintSize && bytes.HasPrefix(id[:], c.CheckpointKeyID) {
			return id, nil
		}
	}
	return ID{}, refuse.New("trust.key", "checkpoint key ID: %x is not that of the log's key", c.CheckpointKeyID)
}

// NoteID returns the ID of a Rekor v2 log that signs under a name: the full
// key hash of a signed note. An empty name is that of the BaseURL. For ECDSA
// the ID is the hash of the key alone. The refusal is trust.key.
func (c LogConfig) NoteID(name string) (ID, error) {
	key, err := sigkey.Parse(c.Algorithm, c.Key)
	if err != nil {
		return ID{}, refuse.Wrap("trust.key", err, "transparency log")
	}
	if name == "" {
		name = nameOf(c.BaseURL)
	}
	return noteID(key, name), nil
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
	if l.id != l.key.ID() && l.isNoteID(l.id) {
		return V2
	}
	return 0
}

// isNoteID reports whether id is the key hash under one of the log's names.
func (l *Log) isNoteID(id ID) bool {
	return slices.ContainsFunc(l.names, func(n noteName) bool { return n.id == id })
}

// named reports whether name is one of the log's.
func (l *Log) named(name string) bool {
	return slices.ContainsFunc(l.names, func(n noteName) bool { return n.name == name })
}

// hints reports whether id begins like one of the forms that the ID of the
// log's key has. Rekor v1 used the SPKI for keys of every type, v2 never.
func (l *Log) hints(id []byte) bool {
	spki := l.key.ID()
	return len(id) >= hintSize && (l.generation != V2 && bytes.HasPrefix(spki[:], id) ||
		slices.ContainsFunc(l.names, func(n noteName) bool { return bytes.HasPrefix(n.id[:], id) }))
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

// IDMatchesKey reports whether the declared ID is one that the key has. A declared
// ID that does not fit deserves a warning.
func (l *Log) IDMatchesKey() bool { return l.MayHave(l.id) }

// IDs returns the IDs that the log's key can have: that of Rekor v1 first, then
// those of Rekor v2 under each of the log's names, where they differ.
func (l *Log) IDs() []ID {
	if l.key == nil {
		return nil
	}
	ids := []ID{l.key.ID()}
	for _, n := range l.names {
		if !slices.Contains(ids, n.id) {
			ids = append(ids, n.id)
		}
	}
	return ids
}

// MayHave reports whether id is one of the IDs that the log's key has. A log
// is known by the declared ID alone; evidence with another one of these shows
// that the trust root declares the wrong form.
func (l *Log) MayHave(id ID) bool { return slices.Contains(l.IDs(), id) }

// PublicKey returns the log's key, nil for the zero Log. It must not be
// modified.
func (l *Log) PublicKey() crypto.PublicKey {
	if l.key == nil {
		return nil
	}
	return l.key.Public()
}

// Algorithm returns the algorithm of the log's key, 0 for the zero Log.
func (l *Log) Algorithm() v1.PublicKeyDetails {
	if l.key == nil {
		return 0
	}
	return l.key.Algorithm()
}

// KeyID returns SHA-256 over the key's SPKI, which names the key in reports,
// whatever ID the trust root declares. That of the zero Log is zero.
func (l *Log) KeyID() [sha256.Size]byte {
	if l.key == nil {
		return [sha256.Size]byte{}
	}
	return l.key.ID()
}

// CheckpointKeyID returns the hint with which the log's checkpoint signatures begin, if
// the declared ID is of its generation. That of the zero Log is zero.
func (l *Log) CheckpointKeyID() [hintSize]byte {
	if l.key == nil {
		return [hintSize]byte{}
	}
	if l.id == l.key.ID() {
		return [hintSize]byte(l.id[:])
	}
	return [hintSize]byte(l.names[0].id[:])
}

// Name returns the name by which the log signs its checkpoints: host, port and
// path of the base URL, or its bare host if the ID says so; "" if the trust
// root has no URL.
func (l *Log) Name() string {
	if len(l.names) == 0 {
		return ""
	}
	return l.names[0].name
}

// BaseURL returns the log's URL as the trust root has it.
func (l *Log) BaseURL() string { return l.baseURL }

// Operator returns who runs the log, "" if the trust root does not say.
func (l *Log) Operator() string { return l.operator }

// Windows returns the validity periods of the key.
func (l *Log) Windows() []Window { return slices.Clone(l.windows) }

// ValidAt reports whether the key is valid at t.
func (l *Log) ValidAt(t time.Time) bool { return window.Any(l.windows, t) }
