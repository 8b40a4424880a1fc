// SPDX-License-Identifier: Apache-2.0

// Package tlog judges entries of the Rekor transparency logs, version 1 and
// version 2: that the log signed them (inclusion promise, checkpoint), that
// they are in the tree the log signed (inclusion proof), and that they speak
// of the signature, the key and the digest they are attached to.
//
// Parsing and judging are apart: [ParseBody] and the bundle package produce
// entries, a [Log] of the trust root judges them. Which version of Rekor an
// entry comes from is decided in one place, [Log.Generation].
//
// An entry proves something after four answers:
//
//	l := root.Log(entry.LogID)                      // nil: an unknown log, no evidence
//	checkpoint, err := l.OpenCheckpoint(entry.Proof.Checkpoint)
//	generation, err := l.Generation(entry, checkpoint)
//	err = entry.VerifyInclusion(checkpoint, generation)
//	err = entry.Body.VerifyRecord(generation, record) // about this signature
//
// A promise ([Log.VerifyPromise]) proves a time, in Unix seconds; a checkpoint
// proves none. IDs and hashes are 32 bytes, shown in base64 and hexadecimal. The
// zero Log, Body and Record refuse everything.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package tlog

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Window is the closed range of time in which a log's key is valid: both ends
// belong to it. A zero End means that the range is open. The zero Window
// contains no time, and no log can be made with it.
type Window struct{ Start, End time.Time }

// ID names a log: SHA-256 over the SPKI for Rekor v1, the full note key hash
// (C2SP signed-note) for Rekor v2. For ECDSA keys both are the same.
type ID [sha256.Size]byte

// String returns the ID as trust roots write it, in padded base64.
func (id ID) String() string { return base64.StdEncoding.EncodeToString(id[:]) }

// Hash is a node of a Merkle tree: SHA-256, RFC 6962, Section 2.1.
type Hash [sha256.Size]byte

// Kind names the format of an entry's body. The version alone says nothing
// about the version of Rekor: intoto 0.0.2 is v1, dsse 0.0.2 is v2.
type Kind struct {
	Name    string // "hashedrekord"
	Version string // "0.0.1"
}

// String returns name and version with a space between them, each cut short
// if it is longer than any real one: both are foreign text.
func (k Kind) String() string { return clip(k.Name) + " " + clip(k.Version) }

// The kinds of entry that are verified; all others are parsed to a [Body]
// that is not [Body.Supported]. They are functions, so that no program can
// change what is verified.

// HashedRekordV001 is the kind of messages in Rekor v1.
func HashedRekordV001() Kind { return Kind{"hashedrekord", "0.0.1"} }

// DSSEV001 is a kind of envelopes in Rekor v1.
func DSSEV001() Kind { return Kind{"dsse", "0.0.1"} }

// IntotoV002 is a second kind of envelopes in Rekor v1.
func IntotoV002() Kind { return Kind{"intoto", "0.0.2"} }

// HashedRekordV002 is the kind of messages and envelopes in Rekor v2.
func HashedRekordV002() Kind { return Kind{"hashedrekord", "0.0.2"} }

// DSSEV002 is the kind that envelopes had in Rekor v2 until 2026.
func DSSEV002() Kind { return Kind{"dsse", "0.0.2"} }

// Entry is a log entry as a bundle carries it. Nothing in it is to be
// believed before it has been checked against a [Log].
type Entry struct {
	LogID      ID
	Index      int64 // across all shards of the log (Rekor v1), in the tree (v2)
	Integrated int64 // Unix seconds, 0 if absent; a time only under a verified Promise
	Kind       Kind
	Body       *Body
	Promise    []byte // signed entry timestamp; empty if absent
	Proof      *Proof // nil if absent
}

// Proof is an inclusion proof. Size and Root are copies of what the
// checkpoint says; only the signed checkpoint is believed.
type Proof struct {
	Index      uint64 // of the leaf in its tree
	Size       uint64 // leaves in the tree
	Root       Hash
	Hashes     []Hash // from the leaf upwards
	Checkpoint string // signed note
}

// Generation is the version of Rekor that a log entry follows. The zero value
// is no generation, and every check refuses it.
type Generation int

// The generations of Rekor.
const (
	V1 Generation = 1 + iota
	V2
)

// String returns "Rekor v1" or "Rekor v2".
func (g Generation) String() string {
	switch g {
	case V1:
		return "Rekor v1"
	case V2:
		return "Rekor v2"
	}
	return "unknown generation of Rekor"
}
