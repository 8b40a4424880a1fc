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
	in := descend(was, 1, 1, 0)
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

// InSignerIdentifier reports whether a byte of a timestamp response is in the
// identity of its signer, its issuer's name and its serial number.
func InSignerIdentifier(der []byte, at int) bool {
	info := signerInfo(der)
	return len(info) > 1 && info[1].has(at)
}

// InSignatureAlgorithm reports whether a byte of a timestamp response is in the
// identifier of the algorithm of its signature, which follows the signed
// attributes.
func InSignatureAlgorithm(der []byte, at int) bool {
	info := signerInfo(der)
	return len(info) > 4 && der[info[3].from] == 0xa0 && info[4].has(at)
}

// signerInfo returns the parts of what a response says about its one signer.
func signerInfo(der []byte) []span {
	signed := descend(der, 1, 1, 0)
	if len(signed) < 4 {
		return nil
	}
	infos := parts(der, signed[len(signed)-1])
	if len(infos) != 1 {
		return nil
	}
	return parts(der, infos[0])
}

// descend returns the parts of that part of a response which is found by the
// numbers of its parts: 1 is its ContentInfo, in which 1 is [0], in which 0 is
// SignedData.
func descend(der []byte, numbers ...int) []span {
	at := span{0, len(der)}
	for _, n := range numbers {
		in := parts(der, at)
		if n >= len(in) {
			return nil
		}
		at = in[n]
	}
	return parts(der, at)
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
