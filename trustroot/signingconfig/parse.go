// SPDX-License-Identifier: Apache-2.0

package signingconfig

import (
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Parse reads a SigningConfig of version 0.2 in protobuf's JSON mapping.
// Unknown members are ignored. Refusals are signingconfig.malformed,
// signingconfig.media_type, signingconfig.limit and signingconfig.url.
func Parse(data []byte) (*Config, error) {
	if len(data) > maxBytes {
		return nil, refuse.New(codeLimit, "signing configuration is larger than %d bytes", maxBytes)
	}
	p := &parser{strictjson.NewDecoder(strictjson.TrimMark(data))}
	var mediaType string
	var c Contents
	err := p.message(
		field("mediaType", "media_type", p.text(&mediaType)),
		field("caUrls", "ca_urls", p.services(&c.Fulcios)),
		field("oidcUrls", "oidc_urls", p.services(&c.OIDCs)),
		field("rekorTlogUrls", "rekor_tlog_urls", p.services(&c.Rekors)),
		field("tsaUrls", "tsa_urls", p.services(&c.TSAs)),
		field("rekorTlogConfig", "rekor_tlog_config", p.choice(&c.RekorChoice)),
		field("tsaConfig", "tsa_config", p.choice(&c.TSAChoice)),
	)
	if err == nil {
		err = p.d.End()
	}
	if err != nil {
		return nil, refuse.Wrap(codeOf(err), err, "signing configuration")
	}
	if mediaType != MediaType {
		return nil, refuse.New(codeMediaType, "media type %q is not %s", mediaType, MediaType)
	}
	return New(c)
}

// ClientTrust is a ClientTrustConfig: what a client of an instance needs for
// verifying and for signing, in one document.
type ClientTrust struct {
	Root    *trustroot.Root // its SHA256 is that of the bytes of RootJSON
	Signing *Config

	// RootJSON and SigningJSON are the two parts as they stand in the
	// document. They must not be modified.
	RootJSON, SigningJSON []byte
}

const maxClient = 8 << 20 // bytes of a ClientTrustConfig

// ParseClientTrust reads a ClientTrustConfig. Both parts are required, and
// judged as if they stood alone.
func ParseClientTrust(data []byte) (*ClientTrust, error) {
	if len(data) > maxClient {
		return nil, refuse.New(codeLimit, "client trust configuration is larger than %d bytes", maxClient)
	}
	p := &parser{strictjson.NewDecoder(strictjson.TrimMark(data))}
	var mediaType string
	c := new(ClientTrust)
	raw := func(into *[]byte) func() error {
		return func() (err error) {
			*into, err = p.d.Raw()
			return err
		}
	}
	err := p.message(
		field("mediaType", "media_type", p.text(&mediaType)),
		field("trustedRoot", "trusted_root", raw(&c.RootJSON)),
		field("signingConfig", "signing_config", raw(&c.SigningJSON)),
	)
	if err == nil {
		err = p.d.End()
	}
	switch {
	case err != nil:
		return nil, refuse.Wrap(codeOf(err), err, "client trust configuration")
	case mediaType != MediaTypeClientTrust:
		return nil, refuse.New(codeMediaType, "media type %q is not %s", mediaType, MediaTypeClientTrust)
	case c.RootJSON == nil || c.SigningJSON == nil:
		return nil, refuse.New(codeMalformed, "client trust configuration without a trusted root or without a signing configuration")
	}
	if c.Root, err = trustroot.Parse(c.RootJSON); err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "trust root of the client trust configuration")
	}
	if c.Signing, err = Parse(c.SigningJSON); err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "signing configuration of the client trust configuration")
	}
	return c, nil
}

// IsClientTrust reports whether data says that it is a ClientTrustConfig,
// whatever else it says.
func IsClientTrust(data []byte) bool {
	if len(data) > maxClient {
		return false
	}
	p := &parser{strictjson.NewDecoder(strictjson.TrimMark(data))}
	var mediaType string
	err := p.message(field("mediaType", "media_type", p.text(&mediaType)))
	return err == nil && mediaType == MediaTypeClientTrust
}

type parser struct{ d *strictjson.Decoder }

// message reads an object whose members are fields.
func (p *parser) message(fields ...strictjson.Field) error {
	err := p.d.Message(fields...)
	return refuse.Wrap(codeOf(err), err, "")
}

var field = strictjson.NewField

func codeOf(err error) refuse.Code {
	if strictjson.IsLimit(err) {
		return codeLimit
	}
	return codeMalformed
}

func (p *parser) services(into *[]Service) func() error {
	return func() error {
		return p.d.Array(maxServices, func(i int) error {
			var s Service
			err := p.message(
				field("url", "", p.text(&s.URL)),
				field("majorApiVersion", "major_api_version", p.number(&s.MajorAPIVersion)),
				field("validFor", "valid_for", func() error {
					return p.message(field("start", "", p.time(&s.Start)), field("end", "", p.time(&s.End)))
				}),
				field("operator", "", p.text(&s.Operator)),
			)
			if err != nil {
				return refuse.Wrap(codeOf(err), err, "number %d", i+1)
			}
			*into = append(*into, s)
			return nil
		})
	}
}

// choice reads a ServiceConfiguration. A selector that the schema at hand
// does not have stays undefined, and is refused when it is needed.
func (p *parser) choice(into *Choice) func() error {
	selector := func() error {
		if p.d.Kind() != '"' {
			var n int
			if err := p.number(&n)(); err != nil {
				return err
			}
			if n >= int(All) && n <= int(Exact) {
				into.Selector = Selector(n)
			}
			return nil
		}
		name, err := p.d.String()
		into.Selector = selectors[name]
		return err
	}
	return func() error {
		return p.message(
			field("selector", "", selector),
			field("count", "", p.number(&into.Count)),
		)
	}
}

var selectors = map[string]Selector{"ALL": All, "ANY": Any, "EXACT": Exact}

func (p *parser) text(into *string) func() error {
	return func() (err error) {
		if *into, err = p.d.String(); err == nil && len(*into) > maxText {
			err = refuse.New(codeLimit, "text of more than %d bytes", maxText)
		}
		return err
	}
}

func (p *parser) number(into *int) func() error {
	return func() error {
		n, err := p.d.Int64()
		if err == nil && (n < 0 || n > 1<<31-1) {
			err = refuse.New(codeMalformed, "%s is out of range", strconv.FormatInt(n, 10))
		}
		*into = int(n)
		return err
	}
}

// time reads a time of RFC 3339. Nothing malformed ever means "no bound".
func (p *parser) time(into *time.Time) func() error {
	return func() error {
		s, err := p.d.String()
		if err != nil {
			return err
		}
		// Package time lets one-digit hours and decimal commas pass (Go issue 54580).
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || len(s) > 64 || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") || t.IsZero() {
			return refuse.New(codeMalformed, "%.60q is not a time of RFC 3339", s)
		}
		// An offset can lead out of the years that JSON can write.
		if y := t.UTC().Year(); y < 0 || y > 9999 {
			return refuse.New(codeMalformed, "%.60q is outside the years 0 to 9999 in UTC", s)
		}
		*into = t.UTC()
		return nil
	}
}
