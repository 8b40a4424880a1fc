// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/conformance/ocitest"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// atOnce retries as often as in earnest, without the pauses.
var atOnce = &retry.GenericPolicy{
	Retryable: retry.DefaultPredicate, MaxRetry: 2,
	Backoff: func(int, *http.Response) time.Duration { return 0 },
}

// fixture is a registry with an image.
type fixture struct {
	*ocitest.Registry
	host  string
	text  []byte // the image's manifest
	image oci.Descriptor
}

func newFixture(t *testing.T, r *ocitest.Registry) *fixture {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	text, config := ocitest.Image("app")
	r.PutBlob("acme/app", config)
	digest := oci.Digest(r.PutManifest("acme/app", "v1", ocitest.MediaTypeManifest, text))
	return &fixture{r, strings.TrimPrefix(server.URL, "http://"), text,
		oci.Descriptor{MediaType: ocitest.MediaTypeManifest, Digest: digest, Size: int64(len(text))}}
}

// dial opens the repository without credentials.
func (f *fixture) dial(t *testing.T) *Repository {
	t.Helper()
	return f.dialWith(t, filepath.Join(t.TempDir(), "none"))
}

func (f *fixture) dialWith(t *testing.T, dockerConfig string) *Repository {
	t.Helper()
	r, _, err := open(f.host+"/acme/app:v1", Config{PlainHTTP: true, DockerConfig: dockerConfig}, atOnce)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantCode(t *testing.T, what string, err error, code refuse.Code) {
	t.Helper()
	if refuse.CodeOf(err) != code {
		t.Errorf("%s: %q, want %q: %v", what, refuse.CodeOf(err), code, err)
	}
}

func codes(list []oci.Referrer) string {
	var found []string
	for _, r := range list {
		if r.Err == nil {
			found = append(found, "ok")
		} else {
			found = append(found, string(refuse.CodeOf(r.Err)))
		}
	}
	return strings.Join(found, " ")
}

func TestOpen(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for reference, want := range map[string]string{
		"host.example/app": "", "host.example:5000/a/b/c:v1": "v1", "localhost:1/a@" + digest: digest,
		"localhost:1/a:tag@" + digest: digest, "[::1]:5000/a:v1": "v1",
	} {
		r, got, err := Open(reference, Config{DockerConfig: "none"})
		if err != nil || got != want || !strings.HasPrefix(reference, r.Name()) {
			t.Errorf("%s: %q, %v", reference, got, err)
		}
	}
	for _, reference := range []string{"", "app", "app:v1", "https://host.example/app", "host.example/App", "host.example/app:", "host.example/app@", "host.example/app:v1@", "host.example/app@v1", "host.example/app@sha256:abc", "host.example/app@md5:d41d8cd98f00b204e9800998ecf8427e", "user:secret@host.example/app", "host.example/../app"} {
		_, _, err := Open(reference, Config{DockerConfig: "none"})
		wantCode(t, reference, err, "oci.reference")
	}
	bad := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(bad, []byte(`{"auths":secret`), 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err := Open("host.example/app", Config{DockerConfig: bad})
	wantCode(t, "docker's configuration", err, "oci.registry.credentials")
	if strings.Contains(fmt.Sprint(err), "secret") {
		t.Error(err)
	}
}

// Everything works with the referrers API, in pages too, and without it.
func TestRoundTrip(t *testing.T) {
	for what, r := range map[string]*ocitest.Registry{"referrers": {}, "pages": {PageSize: 1}, "tag": {NoReferrers: true}} {
		t.Run(what, func(t *testing.T) {
			f := newFixture(t, r)
			repo := f.dial(t)
			for _, reference := range []string{"v1", f.image.Digest.String()} {
				if d, err := repo.Resolve(t.Context(), reference); err != nil || d.Digest != f.image.Digest || d.Size != f.image.Size || d.MediaType != f.image.MediaType {
					t.Fatalf("%s: %+v, %v", reference, d, err)
				}
			}
			_, err := repo.Resolve(t.Context(), "")
			wantCode(t, "no tag, which is latest", err, "oci.not_found")
			_, err = repo.Resolve(t.Context(), "v 2")
			wantCode(t, "no tag that can be", err, "oci.reference")
			if list, err := oci.Bundles(t.Context(), repo, f.image.Digest); err != nil || len(list) != 0 {
				t.Fatalf("bundles of an unsigned image: %v, %v", list, err)
			}
			var digests []oci.Digest
			for _, p := range []string{oci.SignaturePredicateType, "https://slsa.dev/provenance/v1", "https://spdx.dev/Document"} {
				data := ocitest.Bundle(t, f.text, p)
				d, err := oci.Attach(t.Context(), repo, f.image, data, time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				if again, err := oci.Attach(t.Context(), f.dial(t), f.image, data, time.Time{}); err != nil || again != d {
					t.Errorf("again: %s, %v", again, err)
				}
				digests = append(digests, d)
			}
			list, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
			if err != nil || codes(list) != "ok ok ok" {
				t.Fatalf("%s, %v", codes(list), err)
			}
			f.Remove("acme/app", digests[1].String())
			for _, r := range list {
				if r.Digest == digests[2] {
					f.Remove("acme/app", r.Layer.String())
				}
			}
			// A list under a tag still names what is lost; the API cannot.
			want := map[bool]int{true: 2, false: 1}[r.NoReferrers]
			list, err = oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
			if missing := strings.Count(codes(list), "oci.missing"); err != nil || missing != want || len(list) != want+1 {
				t.Errorf("after a loss: %s, %v", codes(list), err)
			}
		})
	}
}

// What was pushed under the tag, before the registry learnt of referrers, is
// found beside what it lists.
func TestTagBesideReferrers(t *testing.T) {
	f := newFixture(t, &ocitest.Registry{NoReferrers: true})
	first, err := oci.Attach(t.Context(), f.dial(t), f.image, ocitest.Bundle(t, f.text, "https://example.org/old"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.NoReferrers = false
	f.Before = func(w http.ResponseWriter, r *http.Request) bool { // the API knows new ones only
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Content-Type", ocitest.MediaTypeIndex)
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`)
		return true
	}
	list, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
	if err != nil || codes(list) != "ok" || list[0].Digest != first {
		t.Errorf("%s, %v", codes(list), err)
	}
}

// A list under the tag that cannot be read takes nothing from what the API
// lists.
func TestSpoiltTag(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	if _, err := oci.Attach(t.Context(), f.dial(t), f.image, ocitest.Bundle(t, f.text, oci.SignaturePredicateType), time.Time{}); err != nil {
		t.Fatal(err)
	}
	spoilt := f.PutManifest("acme/app", f.image.Digest.FallbackTag(), ocitest.MediaTypeIndex, []byte(`{"manifests":[{}]}`))
	list, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest)
	if err != nil || codes(list) != "ok oci.manifest" || list[1].Digest.String() != spoilt {
		t.Errorf("%s, %v", codes(list), err)
	}
}

// Two writers that replace each other's list notice it.
func TestTwoWriters(t *testing.T) {
	r := &ocitest.Registry{NoReferrers: true}
	f := newFixture(t, r)
	var once sync.Once
	tag := f.image.Digest.FallbackTag()
	// The other writer puts a list of its own just after ours.
	puts := 0
	r.Before = func(_ http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, "/manifests/"+tag) {
			puts++
		}
		if puts == 1 && req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/manifests/"+tag) {
			once.Do(func() {
				f.PutManifest("acme/app", tag, ocitest.MediaTypeIndex, []byte(`{"schemaVersion":2,"mediaType":"`+ocitest.MediaTypeIndex+`","manifests":[]}`))
			})
		}
		return false
	}
	d, err := oci.Attach(t.Context(), f.dial(t), f.image, ocitest.Bundle(t, f.text, oci.SignaturePredicateType), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	r.Before = nil
	if list, err := oci.Bundles(t.Context(), f.dial(t), f.image.Digest); err != nil || codes(list) != "ok" || list[0].Digest != d || puts != 2 {
		t.Errorf("%s after %d puts, %v", codes(list), puts, err)
	}

	// One that never gives way is reported.
	f = newFixture(t, &ocitest.Registry{NoReferrers: true})
	f.Before = func(w http.ResponseWriter, req *http.Request) bool {
		swallow := req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, "/manifests/"+tag)
		if swallow {
			w.WriteHeader(http.StatusCreated)
		}
		return swallow
	}
	_, err = oci.Attach(t.Context(), f.dial(t), f.image, ocitest.Bundle(t, f.text, oci.SignaturePredicateType), time.Time{})
	wantCode(t, "a list that does not change", err, "oci.registry.unlisted")
}

// One client that writes from several places at once loses nothing.
func TestManyWriters(t *testing.T) {
	f := newFixture(t, &ocitest.Registry{NoReferrers: true})
	repo := f.dial(t)
	var wg sync.WaitGroup
	const writers = 6
	for i := range writers {
		data := ocitest.Bundle(t, f.text, fmt.Sprintf("https://example.org/%d", i))
		wg.Go(func() {
			if _, err := oci.Attach(t.Context(), repo, f.image, data, time.Time{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if list, err := oci.Bundles(t.Context(), repo, f.image.Digest); err != nil || len(list) != writers {
		t.Errorf("%s, %v", codes(list), err)
	}
}

// Credentials go to the registry that they are for, and into no message, not
// even where the registry repeats them (GHSA-pf56-329r-95rw, CVE-2026-59891:
// another client took those of any registry whose name was part of the name).
func TestCVE_2026_59891_Credentials(t *testing.T) {
	const password = "CORRECT_HORSE" // which has the form of an error code, too
	f := newFixture(t, &ocitest.Registry{User: "me", Password: password})
	write := func(host, password string) string {
		name := filepath.Join(t.TempDir(), "config.json")
		auth := base64.StdEncoding.EncodeToString([]byte("me:" + password))
		if err := os.WriteFile(name, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if _, err := f.dialWith(t, write(f.host, password)).Resolve(t.Context(), "v1"); err != nil {
		t.Fatal(err)
	}
	// A name that merely contains the registry's, or begins like it, is not it.
	for _, host := range []string{"evil." + f.host, f.host + ".evil", "evil.example/" + f.host, strings.TrimSuffix(f.host, f.host[len(f.host)-1:])} {
		_, err := f.dialWith(t, write(host, password)).Resolve(t.Context(), "v1")
		wantCode(t, host, err, "oci.registry.denied")
	}
	for what, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"refused": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"errors":[{"code":"%s","message":"%s"}]}`, r.Header.Get("Authorization"), password)
		},
		"as a code": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, `{"errors":[{"code":"%s"}]}`, password)
		},
		"sent elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/?X-Signature=presigned&key="+password+"&again="+r.Header.Get("Authorization"), http.StatusFound)
		},
		"in a path": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/"+password+"/x", http.StatusFound)
		},
		"in a type": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", password+"; "+r.Header.Get("Authorization"))
			fmt.Fprint(w, "{}")
		},
	} {
		f.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Authorization") == "" {
				return false
			}
			answer(w, r)
			return true
		}
		_, err := f.dialWith(t, write(f.host, password)).Resolve(t.Context(), "v1")
		auth := base64.StdEncoding.EncodeToString([]byte("me:" + password))
		if err == nil || strings.Contains(err.Error(), "presigned") || strings.Contains(err.Error(), password) || strings.Contains(err.Error(), auth) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A token that was bought with credentials is as secret as they are, and no
