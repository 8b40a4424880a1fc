// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// source is where a repository's files come from: a directory or a server.
// A file that does not exist is refused as tuf.not_found, and as nothing else.
type source interface {
	Root(version int64) ([]byte, error)
	Timestamp() ([]byte, error)
	Role(role string, w tuf.Want) ([]byte, error)
	Target(t *tuf.Target) ([]byte, error)
}

// newSource returns the source that a configuration names.
func newSource(ctx context.Context, c *Config) (source, error) {
	base, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	if base.Scheme == "file" {
		if c.TargetsURL != "" {
			return nil, refuse.New("tuf.url", "a directory has its targets inside, no URL of their own")
		}
		return tuf.Dir{FS: infile.Dir(filePath(base))}, nil
	}
	targets := base.JoinPath("targets/")
	if c.TargetsURL != "" {
		if targets, err = parseURL(c.TargetsURL); err != nil {
			return nil, err
		}
		if targets.Scheme == "file" {
			return nil, refuse.New("tuf.url", "metadata on a server, but targets in a directory")
		}
	}
	return &server{ctx: ctx, c: c, metadata: base, targets: targets, client: newClient(c.Transport)}, nil
}

// filePath returns the path of a file URL; on Windows it begins with a drive.
func filePath(u *url.URL) string {
	p := filepath.FromSlash(u.Path)
	if len(p) > 2 && p[2] == ':' && os.PathSeparator == '\\' {
		p = p[1:]
	}
	return p
}

func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			DisableCompression:  true, // what is hashed is what was sent
			ForceAttemptHTTP2:   true,
		}
	}
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("more than 5 redirects")
		}
		if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return errors.New("redirected from https to " + strconv.Quote(r.URL.Scheme))
		}
		return nil
	}}
}

// server fetches from a web server. It lives as long as one refresh.
type server struct {
	ctx               context.Context // of the refresh
	c                 *Config
	metadata, targets *url.URL
	client            *http.Client
}

func (s *server) Root(version int64) ([]byte, error) {
	return s.get(s.metadata, strconv.FormatInt(version, 10)+".root.json", tuf.MaxRootSize)
}

func (s *server) Timestamp() ([]byte, error) {
	return s.get(s.metadata, "timestamp.json", tuf.MaxTimestampSize)
}

func (s *server) Role(role string, w tuf.Want) ([]byte, error) {
	name := tuf.EscapeURL(role) + ".json"
	if w.Consistent {
		name = strconv.FormatInt(w.Version, 10) + "." + name
	}
	return s.get(s.metadata, name, w.Limit)
}

func (s *server) Target(t *tuf.Target) ([]byte, error) {
	data, err := s.get(s.targets, tuf.EscapePath(t.Path()), t.Length)
	return data, tuf.TooLong(err)
}

// get fetches a file of at most limit bytes. Every request is a GET without
// effects, so that it may be repeated.
func (s *server) get(base *url.URL, name string, limit int64) ([]byte, error) {
	where := base.String() + name // name is escaped: JoinPath would clean it
	pause := s.c.Backoff
	for attempt := 1; ; attempt++ {
		data, again, err := s.try(where, limit)
		if err == nil || !again.retry || attempt == s.c.Attempts {
			return data, err
		}
		wait := pause/2 + rand.N(pause)
		if again.after > maxPause {
			return nil, err // asked to come back later than anyone would wait
		}
		wait = max(wait, again.after)
		pause = min(2*pause, maxPause)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// maxPause bounds one pause between attempts.
const maxPause = 30 * time.Second

// repeat says whether an attempt is worth repeating, and not before when.
type repeat struct {
	retry bool
	after time.Duration
}

// try makes one attempt.
func (s *server) try(where string, limit int64) ([]byte, repeat, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, repeat{}, refuse.New("tuf.url", "no request can be made from the repository's URL")
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "sigbundle")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, repeat{retry: s.ctx.Err() == nil}, networkError(err, req.URL)
	}
	defer resp.Body.Close()
	if again, err := s.checkStatus(resp); err != nil {
		return nil, again, err
	}
	if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") || resp.Uncompressed {
		return nil, repeat{}, refuse.New("tuf.encoding", "GET %s: the server sent the encoding %q where the plain file was asked for", shown(req.URL), e)
	}
	if resp.ContentLength > limit {
		return nil, repeat{}, refuse.New("tuf.too_large", "GET %s: %d bytes, want at most %d", shown(req.URL), resp.ContentLength, limit)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, repeat{retry: s.ctx.Err() == nil}, networkError(err, req.URL)
	}
	if int64(len(data)) > limit {
		return nil, repeat{}, refuse.New("tuf.too_large", "GET %s: more than %d bytes", shown(req.URL), limit)
	}
	return data, repeat{}, nil
}

func (s *server) checkStatus(resp *http.Response) (repeat, error) {
	code, where := resp.StatusCode, shown(resp.Request.URL)
	switch {
	case code == http.StatusOK:
		return repeat{}, nil
	case slices.Contains(s.c.NotFound, code):
		return repeat{}, refuse.New("tuf.not_found", "GET %s: status %d", where, code)
	case code == http.StatusForbidden || code == http.StatusUnauthorized:
		return repeat{}, refuse.New("tuf.forbidden", "GET %s: status %d", where, code)
	case code == http.StatusTooManyRequests || code >= 500:
		return repeat{true, retryAfter(resp.Header)}, refuse.New("tuf.status", "GET %s: status %d", where, code)
	}
	return repeat{}, refuse.New("tuf.status", "GET %s: status %d", where, code)
}

// retryAfter reads how long a server asks to be left alone: in seconds, or
// until a date, which is measured from the server's own.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	until, err := http.ParseTime(v)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil {
		return 0
	}
	return max(0, until.Sub(now))
}

// networkError tells a server that does not answer from one that is slow and
// from an answer that breaks off.
func networkError(err error, u *url.URL) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse.Wrap("tuf.truncated", err, "GET %s: the answer breaks off", shown(u))
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return refuse.New("tuf.timeout", "GET %s: no complete answer in time", shown(u))
	}
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err // its text repeats the URL, with what is secret in it
	}
	return refuse.Wrap("tuf.network", err, "GET %s", shown(u))
}

// shown is a URL as it may appear in a message.
func shown(u *url.URL) string { return strconv.Quote(Shown(u.String())) }
