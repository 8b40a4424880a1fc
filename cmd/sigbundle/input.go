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
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
)

// stdinName stands for standard input where a file is asked for.
const stdinName = "-"

// candidate is one bundle of a file, or why it is none.
type candidate struct {
	bundle *bundle.Bundle
	err    error
}

// readBundles reads the bundles that were named, or else those beside the
// artifact.
func (f *verifyFlags) readBundles(stdin io.Reader, artifact string) ([]candidate, error) {
	if f.bundle != "" {
		return readCandidates(stdin, f.bundle)
	}
	name, data, err := findBundle(artifact)
	if err != nil {
		return nil, err
	}
	return parseCandidates(name, data), nil
}

// readCandidates reads the bundles of a file, or of standard input.
func readCandidates(stdin io.Reader, name string) ([]candidate, error) {
	if name != stdinName {
		data, err := readFile(name)
		if err != nil {
			return nil, err
		}
		return parseCandidates(name, data), nil
	}
	data, err := readBounded(stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return parseCandidates("standard input", data), nil
}

// parseCandidates returns at least one candidate: data that holds no bundle
// is one that is refused.
func parseCandidates(name string, data []byte) []candidate {
	var candidates []candidate
	for b, err := range bundle.All(data) {
		if err != nil {
			err = refuse.Wrap("bundle.malformed", err, "%s, bundle %d", name, len(candidates)+1)
		}
		candidates = append(candidates, candidate{b, err})
	}
	return candidates
}

// findBundle looks beside the artifact (client specification, Section 4.1.1).
func findBundle(artifact string) (name string, data []byte, err error) {
	for _, suffix := range []string{".sigstore.json", ".sigstore", ".sigstore.jsonl"} {
		name := artifact + suffix
		data, err := readFile(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return name, data, err
		}
	}
	return "", nil, fmt.Errorf("no bundle beside %s: looked for %[1]s.sigstore.json, .sigstore and .sigstore.jsonl; name one with --bundle", artifact)
}

// artifactInput is an artifact before it is read: a stream, or what is known
// of it already.
type artifactInput struct {
	stream io.Reader
	file   *os.File // to be closed; nil for all but files
	known  verify.Artifact
}

// openArtifact finds the artifact: a file if there is one of that name, and
// else a digest.
func (f *verifyFlags) openArtifact(stdin io.Reader, name string) (*artifactInput, error) {
	switch {
	case f.noArtifact:
		return &artifactInput{known: verify.NoArtifact()}, nil
	case name == stdinName:
		return &artifactInput{stream: stdin}, nil
	}
	if _, err := os.Lstat(name); err != nil && strings.Contains(name, ":") {
		known, err := verify.ParseArtifactDigest(name)
		return &artifactInput{known: known}, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &artifactInput{stream: file, file: file}, nil
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
