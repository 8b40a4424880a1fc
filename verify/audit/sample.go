// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Sample chooses entries of a source by their hashes, so that the same
// source gives the same sample everywhere, and a share of a source that grew
// contains the share of what it was before. The zero Sample is everything.
type Sample struct {
	count int64   // so many entries; 0: see share
	share float64 // of all entries, 0 to 1; 0: all
}

// maxSample bounds a sample by number, which is kept in memory.
const maxSample = 1_000_000

// ParseSample reads a number of entries, "1000", or a share, "0.5%". The
// empty string is everything.
func ParseSample(s string) (Sample, error) {
	if s == "" {
		return Sample{}, nil
	}
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(percent, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return Sample{}, fmt.Errorf("%q is not a share above 0%% and up to 100%%", s)
		}
		return Sample{share: p / 100}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > maxSample {
		return Sample{}, fmt.Errorf("%q is not a number from 1 to %d, nor a share such as 5%%", s, maxSample)
	}
	return Sample{count: n}, nil
}

// String returns the form that [ParseSample] reads.
func (s Sample) String() string {
	switch {
	case s.count > 0:
		return strconv.FormatInt(s.count, 10)
	case s.share > 0:
		return strconv.FormatFloat(s.share*100, 'g', -1, 64) + "%"
	}
	return ""
}

// A bound is the greatest entry of a sample: by hash, and among equal lines
// by number, so that a sample by number has exactly that many. The zero bound
// has no limit.
type bound struct {
	set   bool
	hash  uint64 // the first 8 bytes of the entry's hash
	entry int64  // from 1
}

func (b bound) covers(sum [sha256.Size]byte, entry int64) bool {
	return !b.set || bound{true, binary.BigEndian.Uint64(sum[:]), entry}.compare(b) <= 0
}

func (b bound) compare(c bound) int {
	return cmp.Or(cmp.Compare(b.hash, c.hash), cmp.Compare(b.entry, c.entry))
}

// resolve returns the sample's bound. For a sample by number it reads the
// source once.
func (s Sample) resolve(src Source) (bound, error) {
	switch {
	case s.count > 0:
		return s.smallest(src)
	case s.share > 0 && s.share < 1:
		return bound{true, uint64(math.Ldexp(s.share, 64)), math.MaxInt64}, nil
	}
	return bound{}, nil
}

func (s Sample) smallest(src Source) (bound, error) {
	if src.Count() < 0 {
		return bound{}, errors.New("a sample by number needs a source that can be read twice; give a share, such as 5%")
	}
	var h greatest
	n := int64(0)
	for e, err := range src.entries() {
		if err != nil {
			return bound{}, err
		}
		n++
		b := bound{true, binary.BigEndian.Uint64(e.sum[:]), n}
		switch {
		case int64(len(h)) < s.count:
			heap.Push(&h, b)
		case b.compare(h[0]) < 0:
			h[0] = b
			heap.Fix(&h, 0)
		}
	}
	if int64(len(h)) < s.count {
		return bound{}, nil // there are not that many
	}
	return h[0], nil
}

// greatest is a heap with the greatest bound on top.
type greatest []bound

func (h greatest) Len() int           { return len(h) }
func (h greatest) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h greatest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *greatest) Push(b any)        { *h = append(*h, b.(bound)) }
func (h *greatest) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
