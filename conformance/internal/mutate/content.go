// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// contentMutants emits the mutants of what is inside a string of doc: base64,
// except for texts.
func contentMutants(doc *node, r route, place, s string, f format, to emit) {
	data, encode := []byte(s), func(b []byte) string { return string(b) }
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		data, encode = b, base64.StdEncoding.EncodeToString
	}
	f(data, place+"/", func(operator, place string, inner func() []byte) {
		to(operator, place, func() []byte {
			c := doc.clone()
			*c.at(r) = *str(encode(inner()))
			return c.write()
		})
	})
}

// both applies several formats to the same data.
func both(list ...format) format {
	return func(data []byte, place string, to emit) {
		for _, f := range list {
			f(data, place, to)
		}
	}
}

// byteMutants changes single bytes, and the whole.
func byteMutants(data []byte, place string, to emit) { byteMutantsOf(nil, data, place, to) }

// byteMutantsOf names the part that each byte is in.
func byteMutantsOf(named regions, data []byte, place string, to emit) {
	at := place
	with := func(operator string, change func(b []byte) []byte) {
		to(operator, at, func() []byte { return change(bytes.Clone(data)) })
	}
	for i := range data {
		at = place + named.name(i)
		with("flip a bit", func(b []byte) []byte { b[i] ^= 1 << (i % 8); return b })
		if i%8 == 5 || named.starts(i) {
			with("zero a byte", func(b []byte) []byte {
				if b[i] == 0 {
					b[i] = 0xff
				} else {
					b[i] = 0
				}
				return b
			})
			with("drop a byte", func(b []byte) []byte { return append(b[:i], b[i+1:]...) })
			with("insert a byte", func(b []byte) []byte { return append(b[:i:i], append([]byte{0}, data[i:]...)...) })
		}
	}
	at = place
	with("swap halves", func(b []byte) []byte { return append(b[len(b)/2:len(b):len(b)], b[:len(b)/2]...) })
	with("truncate", func(b []byte) []byte { return b[:len(b)-1] })
	with("truncate", func(b []byte) []byte { return b[:len(b)/2] })
	with("extend", func(b []byte) []byte { return append(b, 0) })
	with("extend", func(b []byte) []byte { return append(b, b...) })
	with("zero before", func(b []byte) []byte { return append([]byte{0}, b...) })
}

// structureMutants changes the bytes and the structure of DER with parts that
// have names.
func structureMutants(of func([]byte) regions, donors [][]byte) format {
	return func(data []byte, place string, to emit) {
		named := of(data)
		regionSplices(of, data, donors, place, to)
		byteMutantsOf(named, data, place, to)
		derMutantsOf(named, data, place, to)
	}
}

// textMutants changes the bytes, the parts and the lines of a signed note.
func textMutants(donors [][]byte) format {
	return func(data []byte, place string, to emit) {
		named := checkpointRegions(data)
		byteMutantsOf(named, data, place, to)
		regionSplices(checkpointRegions, data, donors, place, to)
		for _, x := range named {
			partMutantsOf(x, data, place+x.name, to)
		}
		lineMutants(named, data, place, to)
	}
}

// partMutantsOf changes one part of a text.
func partMutantsOf(x region, data []byte, place string, to emit) {
	whole := string(data[x.start:x.end])
	part := strings.TrimSuffix(whole, "\n")
	with := func(operator, changed string) {
		if changed += whole[len(part):]; changed != whole {
			to(operator, place, func() []byte { return slices.Concat(data[:x.start], []byte(changed), data[x.end:]) })
		}
	}
	with("drop the part", "")
	with("double the part", part+part)
	with("reverse the part", reversed(part))
	with("truncate the part", part[:len(part)/2])
	with("extend the part", part+"A")
	with("re-encode: unpadded", strings.TrimRight(part, "="))
	with("re-encode: URL alphabet", strings.NewReplacer("+", "-", "/", "_").Replace(part))
	with("re-encode: zero before", "0"+part)
	with("re-encode: space behind", part+" ")
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// lineMutants changes the lines of a text.
func lineMutants(named regions, data []byte, place string, to emit) {
	lines := strings.SplitAfter(string(data), "\n")
	at := 0
	for i, line := range lines {
		here := place + named.name(at)
		at += len(line)
		with := func(operator string, lines ...string) {
			to(operator, here, func() []byte { return []byte(strings.Join(lines, "")) })
		}
		if line == "" {
			continue
		}
		before, after := lines[:i:i], lines[i+1:]
		with("drop a line", append(before, after...)...)
		with("double a line", append(append(before, line, line), after...)...)
		with("line in other case", append(append(before, swapCase(line)), after...)...)
		with("blank line before", append(append(before, "\n", line), after...)...)
		with("carriage return", append(append(before, strings.TrimSuffix(line, "\n")+"\r\n"), after...)...)
		with("space behind line", append(append(before, strings.TrimSuffix(line, "\n")+" \n"), after...)...)
		if i > 0 {
			with("swap lines", append(append(before[:i-1:i-1], line, lines[i-1]), after...)...)
		} else if len(lines) > 1 {
			with("swap lines", append([]string{lines[1], line}, lines[2:]...)...)
		}
	}
}

// signatureMutants changes the bytes of a signature, and writes a signature
// in ECDSA in its other form: (r, n-s) verifies wherever (r, s) does.
func signatureMutants(curve elliptic.Curve) format {
	return func(data []byte, place string, to emit) {
		byteMutants(data, place, to)
		derMutants(data, place, to)
		if curve == nil {
			return
		}
		if other := otherHalf(data, curve); other != nil {
			to("other half of ECDSA", place, func() []byte { return other })
		}
	}
}

func otherHalf(sig []byte, curve elliptic.Curve) []byte {
	var r, s big.Int
	in := cryptobyte.String(sig)
	var inner cryptobyte.String
	if !in.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1Integer(&r) || !inner.ReadASN1Integer(&s) {
		return nil
	}
	s.Sub(curve.Params().N, &s)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(&r)
		b.AddASN1BigInt(&s)
	})
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}

