// SPDX-License-Identifier: Apache-2.0

// Package registry is a repository of a registry as a place of images and
// bundles, for package oci. It speaks the OCI distribution-spec 1.1 by way of
// oras: the referrers API where there is one, the tag for registries without
// it besides, and the credentials that docker's configuration holds.
//
// Whatever a registry answers is bounded and held against its digest. Errors
// name the registry and the status and repeat nothing that it says, so that
// no credential gets into them.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Bounds on talking to a registry. Those on content are package oci's.
const (
	MaxPages     = 100             // of a list of referrers
	MaxRedirects = 5               // of one request; storage is often elsewhere
	Timeout      = 2 * time.Minute // of one request with its answer
	maxHeader    = 64 << 10        // bytes
	dialTimeout  = 10 * time.Second
)

// Config says how a registry is reached. Its zero value is HTTPS with the
// system's authorities and docker's credentials.
type Config struct {
	// CAs, if not nil, are the roots for TLS instead of the system's.
	CAs *x509.CertPool
	// PlainHTTP speaks HTTP without TLS. Credentials are then sent to loopback
	// addresses only.
	PlainHTTP bool
	// DockerConfig is the file with credentials, or with the names of the
	// programs that know them (docker-credential-NAME, which are run). Empty
	// means $DOCKER_CONFIG/config.json or ~/.docker/config.json, which need
	// not be there.
	DockerConfig string
}

// Repository is one repository of a registry. It is safe for concurrent use.
type Repository struct {
	repo      *remote.Repository
	plainHTTP bool
	secrets   *secrets
}

var _ oci.Store = (*Repository)(nil)

// Open takes a reference apart, HOST/REPOSITORY, HOST/REPOSITORY:TAG or
// HOST/REPOSITORY@DIGEST, and returns the repository with the tag or digest
// for [Repository.Resolve], "" if there is none. No host is assumed. Nothing
// is sent. Refusals are oci.reference and oci.registry.credentials.
func Open(reference string, c Config) (*Repository, string, error) {
	return open(reference, c, retry.DefaultPolicy)
}

func open(reference string, c Config, policy retry.Policy) (*Repository, string, error) {
	repo, err := remote.NewRepository(reference)
	// An empty tag or digest is a variable that was not set, and not the
	// default tag.
	if err != nil || strings.HasSuffix(reference, ":") || strings.HasSuffix(reference, "@") {
		return nil, "", refuse.New("oci.reference", "%.200q is not of the form HOST/REPOSITORY[:TAG|@DIGEST]", reference)
	}
	wanted := repo.Reference.Reference
	repo.Reference.Reference = ""
	client, known, err := newClient(c, repo.Reference.Host(), policy)
	if err != nil {
		return nil, "", err
	}
	repo.Client = client
	repo.PlainHTTP = c.PlainHTTP
	repo.MaxMetadataBytes = oci.MaxManifest
	repo.ReferrerListMaxPages = MaxPages
	// Deleting the list that was replaced could delete what somebody else has
	// just made current.
	repo.SkipReferrersGC = true
	return &Repository{repo, c.PlainHTTP, known}, wanted, nil
}

// Name returns HOST/REPOSITORY.
func (r *Repository) Name() string {
	return r.repo.Reference.Registry + "/" + r.repo.Reference.Repository
}

// newClient returns a client that remembers which secrets it was given.
func newClient(c Config, host string, policy retry.Policy) (*auth.Client, *secrets, error) {
	store, err := openStore(c.DockerConfig)
	if err != nil {
		return nil, nil, refuse.New("oci.registry.credentials", "docker's configuration cannot be read; see that it is JSON")
	}
	known := new(secrets)
	lookup := known.remember(credentials.Credential(store))
	if c.PlainHTTP && !isLoopback(host) {
		lookup = nil
	}
	var transport http.RoundTripper = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: c.CAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        time.Minute,
	}
	if lookup != nil {
		transport = guard{transport}
	}
	return &auth.Client{
		Client: &http.Client{
			Transport:     &retry.Transport{Base: transport, Policy: func() retry.Policy { return policy }},
			CheckRedirect: checkRedirect,
			Timeout:       Timeout,
		},
		Header:     http.Header{"User-Agent": {"sigbundle"}},
		Credential: lookup,
		Cache:      auth.NewCache(),
	}, known, nil
}

func openStore(path string) (credentials.Store, error) {
	if path == "" {
		return credentials.NewStoreFromDocker(credentials.StoreOptions{})
	}
	return credentials.NewStore(path, credentials.StoreOptions{})
}

// Redirects that are not followed.
var (
	errRedirects = errors.New("too many redirects")
	errDowngrade = errors.New("a redirect from HTTPS to HTTP")
)

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > MaxRedirects {
		return errRedirects
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errDowngrade
	}
	return nil
}

// isLoopback reports whether a host, with or without a port, is this machine.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// descriptor turns a descriptor into oras's.
func descriptor(d oci.Descriptor) ocispec.Descriptor {
	return ocispec.Descriptor{
		MediaType: d.MediaType, Digest: digestOf(d.Digest), Size: d.Size,
		ArtifactType: d.ArtifactType, Annotations: d.Annotations,
	}
}

// Referrers implements [oci.Place]. It asks the referrers API, and besides
// reads the tag that stands in for it, since a registry may have learnt the
// API after bundles were pushed.
func (r *Repository) Referrers(ctx context.Context, subject oci.Digest) ([]oci.Descriptor, error) {
	var list []oci.Descriptor
	seen := make(map[oci.Digest]bool)
	add := func(d oci.Descriptor) error {
		if !seen[d.Digest] {
			if len(list) == oci.MaxReferrers {
				return refuse.New("oci.limit", "%s lists more than %d referrers of %s", r.host(), oci.MaxReferrers, subject)
			}
			seen[d.Digest] = true
			list = append(list, d)
		}
		return nil
	}
	err := r.repo.Referrers(ctx, ocispec.Descriptor{Digest: digestOf(subject)}, "", func(page []ocispec.Descriptor) error {
		for _, d := range page {
			digest, err := oci.ParseDigest(string(d.Digest))
			if err != nil {
				return refuse.New("oci.registry.malformed", "%s lists a referrer that has no digest", r.host())
			}
			if err := add(oci.Descriptor{
				MediaType: d.MediaType, Digest: digest, Size: d.Size, ArtifactType: d.ArtifactType, Annotations: d.Annotations,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, r.failure("referrers of "+subject.String(), err)
	}
	tagged, err := r.fallback(ctx, subject)
	if err != nil {
		return nil, err
	}
	for _, d := range tagged {
		if err := add(d); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// fallback reads the list of referrers that is stored under a tag, if any. One
// that cannot be read is returned itself: anyone who may write could put it there.
func (r *Repository) fallback(ctx context.Context, subject oci.Digest) ([]oci.Descriptor, error) {
	d, data, err := r.named(ctx, subject.FallbackTag())
	if refuse.CodeOf(err) == "oci.not_found" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if d.MediaType != oci.MediaTypeIndex || d.Digest == subject {
		return nil, nil // some registries answer with the subject itself
	}
	list, err := oci.ParseIndex(data)
	if err != nil {
		return []oci.Descriptor{d}, nil // reported by its digest, and hides nothing else
	}
	return list, nil
}
