// SPDX-License-Identifier: Apache-2.0

// Package oidc gets identity tokens: as they are given, from the environment
// of a CI job, or from a person with a browser.
//
// A token is a secret for as long as it lives. A [Token] prints as a
// placeholder whatever verb it meets, and no error of this package contains
// one. Signatures of tokens are not checked here: the certificate authority
// does that. What is checked is that a token is the answer to our question.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package oidc

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Audience is for whom Sigstore's tokens are, unless an instance says
// otherwise.
const Audience = "sigstore"

// Bounds on a token. Those of CI systems have about 2 KB and 40 claims.
const (
	maxToken    = 32 << 10
	maxAudience = 16
	// minLife is what a token has to live at least: it is used at once, by a
	// service that may have to be asked again.
	minLife = 5 * time.Second
	// maxSkew is by how much clocks may differ.
	maxSkew = time.Minute
)

// Token is an identity token that could be read. It is immutable; the zero
// Token is refused by every check.
type Token struct {
	raw      string
	claims   map[string]string // those at the top level that are strings
	connect  string            // federated_claims.connector_id
	account  string            // "NAMESPACE/NAME" of a Kubernetes service account
	audience []string
	expiry   time.Time
	start    time.Time // nbf; zero if absent
	verified bool      // email_verified
}

// Parse reads a token, a JSON Web Token in its compact form; white space
// around it is ignored. The refusal is sign.token.malformed.
func Parse(raw string) (*Token, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxToken {
		return nil, refuse.New("sign.token.malformed", "identity token: %d bytes, want at most %d", len(raw), maxToken)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return nil, refuse.New("sign.token.malformed", "identity token: malformed, want three parts between dots")
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, refuse.New("sign.token.malformed", "identity token: claims are not base64")
	}
	t := &Token{raw: raw, claims: make(map[string]string)}
	d := strictjson.NewDecoder(payload)
	if err := d.Object(func(key string) error { return t.claim(d, key) }); err != nil {
		return nil, refuse.New("sign.token.malformed", "identity token: claims are not a JSON object of the expected form")
	}
	if err := d.End(); err != nil {
		return nil, refuse.New("sign.token.malformed", "identity token: more than one JSON value for claims")
	}
	return t, nil
}

// claim reads one claim. Errors of the decoder may quote the token, and are
// dropped by the caller.
func (t *Token) claim(d *strictjson.Decoder, key string) (err error) {
	switch {
	case key == "aud" && d.Kind() == '[':
		return d.Array(maxAudience, func(int) error {
			s, err := d.String()
			t.audience = append(t.audience, s)
			return err
		})
	case key == "exp":
		t.expiry, err = readTime(d)
	case key == "nbf":
		t.start, err = readTime(d)
	case key == "email_verified" && d.Kind() != '"':
		t.verified, err = d.Bool()
	case key == "federated_claims" && d.Kind() == '{':
		err = d.Object(func(key string) error { return stringOr(d, key == "connector_id", &t.connect) })
	case key == "kubernetes.io" && d.Kind() == '{':
		err = t.kubernetes(d)
	case d.Kind() == '"':
		if t.claims[strings.Clone(key)], err = d.String(); key == "aud" {
			t.audience = []string{t.claims["aud"]}
		} else if key == "email_verified" { // Amazon Cognito writes it so
			t.verified = t.claims[key] == "true"
		}
	default:
		err = d.Skip()
	}
	return err
}

// stringOr reads a string if it is wanted and there is one, and else skips.
func stringOr(d *strictjson.Decoder, wanted bool, into *string) (err error) {
	if !wanted || d.Kind() != '"' {
		return d.Skip()
	}
	*into, err = d.String()
	return err
}

func (t *Token) kubernetes(d *strictjson.Decoder) error {
	var namespace, name string
	err := d.Object(func(key string) error {
		if key == "serviceaccount" && d.Kind() == '{' {
			return d.Object(func(key string) error { return stringOr(d, key == "name", &name) })
		}
		return stringOr(d, key == "namespace", &namespace)
	})
	if namespace != "" && name != "" {
		t.account = namespace + "/" + name
	}
	return err
}

// readTime reads a NumericDate (RFC 7519, Section 2), whose fraction counts
// for nothing here.
func readTime(d *strictjson.Decoder) (time.Time, error) {
	text, err := d.Number()
	if err != nil {
		return time.Time{}, err
	}
	whole, _, _ := strings.Cut(text, ".")
	n, err := strictjson.NewDecoder([]byte(whole)).Int64()
	return time.Unix(n, 0).UTC(), err
}

// Raw returns the token itself, for the one request that needs it.
func (t *Token) Raw() string { return t.raw }

// String, GoString, Format and MarshalText keep the token out of whatever is
// printed.
func (t Token) String() string { return "[identity token]" }

// GoString is [Token.String].
func (t Token) GoString() string { return t.String() }

// Format is [Token.String].
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// MarshalText is [Token.String].
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Issuer returns who issued the token.
func (t *Token) Issuer() string { return t.claims["iss"] }

// Email returns the address that the token is for, "" if it has none.
func (t *Token) Email() string { return t.claims["email"] }

// IsFor reports whether a token is for an audience.
func (t *Token) IsFor(audience string) bool {
	return audience != "" && slices.Contains(t.audience, audience)
}

// Expiry returns until when it can be used.
func (t *Token) Expiry() time.Time { return t.expiry }

// Expect is what a token has to answer to.
type Expect struct {
	Audience string    // required
	Issuer   string    // "" if any will do
	Nonce    string    // "" if none was sent
	Now      time.Time // required; this is the only use of the local clock
	// Challenge is the claim that a proof of possession will sign; "" is the
	// email address, or else the subject.
	Challenge string
}

// Check holds the token against what was asked for. Refusals are
// sign.token.audience, .issuer, .nonce, .expired, .early, .subject and .email.
func (t *Token) Check(e Expect) error {
	switch {
	case !t.IsFor(e.Audience):
		return refuse.New("sign.token.audience", "identity token: for the audience %q, want %q", t.audience, e.Audience)
	case t.Issuer() == "" || e.Issuer != "" && t.Issuer() != e.Issuer:
		return refuse.New("sign.token.issuer", "identity token: issued by %q, want %q", t.Issuer(), e.Issuer)
	case e.Nonce != "" && t.claims["nonce"] != e.Nonce:
		return refuse.New("sign.token.nonce", "identity token: nonce differs from the one that was sent")
	case !t.expiry.After(e.Now):
		return refuse.New("sign.token.expired", "identity token: expired at %s", t.expiry.Format(time.RFC3339))
	case !t.expiry.After(e.Now.Add(minLife)):
		return refuse.New("sign.token.expired", "identity token: expires in less than %s", minLife)
	case t.start.After(e.Now.Add(maxSkew)):
		return refuse.New("sign.token.early", "identity token: not valid before %s", t.start.Format(time.RFC3339))
	case t.ChallengeBy(e.Challenge) == "":
		return refuse.New("sign.token.subject", "identity token: no claim %q, want one that names the holder", cmp.Or(e.Challenge, "sub"))
	// Where the authority goes by another claim, the address is beside the point.
	case (e.Challenge == "" || e.Challenge == "email") && t.claims["email"] != "" && !t.verified:
		return refuse.New("sign.token.email", "identity token: its issuer has not verified the email address %q", t.claims["email"])
	}
	return nil
}
