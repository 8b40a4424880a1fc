// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// A registry takes uploads of attestations: the digest of a package that it
// has already, and a bundle.
type registry struct {
	verifier *verify.Verifier // one for all requests
}

func newRegistry(p verify.Policy) (*registry, error) {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		return nil, err
	}
	v, err := verify.New(verify.Config{Root: root, Policy: p})
	return &registry{v}, err
}

const maxUpload = 1 << 20

// ServeHTTP answers PUT /attestations?digest=ALGORITHM:HEX.
func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	artifact, err := verify.ParseArtifactDigest(req.URL.Query().Get("digest"))
	if err != nil {
		answer(w, http.StatusBadRequest, codes.Of(err), err)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxUpload))
	if err != nil {
		answer(w, http.StatusRequestEntityTooLarge, "bundle.limit", err)
		return
	}
	b, err := bundle.Parse(data)
	if err != nil {
		answer(w, http.StatusBadRequest, codes.Of(err), err)
		return
	}
	if _, err := r.verifier.Verify(b, artifact); err != nil {
		answer(w, status(err), codes.Of(err), err)
		return
	}
	answer(w, http.StatusCreated, "", nil)
}

// status tells those who may not publish from those whose bundle is no good.
func status(err error) int {
	if code := codes.Of(err); strings.HasPrefix(code, "identity.") || strings.HasPrefix(code, "key.") {
		return http.StatusForbidden
	}
	return http.StatusUnprocessableEntity
}

// answer is JSON: errors hold text of the uploader's.
func answer(w http.ResponseWriter, status int, code string, err error) {
	body := struct {
		Code   string `json:"code,omitempty"`
		Detail string `json:"detail,omitempty"`
	}{Code: code}
	if err != nil {
		body.Detail = err.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// A package registry's upload handler: digest and bundle in, HTTP status and
// stable code out. One verifier serves 64 goroutines and asks no network.
func Example_registry() {
	const (
		name   = "../testdata/public/github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json"
		digest = "sha256:49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25"
		signer = "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d"
		issuer = "https://token.actions.githubusercontent.com"
	)
	publisher := func(san string) *registry {
		r, err := newRegistry(verify.Policy{
			Identities:     []verify.Identity{{SAN: verify.Exactly(san), Issuer: verify.Exactly(issuer)}},
			PredicateTypes: []string{"https://slsa.dev/provenance/v1"},
		})
		if err != nil {
			log.Fatal(err)
		}
		return r
	}
	good, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	upload := func(r *registry, digest, body string) string {
		req := httptest.NewRequest(http.MethodPut, "/attestations?digest="+digest, strings.NewReader(body))
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		var got struct{ Code string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			log.Fatal(err)
		}
		return strings.TrimSpace(fmt.Sprint(w.Code, " ", got.Code))
	}

	r := publisher(signer)
	results := make([]string, 64)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = upload(r, digest, string(good)) })
	}
	group.Wait()
	same := true
	for _, s := range results {
		same = same && s == results[0]
	}
	fmt.Println("64 uploads:", results[0], same)

	zeros := "sha256:" + strings.Repeat("00", 32)
	fmt.Println("another package:", upload(r, zeros, string(good)))
	fmt.Println("another publisher:", upload(publisher("https://github.com/evil/evil"), digest, string(good)))
	fmt.Println("half a bundle:", upload(r, digest, string(good[:len(good)/2])))
	fmt.Println("weak digest:", upload(r, "md5:00", string(good)))
	fmt.Println("too much:", upload(r, digest, strings.Repeat(" ", maxUpload+1)))
	// Output:
	// 64 uploads: 201 true
	// another package: 422 artifact.mismatch
	// another publisher: 403 identity.san
	// half a bundle: 400 bundle.malformed
	// weak digest: 400 policy.artifact
	// too much: 413 bundle.limit
}
