// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"io"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// FromFile reads a token from a regular file, as Kubernetes projects them into
// pods; links are followed. A named pipe is refused, since it may never answer.
func FromFile(name string) (*Token, error) {
	f, err := infile.Open(name)
	if err != nil {
		return nil, refuse.Wrap("sign.token.missing", err, "identity token")
	}
	defer f.Close()
	return Read(f)
}

// Read reads a token from a stream, to its end.
func Read(r io.Reader) (*Token, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxToken+1))
	if err != nil {
		return nil, refuse.Wrap("sign.token.missing", err, "identity token")
	}
	return Parse(string(data))
}
