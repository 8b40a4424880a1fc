// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	subject = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	bundle  = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"artifactType":"application/vnd.example.bundle",` +
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"` + subject + `"},` +
		`"layers":[],"annotations":{"a":"b"},` +
		`"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":0,"digest":"` + subject + `"}}`
)

func put(t *testing.T, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(http.MethodPut, "/v2/a/b/manifests/tag", strings.NewReader(bundle))
	req.Header.Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != http.StatusCreated {
		t.Fatalf("put: %d %s", w.Code, w.Body)
	}
	return w
}

func referrers(t *testing.T, h http.Handler, query string) (*httptest.ResponseRecorder, []v1.Descriptor) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v2/a/b/referrers/"+subject+query, nil))
	var index v1.IndexManifest
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &index); err != nil {
			t.Fatal(err)
		}
	}
	return w, index.Manifests
}

func TestReferrers(t *testing.T) {
	r := New()
	if got := put(t, r).Header().Get("OCI-Subject"); got != subject {
		t.Errorf("OCI-Subject = %q", got)
	}
	_, all := referrers(t, r, "")
	if len(all) != 1 || all[0].ArtifactType != "application/vnd.example.bundle" || all[0].Annotations["a"] != "b" {
		t.Fatalf("referrers = %+v", all)
	}
	if w, some := referrers(t, r, "?artifactType=other"); len(some) != 0 || w.Header().Get("OCI-Filters-Applied") != "artifactType" {
		t.Errorf("filter: %+v, %v", some, w.Header())
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/v2/a/b/manifests/"+all[0].Digest.String(), nil))
	if _, none := referrers(t, r, ""); len(none) != 0 {
		t.Errorf("after delete: %+v", none)
	}
}

func TestNoReferrers(t *testing.T) {
	r := NewWithoutReferrers()
	put(t, r)
	if w, _ := referrers(t, r, ""); w.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", w.Code)
	}
}
