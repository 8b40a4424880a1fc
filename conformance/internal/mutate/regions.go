// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"encoding/asn1"
	"slices"
	"strings"
)

// regions name the parts of a document inside a string, outer before inner,
// so that the table says of each part what becomes of changes to it.
type regions []region

type region struct {
	name       string
	start, end int
}

// name returns that of the innermost part at an offset, "" if it has none.
func (r regions) name(offset int) string {
	name := ""
	for _, x := range r {
		if x.start <= offset && offset < x.end {
			name = x.name
		}
	}
	return name
}

// starts reports whether a part starts at an offset.
func (r regions) starts(offset int) bool {
	return slices.ContainsFunc(r, func(x region) bool { return x.start == offset })
}

// find returns the part of a name, nil if there is none.
func (r regions) find(name string) *region {
	for i := range r {
		if r[i].name == name {
			return &r[i]
		}
	}
	return nil
}

func (r *regions) add(name string, v *tlv) {
	*r = append(*r, region{name, v.start, v.start + len(v.write(nil))})
}

// addAll names parts in their order, and leaves out those named "".
func (r *regions) addAll(prefix string, parts []*tlv, names ...string) {
	for i, p := range parts {
		if i < len(names) && names[i] != "" {
			r.add(prefix+names[i], p)
		}
	}
}

// locate notes where a value and its parts are, the value being at an offset.
func (v *tlv) locate(offset int) {
	v.start = offset
	if v.parts == nil {
		return
	}
	content := 0
	for _, p := range v.parts {
		content += len(p.write(nil))
	}
	offset += len(v.write(nil)) - content
	for _, p := range v.parts {
		p.locate(offset)
		offset += len(p.write(nil))
	}
}

// derTree reads one value that is written as DER has it, nil if it is not.
func derTree(data []byte) *tlv {
	list := parseTLVs(data)
	if len(list) != 1 || !bytes.Equal(list[0].write(nil), data) {
		return nil
	}
	list[0].locate(0)
	return list[0]
}

// valueAt returns the value that spans a region, nil if there is none.
func (v *tlv) valueAt(x region) (found *tlv) {
	v.walk(nil, func(_ route, v *tlv) {
		if v.start == x.start && v.start+len(v.write(nil)) == x.end {
			found = v
		}
	})
	return found
}

// regionSplices puts parts of other documents into the place of the parts of
// the same name.
func regionSplices(of func([]byte) regions, data []byte, donors [][]byte, place string, to emit) {
	for _, d := range donors {
		theirs := of(d)
		for _, x := range of(data) {
			y := theirs.find(x.name)
			if y == nil || bytes.Equal(data[x.start:x.end], d[y.start:y.end]) {
				continue
			}
			to("splice", place+x.name, func() []byte {
				top := derTree(data)
				if top == nil { // text
					return slices.Concat(data[:x.start], d[y.start:y.end], data[x.end:])
				}
				v, w := top.valueAt(x), derTree(d).valueAt(*y)
				if v == nil || w == nil {
					return data
				}
				*v = *w
				return top.write(nil)
			})
		}
	}
}

// sub returns the value at a path of numbers, nil if there is none.
func (v *tlv) sub(path ...int) *tlv {
	for _, i := range path {
		if v == nil || i >= len(v.parts) {
			return nil
		}
		v = v.parts[i]
	}
	return v
}

// extensionNames are those that the table has lines for.
var extensionNames = map[string]string{
	"2.5.29.14": "subjectKeyIdentifier", "2.5.29.15": "keyUsage", "2.5.29.17": "subjectAltName", "2.5.29.19": "basicConstraints",
	"2.5.29.35": "authorityKeyIdentifier", "2.5.29.37": "extKeyUsage", "1.3.6.1.4.1.11129.2.4.2": "SCT list",
}

// certificateRegions are those of RFC 5280, Section 4.1.
func certificateRegions(data []byte) (r regions) {
	top := derTree(data)
	if top.sub(0, 7) == nil {
		return nil
	}
	r.addAll("", top.parts, "tbs", "signatureAlgorithm", "signature")
	r.addAll("tbs.", top.parts[0].parts, "version", "serialNumber", "signature", "issuer", "validity", "subject", "subjectPublicKeyInfo", "extensions")
	list := top.sub(0, 7, 0)
	if list == nil {
		return r
	}
	for _, e := range list.parts {
		name := "other"
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(e.sub(0).write(nil), &oid); err == nil {
			if known := extensionNames[oid.String()]; known != "" {
				name = known
			} else if strings.HasPrefix(oid.String(), "1.3.6.1.4.1.57264.1.") {
				name = "Fulcio"
			}
		}
		r.add("tbs.extensions."+name, e)
	}
	return r
}

var infoNames = []string{"version", "policy", "messageImprint", "serialNumber", "genTime"}

// timestampRegions are those of RFC 3161, Section 2.4.2, and RFC 5652,
// Section 5.
func timestampRegions(data []byte) (r regions) {
	top := derTree(data)
	signed := top.sub(1, 1, 0)
	if signed == nil || len(signed.parts) < 4 {
		return nil
	}
	r.addAll("", top.parts, "status", "token")
	r.addAll("", signed.parts[:3], "token", "digestAlgorithms", "")
	for _, p := range signed.parts[3:] {
		if p.tag == 0xa0 {
			r.add("certificates", p)
		}
	}
	if info := signed.sub(2, 1, 0, 0); info != nil {
		r.add("TSTInfo", info)
		r.addAll("TSTInfo.", info.parts, infoNames...)
	}
	last := signed.parts[len(signed.parts)-1]
	r.add("signerInfo", last)
	if s := last.sub(0); s != nil {
		r.addAll("signerInfo.", s.parts, "version", "sid", "digestAlgorithm", "signedAttrs", "signatureAlgorithm", "signature")
	}
	return r
}

// checkpointRegions are those of a checkpoint, the lines of it and the parts
// of the first line of signatures (C2SP tlog-checkpoint and signed-note).
func checkpointRegions(data []byte) (r regions) {
	text, _, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return nil
	}
	r = headRegions(data[:len(text)+1])
	at := len(text) + 1
	r = append(r, region{"blank line", at, at + 1})
	at++
	first, _, _ := bytes.Cut(data[at:], []byte("\n"))
	r = append(r, region{"further signatures", at + len(first) + 1, len(data)})
	name := at + bytes.LastIndexByte(first, ' ') + 1
	const hint = 6 // characters, of four bytes
	return append(r, region{"name", at, name}, region{"hint", name, name + hint}, region{"signature", name + hint, at + len(first) + 1})
}

// headRegions are the lines that a log signs.
func headRegions(text []byte) (r regions) {
	at := 0
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		name := "extension"
		if i < 3 {
			name = []string{"origin", "size", "root"}[i]
		}
		r = append(r, region{name, at, at + len(line)})
		at += len(line)
	}
	return r
}
