// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

// clientID is what Sigstore's identity providers know clients as. Clients
// that run on people's machines have no secret.
const clientID = "sigstore"

// FlowConfig describes how a person is asked.
type FlowConfig struct {
	// Issuer is the identity provider's URL.
	Issuer string
	// ClientID names this program to the provider, and is the audience of the
	// token; empty means "sigstore".
	ClientID string
	// Connector, if not empty, asks a provider that fronts several (Dex) for
	// this one.
	Connector string
	// CAs, if not nil, are the roots for TLS, instead of the system's.
	CAs *x509.CertPool
	// Show tells the person what to do. Required.
	Show func(string)
	// Open opens a browser at an address; nil, or an error, leaves it to the
	// person, who is shown the address in any case.
	Open func(address string) error
	// ReadCode, if not nil, asks the person for a code that the provider has
	// shown, and returns what was typed. It serves where there is no browser.
	ReadCode func() (string, error)
	// Timeout bounds the whole flow; zero means two minutes.
	Timeout time.Duration

	pause  func(context.Context, time.Duration) error
	now    func() time.Time
	listen func() (net.Listener, error)
}

const (
	flowTimeout = 2 * time.Minute
	maxPage     = 2048 // bytes of an address that a person is sent to
)

// flow is one question to a person.
type flow struct {
	FlowConfig
	client *call.Client

	authorization, token, device string // the provider's endpoints

	verifier, state, nonce string
}

// newFlow asks the provider for its endpoints and makes up what only this
// flow knows.
func newFlow(ctx context.Context, c FlowConfig) (*flow, error) {
	if c.ClientID == "" {
		c.ClientID = clientID
	}
	if c.now == nil {
		c.now = time.Now
	}
	f := &flow{
		FlowConfig: c,
		client:     call.NewClient(call.Config{CAs: c.CAs, Pause: c.pause}),
		// 26 characters of 5 bits each, from crypto/rand; a verifier has 43
		// at least (RFC 7636, Section 4.1).
		verifier: rand.Text() + rand.Text(), state: rand.Text(), nonce: rand.Text(),
	}
	return f, f.discover(ctx)
}

// discover reads the provider's configuration (OpenID Connect Discovery 1.0,
// Section 4). It must name the issuer that was asked, or a token could be
// redeemed at one provider that another one's user approved.
func (f *flow) discover(ctx context.Context) error {
	resp, err := f.client.Do(ctx, call.Request{
		Service: "oidc", Method: http.MethodGet, URL: strings.TrimSuffix(f.Issuer, "/") + "/.well-known/openid-configuration",
		Timeout: ambientTimeout, Limit: maxAnswer, Accept: []int{http.StatusOK},
		// Who could change the answer on its way would choose where the code
		// of a person goes, and could redeem it at the real provider.
		Private: true,
	})
	if err != nil {
		return err
	}
	values, err := members(resp.Body, "issuer", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint")
	if err != nil {
		return err
	}
	if values["issuer"] != f.Issuer {
		return refuse.New("sign.oidc.issuer", "%s calls itself %q, want the same name", f.Issuer, values["issuer"])
	}
	f.authorization, f.token, f.device = values["authorization_endpoint"], values["token_endpoint"], values["device_authorization_endpoint"]
	if f.token == "" {
		return refuse.New("sign.oidc.malformed", "%s names no endpoint for tokens", f.Issuer)
	}
	return nil
}

// page refuses an address to which a person is not to be sent: what opens it may
// open files and start programs as well, and what is typed there is secret.
func (f *flow) page(address string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxPage || u.User != nil || !call.Confidential(u) {
		return refuse.New("sign.oidc.url", "%s has the page %.100q for people: not an HTTPS address", f.Issuer, address)
	}
	return nil
}

// challenge is the public half of the verifier (RFC 7636, Section 4.2).
func (f *flow) challenge() string {
	sum := sha256.Sum256([]byte(f.verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// exchange trades a code for a token, and checks that it answers this flow.
// Codes are good for one attempt.
func (f *flow) exchange(ctx context.Context, values url.Values, secret string) (*Token, error) {
	values.Set("client_id", f.ClientID)
	values.Set("code_verifier", f.verifier)
	resp, err := f.post(ctx, f.token, values, []string{secret, f.verifier}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return f.accept(resp.Body)
}

// accept reads the token out of an answer. The ID token is what is used; that
// some providers give the same for an access token is their own affair.
func (f *flow) accept(body []byte) (*Token, error) {
	values, err := members(body, "id_token")
	if err != nil {
		return nil, err
	}
	token, err := Parse(values["id_token"])
	if err != nil {
		return nil, err
	}
	return token, token.Check(Expect{Audience: f.ClientID, Issuer: f.Issuer, Nonce: f.nonce, Now: f.now()})
}

func (f *flow) post(ctx context.Context, address string, values url.Values, secrets []string, accept ...int) (*call.Response, error) {
	return f.client.Do(ctx, call.Request{
		Service: "oidc", Method: http.MethodPost, URL: address, Body: []byte(values.Encode()), Secrets: secrets,
		Header:  map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
		Timeout: ambientTimeout, Limit: maxAnswer, Accept: accept, Once: true,
	})
}

// scopes asks for the email address, by which certificates name people.
const scopes = "openid email"
