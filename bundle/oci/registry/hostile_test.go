// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/conformance/ocitest"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// endless writes until the client has had enough, and fails the test if it
// never has.
func endless(t *testing.T, w http.ResponseWriter, most int) {
	chunk := []byte(strings.Repeat(" ", 1<<16))
	for n := 0; ; n += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
		if n > most+(64<<20) {
			t.Errorf("the client reads on after %d bytes", n)
			return
		}
	}
}

// A registry that answers without end is left (GHSA-vfp6-jrw2-99g9,
// CVE-2023-46737): pages, referrers, bytes and redirects all have a bound.
func TestGHSA_vfp6_jrw2_99g9_Endless(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	requests := 0
	entry := func(i int) string {
		return fmt.Sprintf(`{"mediaType":%q,"size":1,"digest":"sha256:%064d"}`, ocitest.MediaTypeManifest, i)
	}
	for what, c := range map[string]struct {
		code   refuse.Code
		most   int // requests
		answer func(w http.ResponseWriter, r *http.Request)
	}{
		"pages without referrers": {"oci.limit", MaxPages, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, r.URL.Path, requests))
			fmt.Fprint(w, `{"manifests":[]}`)
		}},
		"the same page again": {"oci.limit", MaxPages, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, r.URL.Path))
			fmt.Fprint(w, `{"manifests":[`+entry(1)+`]}`)
		}},
		"ever more referrers": {"oci.limit", oci.MaxReferrers/20 + 1, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, r.URL.Path, requests))
			var list []string
			for i := range 20 {
				list = append(list, entry(requests*20+i))
			}
			fmt.Fprint(w, `{"manifests":[`+strings.Join(list, ",")+`]}`)
		}},
		"a list without end": {"oci.registry.malformed", 1, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"manifests":[`)
			endless(t, w, oci.MaxManifest)
		}},
		"redirects": {"oci.registry.malformed", MaxRedirects + 1, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?"+strconv.Itoa(requests), http.StatusFound)
		}},
		"the next page elsewhere": {"oci.registry.malformed", 1, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<http://127.0.0.1:1/v2/>; rel="next"`)
			fmt.Fprint(w, `{"manifests":[]}`)
		}},
	} {
		requests = 0
		f.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") {
				return false
			}
			requests++
			w.Header().Set("Content-Type", ocitest.MediaTypeIndex)
			c.answer(w, r)
			return true
		}
		_, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
		wantCode(t, what, err, c.code)
		if requests > c.most {
			t.Errorf("%s: %d requests, at most %d", what, requests, c.most)
		}
	}
}

// A manifest or a blob that is more than it is said to be, less, or another,
// is refused; what is said to be huge is not asked for.
func TestWrongContent(t *testing.T) {
	for what, c := range map[string]struct {
		kind   string
		code   string // one of them, at least
		answer func(w http.ResponseWriter, data []byte)
	}{
		"manifest without end": {"manifests", "oci.digest", func(w http.ResponseWriter, _ []byte) {
			w.Header().Set("Content-Type", ocitest.MediaTypeManifest)
			endless(t, w, oci.MaxManifest)
		}},
		"manifest said to be huge": {"manifests", "oci.limit", func(w http.ResponseWriter, data []byte) {
			w.Header().Set("Content-Type", ocitest.MediaTypeManifest)
			w.Header().Set("Content-Length", "1000000000000")
			w.Header().Set("Docker-Content-Digest", oci.DigestOf(data).String())
			endless(t, w, oci.MaxManifest)
		}},
		"another manifest": {"manifests", "oci.digest oci.registry.malformed", func(w http.ResponseWriter, data []byte) {
			w.Header().Set("Content-Type", ocitest.MediaTypeManifest)
			fmt.Fprint(w, strings.Replace(string(data), "schema", "Schema", 1))
		}},
		"another manifest with the digest in the header": {"manifests", "oci.digest", func(w http.ResponseWriter, data []byte) {
			w.Header().Set("Content-Type", ocitest.MediaTypeManifest)
			w.Header().Set("Docker-Content-Digest", oci.DigestOf(data).String())
			fmt.Fprint(w, strings.Replace(string(data), "schema", "Schema", 1))
		}},
		"blob without end": {"blobs", "oci.size", func(w http.ResponseWriter, _ []byte) { endless(t, w, 1<<20) }},
		"blob cut off": {"blobs", "oci.size oci.registry.malformed", func(w http.ResponseWriter, data []byte) {
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data[:10])
		}},
		"a shorter blob": {"blobs", "oci.registry.malformed", func(w http.ResponseWriter, data []byte) { _, _ = w.Write(data[:10]) }},
		"another blob": {"blobs", "oci.digest", func(w http.ResponseWriter, data []byte) {
			_, _ = w.Write([]byte(strings.Repeat("x", len(data))))
		}},
		"no blob":    {"blobs", "oci.missing", func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusNotFound) }},
		"busy":       {"blobs", "oci.registry.status", func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusServiceUnavailable) }},
		"not for us": {"blobs", "oci.registry.denied", func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusForbidden) }},
		"closed": {"blobs", "oci.registry.unreachable", func(w http.ResponseWriter, _ []byte) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}},
	} {
		f := newFixture(t, new(ocitest.Registry))
		data := ocitest.Bundle(t, f.text, oci.SignaturePredicateType)
		d, err := oci.Attach(t.Context(), f.dial(t), f.image, data, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		repo := f.dial(t)
		list, err := repo.Referrers(t.Context(), f.image.Digest)
		if err != nil || len(list) != 1 {
			t.Fatal(err)
		}
		text, err := repo.Manifest(t.Context(), list[0])
		if err != nil {
			t.Fatal(err)
		}
		target, content := d, text
		if c.kind == "blobs" {
			target, content = oci.DigestOf(data), data
		}
		f.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/"+c.kind+"/"+target.String()) {
				return false
			}
			if r.Method == http.MethodHead {
				w.Header().Set("Content-Type", ocitest.MediaTypeManifest)
				w.Header().Set("Docker-Content-Digest", target.String())
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				return true
			}
			c.answer(w, content)
			return true
		}
		found, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
		if err != nil || len(found) != 1 || !strings.Contains(c.code, string(refuse.CodeOf(found[0].Err))) || found[0].Err == nil {
			t.Errorf("%s: %s, want %s: %v %v", what, codes(found), c.code, found, err)
		}
	}
}

