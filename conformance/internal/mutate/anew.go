// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
)

// Mutants of what is signed, changed before it is signed: no signature gives
// them away, only the check of what they say.

// anew is a document that somebody signs: how to get at it, and how to change
// it, with others of its kind to take parts from.
type anew struct {
	name   string
	only   string // the requests that have it
	hook   func(r *virtual.Request, change func([]byte) []byte)
	format func(donors [][]byte) format
}

var signedDocuments = []anew{
	{"payload", "envelope*", func(r *virtual.Request, change func([]byte) []byte) {
		r.Envelope = func(e *dsse.Envelope) { e.Payload = change(e.Payload) }
	}, jsonFormat},
	{"body", "message, v1|message, v2|envelope*", func(r *virtual.Request, change func([]byte) []byte) { r.Body = change }, jsonFormat},
	{"TSTInfo", "message, v2|envelope, v2*", func(r *virtual.Request, change func([]byte) []byte) {
		r.Timestamp = func(t *virtual.TimestampInput) { t.Info = change }
	}, func(donors [][]byte) format { return structureMutants(infoRegions, donors) }},
	{"checkpoint", "message, v1|message, v2", func(r *virtual.Request, change func([]byte) []byte) {
		r.Checkpoint = func(c *virtual.CheckpointInput) {
			c.Extensions = []string{"a line of the log's own"}
			c.Edit = func(s string) string { return string(change([]byte(s))) }
		}
	}, headMutants},
}

// jsonFormat is that of documents in JSON.
func jsonFormat(donors [][]byte) format {
	var docs []*node
	for _, d := range donors {
		if doc, err := parseNode(d); err == nil {
			docs = append(docs, doc)
		}
	}
	return inJSON(docs)
}

// anewMutants emits the mutants of all documents that are signed. Payloads get
// parts of real ones too.
func anewMutants(s *subject, payloads [][]byte, yield func(*Mutant)) {
	for _, d := range signedDocuments {
		// Each is the first thing signed in a world of its own, so that what
		// the original says of keys, signatures and trees is true of it.
		sign := func(r virtual.Request, change func([]byte) []byte) []byte {
			st, err := newStudio(s)
			if err != nil {
				return []byte(err.Error())
			}
			return st.sign(r, func(r *virtual.Request, _ *virtual.Key) { d.hook(r, change) })
		}
		var bases []virtual.Request
		var originals [][]byte
		for _, base := range flawed {
			if glob(d.only).MatchString(base.name) {
				bases = append(bases, base.request)
				sign(base.request, func(data []byte) []byte {
					originals = append(originals, bytes.Clone(data))
					return data
				})
			}
		}
		donors := originals
		if d.name == "payload" {
			donors = slices.Concat(originals, payloads)
		}
		for i, r := range bases {
			d.format(donors)(originals[i], "", func(operator, place string, make func() []byte) {
				m := &Mutant{Case: s, Operator: operator, Place: strings.TrimSuffix(signedAnew+" "+d.name+"/"+place, "/"), fresh: true}
				m.make = func() []byte {
					changed := make()
					if bytes.Equal(changed, originals[i]) || d.name == "checkpoint" && !utf8.Valid(changed) {
						return s.Bundle // no mutant, or none that JSON could hold
					}
					return sign(r, func([]byte) []byte { return changed })
				}
				yield(m)
			})
		}
	}
}

// infoRegions are those of RFC 3161, Section 2.4.2.
func infoRegions(data []byte) (r regions) {
	if top := derTree(data); top != nil {
		r.addAll("", top.parts, infoNames...)
	}
	return r
}

// headMutants changes the text of a checkpoint, which has no signatures yet.
func headMutants(donors [][]byte) format {
	return func(data []byte, place string, to emit) {
		named := headRegions(data)
		byteMutantsOf(named, data, place, to)
		regionSplices(headRegions, data, donors, place, to)
		for _, x := range named {
			partMutantsOf(x, data, place+x.name, to)
		}
		lineMutants(named, data, place, to)
	}
}

const anewBodyCodes = "tlog.entry.malformed tlog.entry.kind tlog.entry.unsupported tlog.entry.key tlog.entry.signature tlog.entry.digest tlog.entry.payload_type bundle.body_missing"

var anewExpectations = []expectation{
	{"unknown member", signedAnew + " payload/subject[].digest", "statement.malformed", nil}, // a digest, and no text
	{"reorder members|escapes|white space|indent|unknown member", signedAnew + " payload*", "=signed", nil},
	{"double member|double member, first null|invalid UTF-8|truncate|data behind|byte order mark|comma behind*|comment|single quotes|in a list|twice|number: plus|number: leading zero|number: hexadecimal|number: NaN", signedAnew + " payload*", "statement.malformed", nil},
	{"splice", signedAnew + " payload/_type", "=signed", nil}, // an older one
	{"*", signedAnew + " payload/_type", "statement.type statement.malformed", nil},
	{"*", signedAnew + " payload/subject", "statement.subjects statement.malformed artifact.mismatch =signed", nil},
	{"*", signedAnew + " payload/subject[]", "statement.subjects statement.malformed artifact.mismatch =signed", nil},
	{"*", signedAnew + " payload/subject[].name", "statement.malformed =signed", nil},
	{"*", signedAnew + " payload/subject[].digest*", "artifact.mismatch artifact.not_comparable statement.subjects statement.malformed =signed", nil},
	{"*", signedAnew + " payload*", "statement.malformed statement.type =signed", nil},
	// The hash of the envelope is of a spelling that no one has; payload,
	// signatures and keys are compared one by one.
	{"*", signedAnew + " body/spec.envelopeHash*", "tlog.entry.malformed =signed", nil},
	{sameOps + "|unknown member|truncated|other case|double member, snake case", signedAnew + " body*", anewBodyCodes + " =signed", nil},
	{"*", signedAnew + " body*", anewBodyCodes, nil},
	{"*", signedAnew + " TSTInfo*", "timestamp.malformed timestamp.profile timestamp.imprint timestamp.window timestamp.chain chain.expired =signed", nil},
	{"*", signedAnew + " checkpoint*", "tlog.checkpoint.malformed tlog.checkpoint.origin tlog.checkpoint.root tlog.checkpoint.unsigned tlog.checkpoint.signature =signed", nil},
}
