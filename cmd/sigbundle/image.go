// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/bundle/oci/registry"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Opening container images.

// place is an image layout or a repository.
type place struct {
	oci.Store
	name      string // as it is printed
	subject   string // what a statement calls an image of it
	reference string // tag or digest, "" if none was given
	close     func() error
}

// openLayout opens an image layout.
func openLayout(name string) (*place, error) {
	l, reference, err := oci.OpenLayout(name)
	if err != nil {
		return nil, refuse.Wrap("oci.layout", err, "%s", name)
	}
	return &place{l, name, "", reference, l.Close}, nil
}

// openRegistry opens a repository.
func openRegistry(f *flags.Image, reference string) (*place, error) {
	cas, err := flags.CAs(f.CAFile)
	if err != nil {
		return nil, err
	}
	r, wanted, err := registry.Open(reference, registry.Config{CAs: cas, PlainHTTP: f.PlainHTTP})
	if err != nil {
		return nil, err
	}
	return &place{r, reference, r.Name(), wanted, func() error { return nil }}, nil
}

func openImage(f *flags.Image) (*place, error) {
	if f.Layout != "" {
		return openLayout(f.Layout)
	}
	return openRegistry(f, f.Reference)
}

// openOrigin opens a folder, or a repository if there is no such folder and
// the name begins with a host: a misspelt name of a folder asks no registry.
// A name of a repository that is also that of a folder is refused: someone who
// can make a folder must not choose what a mirror is held against.
func openOrigin(f *flags.Image) (*place, error) {
	p, err := openLayout(f.MirrorOf)
	switch repository, absent := isRepository(f.MirrorOf), errors.Is(err, fs.ErrNotExist); {
	case repository && absent:
		return openRegistry(f, f.MirrorOf)
	case repository:
		if err == nil {
			p.close()
		}
		return nil, refuse.New("command.ambiguous", "--mirror-of %s: both an image in a registry and the name of a folder, want ./%[1]s for the folder", f.MirrorOf)
	}
	return p, err
}

// isRepository reports whether a name can be taken for HOST/REPOSITORY.
func isRepository(name string) bool {
	host, _, slash := strings.Cut(name, "/")
	return slash && filepath.VolumeName(name) == "" &&
		(strings.Trim(host, ".") != "" && strings.ContainsAny(host, ".:") || host == "localhost")
}

// title names an image by its digest.
func (p *place) title(d oci.Digest) string {
	name := strings.TrimSuffix(p.name, "@"+d.String())
	return name + "@" + d.String()
}
