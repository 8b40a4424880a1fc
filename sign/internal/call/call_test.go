// SPDX-License-Identifier: Apache-2.0

package call

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func get(address string) Request {
	return Request{Service: "test", Method: http.MethodGet, URL: address, Timeout: 5 * time.Second, Limit: 10, Accept: []int{http.StatusOK}}
}

// TestRetry waits as long as it is told to, and no longer than there is time.
func TestRetry(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n < 3 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer s.Close()
	var pauses []time.Duration
	c := NewClient(Config{Pause: func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }})
	resp, err := c.Do(t.Context(), get(s.URL))
	if err != nil || string(resp.Body) != "ok" {
		t.Fatal(err)
	}
	if len(pauses) != 2 || pauses[0] != 7*time.Second || pauses[1] != 7*time.Second {
		t.Errorf("paused for %v", pauses)
	}

	n = 0
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := NewClient(Config{}).Do(ctx, get(s.URL)); refuse.CodeOf(err) != "sign.test.unavailable" {
		t.Error(err)
	}
	if ctx.Err() != nil {
		t.Error("waited although there was no time for it")
	}

	n = 0
	r := get(s.URL)
	r.Once = true
	if _, err := c.Do(t.Context(), r); refuse.CodeOf(err) != "sign.test.unavailable" || n != 1 {
		t.Errorf("%d requests, %v", n, err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-5": 0, "5.5": 0, "9999": maxPause, "99999999999": 0, "soon": 0,
		"Sun, 01 Jun 2025 12:00:09 GMT": 9 * time.Second, "Sun, 01 Jun 2025 11:00:00 GMT": 0, "Sun, 01 Jun 2030 11:00:00 GMT": maxPause,
	} {
		h := http.Header{"Retry-After": {value}}
		if got := retryAfter(h, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
	for attempt := 1; attempt < attempts; attempt++ {
		whole := firstPause << (attempt - 1)
		if d := backoff(attempt); d < whole/2 || d > whole {
			t.Errorf("attempt %d: %s", attempt, d)
		}
	}
}

// TestPrivateCA trusts the authorities given and no others.
func TestPrivateCA(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer s.Close()
	s.Config.ErrorLog = nil
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	if _, err := NewClient(Config{CAs: pool}).Do(t.Context(), get(s.URL)); err != nil {
		t.Error(err)
	}
	noWait := func(context.Context, time.Duration) error { return nil }
	if _, err := NewClient(Config{CAs: x509.NewCertPool(), Pause: noWait}).Do(t.Context(), get(s.URL)); refuse.CodeOf(err) != "sign.test.unreachable" {
		t.Error(err)
	}
}

// TestAddresses refuses addresses that a secret must not go to, and shows
// none that may hold one.
func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		address string
		secrets []string
		code    refuse.Code
	}{
		{"ftp://h/", nil, "sign.test.url"}, {"h", nil, "sign.test.url"}, {"http://%zz", nil, "sign.test.url"},
		{"https://user:password@h/", nil, "sign.test.url"},
		{"http://h.example.test/?password", []string{"secret"}, "sign.test.url"},
		{"http://127.0.0.1:1/?password", []string{"secret"}, "sign.test.unreachable"},
	} {
		r := get(c.address)
		r.Secrets, r.Once = c.secrets, true
		_, err := NewClient(Config{}).Do(t.Context(), r)
		if refuse.CodeOf(err) != c.code || strings.Contains(err.Error(), "password") {
			t.Errorf("%s: %v", c.address, err)
		}
	}
}

// TestPrivate asks over TLS, or this machine, where the answer decides who gets
// a secret.
func TestPrivate(t *testing.T) {
	for _, address := range []string{"http://h.example.test/", "http://localhost.example.test/", "http://127.0.0.1.example.test/", "http://192.0.2.1/", "http://[2001:db8::1]/"} {
		r := get(address)
		r.Private, r.Once = true, true
		if _, err := NewClient(Config{}).Do(t.Context(), r); refuse.CodeOf(err) != "sign.test.url" {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"http://localhost:1/", "http://127.0.0.1:1/", "http://[::1]:1/"} {
		r := get(address)
		r.Private, r.Once = true, true
		if _, err := NewClient(Config{}).Do(t.Context(), r); refuse.CodeOf(err) != "sign.test.unreachable" {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestRedact(t *testing.T) {
	r := Request{Secrets: []string{"abcdefgh.ijklmnop.q"}}
	got := r.redact("x abcdefgh.ijklmnop.q y ijklmnop z eyJhbGci.eyJzdWI.c2ln")
	if want := "x [secret] y [secret] z [secret]"; got != want {
		t.Errorf("got %q", got)
	}
	err := r.Redact(refuse.New("sign.test.malformed", "the member abcdefgh.ijklmnop.q"))
	if refuse.CodeOf(err) != "sign.test.malformed" || strings.Contains(err.Error(), "ijklmnop") {
		t.Errorf("%v", err)
	}
	if r.Redact(nil) != nil {
		t.Error("an error out of nothing")
	}
}
