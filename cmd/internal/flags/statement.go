// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
)

// Statement says what in-toto statement is signed: one that is made about
// artifacts, or one that is in a file.
type Statement struct {
	Predicate string
	Type      string
	File      string
	Digests   []string

	stdin func() io.Reader
}

// Add adds the flags.
func (s *Statement) Add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&s.Predicate, "predicate", "", "the predicate's `FILE`, a JSON object; - is standard input")
	s.stdin = cmd.InOrStdin
	fl.StringVar(&s.Type, "type", "", "the predicate's `TYPE`, a URI or a short name")
	fl.StringVar(&s.File, "statement", "", "sign the statement in this `FILE`, byte for byte")
	fl.StringSliceVar(&s.Digests, "digest", []string{"sha256"}, "name artifacts by these digests: `sha256,sha384,sha512`")
}

// Check refuses combinations that say nothing, or two things. Bundle is the
// file that the bundle is to be written to, "" for the default.
func (s *Statement) Check(artifacts []string, bundle string) error {
	switch {
	case s.File != "" && (len(artifacts) > 0 || s.Predicate != "" || s.Type != ""):
		return errors.New("--statement: has its own subjects and predicate, want it without artifacts, --predicate and --type")
	case s.File != "" && bundle == "":
		return errors.New("--statement: no place for the bundle, want --bundle FILE")
	case s.File == "" && (len(artifacts) == 0 || s.Predicate == "" || s.Type == ""):
		return errors.New("statement: incomplete, want artifacts, --predicate and --type")
	case s.File != "":
		return nil
	}
	return s.CheckType()
}

// CheckType refuses a type that is no URI (RFC 3986, Section 3: it has a
// scheme), such as a short name that is misspelt: it would be signed.
func (s *Statement) CheckType() error {
	if u, err := url.Parse(dsse.PredicateType(s.Type)); err != nil || u.Scheme == "" {
		return fmt.Errorf("--type %q: unknown, want a URI or one of the short names", s.Type)
	}
	return nil
}

// Name is the file that the statement is called after in messages.
func (s *Statement) Name(artifacts []string) string {
	if s.File != "" {
		return s.File
	}
	return artifacts[0]
}

var hashes = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// Payload returns the statement to sign.
func (s *Statement) Payload(artifacts []string) ([]byte, error) {
	if s.File != "" {
		return ReadFile(s.File)
	}
	var by []crypto.Hash
	for _, name := range s.Digests {
		h, ok := hashes[name]
		if !ok {
			return nil, fmt.Errorf("--digest %q: unknown, want sha256, sha384 or sha512", name)
		}
		by = append(by, h)
	}
	predicate, err := s.ReadPredicate()
	if err != nil {
		return nil, err
	}
	var subjects []sign.Subject
	for _, name := range artifacts {
		subject, err := readSubject(name, by)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, subject)
	}
	payload, err := sign.NewStatement(subjects, dsse.PredicateType(s.Type), predicate)
	return payload, s.About(err)
}

// ReadPredicate reads the predicate.
func (s *Statement) ReadPredicate() ([]byte, error) {
	if s.Predicate == "-" {
		return io.ReadAll(io.LimitReader(s.stdin(), bundle.MaxSize+1))
	}
	return ReadFile(s.Predicate)
}

// About names the predicate's file in what is wrong with a statement.
func (s *Statement) About(err error) error {
	return refuse.Wrap("sign.content", err, "%s", s.Predicate)
}

func readSubject(name string, by []crypto.Hash) (sign.Subject, error) {
	file, err := infile.Open(name)
	if err != nil {
		return sign.Subject{}, err
	}
	defer file.Close()
	return sign.ReadSubject(filepath.Base(name), file, by...)
}
