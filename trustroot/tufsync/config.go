// SPDX-License-Identifier: Apache-2.0

// Package tufsync refreshes a local copy of a TUF repository. It is the only
// package on the verifying side that opens a connection, and only when it is
// called.
//
// The copy is a cache directory of this module's own. A refresh verifies
// every file before it is written, writes each at once or not at all, and
// makes the whole count by replacing one small file at the end: a refresh
// that fails, is killed, or runs out of disk leaves the trust of the one
// before as it was. Any number of processes may read a cache, with
// tufroot.OpenCache, while one refreshes it.
//
// There is no way back from online to cached in here: if the repository
// cannot be reached, [Refresh] fails and says why.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package tufsync

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// Config says what to refresh, and from where.
type Config struct {
	// Dir is the cache directory, made if need be. See [DirName].
	Dir string

	// Root is the root metadata that the caller trusts. A cached root is used
	// only if it follows from this one.
	Root []byte

	// URL is where the metadata is, with scheme http, https or file.
	URL string

	// TargetsURL is where the target files are. Empty: "targets/" below URL.
	TargetsURL string

	// Now is the time of the refresh, by which all expiry is judged. Zero is
	// refused.
	Now time.Time

	// Targets are the names of the target files to fetch. Each must exist.
	Targets []string

	// Optional are names of target files to fetch if a role lists them.
	Optional []string

	// NotFound are the HTTP status codes that mean that a file does not
	// exist. Empty: 404. Some object stores say 403.
	NotFound []int

	// Attempts is how often a file is asked for while answers do not come or
	// say 429 or 5xx. Zero: 4.
	Attempts int

	// Backoff is the pause after the first attempt, doubled each time and
	// jittered. Zero: 250 ms.
	Backoff time.Duration

	// Timeout bounds one attempt, the body included. Zero: 30 s.
	Timeout time.Duration

	// Transport carries the requests. Nil: one of its own that knows proxies
	// from the environment and sends no credentials.
	Transport http.RoundTripper

	// Observe, if not nil, is called with each metadata file once it has been
	// accepted, also in a refresh that fails later.
	Observe func(role string, data []byte) error
}

// bounds on a Config
const (
	maxTargets  = 256
	maxAttempts = 20
)

// prepare fills in what is left open and refuses what makes no sense.
func (c *Config) prepare() error {
	switch {
	case c.Dir == "":
		return refuse.New("tuf.policy", "no cache directory given")
	case c.Now.IsZero():
		return refuse.New("tuf.policy", "no time given by which expiry is judged")
	case len(c.Targets)+len(c.Optional) > maxTargets:
		return refuse.New("tuf.limit", "more than %d targets asked for", maxTargets)
	case c.Attempts < 0 || c.Attempts > maxAttempts || c.Backoff < 0 || c.Timeout < 0:
		return refuse.New("tuf.policy", "attempts, backoff or timeout out of range")
	}
	if c.Attempts == 0 {
		c.Attempts = 4
	}
	if c.Backoff == 0 {
		c.Backoff = 250 * time.Millisecond
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if len(c.NotFound) == 0 {
		c.NotFound = []int{http.StatusNotFound}
	}
	for _, name := range append(append([]string{}, c.Targets...), c.Optional...) {
		if err := tuf.CheckTargetName(name); err != nil {
			return err
		}
	}
	return nil
}

// parseURL reads a base URL and gives it a slash at its end.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, refuse.New("tuf.url", "the repository's URL cannot be read")
	}
	switch {
	case u.Scheme == "file" && (u.Host == "" || u.Host == "localhost"):
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	default:
		return nil, refuse.New("tuf.url", "%q is not an http, https or file URL", Shown(s))
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, refuse.New("tuf.url", "%q: a query or a fragment, want a URL without", Shown(s))
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

// Shown returns a URL for a person to read: without what may be a secret,
// which is its user, password, query and fragment.
func Shown(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		return "(a URL that cannot be read)"
	}
	if u.User != nil {
		u.User = url.User("xxxxx")
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	return u.String()
}

// DirName returns the name of a repository's cache directory below a folder
// of such, made from its URL.
func DirName(repository string) (string, error) {
	u, err := parseURL(repository)
	if err != nil {
		return "", err
	}
	return FileName(u.Scheme + "," + u.Host + u.EscapedPath()), nil
}

// FileName turns any name, of a role or a target, into one that every file
// system takes for one component of a path. Different names stay different.
func FileName(name string) string { return tuf.EscapeFile(name) }
