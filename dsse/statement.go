// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"encoding/hex"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// The statement types that are understood, compared byte for byte.
const (
	StatementV1  = "https://in-toto.io/Statement/v1"
	StatementV01 = "https://in-toto.io/Statement/v0.1"
)

const (
	// DefaultMaxSubjects bounds the subjects of a statement unless the caller
	// names another bound: the largest number seen in public is 41, but model
	// signing lists one subject for each file.
	DefaultMaxSubjects = 1024
	// MaxDigests bounds the digests of one subject.
	MaxDigests = 32
)

// Statement is an in-toto statement, v1 or v0.1. Its fields must not be
// modified while it is in use.
type Statement struct {
	Type          string    // StatementV1 or StatementV01
	PredicateType string    // "" if absent: no predicate type can then be required
	Subjects      []Subject // never empty
	// Predicate is the predicate exactly as it was signed. in-toto asks for a
	// JSON object; producers also write null and text, and any JSON value is
	// accepted: see [Statement.PredicateKind]. It is nil if the statement has
	// no predicate. It shares memory with the payload.
	Predicate []byte
	// TypeFromProtoName says that the type stood in a member "type" and not
	// "_type", as one producer writes it. Worth a warning.
	TypeFromProtoName bool
}

// PredicateKind returns which JSON value the predicate is: "object", "array",
// "string", "number", "boolean" or "null". It is "" if the statement has no
// predicate.
func (s *Statement) PredicateKind() string {
	if len(s.Predicate) == 0 {
		return ""
	}
	switch s.Predicate[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// Subject is one artifact that a statement is about.
type Subject struct {
	Name    string   // "" if absent, which v1 allows; attacker-chosen text
	Digests []Digest // never empty, in the order of the document, algorithms distinct
}

// Digest is one entry of a subject's digest map.
type Digest struct {
	Algorithm string // such as "sha256"; any text
	Hex       string // the digest as written
	Value     []byte // Hex decoded, in either case; nil if it is not hex or empty
}

// ParseStatement reads an in-toto statement from the payload of a verified
// envelope. It is strict where two readers could differ (UTF-8, keys given
// twice, trailing data) and otherwise ignores what it does not know, as
// in-toto demands. More than maxSubjects subjects are refused before they are
// read; 0 or less means [DefaultMaxSubjects].
//
// Refusals: statement.malformed, statement.type, statement.subjects and
// statement.limit. The rules are those of in-toto attestation spec/v1 and
// spec/v0.1.0.
func ParseStatement(payload []byte, maxSubjects int) (*Statement, error) {
	if maxSubjects <= 0 {
		maxSubjects = DefaultMaxSubjects
	}
	p := statementParser{d: strictjson.NewDecoder(payload), most: maxSubjects}
	err := p.d.Object(p.member)
	if err == nil {
		err = p.d.End()
	}
	code := refuse.Code("statement.malformed")
	if strictjson.IsLimit(err) {
		code = "statement.limit"
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, refuse.Wrap(code, err, "statement")
	}
	return &p.s, nil
}

// statementParser is a statement while it is read.
type statementParser struct {
	d    *strictjson.Decoder
	most int // subjects
	s    Statement
	// Both spellings of the type are kept apart: which of them counts is
	// known only at the end.
	underscored, plain *string
}

func (p *statementParser) member(key string) (err error) {
	switch key {
	case "_type":
		p.underscored, err = p.required()
	case "type":
		p.plain, err = p.required()
	case "predicateType":
		p.s.PredicateType, err = p.optional()
	case "subject":
		err = p.d.Array(p.most, p.subject)
	case "predicate":
		p.s.Predicate, err = p.d.Raw()
	default:
		err = p.d.Skip()
	}
	return err
}

func (p *statementParser) required() (*string, error) {
	s, err := p.d.String()
	return &s, err
}

// optional reads a string, or a null in its place.
func (p *statementParser) optional() (string, error) {
	if p.d.Null() {
		return "", nil
	}
	return p.d.String()
}

func (p *statementParser) subject(int) error {
	var s Subject
	err := p.d.Object(func(key string) (err error) {
		switch key {
		case "name":
			s.Name, err = p.optional()
		case "digest":
			s.Digests, err = p.digests()
		default:
			err = p.d.Skip()
		}
		return err
	})
	p.s.Subjects = append(p.s.Subjects, s)
	return err
}

func (p *statementParser) digests() ([]Digest, error) {
	if p.d.Null() {
		return nil, nil
	}
	var digests []Digest
	err := p.d.Object(func(algorithm string) error {
		if len(digests) == MaxDigests {
			return refuse.New("statement.limit", "subject with more than %d digests", MaxDigests)
		}
		text, err := p.d.String()
		if err != nil {
			return err
		}
		digest := Digest{Algorithm: strings.Clone(algorithm), Hex: text}
		if v, err := hex.DecodeString(text); err == nil && len(v) > 0 {
			digest.Value = v
		}
		digests = append(digests, digest)
		return nil
	})
	return digests, err
}

// check applies what holds between the members of a statement.
func (p *statementParser) check() error {
	s := &p.s
	switch {
	case p.underscored != nil && p.plain != nil:
		return refuse.New("statement.type", "both _type and type, want _type")
	case p.underscored != nil:
		s.Type = *p.underscored
	case p.plain != nil:
		s.Type, s.TypeFromProtoName = *p.plain, true
	default:
		return refuse.New("statement.type", "no _type")
	}
	return s.check()
}

// check refuses values that are no statement.
func (s *Statement) check() error {
	if s == nil || s.Type == "" {
		return refuse.New("statement.type", "no _type")
	}
	if s.Type != StatementV1 && s.Type != StatementV01 {
		return refuse.New("statement.type", "unknown type %.80q, want %q", s.Type, StatementV1)
	}
	if len(s.Subjects) == 0 {
		return refuse.New("statement.subjects", "no subject")
	}
	for i, sub := range s.Subjects {
		if len(sub.Digests) == 0 {
			return refuse.New("statement.subjects", "subject %d has no digest", i)
		}
		if sub.Name == "" && s.Type == StatementV01 {
			return refuse.New("statement.subjects", "subject %d has no name, which a v0.1 statement requires", i)
		}
	}
	return nil
}
