// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy leads to services whose names no one can resolve but the proxy, and
// whose certificates are of an authority that no system knows.
type proxy struct {
	*httptest.Server
	t    testing.TB
	ca   string // PEM
	cert tls.Certificate
	to   map[string]*httptest.Server // by host

	mutex sync.Mutex
	seen  []string // methods and hosts, CONNECT for TLS
}

func newProxy(t testing.TB) *proxy {
	t.Helper()
	p := &proxy{t: t, to: make(map[string]*httptest.Server)}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "private"}, DNSNames: []string{"*.proxied.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	p.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	p.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

// stand puts a service behind the proxy, under a name of its own.
func (p *proxy) stand(name string, h http.Handler) string {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{p.cert}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it say so there
	s.StartTLS()
	p.t.Cleanup(s.Close)
	p.to[name+".proxied.test:443"] = s
	return "https://" + name + ".proxied.test"
}

func (p *proxy) serve(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	p.seen = append(p.seen, r.Method+" "+r.Host)
	p.mutex.Unlock()
	s := p.to[r.Host]
	switch {
	case r.Method == http.MethodConnect && s != nil:
		p.tunnel(w, s.Listener.Addr().String())
	case r.URL.Host == "tsa.proxied.test": // plain, with its whole address
		p.to["tsa.proxied.test:443"].Config.Handler.ServeHTTP(w, r)
	default:
		http.Error(w, "no such host", http.StatusBadGateway)
	}
}

func (p *proxy) tunnel(w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		p.t.Error(err)
		return
	}
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		p.t.Error(err)
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, server)
	_ = client.Close()
}

// TestMetadataProxy asks no proxy for the identity of the machine.
func TestMetadataProxy(t *testing.T) {
	s, p := newShell(t), newProxy(t)
	s.env = append(s.env, "HTTP_PROXY="+p.URL, "http_proxy="+p.URL, "GCE_METADATA_HOST=metadata.proxied.test")
	s.fails(1, "sign.oidc.unreachable")
	if hosts := p.hosts(); len(hosts) > 0 {
		t.Errorf("the proxy saw %q", hosts)
	}
}

// hosts are those that were asked for, sorted, each once.
func (p *proxy) hosts() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	all := slices.Clone(p.seen)
	slices.Sort(all)
	return slices.Compact(all)
}

// provider approves every device at once.
func provider(t testing.TB, base string) http.Handler {
	mux := http.NewServeMux()
	var nonce, client string
	answer := func(w http.ResponseWriter, v map[string]any) { _ = json.NewEncoder(w).Encode(v) }
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": base, "token_endpoint": base + "/token", "device_authorization_endpoint": base + "/device"})
	})
	mux.HandleFunc("/device", func(w http.ResponseWriter, r *http.Request) {
		nonce, client = r.FormValue("nonce"), r.FormValue("client_id")
		answer(w, map[string]any{"device_code": "1234", "user_code": "ABCD", "verification_uri": base + "/approve", "interval": 1})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"id_token": jwt(t, map[string]any{"iss": base, "nonce": nonce, "aud": client})})
	})
	return mux
}

// proxied is an instance behind a proxy.
func proxied(t *testing.T) (*shell, *proxy) {
	t.Helper()
	s, p := newShell(t), newProxy(t)
	oidc := "https://oidc.proxied.test"
	p.stand("oidc", provider(t, oidc))
	p.stand("tsa", s.TSA.Config.Handler)
	s.config = s.WriteConfig(s.dir, map[string]string{
		"fulcio": p.stand("fulcio", s.Fulcio.Config.Handler), "rekor2": p.stand("rekor", s.Rekor2.Config.Handler),
		"tsa": "http://tsa.proxied.test/api/v1/timestamp", "oidc": oidc,
	})
	runner := p.stand("runner", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"value": jwt(t, map[string]any{"aud": r.URL.Query().Get("audience")})})
	}))
	s.env = append(s.env, "ACTIONS_ID_TOKEN_REQUEST_URL="+runner, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-secret",
		"HTTPS_PROXY="+p.URL, "HTTP_PROXY="+p.URL)
	s.write("ca.pem", p.ca)
	return s, p
}

// TestSignProxy reaches every service through the proxy of the environment,
// and trusts the authority of --ca-file for all of them.
func TestSignProxy(t *testing.T) {
	t.Parallel()
	s, p := proxied(t)
	s.signs("", "--ca-file", "ca.pem")
	want := []string{"CONNECT fulcio.proxied.test:443", "CONNECT rekor.proxied.test:443", "CONNECT runner.proxied.test:443", "POST tsa.proxied.test"}
	if got := p.hosts(); !slices.Equal(got, want) {
		t.Errorf("the proxy was asked for %q, want %q", got, want)
	}
	// A person is asked through it, too.
	s.Issuers = []map[string]any{{"issuerUrl": "https://oidc.proxied.test", "audience": "acme"}}
	args := []string{"sign", "app", "--replace", "--trust-config", s.config, "--ca-file", "ca.pem", "--oidc-flow", "device"}
	if out := s.run(1, "", "sigbundle", args...); !strings.Contains(out, `https://fulcio.proxied.test: asks for a token for the audience "acme"`) {
		t.Errorf("%q", out)
	}
	s.run(0, "", "sigbundle", append(args, "--audience", "acme")...)
	if got := p.hosts(); !slices.Contains(got, "CONNECT oidc.proxied.test:443") {
		t.Errorf("the proxy was asked for %q", got)
	}
}

// TestSignNoProxy goes around the proxy for the hosts that NO_PROXY names.
func TestSignNoProxy(t *testing.T) {
	t.Parallel()
	s, p := proxied(t)
	s.env = append(s.env, "NO_PROXY=runner.proxied.test")
	s.fails(1, "https://runner.proxied.test cannot be reached", "--ca-file", "ca.pem")
	if got := p.hosts(); len(got) != 0 {
		t.Errorf("the proxy was asked for %q", got)
	}
}

// TestSignCA trusts no one else's authority, nor the system's beside it.
func TestSignCA(t *testing.T) {
	for name, args := range map[string][]string{"the system's": nil, "another": {"--ca-file", "other.pem"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := proxied(t)
			s.write("other.pem", newProxy(t).ca)
			s.fails(1, "https://runner.proxied.test cannot be reached: tls: failed to verify certificate", args...)
			s.env = append(s.env, "SIGSTORE_ID_TOKEN="+jwt(t, map[string]any{"email": nil}))
			s.fails(1, "sign.fulcio.unreachable", args...)
			if got := strings.Join(p.hosts(), " "); strings.Contains(got, "rekor") || strings.Contains(got, "tsa") {
				t.Errorf("asked for %q", got)
			}
		})
	}
	s := newShell(t)
	s.fails(2, "no certificate, want PEM", "--ca-file", "app")
	s.fails(2, "no such file", "--ca-file", "nosuch")
}

// TestSignProxyAnswers takes no answer of the proxy for one of a service.
func TestSignProxyAnswers(t *testing.T) {
	t.Parallel()
	s, p := proxied(t)
	delete(p.to, "fulcio.proxied.test:443")
	s.env = append(s.env, "SIGSTORE_ID_TOKEN="+jwt(t, map[string]any{"email": nil}))
	s.fails(1, "sign.fulcio.unreachable", "--ca-file", "ca.pem")
	if strings.Contains(strings.Join(p.hosts(), " "), "rekor") {
		t.Error("went on")
	}
}
