// SPDX-License-Identifier: Apache-2.0

// Package virtual is a whole Sigstore in memory: certificate authority,
// certificate transparency, both generations of Rekor, timestamp authorities
// and signers, and the trust root that names them all. It is for tests, of
// this module and of programs that use it.
//
//	w, err := virtual.New(virtual.Config{Seed: "my test"})
//	data, err := w.TrustedRoot()
//	root, err := trustroot.Parse(data)
//	signed, err := w.Sign(virtual.Request{Artifact: []byte("hello")})
//	b, err := bundle.Parse(signed.Bundle)
//
// Tests thus go through the same functions as the world outside. Everything is
// reproducible to the byte: keys come from a seed, signatures are
// deterministic, the clock is what the caller says. The same calls in the
// same order give the same bundles, on every machine.
//
// A bundle can be made wrong in exactly one respect and right in all others:
// every artefact passes through a hook of the [Request] just before its
// authority signs it.
//
// None of the keys is secret. Never put a virtual trust root to real use.
package virtual

import (
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// Defaults that tests want to name.
const (
	// DefaultSAN is the signer's name, and DefaultIssuer who vouched for it,
	// where a request names no other.
	DefaultSAN    = "https://github.com/example/project/.github/workflows/release.yml@refs/tags/v1.0.0"
	DefaultIssuer = "https://token.actions.githubusercontent.com"

	// GitHubSAN is the signer's name in a world with Config.GitHub, whose
	// certificates name no issuer.
	GitHubSAN = "https://dotcom.releases.github.com"

	// DefaultDomain is the domain of a world's services.
	DefaultDomain = "sigstore.test"

	defaultTreeID  = 1193050959916656506
	defaultEarlier = 4163431 // entries in earlier shards of the public log
)

// DefaultTime returns the clock of a world that was given none.
func DefaultTime() time.Time { return time.Date(2025, time.June, 12, 12, 0, 0, 0, time.UTC) }

// Config describes a world. The zero Config is like the public instance.
type Config struct {
	// Seed makes the keys. Worlds with different seeds share none.
	Seed string
	// Time is the world's clock, the time at which things get signed. It does
	// not advance. Authorities started a year before. Zero means DefaultTime.
	Time time.Time
	// Domain is that of the services. Empty means DefaultDomain.
	Domain string

	// CAKey is the kind of key of the certificate authority, root and
	// intermediate. Zero means ECDSA P-384.
	CAKey KeyType
	// BareRoot leaves the intermediate out: the root issues to signers.
	BareRoot bool

	// CTKey is the kind of key of the CT log. Zero means ECDSA P-256.
	CTKey KeyType
	// CTExtensions are the extensions in its timestamps, as static CT logs
	// have them. Usually there are none.
	CTExtensions []byte

	// RekorV1Key is the kind of key of the Rekor v1 log. Zero means ECDSA
	// P-256.
	RekorV1Key KeyType
	// RekorV1Size is the number of entries that its tree has from the start.
	// Their hashes are made up.
	RekorV1Size uint64
	// TreeID is the number of its tree, zero for that of the public log, and
	// EarlierShards the number of entries in trees before that one, by which
	// the log's indexes differ from the tree's. Zero stands for 4163431.
	TreeID, EarlierShards int64

	// RekorV2Key is the kind of key of the Rekor v2 log. Zero means Ed25519.
	RekorV2Key KeyType
	// RekorV2Size is the number of entries that it has from the start.
	RekorV2Size uint64
	// Witnesses are the names of those who cosign its checkpoints.
	Witnesses []string

	// TSAs is the number of timestamp authorities. Zero means one.
	TSAs int
	// TSAKey is the kind of key that signs timestamps. Zero means ECDSA P-256.
	TSAKey KeyType
	// LoneTSA has each authority consist of one self-signed certificate,
	// instead of leaf, intermediate and root.
	LoneTSA bool

	// GitHub makes a world like GitHub's own instance: certificates without
	// an issuer, timestamps, no logs at all.
	GitHub bool

	// Authority, if not nil, may change the template of each authority's
	// certificate before it is issued. The role is one of the Role constants,
	// for timestamp authorities followed by their number, as in "tsa-leaf/1".
	Authority func(role string, template *x509.Certificate)
}

// Roles of certificates, for Config.Authority.
const (
	RoleRoot            = "root"
	RoleIntermediate    = "intermediate"
	RoleTSARoot         = "tsa-root"
	RoleTSAIntermediate = "tsa-intermediate"
	RoleTSALeaf         = "tsa-leaf"
)

// World is a Sigstore. It is safe for concurrent use; which bytes a call
// returns depends on the number of calls before it.
type World struct {
	seed   string
	config Config // with defaults filled in

	ca    []issuer // the issuer of leaves first, the root last
	ct    *Key
	v1    *rekor
	v2    *rekor
	tsas  []tsa
	root  *trustrootv1.TrustedRoot
	blank *Key // writes what is then signed for real, see leaf.go

	mutex  sync.Mutex
	issued uint64 // requests so far; guarded by mutex

	rsaMutex sync.Mutex
	rsaKeys  map[string]*Key // by role; guarded by rsaMutex
}

// New makes a world. Errors are about the configuration.
func New(c Config) (*World, error) {
	c.defaults()
	w := &World{seed: c.Seed, config: c, rsaKeys: make(map[string]*Key)}
	var err error
	if w.blank, err = w.key("blank", Ed25519); err != nil {
		return nil, err
	}
	for _, part := range []func() error{w.makeCA, w.makeLogs, w.makeTSAs} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	w.root = w.makeRoot()
	return w, nil
}

func (c *Config) defaults() {
	if c.Time.IsZero() {
		c.Time = DefaultTime()
	}
	if c.Domain == "" {
		c.Domain = DefaultDomain
	}
	if c.TreeID == 0 {
		c.TreeID = defaultTreeID
	}
	if c.EarlierShards == 0 {
		c.EarlierShards = defaultEarlier
	}
	if c.TSAs == 0 {
		c.TSAs = 1
	}
	c.Time = c.Time.UTC()
	c.CAKey = c.CAKey.or(ECDSAP384)
	c.CTKey = c.CTKey.or(ECDSAP256)
	c.RekorV1Key = c.RekorV1Key.or(ECDSAP256)
	c.RekorV2Key = c.RekorV2Key.or(Ed25519)
	c.TSAKey = c.TSAKey.or(ECDSAP256)
}

// Time returns the world's clock.
func (w *World) Time() time.Time { return w.config.Time }

// start returns when the authorities of the world started.
func (w *World) start() time.Time { return w.config.Time.AddDate(-1, 0, 0) }

// TrustedRoot returns the world's trust root as JSON, after changes, if any,
// have been made to a copy of it.
func (w *World) TrustedRoot(changes ...func(*trustrootv1.TrustedRoot)) ([]byte, error) {
	root := w.root
	if len(changes) > 0 {
		root = proto.Clone(root).(*trustrootv1.TrustedRoot)
	}
	for _, change := range changes {
		change(root)
	}
	return marshal(root)
}

// makeLogs makes the logs, of which GitHub has none.
func (w *World) makeLogs() (err error) {
	if w.config.GitHub {
		return nil
	}
	if w.ct, err = w.key("ct", w.config.CTKey); err != nil {
		return err
	}
	if w.config.CTKey == Ed25519ph || w.config.RekorV1Key == Ed25519ph || w.config.RekorV2Key == Ed25519ph {
		return fmt.Errorf("virtual: logs sign with Ed25519, not with Ed25519ph")
	}
	if w.v1, err = w.newRekorV1(); err != nil {
		return err
	}
	w.v2, err = w.newRekorV2()
	return err
}
