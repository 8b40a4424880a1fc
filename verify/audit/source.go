// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A Source is a store of bundles: a [Tree] or a [List].
type Source interface {
	// Label is the source's name in findings.
	Label() string
	// Count returns the number of entries, as far as it is known without
	// reading them; -1 if it cannot.
	Count() int64

	// entries reads the source from its beginning, always in the same order.
	// An error ends it: the source itself cannot be read.
	entries() iter.Seq2[*entry, error]
}

// An entry is a line of a list, or a bundle file of a tree. It holds one
// bundle or several.
type entry struct {
	place string            // in the source, for the finding
	sum   [sha256.Size]byte // of the line, or of the file's name
	store store             // where the names in the record lead
	line  []byte            // of a list, until it is parsed into rec
	rec   record
	err   error // why there is no record

	implied bool // the artifact follows from the bundle's name
}

// store opens files by the names that a source has for them.
type store interface {
	stat(name string) (fs.FileInfo, error)
	open(name string) (*os.File, error)
}

// confined is a store whose names lead nowhere out of a folder, neither by
// themselves nor by links.
type confined struct {
	root   *os.Root
	escape error // what root says of a name that does
}

func confine(root *os.Root) confined {
	_, err := root.Stat("..")
	return confined{root, bare(err)}
}

func (s confined) stat(name string) (fs.FileInfo, error) {
	info, err := s.root.Stat(name)
	return info, s.refused(err)
}

func (s confined) open(name string) (*os.File, error) {
	f, err := s.root.OpenFile(name, os.O_RDONLY|nonblocking, 0)
	return f, s.refused(err)
}

func (s confined) refused(err error) error {
	if err != nil && errors.Is(err, s.escape) {
		return refuse.New("input.outside", "it leads out of the folder, want a file within")
	}
	return err
}

var errIrregular = errors.New("not a regular file")

// openRegular opens a file and nothing else: opening a named pipe would wait
// for its writer.
func openRegular(s store, name string) (*os.File, error) {
	info, err := s.stat(name)
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	f, err := s.open(name)
	if err != nil {
		return nil, bare(err)
	}
	// Something else may have taken its place meanwhile.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, errIrregular
	}
	return f, nil
}

// bare returns an error of the file system without the path, which the
// message around it names as the source does.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readBounded reads a file of evidence, or one byte beyond what is accepted,
// so that the parser says that it is too much.
func readBounded(s store, name string) ([]byte, error) {
	f, err := openRegular(s, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, bare(err)
	}
	data := make([]byte, 0, min(info.Size(), bundle.MaxSize)+512)
	r := io.LimitReader(f, bundle.MaxSize+1)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, bare(err)
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// openArtifact returns the opener of an artifact for the worker that judges
// it. All that can go wrong with the file is a refusal with a code.
func openArtifact(s store, name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := openRegular(s, name)
		if err != nil {
			return nil, refuse.Wrap("input.artifact", err, "artifact %q", name)
		}
		return &artifactFile{f, name}, nil
	}
}

// artifactFile is a file whose errors say that they are the artifact's.
type artifactFile struct {
	file *os.File
	name string
}

func (a *artifactFile) Close() error { return a.file.Close() }

func (a *artifactFile) Read(p []byte) (int, error) {
	n, err := a.file.Read(p)
	if err != nil && err != io.EOF {
		err = refuse.Wrap("input.artifact", bare(err), "artifact %q", a.name)
	}
	return n, err
}
