// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"slices"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

// Options changes what [Write] accepts.
type Options struct {
	// Timestamps writes timestamps into PEP 740 attestations, as a draft has it
	// that the index of packages does not read yet. Otherwise a bundle with
	// timestamps is refused.
	Timestamps bool
}

// writers write one document each.
var writers = map[Kind]func(items []Item, o Options) ([]byte, []Change, error){
	KindBundle:      writeBundle,
	KindLines:       writeLines,
	KindArray:       writeArray,
	KindNPM:         writeNPM,
	KindGitHub:      writeGitHub,
	KindAttestation: writeAttestation,
	KindProvenance:  writeProvenance,
}

// Write returns a document of a kind that holds the items, in their order, on
// one line and a line for each of the items in JSON Lines. What is left out of
// the evidence is listed. What the form has no place for is refused with a code
// of the family convert, and an item that was refused, with its error.
func Write(kind Kind, items []Item, o Options) ([]byte, []Change, error) {
	write := writers[kind]
	if write == nil {
		return nil, nil, refuse.New("convert.lossy", "%s: a form that is read and not written", kind)
	}
	if len(items) == 0 {
		return nil, nil, refuse.New("bundle.empty", "no bundle to write")
	}
	for _, it := range items {
		if it.Err != nil {
			return nil, nil, it.Err
		}
		if it.Bundle == nil {
			return nil, nil, refuse.New("bundle.empty", "no bundle to write")
		}
	}
	return write(items, o)
}

// Of returns the item of a bundle that was parsed.
func Of(b *bundle.Bundle) (Item, error) {
	text, err := b.Encode()
	if err != nil {
		return Item{}, err
	}
	return Item{Kind: KindBundle, Raw: text, JSON: text, Bundle: b}, nil
}

func single(items []Item, kind Kind) (Item, error) {
	if len(items) != 1 {
		return Item{}, refuse.New("convert.lossy", "%d bundles, and a %s holds one", len(items), kind)
	}
	return items[0], nil
}

func writeBundle(items []Item, _ Options) ([]byte, []Change, error) {
	it, err := single(items, KindBundle)
	if err != nil {
		return nil, nil, err
	}
	return append(compact(it.JSON), '\n'), nil, nil
}

func writeLines(items []Item, _ Options) ([]byte, []Change, error) {
	var b bytes.Buffer
	for _, it := range items {
		b.Write(compact(it.JSON))
		b.WriteByte('\n')
	}
	return b.Bytes(), nil, nil
}

func writeArray(items []Item, _ Options) ([]byte, []Change, error) {
	return writeList("[", items, func(b *bytes.Buffer, it Item) error {
		b.Write(compact(it.JSON))
		return nil
	}, "]\n")
}

func writeList(before string, items []Item, one func(*bytes.Buffer, Item) error, after string) ([]byte, []Change, error) {
	var b bytes.Buffer
	b.WriteString(before)
	for i, it := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := one(&b, it); err != nil {
			return nil, nil, err
		}
	}
	b.WriteString(after)
	return b.Bytes(), nil, nil
}

func writeNPM(items []Item, _ Options) ([]byte, []Change, error) {
	return writeList(`{"attestations":[`, items, func(b *bytes.Buffer, it Item) error {
		if it.Bundle.Envelope == nil {
			return refuse.New("convert.payload_type", "the bundle holds no statement, and the answer names its predicate type")
		}
		predicate := predicateType(it.Bundle)
		if predicate == "" {
			return refuse.New("convert.payload_type", "the statement has no predicate type, and the answer names it")
		}
		b.WriteString(`{"predicateType":` + quote(predicate) + `,"bundle":`)
		b.Write(compact(it.JSON))
		b.WriteByte('}')
		return nil
	}, "]}\n")
}

func writeGitHub(items []Item, _ Options) ([]byte, []Change, error) {
	return writeList(`{"attestations":[`, items, func(b *bytes.Buffer, it Item) error {
		b.WriteString(`{"bundle":`)
		b.Write(compact(it.JSON))
		b.WriteByte('}')
		return nil
	}, "]}\n")
}

// quote returns a string as JSON.
func quote(s string) string {
	b, _ := json.Marshal(s) // of a string it does not fail
	return string(b)
}

func writeAttestation(items []Item, o Options) ([]byte, []Change, error) {
	it, err := single(items, KindAttestation)
	if err != nil {
		return nil, nil, err
	}
	text, changes, err := attestationOf(it, o)
	return append(text, '\n'), changes, err
}

