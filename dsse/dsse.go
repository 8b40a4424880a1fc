// SPDX-License-Identifier: Apache-2.0

// Package dsse holds DSSE envelopes, the bytes their signatures cover, and the
// in-toto statements inside them.
//
// Nothing here verifies anything. An [Envelope] is what a bundle carried; a
// [Statement] is what its payload says, and is to be believed only after the
// signature over the envelope was verified.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package dsse

import (
	"crypto"
	"strconv"
)

// PayloadTypeInToto is the payload type of every in-toto attestation, and the
// only one whose payload [ParseStatement] may be given.
const PayloadTypeInToto = "application/vnd.in-toto+json"

// Envelope is a DSSE envelope with its one signature: a Sigstore bundle never
// holds more. Its fields must not be modified while it is in use. The zero
// value holds no signature, so it never verifies.
type Envelope struct {
	Payload     []byte // exact payload bytes, decoded once
	PayloadType string // covered by the signature, as Payload is
	Signature   []byte // raw signature over PAE
	KeyID       string // unauthenticated hint, "" if absent; decides nothing
}

// PAE returns the bytes that the envelope's signature covers.
func (e *Envelope) PAE() []byte { return PAE(e.PayloadType, e.Payload) }

// Digest returns the h hash of [Envelope.PAE] without building it, nil if h is
// not linked into the program.
func (e *Envelope) Digest(h crypto.Hash) []byte {
	if !h.Available() {
		return nil
	}
	w := h.New()
	w.Write(header(e.PayloadType, len(e.Payload)))
	w.Write(e.Payload)
	return w.Sum(nil)
}

// PAE returns the pre-authentication encoding of a payload and its type: the
// bytes that a DSSE signature covers.
//
//	"DSSEv1" SP len(type) SP type SP len(payload) SP payload
//
// Lengths count bytes, in decimal (DSSE protocol.md, "Signature Definition").
func PAE(payloadType string, payload []byte) []byte {
	return append(header(payloadType, len(payload)), payload...)
}

// header returns PAE up to the payload.
func header(payloadType string, size int) []byte {
	b := make([]byte, 0, len("DSSEv1    ")+2*20+len(payloadType))
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(size), 10)
	return append(b, ' ')
}
