// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/asn1"
	"slices"
)

// SameButUnsigned compares two timestamp responses byte for byte, where they
// count. Free are the bytes that no signature covers: of the signed data
// (RFC 5652, Section 5.1) the version, the list of hash algorithms and the
// certificates brought along. The first response is well-formed.
func SameButUnsigned(was, is []byte) bool {
	if len(was) != len(is) {
		return false
	}
	// TimeStampResp, its ContentInfo, [0], SignedData
	at := span{0, len(was)}
	for _, n := range []int{1, 1, 0} {
		in := parts(was, at)
		if n >= len(in) {
			return false
		}
		at = in[n]
	}
	in := parts(was, at)
	if len(in) < 4 {
		return false
	}
	free := in[:2]
	if was[in[3].from] == 0xa0 {
		free = []span{in[0], in[1], in[3]}
	}
	for i := range was {
		if was[i] != is[i] && !slices.ContainsFunc(free, func(s span) bool { return s.has(i) }) {
			return false
		}
	}
	return true
}

// span is part of a text.
type span struct{ from, to int }

func (s span) has(i int) bool { return s.from <= i && i < s.to }

// parts returns the DER elements in an element, nil if it is not DER.
func parts(der []byte, s span) (list []span) {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(der[s.from:s.to], &outer); err != nil {
		return nil
	}
	for at := s.to - len(outer.Bytes); at < s.to; {
		var one asn1.RawValue
		if _, err := asn1.Unmarshal(der[at:s.to], &one); err != nil {
			return nil
		}
		list = append(list, span{at, at + len(one.FullBytes)})
		at += len(one.FullBytes)
	}
	return list
}
