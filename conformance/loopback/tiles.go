// SPDX-License-Identifier: Apache-2.0

package loopback

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// grow adds an entry to the tree that is published, with others around it,
// and returns its index. The caller holds the mutex.
func (i *Instance) grow(body []byte) int {
	others := func(n int) {
		for range n {
			i.leaves = append(i.leaves, rfc6962.DefaultHasher.HashLeaf(fmt.Append(nil, len(i.leaves))))
		}
	}
	others(i.Earlier)
	i.leaves = append(i.leaves, rfc6962.DefaultHasher.HashLeaf(body))
	index := len(i.leaves) - 1
	others(i.Later)
	return index
}

// tile is the read side of Rekor v2.
func (i *Instance) tile(path string) (*reply, error) {
	i.mutex.Lock()
	leaves := i.leaves
	i.mutex.Unlock()
	var data []byte
	switch kind, rest, _ := strings.Cut(strings.TrimPrefix(path, "/api/v2/"), "/"); kind {
	case "checkpoint":
		text, err := i.head(leaves)
		if err != nil {
			return nil, err
		}
		data = []byte(text)
	case "tile":
		data = hashes(leaves, rest)
	}
	if i.Tiles != nil {
		data = i.Tiles(path, data)
	}
	if data == nil {
		return &reply{status: http.StatusNotFound, kind: "text/plain"}, nil
	}
	return &reply{status: http.StatusOK, kind: "application/octet-stream", body: data}, nil
}

// head is a checkpoint over the leaves, signed by the world's log.
func (i *Instance) head(leaves [][]byte) (string, error) {
	signed, err := i.World.Sign(virtual.Request{Evidence: virtual.RekorV2, Hooks: virtual.Hooks{Checkpoint: func(in *virtual.CheckpointInput) {
		in.Size, in.Root = uint64(len(leaves)), root(leaves)
		if i.Checkpoint != nil {
			i.Checkpoint(in)
		}
	}}})
	if err != nil {
		return "", err
	}
	return signed.Message.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof().GetCheckpoint().GetEnvelope(), nil
}

// RootAt is the head of the tree that is published when it had size entries.
func (i *Instance) RootAt(size int) []byte {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return root(i.leaves[:size])
}

// root is the head of a tree, by the definition (RFC 9162, Section 2.1.1).
func root(leaves [][]byte) []byte {
	switch n := len(leaves); n {
	case 0:
		return rfc6962.DefaultHasher.EmptyRoot()
	case 1:
		return leaves[0]
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		return rfc6962.DefaultHasher.HashChildren(root(leaves[:k]), root(leaves[k:]))
	}
}

// hashes is a tile (C2SP tlog-tiles): the heads of whole trees over 256 to the
// power of its level.
func hashes(leaves [][]byte, name string) []byte {
	var level, number, group, width int
	name, partial, _ := strings.Cut(name, ".p/")
	groups := strings.Split(name, "/")
	if _, err := fmt.Sscan(groups[0], &level); err != nil || level > 2 {
		return nil
	}
	for at, text := range groups[1:] {
		digits, more := strings.CutPrefix(text, "x")
		if _, err := fmt.Sscanf(digits, "%03d", &group); err != nil || len(digits) != 3 || more == (at == len(groups)-2) {
			return nil
		}
		number = number*1000 + group
	}
	span := 1 << (8 * level)
	whole := slices.Collect(slices.Chunk(leaves[:len(leaves)/span*span], span))
	if 256*number >= len(whole) {
		return nil
	}
	row := whole[256*number : min(256*number+256, len(whole))]
	if partial != "" {
		if _, err := fmt.Sscan(partial, &width); err != nil || width < 1 || width > 255 || width > len(row) {
			return nil
		}
		row = row[:width]
	} else if len(row) < 256 {
		return nil
	}
	var data []byte
	for _, tree := range row {
		data = append(data, root(tree)...)
	}
	return data
}
