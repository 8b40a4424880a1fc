// SPDX-License-Identifier: Apache-2.0

// Package embedded carries the trust material of the public Sigstore
// instances, so that a first verification needs neither a network nor a file.
//
// The data is copied from released packages of other Sigstore clients, which
// data/PROVENANCE.md names with their versions and digests; `make trust-renew`
// fetches them again and rewrites both. An embedded trusted root is as old as
// this program: a log that started later is unknown to it. An embedded TUF
// root may have expired, and is still the right place to start an update from.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package embedded

import (
	"embed"
	"path"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
)

//go:embed data
var data embed.FS

const codeInstance = refuse.Code("trust.instance")

// The names of the instances.
const (
	PublicGood = "public-good"
	Staging    = "staging"
	GitHub     = "github"
)

// Instance describes an instance of Sigstore.
type Instance struct {
	Name        string
	Description string
	TUFURL      string // where its TUF repository is
}

// Instances returns the instances that have embedded material, the default
// one first.
func Instances() []Instance {
	return []Instance{
		{PublicGood, "the public instance run by OpenSSF", "https://tuf-repo-cdn.sigstore.dev"},
		{Staging, "the staging instance of the public one, for tests", "https://tuf-repo-cdn.sigstage.dev"},
		{GitHub, "GitHub's instance, for private repositories and releases", "https://tuf-repo.github.com"},
	}
}

// TrustedRoot returns the trusted root of an instance. It is compiled anew on
// each call. The refusal trust.instance means that the instance is unknown.
func TrustedRoot(instance string) (*trustroot.Root, error) {
	i, err := find(instance)
	if err != nil {
		return nil, err
	}
	b, err := data.ReadFile(path.Join("data", i.Name, "trusted_root.json"))
	if err != nil {
		return nil, refuse.Wrap(codeInstance, err, "trusted root of the instance %q", instance)
	}
	return trustroot.Parse(b)
}

// TUFRoot returns the TUF root metadata of an instance, from which its TUF
// repository is verified. The slice belongs to the caller.
func TUFRoot(instance string) ([]byte, error) {
	i, err := find(instance)
	if err != nil {
		return nil, err
	}
	b, err := data.ReadFile(path.Join("data", i.Name, "root.json"))
	return b, refuse.Wrap(codeInstance, err, "TUF root of the instance %q", instance)
}

// Provenance returns PROVENANCE.md: where each embedded file comes from.
func Provenance() string {
	b, _ := data.ReadFile("data/PROVENANCE.md") // embedded: it exists
	return string(b)
}

func find(name string) (Instance, error) {
	for _, i := range Instances() {
		if i.Name == name {
			return i, nil
		}
	}
	return Instance{}, refuse.New(codeInstance, "instance %q is unknown: want %s, %s or %s, or name a file with --trusted-root", name, PublicGood, Staging, GitHub)
}
