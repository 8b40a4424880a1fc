// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// steps are the requests of a refresh in which everything is new.
var steps = []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "targets/" + sha([]byte("new")) + ".file"}

// faultyBench is a bench with a cache, whose server has something new.
func faultyBench(t *testing.T) *bench {
	b := newBench(t)
	b.ok()
	b.AddTarget("targets", "file", []byte("new"))
	b.Publish("root")
	b.Publish("targets")
	b.Requests()
	return b
}

// Each fault of the network, at each step, has its code, and leaves the
// trust as it was.
func TestNetworkFaults(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
	}
	for name, f := range map[string]struct {
		code   refuse.Code
		answer func(b *bench, w http.ResponseWriter, r *http.Request)
	}{
		"refused": {"tuf.network", func(b *bench, w http.ResponseWriter, r *http.Request) { hangUp(w) }},
		"slow": {"tuf.timeout", func(b *bench, w http.ResponseWriter, r *http.Request) {
			w.Write([]byte("{"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		"401": {"tuf.forbidden", func(b *bench, w http.ResponseWriter, r *http.Request) { status(401)(w, r) }},
		"403": {"tuf.forbidden", func(b *bench, w http.ResponseWriter, r *http.Request) { status(403)(w, r) }},
		"404": {"tuf.not_found", func(b *bench, w http.ResponseWriter, r *http.Request) { status(404)(w, r) }},
		"500": {"tuf.status", func(b *bench, w http.ResponseWriter, r *http.Request) { status(500)(w, r) }},
		"204": {"tuf.status", func(b *bench, w http.ResponseWriter, r *http.Request) { status(204)(w, r) }},
		"truncated": {"tuf.truncated", func(b *bench, w http.ResponseWriter, r *http.Request) {
			data := b.File(strings.TrimPrefix(r.URL.Path, "/"))
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			w.Write(data[:len(data)/2])
		}},
		"gzip": {"tuf.encoding", func(b *bench, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(b.File(strings.TrimPrefix(r.URL.Path, "/")))
			z.Close()
		}},
	} {
		for _, step := range steps {
			if name == "404" && step == "2.root.json" {
				continue // that is how the end of the roots looks
			}
			t.Run(name+"/"+step[:9], func(t *testing.T) {
				b := faultyBench(t)
				b.config = func(c *Config) {
					c.Attempts = 1
					if name == "slow" {
						c.Timeout = 100 * time.Millisecond
					}
				}
				b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path != "/"+step {
						return false
					}
					f.answer(b, w, r)
					return true
				})
				b.refused(f.code, "file")
				b.want(1, 1, 1, 1)
				b.Intercept(nil)
				b.config = nil
				b.ok("file")
				b.want(2, 2, 2, 2)
			})
		}
	}
}

func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func TestNobodyListens(t *testing.T) {
	b := faultyBench(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l.Close()
	b.url = "http://user:secret@" + l.Addr().String()
	_, err = b.refresh()
	if refuse.CodeOf(err) != "tuf.network" || strings.Contains(err.Error(), "secret") {
		t.Fatalf("%v (%s)", err, refuse.CodeOf(err))
	}
	b.want(1, 1, 1, 1)
}

func TestWrongLength(t *testing.T) {
	for _, data := range []string{"ne", "new and more", ""} {
		b := faultyBench(t)
		b.SetFile(steps[4], []byte(data))
		b.refused("tuf.length", "file")
	}
	b := newBench(t)
	relist(b)
	b.SetFile("2.snapshot.json", append(b.File("2.snapshot.json"), ' '))
	b.refused("tuf.too_large")
	b.SetFile("2.snapshot.json", bytes.TrimSuffix(b.File("2.snapshot.json"), []byte("} ")))
	b.refused("tuf.length")
}

func TestRetry(t *testing.T) {
	for name, code := range map[string]int{"503": 503, "429": 429, "hung up": 0} {
		b := newBench(t)
		var n atomic.Int32
		b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if n.Add(1)%3 == 0 {
				return false
			}
			if code == 0 {
				hangUp(w)
			} else {
				w.WriteHeader(code)
			}
			return true
		})
		b.config = func(c *Config) { c.Attempts = 3 }
		if b.ok(); n.Load() != 12 {
			t.Errorf("%s: %d requests, want 12", name, n.Load())
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		least  time.Duration
		ok     bool
	}{
		"seconds": {"1", time.Second, true}, "nonsense": {"soon", 0, true}, "too long": {"3600", 0, false},
	} {
		b := newBench(t)
		var n atomic.Int32
		b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if n.Add(1) > 1 {
				return false
			}
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(503)
			return true
		})
		start := time.Now()
		_, err := b.refresh()
		if (err == nil) != c.ok || time.Since(start) < c.least || time.Since(start) > c.least+time.Minute {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
	}
	h := http.Header{"Date": {"Mon, 02 Jan 2006 15:04:05 GMT"}, "Retry-After": {"Mon, 02 Jan 2006 15:04:08 GMT"}}
	if d := retryAfter(h); d != 3*time.Second {
		t.Errorf("until a date: %v", d)
	}
}

func TestNotFoundCodes(t *testing.T) {
	b := newBench(t)
	b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if b.File(r.URL.Path[1:]) != nil {
			return false
		}
		w.WriteHeader(403)
		return true
	})
	b.refused("tuf.forbidden")
	b.config = func(c *Config) { c.NotFound = []int{403, 404} }
	b.ok()
}

