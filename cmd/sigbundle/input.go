// SPDX-License-Identifier: Apache-2.0

package main

// Where bundles and artifacts come from: files, standard input, and for
// artifacts a digest instead.

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
)

// stdinName stands for standard input where a file is asked for.
const stdinName = "-"

// candidate is one bundle of a file, or why there is no bundle.
type candidate struct {
	bundle *bundle.Bundle
	err    error
	data   []byte // what was refused, to be looked at; nil if it is too large or of an image
	from   *carriage
}

// carriage is how a bundle was carried, if not by itself and as it should be.
type carriage struct {
	Carrier carrier.Kind     `json:"carrier,omitempty"`
	Changes []carrier.Change `json:"changes,omitempty"` // none of them touches signed bytes
	Hints   *carrier.Hints   `json:"hints,omitempty"`   // what the carrier says, unsigned
}

// carriageOf returns how the bundle of an item was carried, nil if that needs no
// word.
func carriageOf(it *carrier.Item) *carriage {
	o := &carriage{Carrier: it.Kind, Changes: it.Changes}
	if it.Hints != (carrier.Hints{}) {
		o.Hints = &it.Hints
	}
	if it.Kind == carrier.KindBundle && len(o.Changes) == 0 && o.Hints == nil {
		return nil
	}
	return o
}

// String says it in one line.
func (o *carriage) String() string {
	var b strings.Builder
	b.WriteString(o.Carrier.String())
	if o.Hints != nil && o.Hints.PredicateType != "" {
		fmt.Fprintf(&b, "; it says, unsigned, predicate type %s", o.Hints.PredicateType)
	}
	if o.Hints != nil && o.Hints.Publisher != nil {
		fmt.Fprintf(&b, "; it says, unsigned, publisher %s", o.Hints.Publisher)
	}
	for i, c := range o.Changes {
		b.WriteString([]string{"; changed: ", ", "}[min(i, 1)] + c.Code + " at " + c.Path)
	}
	return b.String()
}

// sizeFlag bounds the bytes of one bundle.
type sizeFlag struct{ bytes int }

func (s *sizeFlag) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&s.bytes, "max-bundle", bundle.MaxSize, "refuse a bundle of more than this many `BYTES`")
}

// advice says that more bytes can be had, if they can.
func (s *sizeFlag) advice() string {
	if s.bytes < bundle.MaxSize {
		return ": raise --max-bundle if you trust the source"
	}
	return ""
}

func (s *sizeFlag) check() error {
	if s.bytes < 1 || s.bytes > bundle.MaxSize {
		return fmt.Errorf("--max-bundle %d: out of range, want a number from 1 to %d", s.bytes, bundle.MaxSize)
	}
	return nil
}

// readBundles reads the bundles that were named, or else those beside the
// artifact.
func (f *verifyFlags) readBundles(stdin io.Reader, artifact string) ([]candidate, error) {
	if f.bundle != "" {
		return readCandidates(stdin, f.bundle, f.size)
	}
	name, data, err := findBundle(artifact)
	if err != nil {
		return nil, err
	}
	return parseCandidates(name, data, f.size), nil
}

