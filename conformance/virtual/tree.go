// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"encoding/binary"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// tree is a Merkle tree of which only the right edge is kept: as many hashes
// as its size has binary digits. That is enough to append, and to prove what
// was just appended. It is not safe for concurrent use.
type tree struct{ edge *compact.Range }

// grownTree returns a tree of so many entries that no one has ever seen.
func (w *World) grownTree(role string, size uint64) (*tree, error) {
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	var hashes [][]byte
	for _, id := range compact.RangeNodes(0, size, nil) {
		hashes = append(hashes, w.derive(fmt.Sprintf("tree/%s/%d/%d", role, id.Level, id.Index), 0, rfc6962.DefaultHasher.Size()))
	}
	edge, err := factory.NewRange(0, size, hashes)
	if err != nil {
		return nil, fmt.Errorf("virtual: tree of %s: %w", role, err)
	}
	return &tree{edge}, nil
}

// proved is where an entry is in a tree and how to find it there.
type proved struct {
	index, size uint64
	root        []byte
	hashes      [][]byte
}

// append adds an entry and after it some more, and proves the entry.
func (t *tree) append(body []byte, later int) (p proved, err error) {
	p.index = t.edge.End()
	nodes := make(map[compact.NodeID][]byte)
	hashes := t.edge.Hashes()
	for i, id := range compact.RangeNodes(0, p.index, nil) {
		nodes[id] = hashes[i]
	}
	keep := func(id compact.NodeID, hash []byte) { nodes[id] = hash }
	if err := t.edge.Append(rfc6962.DefaultHasher.HashLeaf(body), keep); err != nil {
		return p, err
	}
	for range later {
		other := binary.BigEndian.AppendUint64([]byte("somebody's entry "), t.edge.End())
		if err := t.edge.Append(rfc6962.DefaultHasher.HashLeaf(other), keep); err != nil {
			return p, err
		}
	}
	p.size = t.edge.End()
	if p.root, err = t.edge.GetRootHash(nil); err != nil {
		return p, err
	}
	path, err := proof.Inclusion(p.index, p.size)
	if err != nil {
		return p, err
	}
	for _, id := range path.IDs {
		p.hashes = append(p.hashes, nodes[id])
	}
	p.hashes, err = path.Rehash(p.hashes, rfc6962.DefaultHasher.HashChildren)
	return p, err
}
