// SPDX-License-Identifier: Apache-2.0

// Package carrier reads the forms in which registries, forges and older tools
// keep Sigstore evidence, and turns each into the bundle that it holds:
//
//	items, err := carrier.Read(answer, carrier.Limits{})
//	if err != nil {
//		return err // the document as a whole
//	}
//	for _, it := range items {
//		if it.Err != nil {
//			return it.Err // this one of its bundles
//		}
//		result, err := verifier.Verify(it.Bundle, artifact)
//		…
//	}
//
// Content alone decides which form a document has, never the name of its file.
// A document that fits two forms is refused.
//
// The rules of every conversion:
//
//   - Signed bytes are copied as they are: payload, signature, certificate, the
//     body of a log entry, checkpoint, promise and timestamp.
//   - A member is derived only from bytes that are authenticated later, as the
//     kind of a log entry is from its body. Nothing is invented, and no key and
//     no anchor of trust is taken from a carrier.
//   - As many items come out as there are in the document, in the same order.
//   - Each change of a bundle is listed, see [Change].
//   - What a carrier says about its bundles is not signed, see [Hints]. It can
//     refuse a bundle, with the code carrier.claim, and never decides how one is
//     judged.
//
// [Write] goes back. What a form has no place for is refused by name.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package carrier

import (
	"bytes"
	"iter"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// MaxBundles bounds the bundles of one file. Each costs a verification and a
// report, and a line of two bytes can claim to be one.
const MaxBundles = 1024

// Limits bounds what is read of one document. A field that is 0 stands for the
// number in its comment.
type Limits struct {
	Document     int // bytes of a document other than a bundle: 16 MiB
	Attestations int // bundles of one answer: 64
	Entries      int // log entries of one bundle: 16
	Timestamps   int // timestamps of one bundle: 16
	Depth        int // objects and arrays within one another: 64

	// Repair mends the known defects of stored bundles in every form. By
	// default only the elements of an array are mended, which is the form of
	// the registry that stored them.
	Repair bool
}

// or returns the limit, or what it is by default.
func or(limit, standard int) int {
	if limit == 0 {
		return standard
	}
	return limit
}

func (l Limits) document() int     { return or(l.Document, 16<<20) }
func (l Limits) attestations() int { return or(l.Attestations, 64) }
func (l Limits) entries() int      { return or(l.Entries, 16) }
func (l Limits) timestamps() int   { return or(l.Timestamps, 16) }
func (l Limits) depth() int        { return or(l.Depth, 64) }

// An Element is one bundle of a document, before it is converted and parsed.
type Element struct {
	Kind Kind
	Raw  []byte // the document's bytes

	limits    Limits
	err       error // why there is no bundle in its place
	mend      bool
	predicate string // what an answer says that the statement is about
	url       string
	publisher []byte // JSON
}

// An Item is one bundle of a document, or the reason why there is none in its
// place.
type Item struct {
	Kind Kind
	Raw  []byte // the bytes of the document that hold it, shared with the document

	// Bundle is nil if Err is set.
	Bundle *bundle.Bundle
	// JSON is the text that Bundle was parsed from: Raw, unless it was converted
	// or changed. If Err is set it is what could be made of the evidence.
	JSON []byte

	Hints   Hints
	Changes []Change
	Err     error
}

// Hints are what a carrier says beside the evidence. They are not signed. A
// hint may select a policy and never satisfies one.
type Hints struct {
	PredicateType string     `json:"predicateType,omitempty"`
	Publisher     *Publisher `json:"publisher,omitempty"`
	BundleURL     string     `json:"bundleURL,omitempty"`
}

// A Change is one difference between the evidence in its carrier and the
// bundle that was made of it. It never touches signed bytes.
type Change struct {
	Code string `json:"code"`
	Path string `json:"path"` // JSON Pointer into the evidence
}

// Read returns the bundles of a document, in order: at least one, and at most
// [MaxBundles]. An error is about the document as a whole. What is wrong with
// one of several bundles is in its item.
func Read(data []byte, l Limits) ([]Item, error) {
	elements, err := Elements(data, l)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(elements))
	for i, e := range elements {
		items[i] = e.Open()
	}
	return items, nil
}

// Elements is as [Read], before anything is converted or parsed.
func Elements(data []byte, l Limits) ([]Element, error) {
	var elements []Element
	for e, err := range All(data, l) {
		if err != nil {
			return nil, err
		}
		if len(elements) == MaxBundles {
			return nil, errCount(MaxBundles)
		}
		elements = append(elements, e)
	}
	return elements, nil
}