// readCandidates reads the bundles of a file, or of standard input.
func readCandidates(stdin io.Reader, name string, size sizeFlag) ([]candidate, error) {
	if name != stdinName {
		data, err := flags.ReadRegular(name)
		if err != nil {
			return nil, err
		}
		return parseCandidates(name, data, size), nil
	}
	data, err := flags.ReadBounded(stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return parseCandidates("standard input", data, size), nil
}

// parseCandidates returns at least one candidate: data that holds no bundle
// is one that is refused, and so is a file of too many bundles, as a whole and
// before any of them is parsed.
func parseCandidates(name string, data []byte, size sizeFlag) []candidate {
	elements, err := carrier.Elements(data, carrier.Limits{})
	if err != nil {
		return []candidate{{err: refuse.Wrap("bundle.malformed", err, "%s", name)}}
	}
	candidates := make([]candidate, 0, len(elements))
	for i, e := range elements {
		if len(e.Raw) > size.bytes {
			err := refuse.New("bundle.limit", "bundle of %d bytes, want at most %d%s", len(e.Raw), size.bytes, size.advice())
			if len(e.Raw) > bundle.MaxSize { // of a larger file no more is read
				err = refuse.New("bundle.limit", "bundle of more than %d bytes", bundle.MaxSize)
			}
			candidates = append(candidates, candidate{err: refuse.Wrap("bundle.malformed", err, "%s, bundle %d", name, i+1)})
			continue
		}
		it := e.Open()
		c := candidate{bundle: it.Bundle, from: carriageOf(&it)}
		if it.Err != nil {
			c.err, c.data = refuse.Wrap("bundle.malformed", it.Err, "%s, bundle %d", name, i+1), it.JSON
		}
		candidates = append(candidates, c)
	}
	return candidates
}

// findBundle looks beside the artifact (client specification, Section 4.1.1).
func findBundle(artifact string) (name string, data []byte, err error) {
	for _, suffix := range []string{".sigstore.json", ".sigstore", ".sigstore.jsonl"} {
		name := artifact + suffix
		data, err := flags.ReadRegular(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return name, data, err
		}
	}
	return "", nil, refuse.New("command.bundle", "%s: no bundle beside it, want %[1]s.sigstore.json, .sigstore or .sigstore.jsonl, or --bundle FILE", artifact)
}

// artifactInput is an artifact before it is read: a stream, or what is known
// of it already.
type artifactInput struct {
	stream io.Reader
	file   *os.File // to be closed; nil for all but files
	known  verify.Artifact
}

// openArtifact finds the artifact: a file, or a digest if no file has that
// name. A name that is both is refused: someone who can write to the folder
// must not choose the artifact that a digest asks about.
func (f *verifyFlags) openArtifact(stdin io.Reader, name string) (*artifactInput, error) {
	switch {
	case f.noArtifact:
		return &artifactInput{known: verify.NoArtifact()}, nil
	case name == stdinName:
		return &artifactInput{stream: stdin}, nil
	}
	_, err := os.Lstat(name)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case !missing && isDigest(name):
		return nil, refuse.New("command.ambiguous", "%s: both a digest and the name of a file, want ./%[1]s for the file", name)
	case missing && !isDigest(name) && strings.Contains(name, ":"):
		return nil, refuse.New("command.file", "there is no file %s, and it is no digest; an image goes with --oci-layout or --image", name)
	case missing && bareDigest.MatchString(name):
		return nil, refuse.New("command.file", "there is no file %s; write %s:… for a digest", name, map[int]string{64: "sha256", 96: "sha384", 128: "sha512"}[len(name)])
	case err != nil && strings.Contains(name, ":"):
		known, err := verify.ParseArtifactDigest(name)
		return &artifactInput{known: known}, err
	}
	file, err := flags.OpenRegular(name)
	if err != nil {
		return nil, err
	}
	return &artifactInput{stream: file, file: file}, nil
}

// bareDigest is a digest without its algorithm.
var bareDigest = regexp.MustCompile(`^(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})$`)

// isDigest reports whether a name can be taken for ALGORITHM:HEX by a person
// or by the verifier, in any spelling: upper or lower case, with or without a
// hyphen in the algorithm, cut off, or of an algorithm that is not verified.
func isDigest(name string) bool {
	algorithm, digest, found := strings.Cut(name, ":")
	if !found || len(algorithm) < 2 || strings.ContainsAny(algorithm, `/\.`) {
		return false // a path, or a drive of Windows
	}
	if _, err := verify.ParseArtifactDigest(name); err == nil {
		return true
	}
	plain := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(algorithm))
	for _, known := range []string{"sha", "md5", "blake", "git", "dirhash", "goh", "hg"} {
		if strings.HasPrefix(plain, known) {
			return true
		}
	}
	return len(digest) >= 32 && strings.Trim(digest, "0123456789abcdefABCDEF") == ""
}

// read computes what judging the candidates takes.
func (a *artifactInput) read(v *verify.Verifier, candidates []candidate) (verify.Artifact, error) {
	if a.stream == nil {
		return a.known, nil
	}
	var bundles []*bundle.Bundle
	for _, c := range candidates {
		bundles = append(bundles, c.bundle) // nil if refused, which is ignored
	}
	return v.ReadArtifact(a.stream, bundles...)
}

// Close closes the file, if there is one.
func (a *artifactInput) Close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}
