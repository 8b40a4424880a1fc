// SPDX-License-Identifier: Apache-2.0

// Package ocitest has what tests of container images need: a registry in
// memory that keeps to the OCI distribution-spec 1.1 to the letter, with or
// without the referrers API, and image layouts on disk.
package ocitest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Registry is an HTTP handler, safe for concurrent use. Its fields are set
// before the first request.
type Registry struct {
	// NoReferrers leaves the referrers API out: clients must use the tag.
	NoReferrers bool
	// PageSize, if not 0, is the number of referrers in one answer.
	PageSize int
	// User and Password, if set, are asked for (RFC 7617).
	User, Password string
	// Before, if not nil, answers a request first and says so.
	Before func(w http.ResponseWriter, r *http.Request) bool

	mu        sync.Mutex
	blobs     map[string][]byte // by REPOSITORY@DIGEST; mu
	manifests map[string]stored // by REPOSITORY@DIGEST; mu
	tags      map[string]string // REPOSITORY:TAG to digest; mu
}

type stored struct {
	data      []byte
	mediaType string
}

// descriptor and manifest are the members that the registry reads and writes.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int               `json:"size"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *descriptor       `json:"config"`
	Subject       *descriptor       `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
}

const mediaTypeIndex = "application/vnd.oci.image.index.v1+json"

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// PutBlob stores a blob and returns its digest.
func (r *Registry) PutBlob(repository string, data []byte) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	digest := digestOf(data)
	r.blobs[repository+"@"+digest] = data
	return digest
}

// PutManifest stores a manifest, under a tag too if that is not empty, and
// returns its digest.
func (r *Registry) PutManifest(repository, tag, mediaType string, data []byte) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	digest := digestOf(data)
	r.manifests[repository+"@"+digest] = stored{data, mediaType}
	if tag != "" {
		r.tags[repository+":"+tag] = digest
	}
	return digest
}

// Remove forgets a manifest or a blob, and leaves lists that name it as they
// are.
func (r *Registry) Remove(repository, digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.manifests, repository+"@"+digest)
	delete(r.blobs, repository+"@"+digest)
}

func (r *Registry) init() {
	if r.blobs == nil {
		r.blobs, r.manifests, r.tags = map[string][]byte{}, map[string]stored{}, map[string]string{}
	}
}

// ServeHTTP implements [http.Handler].
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.Before != nil && r.Before(w, req) {
		return
	}
	if user, password, _ := req.BasicAuth(); r.User != "" && (user != r.User || password != r.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	repository, kind, reference := split(req.URL.Path)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	switch {
	case kind == "manifests" && req.Method == http.MethodPut:
		r.putManifest(w, req, repository, reference)
	case kind == "manifests":
		r.getManifest(w, repository, reference)
	case kind == "referrers" && !r.NoReferrers:
		r.getReferrers(w, req, repository, reference)
	case kind == "blobs":
		r.getBlob(w, repository, reference)
	case kind == "uploads" && req.Method == http.MethodPost:
		w.Header().Set("Location", "/v2/"+repository+"/blobs/uploads/1")
		w.WriteHeader(http.StatusAccepted)
	case kind == "uploads" && req.Method == http.MethodPut:
		r.putBlob(w, req, repository)
	default:
		fail(w, http.StatusNotFound, "UNSUPPORTED")
	}
}

// split takes /v2/REPOSITORY/KIND/REFERENCE apart.
func split(path string) (repository, kind, reference string) {
	rest := strings.TrimPrefix(path, "/v2/")
	for _, kind := range []string{"blobs/uploads", "manifests", "referrers", "blobs"} {
		if repository, reference, ok := strings.Cut(rest, "/"+kind+"/"); ok {
			return repository, strings.TrimPrefix(kind, "blobs/"), reference
		}
	}
	return "", "", ""
}

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"no"}]}`, code)
}

func (r *Registry) getManifest(w http.ResponseWriter, repository, reference string) {
	if digest, ok := r.tags[repository+":"+reference]; ok {
		reference = digest
	}
	m, ok := r.manifests[repository+"@"+reference]
	if !ok {
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN")
		return
	}
	w.Header().Set("Docker-Content-Digest", reference)
	answer(w, m.mediaType, m.data)
}

func (r *Registry) getBlob(w http.ResponseWriter, repository, digest string) {
	data, ok := r.blobs[repository+"@"+digest]
	if !ok {
		fail(w, http.StatusNotFound, "BLOB_UNKNOWN")
		return
	}
	answer(w, "application/octet-stream", data)
}

func answer(w http.ResponseWriter, mediaType string, data []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // net/http drops it for HEAD
}

func (r *Registry) putManifest(w http.ResponseWriter, req *http.Request, repository, reference string) {
	data, err := io.ReadAll(req.Body)
	digest := digestOf(data)
	var m manifest
	if err != nil || json.Unmarshal(data, &m) != nil || strings.Contains(reference, ":") && reference != digest {
		fail(w, http.StatusBadRequest, "MANIFEST_INVALID")
		return
	}
	r.manifests[repository+"@"+digest] = stored{data, req.Header.Get("Content-Type")}
	if !strings.Contains(reference, ":") {
		r.tags[repository+":"+reference] = digest
	}
	if m.Subject != nil && !r.NoReferrers {
		w.Header().Set("OCI-Subject", m.Subject.Digest)
	}
	w.WriteHeader(http.StatusCreated)
}

func (r *Registry) putBlob(w http.ResponseWriter, req *http.Request, repository string) {
	data, err := io.ReadAll(req.Body)
	digest := digestOf(data)
	if err != nil || req.URL.Query().Get("digest") != digest {
		fail(w, http.StatusBadRequest, "DIGEST_INVALID")
		return
	}
	r.blobs[repository+"@"+digest] = data
	w.WriteHeader(http.StatusCreated)
}

// getReferrers lists what refers to a subject (distribution-spec 1.1, "Listing
// Referrers"), a page at a time if there is a page size.
func (r *Registry) getReferrers(w http.ResponseWriter, req *http.Request, repository, subject string) {
	wanted := req.URL.Query().Get("artifactType")
	list := []descriptor{}
	for key, s := range r.manifests {
		var m manifest
		name, ok := strings.CutPrefix(key, repository+"@")
		if !ok || json.Unmarshal(s.data, &m) != nil || m.Subject == nil || m.Subject.Digest != subject {
			continue
		}
		if m.ArtifactType == "" && m.Config != nil {
			m.ArtifactType = m.Config.MediaType
		}
		if wanted == "" || wanted == m.ArtifactType {
			list = append(list, descriptor{s.mediaType, name, len(s.data), m.ArtifactType, m.Annotations})
		}
	}
	slices.SortFunc(list, func(a, b descriptor) int { return strings.Compare(a.Digest, b.Digest) })
	if wanted != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	start, _ := strconv.Atoi(req.URL.Query().Get("from"))
	end := len(list)
	if r.PageSize > 0 && start+r.PageSize < end {
		end = start + r.PageSize
		w.Header().Set("Link", fmt.Sprintf(`<%s?artifactType=%s&from=%d>; rel="next"`, req.URL.Path, wanted, end))
	}
	data, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": mediaTypeIndex, "manifests": list[min(start, end):end]})
	if err != nil {
		fail(w, http.StatusInternalServerError, "UNKNOWN")
		return
	}
	answer(w, mediaTypeIndex, data)
}
