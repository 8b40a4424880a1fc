// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Proto returns the statement as a message of in-toto's own module. The
// message keeps less than the statement: numbers of the predicate become
// floating point, its members lose their order, and members of subjects other
// than name and digest are gone. It shares no memory with the statement.
//
// The refusal statement.malformed is for a predicate that the message cannot
// hold: a JSON value other than an object or null, or an object with a number
// beyond floating point. A value that is no statement, such as the zero value,
// gets the refusals of [ParseStatement].
func (s *Statement) Proto() (*intoto.Statement, error) {
	if err := s.check(); err != nil {
		return nil, refuse.Wrap("statement.malformed", err, "statement")
	}
	m := &intoto.Statement{Type: s.Type, PredicateType: s.PredicateType}
	for _, sub := range s.Subjects {
		r := &intoto.ResourceDescriptor{Name: sub.Name, Digest: make(map[string]string, len(sub.Digests))}
		for _, d := range sub.Digests {
			r.Digest[d.Algorithm] = d.Hex
		}
		m.Subject = append(m.Subject, r)
	}
	switch kind := s.PredicateKind(); kind {
	case "", "null":
		return m, nil
	case "object":
	default:
		return nil, refuse.New("statement.malformed", "predicate: a JSON %s, want an object: the protobuf message holds nothing else", kind)
	}
	m.Predicate = new(structpb.Struct)
	if err := m.Predicate.UnmarshalJSON(s.Predicate); err != nil {
		return nil, refuse.Wrap("statement.malformed", err, "predicate")
	}
	return m, nil
}
