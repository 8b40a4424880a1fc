// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

// Bounds on what an authority says of issuers. The public one has some forty.
const (
	maxIssuers    = 1024
	maxIssuerText = 2048      // bytes of a URL, an audience or a claim
	maxIssuersDoc = 512 << 10 // bytes
)

// TokenIssuer is an issuer of identity tokens, as a certificate authority
// describes it. The zero TokenIssuer is one of which nothing is known.
type TokenIssuer struct {
	// URL is what its tokens have for "iss". With Pattern, each "*" in it
	// stands for one or more letters, digits, "-" and "_".
	URL     string
	Pattern bool
	// Audience is whom its tokens have to be for; empty if that is not said.
	Audience string
	// Challenge is the claim that a proof of possession signs; empty if that
	// is not said.
	Challenge string
}

// Issuers are what a certificate authority says of the issuers that it knows.
// That is not signed: it decides what is asked for and sent, and nothing
// that is accepted.
type Issuers []TokenIssuer

// ReadIssuers asks the authority with this base URL (Fulcio,
// GetConfiguration). It asks once: there is a default for clients that get no
// answer. Refusals are sign.fulcio.*.
func ReadIssuers(ctx context.Context, c *Client, base string) (Issuers, error) {
	address := strings.TrimSuffix(base, "/") + "/api/v2/configuration"
	resp, err := c.do(ctx, &call.Request{
		Service: "fulcio", Method: http.MethodGet, URL: address, Header: map[string]string{"Accept": "application/json"},
		Timeout: issuersTimeout, Limit: maxIssuersDoc, Accept: []int{http.StatusOK}, Once: true,
	})
	if err != nil {
		return nil, err
	}
	list, err := parseIssuers(resp.Body)
	if err != nil {
		return nil, malformed("fulcio", err, address)
	}
	return list, nil
}

// Find returns what is known of an issuer. One that is named counts before
// one that a pattern fits.
func (l Issuers) Find(issuer string) TokenIssuer {
	var found TokenIssuer
	for _, i := range l {
		switch {
		case !i.Pattern && i.URL == issuer:
			return i
		case i.Pattern && found.URL == "" && fits(i.URL, issuer):
			found = i
		}
	}
	return found
}

// fits reports whether a URL is one that a pattern stands for (Fulcio,
// config.FulcioConfig.GetIssuer). A star takes all that it may stand for,
// so that a pattern which goes on with such a character fits nothing.
func fits(pattern, url string) bool {
	pieces := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(url, pieces[0])
	for _, piece := range pieces[1:] {
		if !ok {
			return false
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return !wild(r) })
		if n < 0 {
			n = len(rest)
		}
		if n == 0 {
			return false
		}
		rest, ok = strings.CutPrefix(rest[n:], piece)
	}
	return ok && rest == ""
}

func wild(r rune) bool {
	return r == '-' || r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// parseIssuers reads {"issuers":[{…}]}.
func parseIssuers(data []byte) (Issuers, error) {
	var list Issuers
	d := strictjson.NewDecoder(data)
	err := d.Object(func(name string) error {
		if name != "issuers" {
			return d.Skip()
		}
		return d.Array(maxIssuers, func(int) error {
			i, err := readIssuer(d)
			list = append(list, i)
			return err
		})
	})
	if err == nil {
		err = d.End()
	}
	return list, err
}

func readIssuer(d *strictjson.Decoder) (i TokenIssuer, err error) {
	var exact, pattern string
	members := map[string]*string{"issuerUrl": &exact, "wildcardIssuerUrl": &pattern, "audience": &i.Audience, "challengeClaim": &i.Challenge}
	err = d.Object(func(name string) error {
		into := members[name]
		if into == nil {
			return d.Skip()
		}
		if *into, err = d.String(); len(*into) > maxIssuerText {
			return errors.New("an issuer with a member that is too long")
		}
		return err
	})
	if err == nil && (exact == "") == (pattern == "") {
		err = errors.New("an issuer without one URL")
	}
	i.URL, i.Pattern = exact+pattern, pattern != ""
	return i, err
}
