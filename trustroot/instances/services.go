// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// What a TUF repository calls its trust root and its signing configuration
// (client specification, Section 2.2).
const (
	RootTarget    = "trusted_root.json"
	SigningTarget = "signing_config.v0.2.json"
)

// Open proves the cache of an instance; nil if there is none. Refusals are
// those of package tufroot.
func (s Store) Open(in Instance, policy tufroot.Policy) (*tufroot.Repository, error) {
	dir := s.CacheDir(in.Name)
	if dir == "" {
		return nil, nil
	}
	fsys := infile.Dir(dir)
	if has, err := tufroot.HasCache(fsys); err != nil || !has {
		return nil, err
	}
	return tufroot.OpenCache(fsys, tufroot.Config{Roots: [][]byte{in.TUFRoot}, Policy: policy})
}

// Services returns what services an instance has for signers, and the trust
// root that judges them: from one proof, so that the two belong together, or
// from the configuration that the user added. None is built in: services move,
// and where a signature is sent had better not be as old as the program.
// Refusals are trust.instance, tuf.age and those of reading the files.
func (s Store) Services(name string, policy tufroot.Policy) (*trustroot.Root, *signingconfig.Config, error) {
	in, err := s.Find(name)
	if err != nil {
		return nil, nil, err
	}
	if in.ClientTrust != nil {
		if policy.MaxAge != tufroot.AnyAge {
			return nil, nil, refuse.New("tuf.age", "the instance %s was added without a TUF repository, and its trust root has no age to judge", name)
		}
		both, err := signingconfig.ParseClientTrust(in.ClientTrust)
		if err != nil {
			return nil, nil, err
		}
		return both.Root, both.Signing, nil
	}
	repo, err := s.Open(in, policy)
	if err != nil {
		return nil, nil, refuse.Wrap("tuf.cache", err, "cache of the instance %s", name)
	}
	if repo == nil {
		return nil, nil, refuse.New(codeUnknown, "what services the instance %s has is not known here: run sigbundle trust refresh %s, or pass --signing-config", name, name)
	}
	return prove(repo, name)
}

// prove takes both files from a repository.
func prove(repo *tufroot.Repository, name string) (*trustroot.Root, *signingconfig.Config, error) {
	found, err := repo.Target(RootTarget)
	if err != nil {
		return nil, nil, refuse.Wrap("tuf.cache", err, "cache of the instance %s", name)
	}
	root, err := trustroot.Parse(found.Data)
	if err != nil {
		return nil, nil, refuse.Wrap("trust.malformed", err, "trust root of the instance %s", name)
	}
	if found, err = repo.Target(SigningTarget); err != nil {
		return nil, nil, refuse.Wrap("tuf.cache", err, "signing configuration of the instance %s", name)
	}
	signing, err := signingconfig.Parse(found.Data)
	if err != nil {
		return nil, nil, refuse.Wrap("signingconfig.malformed", err, "signing configuration of the instance %s", name)
	}
	return root, signing, nil
}
