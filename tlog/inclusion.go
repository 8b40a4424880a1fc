// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto/sha256"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxPath is the length of a path in a tree of 2^64 leaves.
const maxPath = 64

// pathHasher is the hasher of RFC 6962, Section 2.1, for one path: of the
// hashes on the way only the last one is needed, and it has a place here.
type pathHasher struct {
	*rfc6962.Hasher
	last Hash
}

// HashChildren returns the hash of an inner node, which is valid until the
// next call.
func (h *pathHasher) HashChildren(left, right []byte) []byte {
	var node [1 + 2*len(Hash{})]byte
	b := append(append(append(node[:0], rfc6962.RFC6962NodeHashPrefix), left...), right...)
	h.last = sha256.Sum256(b)
	return h.last[:]
}

// VerifyInclusion checks that the entry is in the tree whose head the log
// signed. Size and root come from the checkpoint; the copies in the proof must
// agree with it, and in Rekor v2, where a log is one tree, both indexes must
// be the same.
//
// Refusals are tlog.entry.generation, tlog.entry.unsupported,
// tlog.checkpoint.root and tlog.inclusion.
func (e *Entry) VerifyInclusion(c *Checkpoint, g Generation) error {
	if e == nil || e.Proof == nil || e.Body == nil || c == nil || c.log == nil {
		return refuse.New("tlog.inclusion", "entry without a body, a proof or a verified checkpoint")
	}
	if c.log.id != e.LogID || !c.mayBe(g) {
		return refuse.New("tlog.entry.generation", "checkpoint is of another log, or is not of %s", g)
	}
	if err := e.Body.follows(g); err != nil {
		return err
	}
	p := e.Proof
	if p.Size != c.Size || p.Root != c.Root {
		return refuse.New("tlog.checkpoint.root", "proof is for a tree of %d with root %x, the log signed %d with root %x",
			p.Size, p.Root, c.Size, c.Root)
	}
	if g == V2 && (e.Index < 0 || uint64(e.Index) != p.Index) {
		return refuse.New("tlog.inclusion", "entry has index %d, its proof has %d", e.Index, p.Index)
	}
	if len(p.Hashes) > maxPath {
		return refuse.New("tlog.inclusion", "path of %d hashes", len(p.Hashes))
	}
	path := make([][]byte, len(p.Hashes))
	for i := range p.Hashes {
		path[i] = p.Hashes[i][:]
	}
	leaf := e.Body.LeafHash()
	// The library checks that the index is in the tree and that the path is
	// as long as it must be. The comparison is ours: of 32 bytes, whole.
	root, err := proof.RootFromInclusionProof(&pathHasher{Hasher: rfc6962.DefaultHasher}, p.Index, c.Size, leaf[:], path)
	if err != nil {
		return refuse.Wrap("tlog.inclusion", err, "entry %d", p.Index)
	}
	if len(root) != len(Hash{}) || Hash(root) != c.Root {
		return refuse.New("tlog.inclusion", "entry %d is not in the tree of %d with root %x", p.Index, c.Size, c.Root)
	}
	return nil
}
