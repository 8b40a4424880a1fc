// SPDX-License-Identifier: Apache-2.0

// Package sigstore speaks to the services of a Sigstore instance over HTTP:
// Fulcio, timestamp authorities (RFC 3161), Rekor v1 and Rekor v2.
//
// What they answer is read strictly and within bounds; package sign judges
// it. What goes wrong is refused with a code that names the service ("sign.",
// then fulcio, tsa or rekor, then what happened) and a sentence with address
// and status. Tokens are in no error.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package sigstore

import (
	"context"
	"crypto/x509"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

// How long one attempt may take. Rekor v2 answers once the entry is in a
// published checkpoint, which takes it seconds.
const (
	fulcioTimeout  = 30 * time.Second
	issuersTimeout = 10 * time.Second // a person need not wait for what has a default
	tsaTimeout     = 15 * time.Second
	rekorV1Timeout = 30 * time.Second
	rekorV2Timeout = 60 * time.Second
)

// Bounds on answers.
const (
	maxCertificates = 256 << 10 // bytes, for a chain of a few certificates
	maxTimestamp    = 64 << 10  // bytes, with the authority's certificates
	maxEntry        = 16 << 20  // bytes: Rekor v1 repeats what was sent, base64 over base64
)

// ClientConfig says how services are reached. The zero value is fine.
type ClientConfig struct {
	// CAs, if not nil, are the roots for TLS, instead of the system's.
	CAs *x509.CertPool
	// UserAgent names the program to services; empty means "sigbundle".
	UserAgent string
	// Timeout, if not zero, bounds every attempt, instead of what suits each
	// service.
	Timeout time.Duration

	pause func(context.Context, time.Duration) error // tests do not wait
}

// Client makes requests for all services of this package. It follows no
// redirect, uses the proxies of the environment, and tries up to four times
// where a service is busy or cannot be reached. It is safe for concurrent
// use.
type Client struct {
	call    *call.Client
	timeout time.Duration
}

// NewClient returns a client.
func NewClient(c ClientConfig) *Client {
	return &Client{call.NewClient(call.Config{CAs: c.CAs, UserAgent: c.UserAgent, Pause: c.pause}), c.Timeout}
}

// do sends a request, with the client's own time-out if it has one.
func (c *Client) do(ctx context.Context, r *call.Request) (*call.Response, error) {
	if c.timeout != 0 {
		r.Timeout = c.timeout
	}
	return c.call.Do(ctx, *r)
}

// malformed refuses an answer that cannot be read. A code of our own family
// says more and stays; those of the parsers are about bundles.
func malformed(service string, err error, address string) error {
	code := refuse.Code("sign." + service + ".malformed")
	if own := refuse.CodeOf(err); strings.HasPrefix(string(own), "sign.") {
		code = own
	}
	return refuse.New(code, "%s: malformed answer: %s", address, err)
}
