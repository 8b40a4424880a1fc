// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"net/http"
)

var errPlain = errors.New("it asks for credentials to be sent elsewhere, over plain HTTP")

// guard lets no credentials out over plain HTTP but to this machine, where a
// registry may be that names somebody else's address for tokens.
type guard struct{ http.RoundTripper }

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	// Tokens are asked for with a header, or with a form (RFC 6749, Section 4.3).
	secret := req.Header.Get("Authorization") != "" || req.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
	if secret && req.URL.Scheme == "http" && !isLoopback(req.URL.Host) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errPlain
	}
	return g.RoundTripper.RoundTrip(req)
}
