// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

const (
	// accountVariable names the service account to sign as, if that is not
	// the machine's own.
	accountVariable = "GOOGLE_SERVICE_ACCOUNT_NAME"
	// metadataURL knows no TLS; what the server hands out goes no further
	// than the machine's own network.
	metadataURL = "http://metadata.google.internal"
	accountPath = "/computeMetadata/v1/instance/service-accounts/default/"
	iamURL      = "https://iamcredentials.googleapis.com"
	iamScope    = "https://www.googleapis.com/auth/cloud-platform"
	maxAccount  = 256 // bytes
)

// onGoogle goes by what the firmware calls the machine only where the caller
// set the metadata server's address; asking the network would cost every
// other machine a time-out.
func onGoogle(e *Environment) bool {
	if e.MetadataURL == "-" {
		return false
	}
	return e.MetadataURL != "" || e.Getenv("GCE_METADATA_HOST") != "" || e.Getenv(accountVariable) != "" || googleProduct()
}

// fromGoogle asks the metadata server for the machine's own account, or as
// that account for another one.
func fromGoogle(ctx context.Context, e *Environment) (string, error) {
	if account := e.Getenv(accountVariable); account != "" {
		return e.impersonate(ctx, account)
	}
	return e.metadata(ctx, "identity", url.Values{"audience": {e.Audience}, "format": {"full"}}, "")
}

// metadata asks the metadata server about the machine's account. A proxy would
// read the token, or answer for the account of its own machine.
func (e *Environment) metadata(ctx context.Context, what string, values url.Values, member string) (string, error) {
	base := e.MetadataURL
	if base == "" {
		base = metadataURL
		if host := e.Getenv("GCE_METADATA_HOST"); host != "" {
			base = "http://" + host
		}
	}
	address, err := withQuery(base+accountPath+what, values)
	if err != nil {
		return "", err
	}
	return e.ask(ctx, call.Request{Method: http.MethodGet, URL: address, Direct: true, Header: map[string]string{"Metadata-Flavor": "Google"}}, member)
}

// impersonate has Google's IAM issue the token of another service account
// (IAM Service Account Credentials API, generateIdToken). The machine's own
// account has to be allowed that.
func (e *Environment) impersonate(ctx context.Context, account string) (string, error) {
	if !accountName(account) {
		return "", refuse.New("sign.token.ambient", "$%s is not the name of a service account", accountVariable)
	}
	access, err := e.metadata(ctx, "token", url.Values{"scopes": {iamScope}}, "access_token")
	if err != nil {
		return "", err
	}
	base := e.IAMURL
	if base == "" {
		base = iamURL
	}
	raw, err := e.ask(ctx, call.Request{
		Method: http.MethodPost, URL: base + "/v1/projects/-/serviceAccounts/" + account + ":generateIdToken",
		// Certificates name service accounts by their email addresses.
		Body:    []byte(`{"audience":` + quote(e.Audience) + `,"includeEmail":true}`),
		Secrets: []string{access},
		Header:  map[string]string{"Authorization": "Bearer " + access, "Content-Type": "application/json"},
	}, "token")
	if err != nil {
		return "", err
	}
	return raw, issuedTo(raw, account)
}

// issuedTo refuses a token of somebody else than was named, by address or by
// number.
func issuedTo(raw, account string) error {
	t, err := Parse(raw)
	if err != nil {
		return err
	}
	if t.claims["email"] != account && t.claims["sub"] != account {
		return refuse.New("sign.token.ambient", "Google answered with a token of an account that is not %s", account)
	}
	return nil
}

// accountName reports whether a name can stand in a path, and ends there.
func accountName(s string) bool {
	return len(s) <= maxAccount && strings.Trim(s, ".") != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.@", r))
	})
}