// tlv is a DER value that can be written in wrong ways too.
type tlv struct {
	tag     byte
	content []byte // if there are no parts
	parts   []*tlv
	long    bool // write the length in more bytes than it takes
	start   int  // where in the document it was
}

// parseTLVs reads a sequence of values, nil if it is not one. Octet strings are
// looked into: tokens and extensions have values inside.
func parseTLVs(data []byte) []*tlv {
	var list []*tlv
	in := cryptobyte.String(data)
	for !in.Empty() {
		var content cryptobyte.String
		var tag asn1.Tag
		if !in.ReadAnyASN1(&content, &tag) {
			return nil
		}
		v := &tlv{tag: byte(tag), content: content}
		if tag&0x20 != 0 || tag == asn1.OCTET_STRING && len(content) > 1 {
			v.parts = parseTLVs(content)
		}
		list = append(list, v)
	}
	return list
}

func (v *tlv) write(b []byte) []byte {
	content := v.content
	if v.parts != nil {
		content = nil
		for _, p := range v.parts {
			content = p.write(content)
		}
	}
	b = append(b, v.tag)
	switch n := len(content); {
	case v.long && n < 256:
		b = append(b, 0x82, 0, byte(n))
	case v.long:
		b = append(b, 0x83, 0, byte(n>>8), byte(n))
	case n < 128:
		b = append(b, byte(n))
	case n < 256:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	return append(b, content...)
}

func (v *tlv) walk(r route, visit func(route, *tlv)) {
	visit(r, v)
	for i, p := range v.parts {
		p.walk(append(r[:len(r):len(r)], i), visit)
	}
}

func (v *tlv) at(r route) *tlv {
	for _, i := range r {
		v = v.parts[i]
	}
	return v
}

// derMutants changes the structure of DER, with all lengths around the change
// made right again: values dropped, doubled, emptied, moved, retagged, and
// the same values in other encodings.
func derMutants(data []byte, place string, to emit) { derMutantsOf(nil, data, place, to) }

// derMutantsOf names the part that each value is in.
func derMutantsOf(named regions, data []byte, place string, to emit) {
	tree := derTree(data)
	if tree == nil {
		return
	}
	tree.walk(nil, func(r route, v *tlv) {
		at := place + named.name(v.start)
		edit := func(operator string, r route, change func(*tlv)) {
			to(operator, at, func() []byte {
				top := parseTLVs(data)[0]
				change(top.at(r))
				return top.write(nil)
			})
		}
		edit("DER: long length", r, func(v *tlv) { v.long = true })
		edit("DER: other tag", r, func(v *tlv) { v.tag ^= 1 })
		edit("DER: empty", r, func(v *tlv) { v.parts, v.content = nil, nil })
		edit("DER: data inside the end", r, func(v *tlv) {
			if v.parts != nil {
				v.parts = append(v.parts, &tlv{tag: 5})
			} else {
				v.content = append(bytes.Clone(v.content), 0)
			}
		})
		for i, part := range v.parts {
			at = place + named.name(part.start)
			edit("DER: drop", r, func(v *tlv) { v.parts = append(v.parts[:i], v.parts[i+1:]...) })
			edit("DER: double", r, func(v *tlv) { v.parts = append(v.parts[:i+1:i+1], v.parts[i:]...) })
			if i > 0 {
				edit("DER: swap", r, func(v *tlv) { v.parts[i-1], v.parts[i] = v.parts[i], v.parts[i-1] })
			} else if last := len(v.parts) - 1; last > 0 {
				edit("DER: swap", r, func(v *tlv) { v.parts[0], v.parts[last] = v.parts[last], v.parts[0] })
			}
		}
	})
}