// What is said to be huge is not asked for.
func TestHugeDescriptor(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	f.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		t.Errorf("asked for %s", r.URL.Path)
		return false
	}
	d := oci.Descriptor{Digest: oci.DigestOf(nil), Size: 1 << 40}
	_, err := f.dial(t).Manifest(t.Context(), d)
	wantCode(t, "manifest", err, "oci.limit")
	_, err = f.dial(t).Blob(t.Context(), d, oci.MaxBundle)
	wantCode(t, "blob", err, "oci.limit")
	d.Size = -1
	_, err = f.dial(t).Blob(t.Context(), d, oci.MaxBundle)
	wantCode(t, "less than nothing", err, "oci.limit")
}

// The answer about referrers is a hint: a wrong artifact type in it, wrong
// annotations and no filter hide no bundle and make none.
func TestReferrersAreHints(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	if _, err := oci.Attach(t.Context(), f.dial(t), f.image, ocitest.Bundle(t, f.text, oci.SignaturePredicateType), time.Time{}); err != nil {
		t.Fatal(err)
	}
	list, err := f.dial(t).Referrers(t.Context(), f.image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	image := fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d,"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, f.image.MediaType, f.image.Digest, f.image.Size)
	for what, answer := range map[string]string{
		"type of the config": fmt.Sprintf(`{"manifests":[{"mediaType":%q,"digest":%q,"size":%d,"artifactType":"application/vnd.oci.empty.v1+json"},%s]}`,
			list[0].MediaType, list[0].Digest, list[0].Size, image),
		"nothing but the digest": fmt.Sprintf(`{"manifests":[{"digest":%q,"size":%d}]}`, list[0].Digest, list[0].Size),
	} {
		f.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/referrers/") {
				w.Header().Set("Content-Type", ocitest.MediaTypeIndex)
				fmt.Fprint(w, answer)
				return true
			}
			return false
		}
		if found, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest); err != nil || codes(found) != "ok" {
			t.Errorf("%s: %s, %v", what, codes(found), err)
		}
	}
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/referrers/") {
			w.Header().Set("Content-Type", ocitest.MediaTypeIndex)
			fmt.Fprint(w, `{"manifests":[{"digest":"sha256:../../x","size":1}]}`)
			return true
		}
		return false
	}
	_, err = oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
	wantCode(t, "no digest", err, "oci.registry.malformed")
	// A size that is wrong is not a hint: what was listed is not what exists.
	f.Before = nil
	list[0].Size++
	_, err = f.dial(t).Manifest(t.Context(), list[0])
	wantCode(t, "another size", err, "oci.size")
}

// A tag is resolved once, by what was read: a registry that names one digest
// and sends something else is refused.
func TestResolveWrong(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	other, _ := ocitest.Image("other")
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", ocitest.MediaTypeManifest)
		w.Header().Set("Docker-Content-Digest", f.image.Digest.String())
		w.Header().Set("Content-Length", strconv.Itoa(len(other)))
		_, _ = w.Write(other)
		return true
	}
	_, err := f.dial(t).Resolve(t.Context(), "v1")
	wantCode(t, "another image", err, "oci.digest")
	_, err = f.dial(t).Resolve(t.Context(), f.image.Digest.String())
	wantCode(t, "another image by digest", err, "oci.digest")
}

// TLS is not left on the way, and not left out.
func TestTLS(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	r, _, err := open(f.host+"/acme/app", Config{DockerConfig: "none"}, atOnce)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "v1")
	wantCode(t, "HTTP where HTTPS was meant", err, "oci.registry.unreachable")

	down := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+f.host+r.URL.Path, http.StatusFound)
	}))
	defer down.Close()
	pool := down.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	r, _, err = open(strings.TrimPrefix(down.URL, "https://")+"/acme/app", Config{CAs: pool, DockerConfig: "none"}, atOnce)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "v1")
	wantCode(t, "from HTTPS to HTTP", err, "oci.registry.malformed")
	r, _, err = open(strings.TrimPrefix(down.URL, "https://")+"/acme/app", Config{DockerConfig: "none"}, atOnce)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "v1")
	wantCode(t, "an unknown authority", err, "oci.registry.unreachable")
}

// A caller that gives up is let go.
func TestCancelled(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := oci.Bundles(ctx, f.dial(t), f.image.Digest)
	wantCode(t, "cancelled", err, "oci.registry.unreachable")
}
