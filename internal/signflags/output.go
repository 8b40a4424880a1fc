// SPDX-License-Identifier: Apache-2.0

package signflags

import (
	"fmt"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/outfile"
)

// Reads adds the files that the flags name to the set.
func (s *Services) Reads(set *outfile.Set) {
	set.Add("--signing-config", s.SigningConfig)
	set.Add("--trust-config", s.TrustConfig)
	set.Add("--ca-file", s.CAFile)
}

// Reads adds the files that the statement is made of to the set.
func (s *Statement) Reads(set *outfile.Set, artifacts []string) {
	set.Add("--predicate", s.Predicate)
	set.Add("--statement", s.File)
	for _, name := range artifacts {
		set.Add("an artifact", name)
	}
}

// BundleSuffix is what a bundle beside its artifact is called (client
// specification, Section 4.1.1).
const BundleSuffix = ".sigstore.json"

// Target returns where a bundle goes: to the file that the flag bundle names,
// or beside the artifact. It refuses what the command reads, what cannot be
// written, and beside the artifact what would be lost.
func Target(reads *outfile.Set, named, artifact string) (string, error) {
	return target(reads, named, artifact, false)
}

func target(reads *outfile.Set, named, artifact string, replace bool) (string, error) {
	if named != "" {
		return named, reads.Free("--bundle", named)
	}
	name := artifact + BundleSuffix
	if err := reads.Free("the bundle of "+artifact, name); err != nil {
		return "", err
	}
	return name, replaceable(name, replace)
}

// Targets returns where the bundles of files go. Replace allows them to take
// the place of other signatures of the files.
func Targets(reads *outfile.Set, named string, files []string, replace bool) ([]string, error) {
	for _, name := range files {
		reads.Add("an artifact", name)
	}
	targets := make([]string, len(files))
	for i, name := range files {
		var err error
		if targets[i], err = target(reads, named, name, replace); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// replaceable says whether the bundle beside an artifact, which nobody named,
// may be replaced. It may be another signer's, so that this takes the flag
// replace. Also with the flag, only a signature of the file is replaced: a
// statement says something of its own.
func replaceable(name string, replace bool) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil // it is not there, or whether it can be written is another question
	}
	if replace {
		data, err := ReadFile(name)
		if err != nil {
			return err
		}
		if b, err := bundle.Parse(data); err == nil && b.Envelope == nil {
			return nil
		}
	}
	if replace {
		return fmt.Errorf("%s already exists and is not a signature of a file: use --bundle to write elsewhere", name)
	}
	return fmt.Errorf("%s already exists: use --bundle to write elsewhere, or for a signature of the file sign --replace", name)
}