// What is sent along is the same for everybody: nothing that identifies.
func TestRequestHeaders(t *testing.T) {
	b := newBench(t)
	b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		for name := range r.Header {
			if name != "Accept-Encoding" && name != "User-Agent" {
				t.Errorf("header %s", name)
			}
		}
		if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("User-Agent") != "sigbundle" {
			t.Errorf("headers %v", r.Header)
		}
		return false
	})
	b.ok()
}

func TestProxyFromEnvironment(t *testing.T) {
	// net/http reads the environment once, so only the wiring is looked at.
	tr := newClient(nil).Transport.(*http.Transport)
	if tr.Proxy == nil || !tr.DisableCompression {
		t.Error("no proxies, or compression")
	}
	b := newBench(t)
	proxied := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied++
		b.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	must(t, err)
	b.url = "http://tuf.invalid/"
	b.config = func(c *Config) { c.Transport = &http.Transport{Proxy: http.ProxyURL(u)} }
	if b.ok(); proxied != 4 {
		t.Errorf("%d requests through the proxy", proxied)
	}
}

func TestRedirects(t *testing.T) {
	b := newBench(t)
	target := b.url
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target+r.URL.Path, http.StatusFound)
	}))
	defer plain.Close()
	b.url = plain.URL
	b.ok()
	secure := httptest.NewTLSServer(plain.Config.Handler)
	defer secure.Close()
	b.url = secure.URL
	b.config = func(c *Config) { c.Transport = secure.Client().Transport }
	b.refused("tuf.network")
}

func TestFileMirror(t *testing.T) {
	b := newBench(t)
	b.AddTarget("targets", "dir/file", []byte("x"))
	b.Delegate("targets", "a role?", false, "*")
	b.AddTarget("a role?", "other", []byte("y"))
	b.Publish("a role?", "targets")
	mirror := filepath.Join(t.TempDir(), "a mirror")
	must(t, os.CopyFS(mirror, b.FS()))
	b.url = (&url.URL{Scheme: "file", Path: filepath.ToSlash(mirror)}).String()
	b.ok("dir/file", "other")
	b.wantRequests()
	b.want(1, 2, 2, 2)
	must(t, os.Remove(filepath.Join(mirror, "timestamp.json")))
	b.refused("tuf.not_found")
}

func TestConfig(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		code refuse.Code
		set  func(*Config)
	}{
		"zero":         {"tuf.policy", func(c *Config) { *c = Config{} }},
		"no time":      {"tuf.policy", func(c *Config) { c.Now = time.Time{} }},
		"no directory": {"tuf.policy", func(c *Config) { c.Dir = "" }},
		"no root":      {"tuf.malformed", func(c *Config) { c.Root = nil }},
		"attempts":     {"tuf.policy", func(c *Config) { c.Attempts = 1000 }},
		"targets":      {"tuf.limit", func(c *Config) { c.Targets = make([]string, 257) }},
		"scheme":       {"tuf.url", func(c *Config) { c.URL = "ftp://host/" }},
		"no host":      {"tuf.url", func(c *Config) { c.URL = "https:///x" }},
		"query":        {"tuf.url", func(c *Config) { c.URL += "?x=y" }},
		"garbage":      {"tuf.url", func(c *Config) { c.URL = "http://[" }},
		"mixed":        {"tuf.url", func(c *Config) { c.TargetsURL = "file:///tmp" }},
		"remote file":  {"tuf.url", func(c *Config) { c.URL = "file://host/tmp" }},
	} {
		cfg := b.cfg()
		c.set(&cfg)
		if _, err := Refresh(context.Background(), cfg); refuse.CodeOf(err) != c.code {
			t.Errorf("%s: %v (%s)", name, err, refuse.CodeOf(err))
		}
	}
	b.wantRequests()
	one, err1 := DirName("https://example.com/a/")
	two, err2 := DirName("https://example.com/a")
	if err1 != nil || err2 != nil || one != two || strings.ContainsAny(one, `/\:`) {
		t.Errorf("%q %q %v %v", one, two, err1, err2)
	}
}

func TestCancelled(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	b.Intercept(func(w http.ResponseWriter, r *http.Request) bool { cancel(); w.WriteHeader(503); return true })
	start := time.Now()
	cfg := b.cfg()
	cfg.Backoff, cfg.Attempts = time.Hour, 20
	if _, err := Refresh(ctx, cfg); err == nil || time.Since(start) > time.Minute {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// What may be a secret in a URL is not shown.
func TestShown(t *testing.T) {
	for _, u := range []string{
		"https://user:secret@host/p/", "https://secret@host/p/", "https://host/p/?token=secret", "https://host/p/#secret", "https://user:secret@host/?secret#secret",
		"secret:secret@host", "https://host/%zz?secret", "://user:secret@host", "ftp://u:secret@host/",
	} {
		if shown := Shown(u); strings.Contains(shown, "secret") && !strings.HasPrefix(u, "secret:") {
			t.Errorf("%s: %s", u, shown)
		}
		if _, err := DirName(u); err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", u, err)
		}
	}
	if got := Shown("https://host:8443/a/b/"); got != "https://host:8443/a/b/" {
		t.Error(got)
	}
}
