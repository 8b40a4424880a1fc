// SPDX-License-Identifier: Apache-2.0

// Package signingconfig reads the documents that tell a signer which services
// to use, SigningConfig version 0.2 and ClientTrustConfig, and selects from
// them.
//
// A configuration widens no trust: what a service returns is verified under a
// trust root like any other evidence. So unknown members are ignored and odd
// services are left unselected; what is strict is selection, where a mistake
// would mean signing without the transparency that was asked for.
//
// Nothing here looks at the clock; the caller says what time it is.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package signingconfig

import (
	"net/url"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// The media types of the two documents.
const (
	MediaType            = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
	MediaTypeClientTrust = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
)

const (
	codeMalformed = refuse.Code("signingconfig.malformed")
	codeMediaType = refuse.Code("signingconfig.media_type")
	codeLimit     = refuse.Code("signingconfig.limit")
	codeURL       = refuse.Code("signingconfig.url")
	codeNone      = refuse.Code("signingconfig.none")
	codeSelector  = refuse.Code("signingconfig.selector")
	codeCount     = refuse.Code("signingconfig.count")
)

// Bounds on a configuration. The public ones have 8 services.
const (
	maxBytes    = 1 << 20
	maxServices = 256 // in each of the four lists
	maxText     = 2048
)

// Service is one service as a configuration lists it.
type Service struct {
	// URL has a scheme, http or https, and a host. It is a base URL, except
	// that a timestamp authority's is the complete address of its endpoint.
	URL string
	// MajorAPIVersion is what the service speaks; 0 is unreleased and never
	// selected.
	MajorAPIVersion int
	// Start and End bound the time of use, both included; zero is open.
	Start, End time.Time
	// Operator runs the service; services of one operator are counted as one.
	Operator string
}

// covers reports whether the service is to be used at t.
func (s Service) covers(t time.Time) bool {
	return !t.Before(s.Start) && (s.End.IsZero() || !t.After(s.End))
}

// Selector says how many of the suitable services to use.
type Selector int

// The selectors, with the numbers of the schema. Undefined is refused when
// something is selected by it.
const (
	Undefined Selector = iota
	All                // every one
	Any                // one, whichever
	Exact              // exactly Choice.Count of distinct operators
)

// Choice is a ServiceConfiguration.
type Choice struct {
	Selector Selector
	Count    int // of Exact, above 0; not used otherwise
}

// Contents is what a configuration holds, in the order of the document.
type Contents struct {
	Fulcios []Service
	OIDCs   []Service
	Rekors  []Service
	TSAs    []Service

	RekorChoice Choice
	TSAChoice   Choice
}

func (c Contents) clone() Contents {
	c.Fulcios, c.OIDCs = slices.Clone(c.Fulcios), slices.Clone(c.OIDCs)
	c.Rekors, c.TSAs = slices.Clone(c.Rekors), slices.Clone(c.TSAs)
	return c
}

// Config is a signing configuration. It is immutable and safe for concurrent
// use. The zero Config has no services.
type Config struct{ contents Contents }

// New makes a configuration. Refusals are signingconfig.url,
// signingconfig.limit and signingconfig.malformed.
func New(c Contents) (*Config, error) {
	c = c.clone()
	lists := []struct {
		name     string
		services []Service
	}{{"caUrls", c.Fulcios}, {"oidcUrls", c.OIDCs}, {"rekorTlogUrls", c.Rekors}, {"tsaUrls", c.TSAs}}
	for _, list := range lists {
		if len(list.services) > maxServices {
			return nil, refuse.New(codeLimit, "more than %d services in %s", maxServices, list.name)
		}
		for i, s := range list.services {
			if err := s.check(); err != nil {
				return nil, refuse.Wrap(codeMalformed, err, "number %d in %s of the signing configuration", i+1, list.name)
			}
		}
	}
	return &Config{c}, nil
}

// check refuses a service that could not be used by anyone.
func (s Service) check() error {
	if len(s.URL) > maxText || len(s.Operator) > maxText {
		return refuse.New(codeLimit, "text of more than %d bytes", maxText)
	}
	u, err := url.Parse(s.URL)
	switch {
	case err != nil:
		return refuse.New(codeURL, "%q is not a URL", s.URL)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return refuse.New(codeURL, "%q is not an http or https URL with a host", s.URL)
	case u.User != nil || u.Fragment != "":
		return refuse.New(codeURL, "the URL of %q carries credentials or a fragment", u.Host)
	case s.MajorAPIVersion < 0:
		return refuse.New(codeMalformed, "API version %d", s.MajorAPIVersion)
	case !s.End.IsZero() && s.End.Before(s.Start):
		return refuse.New(codeMalformed, "%q ends before it starts", s.URL)
	}
	return nil
}

// Contents returns a copy of everything that the configuration holds.
func (c *Config) Contents() Contents { return c.contents.clone() }
