// SPDX-License-Identifier: Apache-2.0

// Package call makes the HTTP requests of a signer. Every request has a
// deadline, every answer a bound, no redirect is followed, and whatever goes
// wrong becomes a refusal that names the service, its address and the status,
// and never a secret.
//
// The codes are "sign.", the service, and one of
//
//	unreachable   no connection, or it broke
//	timeout       no answer in time
//	unavailable   5xx, 408, 429 or 499, after all attempts
//	status        any other answer that is not the expected one
//	oversize      an answer beyond its bound
//	url           an address that cannot be used
package call

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Bounds on one request and its repetition.
const (
	attempts    = 4 // the first one and three more
	maxHeader   = 64 << 10
	dialTimeout = 10 * time.Second
	firstPause  = 500 * time.Millisecond
	maxPause    = 30 * time.Second // also of what Retry-After may ask for
	maxExcerpt  = 200              // bytes of an answer that an error quotes
)

// Config says how a Client reaches services.
type Config struct {
	// CAs, if not nil, are the roots for TLS instead of the system's.
	CAs *x509.CertPool
	// UserAgent names the program; empty means "sigbundle".
	UserAgent string
	// Pause waits between attempts; nil means a timer. Tests set it.
	Pause func(context.Context, time.Duration) error
}

// Client makes requests. It is safe for concurrent use.
type Client struct {
	http   *http.Client
	direct *http.Client // without proxies
	agent  string
	pause  func(context.Context, time.Duration) error
}

// NewClient returns a client. Proxies are those of the environment
// (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
func NewClient(c Config) *Client {
	if c.UserAgent == "" {
		c.UserAgent = "sigbundle"
	}
	if c.Pause == nil {
		c.Pause = pause
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: c.CAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    4,
	}
	direct := transport.Clone()
	direct.Proxy = nil
	return &Client{http: oneStep(transport), direct: oneStep(direct), agent: c.UserAgent, pause: c.Pause}
}

// oneStep follows no redirect: one would carry a token, or a signature, to an
// address that is not configured.
func oneStep(t *http.Transport) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Request is one request, which may be sent several times.
type Request struct {
	Service string // in codes: "fulcio", "tsa", "rekor", "oidc"
	Method  string
	URL     string
	Header  map[string]string
	Body    []byte
	Timeout time.Duration // of one attempt
	Limit   int64         // bytes of the answer
	Accept  []int         // the statuses that are no error
	Secrets []string      // what must not appear in errors
	Private bool          // the answer decides where secrets go: as with Secrets, it is asked for over TLS only
	Direct  bool          // through no proxy: only this machine's network has the service
	Once    bool          // not to be repeated, as with a code that is good for one attempt
}

// Response is an accepted answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends the request until it is answered or is not worth another attempt.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		resp, wait, err := c.once(ctx, &r)
		if err == nil {
			return resp, nil
		}
		var again *retryable
		if !errors.As(err, &again) {
			return nil, err
		}
		if r.Once || attempt == attempts || ctx.Err() != nil || c.pause(ctx, max(wait, backoff(attempt))) != nil {
			return nil, again.err
		}
	}
}

// Wait pauses as between attempts, until ctx is done.
func (c *Client) Wait(ctx context.Context, d time.Duration) error { return c.pause(ctx, d) }

// retryable marks an error after which the same request may succeed.
type retryable struct{ err error }

func (r *retryable) Error() string { return r.err.Error() }

// check refuses an address that a secret must not be sent to.
func (r *Request) check() error {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return r.refuse("url", "%q is not an HTTP address", show(r.URL))
	}
	if (len(r.Secrets) > 0 || r.Private) && !Confidential(u) {
		return r.refuse("url", "%s is not HTTPS, and what is secret would go there in the clear", show(r.URL))
	}
	return nil
}

// Confidential reports whether only the host of an address reads what is sent
// there: over TLS, or on this machine.
func Confidential(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()))
}

// once makes one attempt. Errors worth another one are retryable, with the
// pause that the service asked for.
func (c *Client) once(ctx context.Context, r *Request) (*Response, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, 0, r.refuse("url", "%q is not an HTTP address", show(r.URL))
	}
	req.Header.Set("User-Agent", c.agent)
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	client := c.http
	if r.Direct {
		client = c.direct
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, 0, &retryable{r.broken(ctx, err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, r.Limit+1))
	switch {
	case err != nil:
		return nil, 0, &retryable{r.broken(ctx, err)}
	case int64(len(body)) > r.Limit:
		return nil, 0, r.refuse("oversize", "%s answered with more than %d bytes", show(r.URL), r.Limit)
	case slices.Contains(r.Accept, resp.StatusCode):
		return &Response{resp.StatusCode, resp.Header, body}, 0, nil
	}
	if !busy(resp.StatusCode) {
		return nil, 0, r.Refuse("status", resp.StatusCode, body)
	}
	return nil, retryAfter(resp.Header, time.Now()), &retryable{r.Refuse("unavailable", resp.StatusCode, body)}
}

// busy reports whether a status says that the same request may succeed later.
func busy(status int) bool {
	const cancelled = 499 // how gRPC gateways, Rekor v2's among them, say CANCELLED
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == cancelled
}

// Refuse returns a refusal for an answer, with an excerpt of what it says.
func (r *Request) Refuse(what string, status int, body []byte) error {
	text := strings.TrimSpace(r.redact(string(body)))
	if len(text) > maxExcerpt {
		text = text[:maxExcerpt] + "…"
	}
	if text == "" {
		return r.refuse(what, "%s answered with status %d", show(r.URL), status)
	}
	return r.refuse(what, "%s answered with status %d, and %q", show(r.URL), status, text)
}

func (r *Request) refuse(what, format string, args ...any) error {
	return refuse.New(refuse.Code("sign."+r.Service+"."+what), format, args...)
}

// broken names what kept an answer from arriving.
func (r *Request) broken(ctx context.Context, err error) error {
	var wrapped *url.Error // repeats the address with its query
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return r.refuse("timeout", "%s did not answer within %s", show(r.URL), r.Timeout)
	}
	return r.refuse("unreachable", "%s cannot be reached: %s", show(r.URL), r.redact(err.Error()))
}

// Redact takes secrets out of an error about the answer, which may repeat what
// was sent. The code stays.
func (r *Request) Redact(err error) error {
	if err == nil {
		return nil
	}
	if text := r.redact(err.Error()); text != err.Error() {
		return refuse.New(refuse.CodeOf(err), "%s", text)
	}
	return err
}

// redact takes secrets out of foreign text: as a whole, and piece by piece
// where a piece is a secret by itself, as the parts of a token are.
func (r *Request) redact(s string) string {
	for _, secret := range r.Secrets {
		for _, piece := range append([]string{secret}, strings.Split(secret, ".")...) {
			if len(piece) >= 8 {
				s = strings.ReplaceAll(s, piece, "[secret]")
			}
		}
	}
	return webToken.ReplaceAllString(s, "[secret]")
}

// webToken matches what looks like a JSON Web Token, of any holder.
var webToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*`)

// show returns an address without what may be secret in it.
func show(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
