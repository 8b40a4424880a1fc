// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const (
	// outOfBand has the provider show the code instead of sending the browser
	// back with it.
	outOfBand = "urn:ietf:wg:oauth:2.0:oob"
	maxCode   = 2048 // bytes
)

// listener is where the browser comes back to. Only this machine can, and
// only while we wait.
func (f *flow) listener(ctx context.Context) (net.Listener, error) {
	if f.listen != nil {
		return f.listen()
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
}

// paste has the person bring the code back. Nothing brings the state back
// with it: what keeps the code of someone else out is the verifier, which the
// provider holds the code against, and what keeps their token out is
// the nonce.
func (f *flow) paste(ctx context.Context) (*Token, error) {
	address, err := f.address(outOfBand)
	if err != nil {
		return nil, err
	}
	f.Show("open this address on any device to say who you are: " + address)
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := f.ReadCode()
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return nil, refuse.New("sign.oidc.timeout", "code: none was typed within %s", f.Timeout)
	case l := <-read:
		if l.err != nil {
			return nil, refuse.Wrap("sign.oidc.denied", l.err, "no code")
		}
		code := strings.TrimSpace(l.text)
		if !isCode(code) {
			return nil, refuse.New("sign.oidc.malformed", "code: malformed, want the text that the page shows")
		}
		return f.exchange(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {outOfBand}}, code)
	}
}

// isCode reports whether a text is one that codes are made of (RFC 6749,
// Appendix A.11).
func isCode(s string) bool {
	return s != "" && len(s) <= maxCode && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
