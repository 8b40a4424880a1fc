// SPDX-License-Identifier: Apache-2.0

// Package carrier finds the bundles in the documents that carry them: a bundle
// by itself, JSON Lines, an array, and the answers of the attestation APIs of
// registries and forges. It judges nothing: what it finds goes to
// [bundle.Parse].
//
// What a carrier says about its bundles is not signed. It can only refuse a
// bundle, see [Item.Check], and never decides how one is judged.
package carrier

import (
	"bytes"
	"encoding/json"
	"iter"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// MaxBundles bounds the bundles of one document. Each costs a verification
// and a report, and a line of two bytes can claim to be one.
const MaxBundles = 1024

// An Item is one bundle of a document, not parsed. Its bytes are the
// document's.
type Item struct {
	Data []byte
	// PredicateType is what the carrier says that the bundle's statement is
	// about, "" if it says nothing.
	PredicateType string
}

// Parse parses the bundle and holds what its carrier says against it.
func (it Item) Parse() (*bundle.Bundle, error) {
	b, err := bundle.Parse(it.Data)
	if err != nil {
		return nil, err
	}
	return b, it.Check(b)
}

// Check refuses a bundle whose signed statement differs from what its carrier
// says about it.
func (it Item) Check(b *bundle.Bundle) error {
	if it.PredicateType == "" {
		return nil
	}
	if b.Envelope == nil {
		return refuse.New("carrier.claim", "predicateType: the carrier says %q, and the bundle holds no statement", clip(it.PredicateType))
	}
	var signed struct {
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(b.Envelope.Payload, &signed); err != nil || signed.PredicateType != it.PredicateType {
		return refuse.New("carrier.claim", "predicateType: the carrier says %q, and the statement %q", clip(it.PredicateType), clip(signed.PredicateType))
	}
	return nil
}

// Read returns the bundles of a document, in order: at least one, and at most
// [MaxBundles]. It reads no further than to count them.
func Read(data []byte) ([]Item, error) {
	var items []Item
	for it, err := range All(data) {
		if err != nil {
			return nil, err
		}
		if len(items) == MaxBundles {
			return nil, refuse.New("carrier.count", "more than %d bundles in one file", MaxBundles)
		}
		items = append(items, it)
	}
	return items, nil
}

// All yields the bundles of a document, or why there are none. It bounds
// nothing but the bundles of one answer or array.
func All(data []byte) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		rest := blank(data)
		if len(rest) == 0 {
			yield(Item{}, refuse.New("bundle.empty", "no bundle in %d bytes", len(data)))
			return
		}
		first, more, _ := bytes.Cut(rest, []byte("\n"))
		if len(blank(more)) == 0 || !isValue(first) {
			one(data, yield)
			return
		}
		for len(rest) > 0 {
			var line []byte
			line, rest, _ = bytes.Cut(rest, []byte("\n"))
			if !one(line, yield) {
				return
			}
			rest = blank(rest)
		}
	}
}

// one yields the bundles of one JSON value.
func one(data []byte, yield func(Item, error) bool) bool {
	d := strictjson.NewDecoder(data)
	var items []Item
	var err error
	if d.Kind() == '[' {
		err = elements(d, &items)
		if err == nil {
			err = d.End()
		}
	} else if !isAnswer(data) {
		return yield(Item{Data: data}, nil) // the parser of bundles has the last word
	} else {
		items, err = answer(d)
	}
	switch {
	case err != nil:
		return yield(Item{}, asRefusal(err))
	case len(items) == 0:
		return yield(Item{}, refuse.New("bundle.empty", "the document carries no bundle"))
	}
	for _, it := range items {
		if !yield(it, nil) {
			return false
		}
	}
	return true
}

func asRefusal(err error) error {
	if strictjson.IsLimit(err) {
		return refuse.New("carrier.count", "more than %d bundles in one file", MaxBundles)
	}
	return refuse.Wrap("carrier.malformed", err, "attestations")
}

// isAnswer reports whether data is an object with a member "attestations".
func isAnswer(data []byte) (found bool) {
	d := strictjson.NewDecoder(data)
	_ = d.Object(func(key string) error {
		found = found || key == "attestations"
		return d.Skip()
	})
	return found
}

// answer reads {"attestations":[…]}. Members beside it are ignored: none of
// them is evidence.
func answer(d *strictjson.Decoder) (items []Item, err error) {
	err = d.Object(func(key string) error {
		if key != "attestations" {
			return d.Skip()
		}
		return elements(d, &items)
	})
	if err == nil {
		err = d.End()
	}
	return items, err
}

// elements reads an array of bundles, or of objects with a member "bundle".
func elements(d *strictjson.Decoder, items *[]Item) error {
	return d.Array(MaxBundles, func(int) error {
		raw, err := d.Raw()
		if err != nil {
			return err
		}
		it, err := element(raw, true)
		*items = append(*items, it)
		return err
	})
}

// element reads {"bundle":…}, or takes raw itself for a bundle. What a client
// found about a bundle, in a member beside it, is ignored. An envelope may
// hold one other envelope: with more of them, each byte would be read as often
// as there are.
func element(raw []byte, outer bool) (Item, error) {
	it := Item{Data: raw}
	var inner []byte
	url := false
	d := strictjson.NewDecoder(raw)
	if d.Kind() != '{' {
		return it, nil
	}
	err := d.Object(func(key string) (err error) {
		switch key {
		case "bundle", "attestation":
			inner, err = d.Raw()
			return err
		case "predicateType":
			it.PredicateType, err = d.String()
			return err
		case "bundle_url":
			url = true
		}
		return d.Skip()
	})
	if err != nil {
		return it, err
	}
	inner = bytes.TrimSpace(inner)
	switch {
	case inner == nil && !url:
		return it, nil
	case inner == nil || bytes.Equal(inner, []byte("null")):
		return it, refuse.New("carrier.malformed", "the answer has the address of a bundle and not the bundle: fetch it from bundle_url")
	}
	if outer {
		if nested, err := element(inner, false); err == nil && nested.PredicateType == "" {
			inner = nested.Data // {"attestation":{"bundle":…}}
		}
	}
	it.Data = inner
	return it, nil
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func blank(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

// isValue reports whether line is one complete JSON value.
func isValue(line []byte) bool {
	d := strictjson.NewDecoder(line)
	return d.Skip() == nil && d.End() == nil
}
