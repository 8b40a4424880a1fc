// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// callback is the path that the provider sends the browser back to; it is
// registered there.
const callback = "/auth/callback"

// Browser gets a token from a person with a browser on this machine: the
// authorization code flow with PKCE (RFC 6749, Section 4.1; RFC 7636; RFC
// 8252). State, nonce, issuer, audience and expiry are checked. Refusals are
// sign.oidc.* and sign.token.*.
//
// Where no browser can be opened, or nothing can listen for it, and
// c.ReadCode is set, the person opens the address anywhere and brings back
// the code that the provider shows.
func Browser(ctx context.Context, c FlowConfig) (*Token, error) {
	if c.Timeout == 0 {
		c.Timeout = flowTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	f, err := newFlow(ctx, c)
	if err != nil {
		return nil, err
	}
	listener, err := f.listener(ctx)
	if err != nil && f.ReadCode != nil {
		return f.paste(ctx)
	}
	if err != nil {
		return nil, refuse.Wrap("sign.oidc.callback", err, "listening for the browser")
	}
	host := "localhost:" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	redirect := "http://" + host + callback
	answers := make(chan answer, 1)
	server := &http.Server{Handler: f.handler(host, answers), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() { _ = server.Serve(listener) }()
	defer func() {
		// What was answered last may still be on its way to the browser.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}()

	address, err := f.address(redirect)
	if err != nil {
		return nil, err
	}
	if opened := f.Open != nil && f.Open(address) == nil; !opened && f.ReadCode != nil {
		return f.paste(ctx)
	}
	f.Show("open this address to say who you are: " + address)
	select {
	case <-ctx.Done():
		return nil, refuse.New("sign.oidc.timeout", "browser: no answer within %s", c.Timeout)
	case a := <-answers:
		if a.err != nil {
			return nil, a.err
		}
		return f.exchange(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {a.code}, "redirect_uri": {redirect}}, a.code)
	}
}

func (f *flow) address(redirect string) (string, error) {
	if f.authorization == "" {
		return "", refuse.New("sign.oidc.malformed", "%s names no endpoint for browsers", f.Issuer)
	}
	if err := f.page(f.authorization); err != nil {
		return "", err
	}
	values := url.Values{
		"response_type": {"code"}, "client_id": {f.ClientID}, "scope": {scopes}, "redirect_uri": {redirect},
		"state": {f.state}, "nonce": {f.nonce}, "access_type": {"online"},
		"code_challenge": {f.challenge()}, "code_challenge_method": {"S256"},
	}
	if f.Connector != "" {
		values.Set("connector_id", f.Connector)
	}
	return withQuery(f.authorization, values)
}

// answer is what the browser brought back.
type answer struct {
	code string
	err  error
}

// handler takes the first answer to our question. What does not know the
// state is not one: any page that the browser shows can send it here. Under
// another host's name such a page could also read what we answer, and what
// only looks (HEAD) uses no answer up.
func (f *flow) handler(host string, answers chan<- answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+callback, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Host != host || r.Method != http.MethodGet || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.state)) != 1 {
			http.Error(w, "This is not the answer to a question of ours.", http.StatusBadRequest)
			return
		}
		a := answer{code: q.Get("code")}
		switch {
		case q.Get("error") != "":
			a.err = refuse.New("sign.oidc.denied", "%s says %.80q: %.200q", f.Issuer, q.Get("error"), q.Get("error_description"))
		case a.code == "":
			a.err = refuse.New("sign.oidc.malformed", "%s sent the browser back without a code", f.Issuer)
		// RFC 9207: where the provider says who it is, it has to be the right one.
		case q.Has("iss") && q.Get("iss") != f.Issuer:
			a.err = refuse.New("sign.oidc.issuer", "answer of the browser: from %.80q, want %s", q.Get("iss"), f.Issuer)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
		select {
		case answers <- a:
			_, _ = io.WriteString(w, "Thank you. You can close this page.\n")
		default:
			_, _ = io.WriteString(w, "This question was answered already.\n")
		}
	})
	return mux
}
