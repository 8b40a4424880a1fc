// SPDX-License-Identifier: Apache-2.0

// Package fastverify checks ECDSA signatures by keys that recur, with tables
// of multiples of the key in place of doublings: the keys of certificate
// authorities, logs and timestamp authorities, which are the same for millions
// of bundles.
//
// All of it works on public data in variable time and must never see a secret.
// The group operations are those of filippo.io/nistec, the code in crypto/ecdsa
// itself; what is here is the order in which they are done. [ecdsa.VerifyASN1]
// judges whatever has no table, and is the oracle of the tests: the answers
// are the same on every input.
package fastverify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"sync"
	"sync/atomic"
)

const (
	// recurrence is how often a key must have been seen to get a table. Making
	// one costs about as much as it saves in fifty checks.
	recurrence = 64
	// maxTables bounds the tables of the process, of up to two MiB each. A
	// trust root has about ten keys.
	maxTables = 48
	// maxCounted bounds the keys that are being counted. Beyond it all counters
	// start again, which costs speed only.
	maxCounted = 4096
)

// live counts the tables of all Tables. It decides who gets one, and no answer.
var live atomic.Int64

// Tables makes and holds tables, for P-256 and P-384. They belong to the one that
// owns the keys, and go when the owner goes. It holds nothing but multiples of
// public keys, and is safe for concurrent use. The zero Tables has no table
// yet; a nil *Tables is valid and never has one.
type Tables struct {
	ready atomic.Pointer[map[id]checker] // never modified once stored

	mutex  sync.Mutex
	counts map[id]int // guarded by mutex; of keys without a table
}

// New returns Tables without a table.
func New() *Tables { return new(Tables) }

// id is a key: its curve's size in bytes and its affine coordinates.
type id struct {
	size uint8
	x, y [48]byte
}

// checker checks signatures by one key.
type checker interface {
	verify(digest, sig []byte) bool
}

// Verify reports what [ecdsa.VerifyASN1] reports, for every input: whether sig
// is a signature by pub over digest.
func (t *Tables) Verify(pub *ecdsa.PublicKey, digest, sig []byte) bool {
	if t == nil {
		return ecdsa.VerifyASN1(pub, digest, sig)
	}
	k, ok := identify(pub)
	if !ok {
		return ecdsa.VerifyASN1(pub, digest, sig)
	}
	if ready := t.ready.Load(); ready != nil {
		if c := (*ready)[k]; c != nil {
			return c.verify(digest, sig)
		}
	}
	valid := ecdsa.VerifyASN1(pub, digest, sig)
	// Signatures that do not verify are no reason to work for their key.
	if valid {
		t.count(k, pub)
	}
	return valid
}

// identify names a key that may have a table.
func identify(pub *ecdsa.PublicKey) (k id, ok bool) {
	if pub == nil || pub.X == nil || pub.Y == nil {
		return id{}, false
	}
	switch pub.Curve {
	case elliptic.P256():
		k.size = 32
	case elliptic.P384():
		k.size = 48
	default:
		return id{}, false
	}
	bits := 8 * int(k.size)
	if pub.X.Sign() < 0 || pub.Y.Sign() < 0 || pub.X.BitLen() > bits || pub.Y.BitLen() > bits {
		return id{}, false
	}
	pub.X.FillBytes(k.x[:k.size])
	pub.Y.FillBytes(k.y[:k.size])
	return k, true
}

// count notes that a key has signed something, and makes its table when that
// has become worth it. Others go on without the table meanwhile.
func (t *Tables) count(k id, pub *ecdsa.PublicKey) {
	t.mutex.Lock()
	if t.counts == nil || len(t.counts) >= maxCounted {
		t.counts = make(map[id]int)
	}
	n := t.counts[k] + 1
	t.counts[k] = n // no second attempt: only the very recurrence-th makes one
	t.mutex.Unlock()
	if n != recurrence {
		return
	}
	if live.Add(1) > maxTables {
		live.Add(-1)
		return
	}
	c := build(k)
	if c == nil {
		live.Add(-1)
		return
	}
	t.add(k, c)
}

// add lets all later checks find a table.
func (t *Tables) add(k id, c checker) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	next := map[id]checker{k: c}
	if ready := t.ready.Load(); ready != nil {
		for k, c := range *ready {
			next[k] = c
		}
	}
	t.ready.Store(&next)
	delete(t.counts, k)
}
