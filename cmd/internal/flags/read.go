// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Files that flags name.

// OpenRegular opens a file without waiting for the other end of a named pipe,
// and refuses what is not a regular file.
func OpenRegular(name string) (*os.File, error) {
	f, err := infile.Open(name)
	if infile.IsNotRegular(err) {
		return nil, refuse.New("command.file", "%s: not a regular file, want a file or - for standard input", name)
	}
	return f, err
}

// ReadRegular reads a file of evidence, up to the size that a bundle may have.
func ReadRegular(name string) ([]byte, error) {
	f, err := OpenRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := ReadBounded(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// ReadKey reads a file with a key. A URL, as other clients take it, is not a file.
func ReadKey(name string) ([]byte, error) {
	if strings.Contains(name, "://") && !Exists(name) {
		return nil, fmt.Errorf("--key %s: keys in cloud services are not supported, want a file", name)
	}
	return ReadRegular(name)
}

// ReadBounded reads r to its end, or one byte beyond what is accepted, so
// that the parser says that it is too much.
func ReadBounded(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, bundle.MaxSize+1))
}
