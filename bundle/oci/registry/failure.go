// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// host names the registry in messages.
func (r *Repository) host() string { return "registry " + r.repo.Reference.Registry }

// failure turns what went wrong into a refusal. The registry's own words are
// left out except for error codes of the specification.
func (r *Repository) failure(what string, err error) error {
	var response *errcode.ErrorResponse
	var address *url.Error
	switch {
	case refuse.CodeOf(err) != "":
		return err
	case errors.As(err, &response):
		return r.status(what, response)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return r.denied(what, "no credentials for it, want some in docker's config.json")
	case errors.Is(err, errPlain):
		return r.denied(what, errPlain.Error())
	case errors.Is(err, errdef.ErrTooManyPages):
		return refuse.New("oci.limit", "%s, %s: more than %d pages", r.host(), what, MaxPages)
	case errors.Is(err, errdef.ErrSizeExceedsLimit):
		return refuse.New("oci.limit", "%s, %s: more than is accepted", r.host(), what)
	case errors.Is(err, errRedirects), errors.Is(err, errDowngrade):
		return refuse.New("oci.registry.malformed", "%s, %s: %s", r.host(), what, r.scrub(err))
	case errors.As(err, &address), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return refuse.New("oci.registry.unreachable", "%s, %s: %s", r.host(), what, r.scrub(err))
	}
	return refuse.New("oci.registry.malformed", "%s, %s: %s", r.host(), what, r.scrub(err))
}

// errorCode is the form of the error codes of the specification
// (distribution-spec 1.1, "Error Codes"), which tell no secret.
var errorCode = regexp.MustCompile(`^[A-Z][A-Z_]{2,30}$`)

func (r *Repository) status(what string, e *errcode.ErrorResponse) error {
	text := http.StatusText(e.StatusCode)
	for _, one := range e.Errors {
		if errorCode.MatchString(one.Code) && !r.secrets.in(one.Code) {
			text += ", " + one.Code
			break
		}
	}
	if e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden {
		return r.denied(what, text)
	}
	return refuse.New("oci.registry.status", "%s, %s: status %d, %s", r.host(), what, e.StatusCode, text)
}

func (r *Repository) denied(what, why string) error {
	if r.plainHTTP && !isLoopback(r.repo.Reference.Host()) {
		why += "; credentials are not sent over plain HTTP"
	}
	return refuse.New("oci.registry.denied", "%s, %s: %s", r.host(), what, why)
}

// query is the part of an address that holds keys, where storage is asked.
var query = regexp.MustCompile(`\?[^\s"]*`)

const maxMessage = 300 // bytes of a cause

// scrub returns an error's text without secrets.
func (r *Repository) scrub(err error) string {
	text := r.secrets.remove(query.ReplaceAllString(err.Error(), "?…"))
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}

// secrets are the credentials that were looked up, so that they can be found
// from other text.
type secrets struct {
	mu    sync.Mutex
	known []string
}

// remember notes what a lookup returns.
func (s *secrets) remember(lookup auth.CredentialFunc) auth.CredentialFunc {
	return func(ctx context.Context, hostport string) (auth.Credential, error) {
		c, err := lookup(ctx, hostport)
		if err != nil {
			// What a credential helper printed may be anything.
			return auth.EmptyCredential, refuse.New("oci.registry.credentials", "credentials for %s cannot be read", hostport)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, text := range []string{
			base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password)), c.Password, c.RefreshToken, c.AccessToken,
		} {
			if text != "" && text != "Og==" { // of no credential at all
				s.known = append(s.known, text, url.QueryEscape(text))
			}
		}
		return c, nil
	}
}

// in reports whether text contains a secret.
func (s *secrets) in(text string) bool { return s.remove(text) != text }

// remove puts a mark where secrets were.
func (s *secrets) remove(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, "[credential]")
	}
	return text
}
