// SPDX-License-Identifier: Apache-2.0

// Package registry is an OCI registry in memory. It is go-containerregistry's
// test registry, whose referrers answers are made right: the artifact type is
// the manifest's own, annotations are included, and ?artifactType= filters
// (OCI distribution-spec 1.1, "Listing Referrers").
package registry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxManifest is the largest manifest that is taken, 4 MiB as in the
// distribution-spec.
const maxManifest = 4 << 20

// Registry is an HTTP handler, safe for concurrent use.
type Registry struct {
	inner http.Handler

	mu        sync.Mutex
	referrers map[string]map[string]v1.Descriptor // "REPO@SUBJECT" → digest → descriptor; mu
}

// New makes a registry with the referrers API.
func New() *Registry {
	return &Registry{inner: newInner(), referrers: map[string]map[string]v1.Descriptor{}}
}

// NewWithoutReferrers makes a registry that knows no referrers API, so that
// clients must fall back to the tag sha256-DIGEST.
func NewWithoutReferrers() http.Handler { return newInner() }

func newInner() http.Handler { return registry.New(registry.Logger(log.New(io.Discard, "", 0))) }

// ServeHTTP answers referrers requests itself and notes the subjects of
// manifests that pass by.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	repo, kind, ref := split(req.URL.Path)
	switch {
	case kind == "referrers" && req.Method == http.MethodGet:
		r.list(w, repo+"@"+ref, req.URL.Query().Get("artifactType"))
	case kind == "manifests" && req.Method == http.MethodPut:
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxManifest))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		if subject := r.note(repo, body, req.Header.Get("Content-Type")); subject != "" {
			w.Header().Set("OCI-Subject", subject)
		}
		r.inner.ServeHTTP(w, req)
	case kind == "manifests" && req.Method == http.MethodDelete:
		r.forget(repo, ref)
		r.inner.ServeHTTP(w, req)
	default:
		r.inner.ServeHTTP(w, req)
	}
}

// split takes /v2/REPO/KIND/REF apart; kind is empty for other paths.
func split(path string) (repo, kind, ref string) {
	parts := strings.Split(strings.TrimPrefix(path, "/v2/"), "/")
	n := len(parts)
	if n < 3 {
		return "", "", ""
	}
	return strings.Join(parts[:n-2], "/"), parts[n-2], parts[n-1]
}

// manifest is what an image manifest and an index have in common.
type manifest struct {
	ArtifactType string            `json:"artifactType"`
	Config       *v1.Descriptor    `json:"config"`
	Subject      *v1.Descriptor    `json:"subject"`
	Annotations  map[string]string `json:"annotations"`
}

// note remembers a manifest that has a subject and returns the subject's digest.
func (r *Registry) note(repo string, body []byte, mediaType string) string {
	var m manifest
	if json.Unmarshal(body, &m) != nil || m.Subject == nil {
		return ""
	}
	digest, size, err := v1.SHA256(bytes.NewReader(body))
	if err != nil {
		return ""
	}
	d := v1.Descriptor{
		MediaType: types.MediaType(mediaType), Digest: digest, Size: size,
		ArtifactType: m.ArtifactType, Annotations: m.Annotations,
	}
	if d.ArtifactType == "" && m.Config != nil {
		d.ArtifactType = string(m.Config.MediaType)
	}
	subject := m.Subject.Digest.String()
	r.mu.Lock()
	defer r.mu.Unlock()
	key := repo + "@" + subject
	if r.referrers[key] == nil {
		r.referrers[key] = map[string]v1.Descriptor{}
	}
	r.referrers[key][digest.String()] = d
	return subject
}

func (r *Registry) forget(repo, digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, list := range r.referrers {
		if strings.HasPrefix(key, repo+"@") {
			delete(list, digest)
		}
	}
}

func (r *Registry) list(w http.ResponseWriter, key, artifactType string) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	r.mu.Lock()
	for _, d := range r.referrers[key] {
		if artifactType == "" || d.ArtifactType == artifactType {
			index.Manifests = append(index.Manifests, d)
		}
	}
	r.mu.Unlock()
	slices.SortFunc(index.Manifests, func(a, b v1.Descriptor) int { return cmp.Compare(a.Digest.Hex, b.Digest.Hex) })
	if artifactType != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	w.Header().Set("Content-Type", string(types.OCIImageIndex))
	_ = json.NewEncoder(w).Encode(index)
}
