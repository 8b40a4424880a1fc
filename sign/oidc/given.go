// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"io"
	"os"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// FromFile reads a token from a file, as Kubernetes projects them into pods.
func FromFile(name string) (*Token, error) {
	f, err := os.Open(name)
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