// other host gets either of them.
func TestToken(t *testing.T) {
	const token = "a-token-that-is-secret"
	f := newFixture(t, new(ocitest.Registry))
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("another host got %q", r.Header.Get("Authorization"))
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	defer elsewhere.Close()
	asked, away := 0, false
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		switch {
		case r.URL.Path == "/token" && user == "me" && password == "secret":
			asked++
			fmt.Fprintf(w, `{"token":%q}`, token)
		case r.URL.Path == "/token":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+f.host+`/token",service="test",scope="repository:acme/app:pull"`)
			w.WriteHeader(http.StatusUnauthorized)
		case away:
			http.Redirect(w, r, elsewhere.URL+"/?signature="+token, http.StatusTemporaryRedirect)
		default:
			return false
		}
		return true
	}
	config := filepath.Join(t.TempDir(), "config.json")
	auth := base64.StdEncoding.EncodeToString([]byte("me:secret"))
	if err := os.WriteFile(config, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, f.host, auth), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.dialWith(t, config).Resolve(t.Context(), "v1"); err != nil || asked != 1 {
		t.Fatalf("%d tokens, %v", asked, err)
	}
	away = true
	_, err := f.dialWith(t, config).Resolve(t.Context(), "v1")
	wantCode(t, "sent away", err, "oci.registry.denied")
	if strings.Contains(fmt.Sprint(err), token) {
		t.Error(err)
	}
	_, err = f.dial(t).Resolve(t.Context(), "v1")
	wantCode(t, "without credentials", err, "oci.registry.denied")
}