// All yields the bundles of a file: a document, or JSON Lines with a document
// on each line. It does not bound the number of lines. An error takes the
// place of a document and does not end the sequence.
func All(data []byte, l Limits) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		rest := blank(data)
		if len(rest) == 0 {
			yield(Element{}, refuse.New("bundle.empty", "no bundle in %d bytes", len(data)))
			return
		}
		first, more, _ := bytes.Cut(rest, []byte("\n"))
		if len(blank(more)) == 0 || !isValue(first) {
			document(data, l, yield)
			return
		}
		for len(rest) > 0 {
			var line []byte
			line, rest, _ = bytes.Cut(rest, []byte("\n"))
			if !document(line, l, yield) {
				return
			}
			rest = blank(rest)
		}
	}
}

// document yields the bundles of one document.
func document(data []byte, l Limits, yield func(Element, error) bool) bool {
	elements, err := split(data, l)
	switch {
	case err != nil:
		return yield(Element{}, err)
	case len(elements) == 0:
		return yield(Element{}, refuse.New("bundle.empty", "the document carries no bundle"))
	}
	for _, e := range elements {
		e.limits = l
		if !yield(e, nil) {
			return false
		}
	}
	return true
}

// split returns the bundles of one document.
func split(data []byte, l Limits) ([]Element, error) {
	kind, members, err := detect(data)
	if err != nil {
		return nil, err
	}
	if kind != KindBundle {
		if len(data) > l.document() {
			return nil, refuse.New("carrier.limit", "%s: %d bytes, want at most %d", kind, len(data), l.document())
		}
		if tooDeep(data, l.depth()) {
			return nil, refuse.New("carrier.limit", "%s: more than %d objects and arrays within one another", kind, l.depth())
		}
	}
	switch kind {
	case KindArray:
		return array(data)
	case KindAnswer:
		return answer(members, l)
	case KindProvenance:
		return provenance(members, l)
	}
	return []Element{{Kind: kind, Raw: data, mend: l.Repair}}, nil
}

// Open converts the element into a bundle, parses it, and holds what its
// carrier says against it.
func (e Element) Open() Item {
	it := Item{Kind: e.Kind, Raw: e.Raw, JSON: e.Raw, Err: e.err}
	it.Hints.PredicateType, it.Hints.BundleURL = short(e.predicate), short(e.url)
	if it.Err != nil {
		return it
	}
	c := &conversion{limits: e.limits}
	if convert := converters[e.Kind]; convert != nil {
		var err error
		it.JSON, err = convert(c, e.Raw)
		it.Changes = c.changes
		if err != nil {
			it.Err = refuse.Wrap("carrier.malformed", err, "%s", e.Kind)
			return it
		}
	}
	it.Bundle, it.Err = bundle.Parse(it.JSON)
	if e.mend && it.Err != nil {
		it.mend()
	}
	if it.Err == nil && e.Kind != KindBundle {
		it.Err = e.limits.check(it.Bundle)
	}
	if it.Err == nil {
		it.Err = checkPredicate(it.Bundle, e.predicate)
	}
	if e.publisher != nil {
		it.publisher(e.publisher)
	}
	if it.Err != nil {
		it.Bundle = nil
	}
	return it
}

// Clone returns an element that shares no memory with the document.
func (e Element) Clone() Element {
	e.Raw, e.publisher = bytes.Clone(e.Raw), bytes.Clone(e.publisher)
	return e
}

// publisher holds what the carrier says about the publisher against the
// certificate.
func (it *Item) publisher(raw []byte) {
	p, err := parsePublisher(raw)
	if it.Hints.Publisher = p; it.Err == nil {
		if it.Err = err; err == nil && p != nil {
			it.Err = p.check(it.Bundle)
		}
	}
}

// check refuses more evidence than a carrier may bring.
func (l Limits) check(b *bundle.Bundle) error {
	switch {
	case len(b.Entries) > l.entries():
		return refuse.New("carrier.limit", "%d log entries, want at most %d", len(b.Entries), l.entries())
	case len(b.Timestamps) > l.timestamps():
		return refuse.New("carrier.limit", "%d timestamps, want at most %d", len(b.Timestamps), l.timestamps())
	}
	return nil
}

// conversion is what the converters of one element share.
type conversion struct {
	limits  Limits
	changes []Change
}

func (c *conversion) changed(code, path string) {
	if len(c.changes) < maxChanges {
		c.changes = append(c.changes, Change{code, path})
	}
}

// maxChanges bounds the changes of one item. Each is of a member, of which an
// object has at most maxMembers.
const maxChanges = 256

func errCount(most int) error {
	return refuse.New("carrier.count", "more than %d bundles in one file", most)
}

func blank(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

// isValue reports whether line is one complete JSON value.
func isValue(line []byte) bool {
	d := strictjson.NewDecoder(line)
	return d.Skip() == nil && d.End() == nil
}

// short keeps hints short.
func short(s string) string {
	if len(s) <= maxClaim {
		return s
	}
	return clip(s)
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
