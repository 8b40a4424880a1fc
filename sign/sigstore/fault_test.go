// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
)

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// TestFaults breaks each service in each way. What must come out is a code
// that names the service and the trouble, and nothing of the token.
func TestFaults(t *testing.T) {
	services := map[string]struct {
		family string
		log    tlog.Generation
	}{"fulcio": {"fulcio", tlog.V2}, "tsa": {"tsa", tlog.V2}, "rekor1": {"rekor", tlog.V1}, "rekor2": {"rekor", tlog.V2}}
	token := newToken(t, nil)
	leak := token.Raw()
	for name, s := range services {
		for what, f := range map[string]struct {
			fault http.HandlerFunc
			code  string
			calls int
		}{
			"500": {status(500, "broken "+leak), "unavailable", 4},
			"503": {status(503, ""), "unavailable", 4},
			"429": {status(429, "slow down"), "unavailable", 4},
			"404": {status(404, "nothing here "+leak), "status", 1},
			"redirect": {func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			}, "status", 1},
			"broken":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "unreachable", 4},
			"slow":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "timeout", 4},
			"truncated": {truncated, "unreachable", 4},
			"oversize":  {func(w http.ResponseWriter, _ *http.Request) { flood(w) }, "oversize", 1},
			"nonsense":  {nonsense, "malformed", 1},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				// On a busy machine little time is over before a request is
				// there, which the service does not count.
				var calls int
				for budget := 100 * time.Millisecond; calls != f.calls && budget <= 10*time.Second; budget *= 10 {
					i := newInstance(t)
					i.Fault[name] = f.fault
					config := i.config(token, s.log)
					if what == "slow" {
						i.hurry(&config, name, budget)
					}
					err := i.refused(t, config, sign.Message(strings.NewReader(artifact)), "sign."+s.family+"."+f.code)
					i.checkMessage(t, err, name, leak)
					if calls = i.Called(name); what != "slow" {
						break
					}
				}
				if calls != f.calls {
					t.Errorf("asked %d times, want %d", calls, f.calls)
				}
			})
		}
	}
}

// checkMessage wants the address in the error, and no part of the token.
func (i *instance) checkMessage(t *testing.T, err error, name, leak string) {
	t.Helper()
	urls := map[string]string{"fulcio": i.Fulcio.URL, "tsa": i.TSA.URL, "rekor1": i.Rekor1.URL, "rekor2": i.Rekor2.URL}
	if !strings.Contains(err.Error(), urls[name]) {
		t.Errorf("no address in %q", err)
	}
	for _, part := range strings.Split(leak, ".") {
		if strings.Contains(err.Error(), part) {
			t.Errorf("a part of the token in %q", err)
		}
	}
}

// hurry gives one service little time.
func (i *instance) hurry(c *sign.Config, name string, d time.Duration) {
	client := i.client(d)
	switch name {
	case "fulcio":
		c.Issuer.(*Fulcio).c.Client = client
	case "tsa":
		c.TimestampAuthorities[0].(*TSA).c.Client = client
	case "rekor1":
		c.Logs[0].(*RekorV1).c.Client = client
	case "rekor2":
		c.Logs[0].(*RekorV2).c.Client = client
	}
}

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"`)
}