// Over plain HTTP credentials leave this machine for no one.
func TestPlainHTTPCredentials(t *testing.T) {
	for host, loopback := range map[string]bool{"localhost:5000": true, "127.0.0.1": true, "[::1]:5000": true, "registry.example:5000": false, "127.0.0.1.example": false, "10.0.0.1": false} {
		c, _, err := newClient(Config{PlainHTTP: true, DockerConfig: "none"}, host, atOnce)
		if err != nil || (c.Credential != nil) != loopback {
			t.Errorf("%s: credentials %v, %v", host, c.Credential != nil, err)
		}
		if c, _, err := newClient(Config{DockerConfig: "none"}, host, atOnce); err != nil || c.Credential == nil {
			t.Errorf("%s: no credentials over TLS, %v", host, err)
		}
	}
	r, _, err := Open("registry.example/app", Config{PlainHTTP: true, DockerConfig: "none"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.denied("app", "no"); !strings.Contains(err.Error(), "not sent over plain HTTP") {
		t.Errorf("the message does not say why: %v", err)
	}
}

// Nor does a registry on this machine get them sent away, whether as a header
// or as a form.
func TestPlainHTTPTokens(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	f.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://192.0.2.1/token",service="test",scope="repository:acme/app:pull"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	config := filepath.Join(t.TempDir(), "config.json")
	auth := base64.StdEncoding.EncodeToString([]byte("me:secret"))
	for _, entry := range []string{`"auth":"` + auth + `"`, `"identitytoken":"secret"`} {
		if err := os.WriteFile(config, fmt.Appendf(nil, `{"auths":{%q:{%s}}}`, f.host, entry), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := f.dialWith(t, config).Resolve(ctx, "v1")
		cancel()
		if wantCode(t, entry, err, "oci.registry.denied"); !strings.Contains(fmt.Sprint(err), errPlain.Error()) {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

// A credential helper is run for the registries that it is for; what it prints
// when it fails stays out of messages.
func TestCredentialHelper(t *testing.T) {
	f := newFixture(t, &ocitest.Registry{User: "me", Password: "correct-horse"})
	dir := t.TempDir()
	script := "#!/bin/sh\nread host\ntest \"$host\" = \"" + f.host + "\" && test -z \"$FAIL\" || { echo oops-secret; exit 1; }\necho '{\"Username\":\"me\",\"Secret\":\"correct-horse\"}'\n"
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-test"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.json")
	if err := os.WriteFile(config, fmt.Appendf(nil, `{"credHelpers":{%q:"test"}}`, f.host), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	if _, err := f.dialWith(t, config).Resolve(t.Context(), "v1"); err != nil {
		t.Error(err)
	}
	t.Setenv("FAIL", "1")
	_, err := f.dialWith(t, config).Resolve(t.Context(), "v1")
	wantCode(t, "a helper that fails", err, "oci.registry.credentials")
	if strings.Contains(fmt.Sprint(err), "oops") {
		t.Error(err)
	}
}
