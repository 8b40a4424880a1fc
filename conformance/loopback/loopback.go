// SPDX-License-Identifier: Apache-2.0

// Package loopback is a Sigstore whose services answer over HTTP on loopback,
// as the real ones do, with what a virtual one makes. It is for tests: it
// certifies any holder, and checks no signature of a token.
package loopback

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Instance is a running Sigstore.
type Instance struct {
	t     testing.TB
	World *virtual.World
	Root  *trustroot.Root // as those who verify know it

	Fulcio, TSA, Rekor1, Rekor2 *httptest.Server

	// What goes wrong: hooks make a service lie, Fault stands before one.
	Certificate, Stamp, Entry virtual.Hooks
	Fault                     map[string]http.HandlerFunc // returns by panic(Pass{}) to let the service answer

	Impostor  string           // whom Fulcio certifies instead
	Issuers   []map[string]any // what Fulcio says of the issuers it knows; nil: nothing
	Audience  string           // whom Fulcio takes tokens for; "" is anyone
	Challenge string           // the claim that Fulcio wants signed; "" is the usual one
	Detached  bool             // Fulcio hands the SCT out beside the certificate
	Embedded  bool             // and in the certificate as well
	// SCT may change a detached SCT, or return what is sent instead.
	SCT func(sct map[string]any) any

	// Earlier and Later are how many entries of others stand before and after
	// each of ours in what Rekor v2 publishes. Checkpoint changes that tree's
	// checkpoint, Tiles a tile or the checkpoint by its path; nil is not there.
	Earlier, Later int
	Index          string // what Rekor v2 says where an entry is, unless "ours"
	Checkpoint     func(*virtual.CheckpointInput)
	Tiles          func(path string, data []byte) []byte

	mutex sync.Mutex
	// leaves are the hashes of the tree that is published. It is not the one
	// that answers are proved in, of which no one has the tiles.
	leaves [][]byte
	seen   map[string]string // what Rekor has: location by request
	last   map[string][]byte // the last request of each service
	calls  map[string]int
}

// Pass is what a fault panics with to let the service answer.
type Pass struct{}

// reply is what a service answers.
type reply struct {
	status int
	kind   string
	body   []byte
	header http.Header
}

// New starts an instance, which ends with the test.
func New(t testing.TB) *Instance {
	t.Helper()
	w, err := virtual.New(virtual.Config{Seed: "signing"})
	if err != nil {
		t.Fatal(err)
	}
	i := &Instance{t: t, World: w, Fault: map[string]http.HandlerFunc{}, seen: map[string]string{}, calls: map[string]int{}, Index: "ours", last: map[string][]byte{}}
	if i.Root, err = trustroot.Parse(i.rootJSON()); err != nil {
		t.Fatal(err)
	}
	i.Fulcio = i.serve("fulcio", i.signingCert)
	i.TSA = i.serve("tsa", i.timestamp)
	i.Rekor1 = i.serve("rekor1", i.entryV1)
	i.Rekor2 = i.serve("rekor2", i.entryV2)
	return i
}

func (i *Instance) serve(name string, h func(*http.Request, []byte) (*reply, error)) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		i.mutex.Lock()
		i.calls[name]++
		i.last[name] = body
		i.mutex.Unlock()
		if f := i.Fault[name]; f != nil && stopped(f, w, r) {
			return
		}
		answer, err := h(r, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", answer.kind)
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body)
	}))
	i.t.Cleanup(s.Close)
	return s
}

// stopped runs a fault and reports whether it answered.
func stopped(f http.HandlerFunc, w http.ResponseWriter, r *http.Request) (answered bool) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case Pass:
			answered = false
		default:
			panic(v)
		}
	}()
	f(w, r)
	return true
}

// Called returns how often a service was asked.
func (i *Instance) Called(name string) int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.calls[name]
}

// LoseAnswers has a log, "rekor1" or "rekor2", do its work n times and break
// the connection.
func (i *Instance) LoseAnswers(name string, n int) {
	services := map[string]func(*http.Request, []byte) (*reply, error){"rekor1": i.entryV1, "rekor2": i.entryV2}
	i.Fault[name] = func(_ http.ResponseWriter, r *http.Request) {
		if n == 0 {
			panic(Pass{})
		}
		n--
		i.mutex.Lock()
		body := i.last[name]
		i.mutex.Unlock()
		_, _ = services[name](r, body)
		panic(http.ErrAbortHandler)
	}
}

// WriteConfig writes a client trust configuration to dir and returns its
// name: this instance's trust root, with services at other addresses if there
// are any for "fulcio", "tsa", "rekor2" and "oidc".
func (i *Instance) WriteConfig(dir string, addresses map[string]string) string {
	i.t.Helper()
	all := map[string]string{"fulcio": i.Fulcio.URL, "tsa": i.TSA.URL, "rekor2": i.Rekor2.URL, "oidc": "http://127.0.0.1:1"}
	for name, address := range addresses {
		all[name] = address
	}
	service := func(name string, version int) []map[string]any {
		return []map[string]any{{"url": all[name], "majorApiVersion": version, "operator": "test", "validFor": map[string]any{"start": "2020-01-01T00:00:00Z"}}}
	}
	data, err := json.Marshal(map[string]any{
		"mediaType":   "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
		"trustedRoot": json.RawMessage(i.rootJSON()),
		"signingConfig": map[string]any{
			"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
			"caUrls":    service("fulcio", 1), "oidcUrls": service("oidc", 1), "tsaUrls": service("tsa", 1), "rekorTlogUrls": service("rekor2", 2),
			"rekorTlogConfig": map[string]any{"selector": "ANY"}, "tsaConfig": map[string]any{"selector": "ANY"},
		},
	})
	if err != nil {
		i.t.Fatal(err)
	}
	name := filepath.Join(dir, "client_trust_config.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		i.t.Fatal(err)
	}
	return name
}

func (i *Instance) rootJSON() []byte {
	i.t.Helper()
	data, err := i.World.TrustedRoot()
	if err != nil {
		i.t.Fatal(err)
	}
	return data
}
