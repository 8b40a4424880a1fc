// SPDX-License-Identifier: Apache-2.0

package main

// Who signs, in keyless mode.

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/sign/sigstore"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// holder gets identity tokens in the way that the flags say.
type holder struct {
	*signerFlags
	cmd       *cobra.Command
	signing   *signingconfig.Config
	client    *sigstore.Client
	authority string // base URL of the certificate authority
	cas       *x509.CertPool

	issuers sigstore.Issuers
	asked   bool // the authority was asked for them
}

// issuer is the certificate authority, for the holder of a token.
func (h *holder) issuer() (*sigstore.Fulcio, error) {
	ctx := h.cmd.Context()
	token, err := h.get(ctx)
	if err != nil {
		return nil, err
	}
	// The address is what most authorities take for a proof, but not all.
	if token.Email() != "" || !token.IsFor(h.want("")) {
		h.ask(ctx)
	}
	c := sigstore.FulcioConfig{Client: h.client, URL: h.authority, Token: token, Audience: h.audience, Issuers: h.issuers}
	if h.token == "" && h.tokenFile != stdinName {
		c.Renew = h.get
	}
	return sigstore.NewFulcio(c), nil
}

// get gets a token: as given, from a person, or from the job.
func (h *holder) get(ctx context.Context) (*oidc.Token, error) {
	var token *oidc.Token
	var err error
	switch {
	case h.token != "":
		token, err = oidc.Parse(h.token)
	case h.tokenFile == stdinName:
		token, err = oidc.Read(h.cmd.InOrStdin())
	case h.tokenFile != "":
		token, err = oidc.FromFile(h.tokenFile)
	case h.flow != "":
		return h.person(ctx)
	default:
		token, err = h.ambient(ctx)
	}
	var file *fs.PathError
	switch {
	case err == nil:
		return token, nil
	case errors.As(err, &file) && h.tokenFile != "":
		return nil, err // not a verdict on anything
	}
	if refuse.CodeOf(err) == "sign.token.missing" {
		err = refuse.Wrap("sign.token.missing", err, "want --oidc-flow browser or --oidc-flow device to sign in as a person, --identity-token-file FILE, or --key FILE")
	}
	return nil, &command.Refusal{Err: err}
}

// ambient gets the token of the job. Whose job it is, and so what the
// authority wants of it, shows in the token only.
func (h *holder) ambient(ctx context.Context) (*oidc.Token, error) {
	e := oidc.Environment{Getenv: os.Getenv, CAs: h.cas, Audience: h.audience}
	token, _, err := oidc.Ambient(ctx, e)
	if err != nil || h.audience != "" {
		return token, err
	}
	h.ask(ctx)
	if want := h.want(token.Issuer()); !token.IsFor(want) {
		return nil, h.refuseAudience(want)
	}
	return token, nil
}

// refuseAudience leaves it to the user to have tokens made that are good
// elsewhere: the answer of the authority is not signed, and it gets the token.
func (h *holder) refuseAudience(audience string) error {
	return refuse.New("sign.token.audience", "%s: asks for a token for the audience %.200q, which may also be valid for that audience, want --audience if you agree", h.authority, audience)
}

// want is the audience for tokens of an issuer.
func (h *holder) want(issuer string) string {
	switch known := h.issuers.Find(issuer); {
	case h.audience != "":
		return h.audience
	case known.Audience != "":
		return known.Audience
	}
	return oidc.Audience
}

// ask asks the authority what it wants of tokens, once. There is a default
// for what it does not say, so that no answer is no failure.
func (h *holder) ask(ctx context.Context) {
	if h.asked {
		return
	}
	h.asked = true
	var err error
	if h.issuers, err = sigstore.ReadIssuers(ctx, h.client, h.authority); err != nil {
		prompt(h.cmd.ErrOrStderr())("note: what tokens the certificate authority takes is not known, going by the audience " + h.want("") + ": " + sentence(err))
	}
}
