// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/sigbundle/sigbundle/dsse"
)

// Statement is an in-toto statement as its JSON has it.
type Statement struct {
	Type          string          `json:"_type"`
	Subjects      []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate,omitempty"`
}

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"` // hex by algorithm
}

// envelope makes the envelope of a request, nil if it is to sign a message.
func (r *Request) envelope() (*dsse.Envelope, error) {
	if r.PredicateType == "" {
		return nil, nil
	}
	s := &Statement{
		Type: "https://in-toto.io/Statement/v1",
		Subjects: []Subject{{
			Name:   "artifact",
			Digest: map[string]string{"sha256": hex.EncodeToString(digest(crypto.SHA256, r.Artifact))},
		}},
		PredicateType: r.PredicateType,
		Predicate:     r.Predicate,
	}
	if s.Predicate == nil {
		s.Predicate = json.RawMessage("{}")
	}
	if r.Statement != nil {
		r.Statement(s)
	}
	var payload bytes.Buffer
	e := json.NewEncoder(&payload)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("virtual: statement: %w", err)
	}
	env := &dsse.Envelope{
		Payload:     bytes.TrimSuffix(payload.Bytes(), []byte("\n")),
		PayloadType: dsse.PayloadTypeInToto,
	}
	if r.ManagedKey != nil {
		env.KeyID = r.ManagedKey.Hint()
	}
	if r.Envelope != nil {
		r.Envelope(env)
	}
	return env, nil
}

// Hint is what bundles call the key if it is a managed one: the base64 of the
// SHA-256 of its SPKI.
func (k *Key) Hint() string { return b64(digest(crypto.SHA256, k.spki)) }
