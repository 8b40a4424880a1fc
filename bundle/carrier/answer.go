// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// array reads an array of bundles, or of objects that hold one each.
func array(data []byte) ([]Element, error) {
	list, err := elements(data, MaxBundles)
	if strictjson.IsLimit(err) {
		return nil, errCount(MaxBundles)
	} else if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "array")
	}
	all := make([]Element, len(list))
	for i, raw := range list {
		all[i] = arrayElement(raw)
	}
	return all, nil
}

func arrayElement(raw []byte) Element {
	e := Element{Kind: KindArray, Raw: raw, mend: true}
	if raw[0] != '{' {
		return e
	}
	o, err := parseObject(raw)
	if report := o.raw("attestation"); report != nil && !o.has("mediaType") {
		e.Kind, e.mend = KindReport, false
		if e.err = err; err != nil {
			return e
		}
		inner, err := parseObject(report)
		if e.err = err; err == nil && inner.raw("bundle") != nil {
			report = inner.raw("bundle")
		}
		e.Raw = report
		return e
	}
	if o.has("bundle") || o.has("bundle_url") {
		return answerElement(raw)
	}
	return e
}

// answer reads {"attestations":[…]}. Members beside it are ignored: none of
// them is evidence.
func answer(o object, l Limits) ([]Element, error) {
	list, err := elements(o.raw("attestations"), l.attestations())
	if strictjson.IsLimit(err) {
		return nil, refuse.New("carrier.count", "more than %d bundles in one answer", l.attestations())
	} else if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "attestations")
	}
	all := make([]Element, len(list))
	for i, raw := range list {
		all[i] = answerElement(raw)
		all[i].mend = l.Repair
		if i > 0 && all[i].Kind != all[0].Kind {
			return nil, refuse.New("carrier.ambiguous", "some items of the answer have a predicateType, and others do not")
		}
	}
	return all, nil
}

// answerElement reads one item of an answer.
func answerElement(raw []byte) Element {
	e := Element{Kind: KindGitHub, Raw: raw}
	o, err := parseObject(raw)
	if o.has("predicateType") {
		e.Kind = KindNPM
	}
	if e.err = err; err != nil {
		return e
	}
	e.predicate = o.text("predicateType")
	e.url = o.text("bundle_url")
	inner := o.raw("bundle")
	switch {
	case o.has("predicateType") && e.predicate == "":
		e.err = refuse.New("carrier.malformed", "member predicateType: want the URI of a predicate type")
	case inner != nil:
		e.Raw = inner
	case e.url != "":
		e.err = refuse.New("import.bundle_url", "the answer holds the address of a bundle and not the bundle, want the document at %q", clip(e.url))
	case o.has("bundle"):
		e.err = refuse.New("carrier.malformed", "member bundle: null, want a bundle")
	default:
		e.err = refuse.New("carrier.unknown", "the item of the answer has no member bundle")
	}
	return e
}

// checkPredicate refuses a bundle whose signed statement differs from what its
// carrier says about it.
func checkPredicate(b *bundle.Bundle, says string) error {
	if says == "" {
		return nil
	}
	if b.Envelope == nil {
		return refuse.New("carrier.claim", "predicateType: the carrier says %q, and the bundle holds no statement", clip(says))
	}
	if signed := predicateType(b); signed != says {
		return refuse.New("carrier.claim", "predicateType: the carrier says %q, and the statement %q", clip(says), clip(signed))
	}
	return nil
}

// predicateType returns what the signed statement of an envelope says that it is
// about, "" if it cannot be read. It is read as statements are when they are
// judged: one member of exactly that name, in a payload of in-toto's type.
func predicateType(b *bundle.Bundle) (signed string) {
	if b.Envelope.PayloadType != dsse.PayloadTypeInToto {
		return ""
	}
	d := strictjson.NewDecoder(b.Envelope.Payload)
	err := d.Object(func(key string) (err error) {
		if key != "predicateType" {
			return d.Skip()
		}
		signed, err = d.String()
		return err
	})
	if err != nil || d.End() != nil {
		return ""
	}
	return signed
}

// mend repairs what some registries stored: log entries without their kind, and
// certificates in PEM within base64. A bundle with another fault stays refused
// for it.
func (it *Item) mend() {
	code := refuse.CodeOf(it.Err)
	if code != "bundle.certificate" && code != "bundle.entry_kind" {
		return
	}
	c := new(conversion)
	text, err := c.mendBundle(bytes.TrimSpace(it.JSON))
	if err != nil {
		it.Err = err
		return
	}
	if len(c.changes) == 0 {
		return
	}
	it.JSON, it.Changes = text, append(it.Changes, c.changes...)
	it.Bundle, it.Err = bundle.Parse(text)
}