func nonsense(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"entirely": "something else"}`)
}

func flood(w http.ResponseWriter) {
	w.WriteHeader(http.StatusCreated)
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for range 2 * maxEntry >> 20 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// TestStopped asks services that are not there.
func TestStopped(t *testing.T) {
	for name, code := range map[string]string{"fulcio": "sign.fulcio.unreachable", "tsa": "sign.tsa.unreachable", "rekor2": "sign.rekor.unreachable"} {
		i := newInstance(t)
		config := i.config(newToken(t, nil), tlog.V2)
		map[string]*httptest.Server{"fulcio": i.Fulcio, "tsa": i.TSA, "rekor2": i.Rekor2}[name].Close()
		i.refused(t, config, sign.Message(strings.NewReader(artifact)), code)
	}
}

// TestLies has services answer in good form with something wrong.
func TestLies(t *testing.T) {
	other, err := virtual.New(virtual.Config{Seed: "somebody else"})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.Key("stranger", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := other.Key("stranger", virtual.ECDSAP384)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, code string
		log        tlog.Generation
		lie        func(*instance)
	}{
		{"certificate for another key", "sign.fulcio.key", tlog.V2, func(i *instance) {
			i.Certificate.Certificate = func(c *virtual.CertificateInput) { c.PublicKey = stranger.Public() }
		}},
		{"certificate of another authority", "chain.untrusted", tlog.V2, func(i *instance) {
			i.Certificate.Certificate = func(c *virtual.CertificateInput) { c.Key = p384 }
		}},
		{"certificate for somebody else", "sign.fulcio.identity", tlog.V2, func(i *instance) { i.Impostor = "mallory@example.test" }},
		{"wrong SCT", "sct.signature", tlog.V2, func(i *instance) { i.Certificate.SCT = func(s *virtual.SCTInput) { s.Corrupt = true } }},
		{"SCT of another log", "sct.unknown_log", tlog.V2, func(i *instance) { i.Certificate.SCT = func(s *virtual.SCTInput) { s.LogID[0] ^= 1 } }},
		{"no SCT", "sct.missing", tlog.V2, func(i *instance) { i.Certificate.SCTList = func([]byte) []byte { return nil } }},
		{"timestamp of something else", "timestamp.imprint", tlog.V2, func(i *instance) {
			i.Stamp.Timestamp = func(in *virtual.TimestampInput) { in.Info = nil }
		}},
		{"timestamp with a broken signature", "timestamp.signature", tlog.V2, func(i *instance) {
			i.Stamp.Timestamp = func(in *virtual.TimestampInput) { in.Corrupt = true }
		}},
		{"old timestamp", "sign.tsa.nonce", tlog.V2, func(i *instance) {
			i.Stamp.Timestamp = func(in *virtual.TimestampInput) { in.Nonce = big.NewInt(7) }
		}},
		{"timestamp without a nonce", "sign.tsa.nonce", tlog.V2, func(i *instance) {
			i.Stamp.Timestamp = func(in *virtual.TimestampInput) { in.Nonce = nil }
		}},
		{"timestamp after the certificate", "chain.expired", tlog.V2, func(i *instance) {
			i.Stamp.Timestamp = func(in *virtual.TimestampInput) { in.Time = in.Time.Add(time.Hour) }
		}},
		{"v2 entry of another artifact", "tlog.entry.digest", tlog.V2, func(i *instance) {
			i.Entry.Entry = func(in *virtual.EntryInput) { in.Digest = bytes.Repeat([]byte{7}, 32) }
		}},
		{"v1 entry of another artifact", "tlog.entry.digest", tlog.V1, func(i *instance) {
			i.Entry.Entry = func(in *virtual.EntryInput) { in.Digest = bytes.Repeat([]byte{7}, 32) }
		}},
		{"v2 entry of another key", "tlog.entry.key", tlog.V2, func(i *instance) {
			i.Entry.Entry = func(in *virtual.EntryInput) { in.Certificate, in.PublicKey = nil, stranger.SPKI() }
		}},
		{"v1 entry of another signature", "tlog.entry.signature", tlog.V1, func(i *instance) {
			i.Entry.Entry = func(in *virtual.EntryInput) { in.Signature = []byte("another") }
		}},
		{"broken promise", "tlog.promise.signature", tlog.V1, func(i *instance) {
			i.Entry.Promise = func(in *virtual.PromiseInput) { in.Corrupt = true }
		}},
		{"promise after the certificate", "chain.expired", tlog.V1, func(i *instance) {
			i.Entry.Promise = func(in *virtual.PromiseInput) { in.Integrated += 3600 }
		}},
		{"broken checkpoint of v1", "tlog.checkpoint.signature", tlog.V1, func(i *instance) {
			i.Entry.Checkpoint = func(in *virtual.CheckpointInput) { in.Corrupt = true }
		}},
		{"broken checkpoint of v2", "tlog.checkpoint.signature", tlog.V2, func(i *instance) {
			i.Entry.Checkpoint = func(in *virtual.CheckpointInput) { in.Corrupt = true }
		}},
		{"checkpoint of another tree", "tlog.checkpoint.root", tlog.V2, func(i *instance) {
			i.Entry.Checkpoint = func(in *virtual.CheckpointInput) { in.Root = bytes.Repeat([]byte{7}, 32) }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newInstance(t)
			c.lie(i)
			i.refused(t, i.config(newToken(t, nil), c.log), sign.Message(strings.NewReader(artifact)), c.code)
		})
	}
}
