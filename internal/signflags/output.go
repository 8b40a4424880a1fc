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
func Target(reads *outfile.Set, named, artifact string, statement bool) (string, error) {
	if named != "" {
		return named, reads.Free("--bundle", named)
	}
	name := artifact + BundleSuffix
	if err := reads.Free("the bundle of "+artifact, name); err != nil {
		return "", err
	}
	return name, replaceable(name, statement)
}

// Targets returns where the bundles of files go.
func Targets(reads *outfile.Set, named string, files []string) ([]string, error) {
	for _, name := range files {
		reads.Add("an artifact", name)
	}
	targets := make([]string, len(files))
	for i, name := range files {
		var err error
		if targets[i], err = Target(reads, named, name, false); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// replaceable says whether the bundle beside an artifact, which nobody named,
// may be replaced. Another signature of the file takes the place of the one
// before. A statement says something of its own: neither does it take the
// place of anything, nor does anything take its place.
func replaceable(name string, statement bool) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil // it is not there, or whether it can be written is another question
	}
	if !statement {
		data, err := ReadFile(name)
		if err != nil {
			return err
		}
		if b, err := bundle.Parse(data); err == nil && b.Envelope == nil {
			return nil
		}
	}
	return fmt.Errorf("%s is there already and would be lost: say with --bundle where to write, or move it away", name)
}
