// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"unicode/utf8"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Subject is what a statement is about.
type Subject struct {
	Name    string
	Digests map[crypto.Hash][]byte // SHA-256, SHA-384 or SHA-512
}

// digestNames are those of in-toto (spec/v1/digest_set.md).
var digestNames = map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}

// ReadSubject reads r to its end, at constant memory, and returns it as a
// subject with these digests; none means SHA-256. Errors are r's, and
// sign.content for another hash.
func ReadSubject(name string, r io.Reader, hashes ...crypto.Hash) (Subject, error) {
	if len(hashes) == 0 {
		hashes = []crypto.Hash{crypto.SHA256}
	}
	var sinks []io.Writer
	sums := make(map[crypto.Hash]hash.Hash)
	for _, h := range hashes {
		if digestNames[h] == "" {
			return Subject{}, refuse.New("sign.content", "subjects have no %s digests", h)
		}
		sums[h] = h.New()
		sinks = append(sinks, sums[h])
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(sinks...)}, struct{ io.Reader }{r}, make([]byte, 256<<10)); err != nil {
		return Subject{}, err
	}
	s := Subject{Name: name, Digests: make(map[crypto.Hash][]byte)}
	for h, sum := range sums {
		s.Digests[h] = sum.Sum(nil)
	}
	return s, nil
}

// NewStatement returns an in-toto statement, v1. The predicate is a JSON
// object, and is in the statement as it is, except for white space between
// its tokens. Refusals are sign.content, and those of [dsse.ParseStatement].
func NewStatement(subjects []Subject, predicateType string, predicate []byte) ([]byte, error) {
	d := strictjson.NewDecoder(predicate)
	if d.Kind() != '{' {
		return nil, refuse.New("sign.content", "the predicate is not a JSON object")
	}
	if err := d.Skip(); err != nil {
		return nil, refuse.Wrap("sign.content", err, "predicate")
	}
	if err := d.End(); err != nil {
		return nil, refuse.Wrap("sign.content", err, "predicate")
	}
	m, err := statementProto(subjects, predicateType)
	if err != nil {
		return nil, err
	}
	payload, err := marshalStatement(m, predicate)
	if err != nil {
		return nil, refuse.Wrap("sign.content", err, "statement")
	}
	if _, err := dsse.ParseStatement(payload, len(subjects)); err != nil {
		return nil, err
	}
	return payload, nil
}

// statementProto builds the statement with in-toto's own types and has it
// validated by in-toto's own rules, with an empty predicate.
func statementProto(subjects []Subject, predicateType string) (*intoto.Statement, error) {
	m := &intoto.Statement{Type: intoto.StatementTypeUri, PredicateType: predicateType, Predicate: &structpb.Struct{}}
	for _, s := range subjects {
		if !utf8.ValidString(s.Name) {
			return nil, refuse.New("sign.content", "file %q: a statement can name only files whose name is UTF-8; rename it", s.Name)
		}
		r := &intoto.ResourceDescriptor{Name: s.Name, Digest: make(map[string]string)}
		for h, value := range s.Digests {
			name := digestNames[h]
			if name == "" || len(value) != h.Size() {
				return nil, refuse.New("sign.content", "subject %q has a %s digest of %d bytes", s.Name, h, len(value))
			}
			r.Digest[name] = hex.EncodeToString(value)
		}
		m.Subject = append(m.Subject, r)
	}
	if err := m.Validate(); err != nil {
		return nil, refuse.Wrap("sign.content", err, "statement")
	}
	return m, nil
}

// marshalStatement writes the statement compactly, so that equal statements
// are equal bytes. The predicate is put in as text: protobuf has no integers
// for it, and would change large ones.
func marshalStatement(m *intoto.Statement, predicate []byte) ([]byte, error) {
	data, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	members["predicate"] = predicate
	var b bytes.Buffer
	separator := byte('{')
	for _, name := range []string{"_type", "subject", "predicateType", "predicate"} {
		b.WriteByte(separator)
		b.WriteString(`"` + name + `":`)
		if err := json.Compact(&b, members[name]); err != nil {
			return nil, err
		}
		separator = ','
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
