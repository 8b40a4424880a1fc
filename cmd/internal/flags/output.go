// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/refuse"
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

// A Target is where a bundle goes. The zero Target is no file, and nothing can
// be written to it.
type Target struct {
	Name    string
	named   bool // by a person, so that links are followed
	replace bool // a file that no flag named may be replaced
}

// NewTarget returns where a bundle goes: to the file that the flag bundle names,
// or beside the artifact. It refuses what the command reads, what cannot be
// written, and beside the artifact what would be lost.
func NewTarget(reads *outfile.Set, named, artifact string) (Target, error) {
	return newTarget(reads, named, artifact, false)
}

func newTarget(reads *outfile.Set, named, artifact string, replace bool) (Target, error) {
	if named == "-" {
		return Target{}, errors.New("--bundle -: not the name of a file, want ./- for a file of that name or /dev/stdout for standard output")
	}
	if named != "" {
		return Target{Name: named, named: true}, reads.Free("--bundle", named, outfile.Bundle)
	}
	name := artifact + BundleSuffix
	if err := reads.Apart("the bundle of "+artifact, name); err != nil {
		return Target{}, err
	}
	return Target{Name: name, replace: replace}, beside(name, replace)
}

// Targets returns where the bundles of files go, each to a file of its own.
// Replace allows them to take the place of other signatures of the files.
func Targets(reads *outfile.Set, named string, files []string, replace bool) ([]Target, error) {
	for _, name := range files {
		reads.Add("an artifact", name)
	}
	targets := make([]Target, len(files))
	var writes outfile.Set
	for i, name := range files {
		var err error
		if targets[i], err = newTarget(reads, named, name, replace); err != nil {
			return nil, err
		}
		what := "the bundle of " + name
		if err := writes.Apart(what, targets[i].Name); err != nil {
			return nil, err
		}
		writes.Add(what, targets[i].Name)
	}
	return targets, nil
}

// beside looks at the name of a bundle beside its artifact, which no flag named.
// It may be another signer's, so that to replace it takes the flag replace.
// Also with the flag, only a signature of the file is replaced: a statement says
// something of its own. Other users may write to the folder, so that no link is
// followed, and nothing is written to a pipe.
func beside(name string, replace bool) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return outfile.CheckNew(name)
	case err != nil:
		return err
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("%s: a link, want --bundle to write to the file that it names", name)
	case info.IsDir():
		return fmt.Errorf("%s: a folder, want a file", name)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file, want --bundle to write elsewhere", name)
	case !replace:
		return fmt.Errorf("%s: already exists, want --bundle to write elsewhere, or sign --replace for a signature of the file", name)
	}
	data, err := ReadFile(name)
	if err != nil {
		return err
	}
	if b, err := bundle.Parse(data); err != nil || b.Envelope != nil {
		return fmt.Errorf("%s: already exists and is not a signature of a file, want --bundle to write elsewhere", name)
	}
	return outfile.Check(name)
}

// Write writes the bundle. What has come to be at the name of a bundle that
// no flag named, since it was looked at, is neither followed nor, without
// replace, replaced. Errors have the code sign.write.
func (t Target) Write(data []byte) error {
	var err error
	switch {
	case t.named:
		err = outfile.Write(t.Name, data)
	case t.replace:
		err = outfile.Replace(t.Name, data)
	default:
		err = outfile.Create(t.Name, data, 0o666)
	}
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%s: created by another program during signing, want --bundle to write elsewhere", t.Name)
	}
	return refuse.Wrap("sign.write", err, "bundle")
}