// writeProvenance groups what follows one another of one publisher, who is the
// one that the items came with.
func writeProvenance(items []Item, o Options) ([]byte, []Change, error) {
	var b bytes.Buffer
	var all []Change
	b.WriteString(`{"version":1,"attestation_bundles":[`)
	var last []byte
	for i, it := range items {
		if it.Hints.Publisher == nil || it.Hints.Publisher.raw == nil {
			return nil, nil, refuse.New("convert.lossy", "publisher: the bundle has none, and a provenance names it")
		}
		publisher := compact(it.Hints.Publisher.raw)
		switch {
		case i > 0 && bytes.Equal(publisher, last):
			b.WriteByte(',')
		case i > 0:
			b.WriteString(`]},`)
			fallthrough
		default:
			b.WriteString(`{"publisher":`)
			b.Write(publisher)
			b.WriteString(`,"attestations":[`)
		}
		last = publisher
		text, changes, err := attestationOf(it, o)
		if err != nil {
			return nil, nil, err
		}
		b.Write(text)
		all = append(all, changes...)
	}
	b.WriteString("]}]}\n")
	return b.Bytes(), all, nil
}

// attestationOf converts a bundle to a PEP 740 attestation.
func attestationOf(it Item, o Options) (text []byte, changes []Change, err error) {
	b := it.Bundle
	switch {
	case b.Envelope == nil:
		return nil, nil, refuse.New("convert.payload_type", "the bundle signs an artifact, want a statement")
	case b.Envelope.PayloadType != inTotoType:
		return nil, nil, refuse.New("convert.payload_type", "payload type %q, want %q", clip(b.Envelope.PayloadType), inTotoType)
	case b.Leaf == nil:
		return nil, nil, refuse.New("convert.certificate", "the bundle is signed by a managed key, want a certificate")
	}
	if key, ok := b.Leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		return nil, nil, refuse.New("convert.certificate", "certificate: a key that is not ECDSA P-256")
	}
	if err := times(b, o); err != nil {
		return nil, nil, err
	}
	entries, err := entriesOf(it.JSON)
	if err != nil {
		return nil, nil, err
	}
	c := new(conversion)
	if b.Version != bundle.V03 {
		c.changed("carrier.member_ignored", "/mediaType") // it is read as one of version 0.3
	}
	if len(b.Intermediates) > 0 || b.DroppedRoot {
		c.changed("carrier.member_ignored", "/verificationMaterial/x509CertificateChain/certificates/1")
	}
	if b.Envelope.KeyID != "" {
		c.changed("carrier.member_ignored", "/dsseEnvelope/signatures/0/keyid")
	}
	var w bytes.Buffer
	w.WriteString(`{"version":1,"verification_material":{"certificate":"` + encode(b.Leaf.Raw) + `","transparency_entries":`)
	w.Write(entries)
	for i, der := range b.Timestamps {
		w.WriteString([]string{`,"timestamps":["`, `","`}[min(i, 1)] + encode(der))
	}
	if len(b.Timestamps) > 0 {
		w.WriteString(`"]`)
	}
	w.WriteString(`},"envelope":{"statement":"` + encode(b.Envelope.Payload) + `","signature":"` + encode(b.Signature) + `"}}`)
	return w.Bytes(), c.changes, nil
}

// times refuses what readers of PEP 740 could not prove a time of.
func times(b *bundle.Bundle, o Options) error {
	if len(b.Timestamps) > 0 && !o.Timestamps {
		return refuse.New("convert.lossy", "timestamps: %d, and the form has no place for them", len(b.Timestamps))
	}
	if len(b.Entries) == 0 {
		return refuse.New("convert.lossy", "log entry: the bundle has none, and the form needs one")
	}
	for i := range b.Entries {
		if b.Entries[i].Proof == nil {
			return refuse.New("convert.lossy", "log entry %d: no inclusion proof, and the form needs it", i)
		}
	}
	promised := slices.ContainsFunc(b.Entries, func(e tlog.Entry) bool { return len(e.Promise) > 0 && e.Integrated > 0 })
	if !promised {
		return refuse.New("convert.lossy", "timestamps: no promise of a log proves the time of the bundle, and readers of the form read nothing else")
	}
	return nil
}

// entriesOf returns the log entries of a bundle as they are.
func entriesOf(text []byte) ([]byte, error) {
	o, err := parseObject(text)
	if err != nil {
		return nil, err
	}
	var entries []byte
	err = o.at("verificationMaterial", func(raw []byte) ([]byte, error) {
		material, err := parseObject(raw)
		if err == nil {
			err = material.at("tlogEntries", func(raw []byte) ([]byte, error) {
				entries = compact(raw)
				return raw, nil
			})
		}
		return raw, err
	})
	if err == nil && entries == nil {
		err = refuse.New("convert.lossy", "log entry: the bundle has none, and the form needs one")
	}
	return entries, err
}
