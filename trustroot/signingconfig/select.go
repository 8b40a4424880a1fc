// SPDX-License-Identifier: Apache-2.0

package signingconfig

import (
	"fmt"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// The API versions that a signer of this module speaks. Fulcio's is 1 in
// configurations, although its paths begin with /api/v2.
var (
	fulcioVersions = []int{1}
	oidcVersions   = []int{1}
	rekorVersions  = []int{1, 2}
	tsaVersions    = []int{1}
)

// Candidates are the services that suit at a time, best first, of which the
// first Need are to be used. Where Need is smaller, a signer may go on with
// the next when one does not answer, as long as it ends with Need of them.
type Candidates struct {
	Services []Service // of distinct operators and one API version
	Need     int       // at least 1
}

// Chosen returns the services to use: the first Need.
func (c Candidates) Chosen() []Service { return c.Services[:c.Need] }

// FulcioURL returns the certificate authority to use at a time.
func (c *Config) FulcioURL(now time.Time) (Service, error) {
	return first("certificate authority", c.contents.Fulcios, now, fulcioVersions)
}

// OIDC returns the identity provider to use at a time.
func (c *Config) OIDC(now time.Time) (Service, error) {
	return first("identity provider", c.contents.OIDCs, now, oidcVersions)
}

// Rekors returns the transparency logs to use at a time. forceMajor selects
// among those of one API version; 0 takes the highest there is. Refusals are
// those of [Config.AnyRekors].
func (c *Config) Rekors(now time.Time, forceMajor int) ([]Service, error) {
	return chosen(c.AnyRekors(now, forceMajor))
}

// TSAs returns the timestamp authorities to use at a time. Refusals are those
// of [Config.AnyTSAs].
func (c *Config) TSAs(now time.Time) ([]Service, error) { return chosen(c.AnyTSAs(now)) }

// AnyRekors is Rekors with the alternatives. Refusals: signingconfig.none if
// nothing suits, which must not be taken for leave to sign without a log,
// signingconfig.selector and signingconfig.count.
func (c *Config) AnyRekors(now time.Time, forceMajor int) (Candidates, error) {
	what, versions := "transparency log", rekorVersions
	if forceMajor != 0 {
		what, versions = fmt.Sprintf("transparency log of version %d", forceMajor), nil
		if slices.Contains(rekorVersions, forceMajor) {
			versions = []int{forceMajor}
		}
	}
	return choose(what, c.contents.Rekors, now, versions, c.contents.RekorChoice)
}

// AnyTSAs is TSAs with the alternatives. Refusals are those of
// [Config.AnyRekors].
func (c *Config) AnyTSAs(now time.Time) (Candidates, error) {
	return choose("timestamp authority", c.contents.TSAs, now, tsaVersions, c.contents.TSAChoice)
}

func chosen(c Candidates, err error) ([]Service, error) {
	if err != nil {
		return nil, err
	}
	return c.Chosen(), nil
}

func first(what string, list []Service, now time.Time, versions []int) (Service, error) {
	c, err := choose(what, list, now, versions, Choice{Selector: Any})
	if err != nil {
		return Service{}, err
	}
	return c.Services[0], nil
}

// choose is the algorithm of the schema's comments: current and supported
// services, of the highest API version among them only, one per operator.
func choose(what string, list []Service, now time.Time, versions []int, by Choice) (Candidates, error) {
	services := perOperator(ofHighest(suitable(list, now, versions)))
	if len(services) == 0 {
		return Candidates{}, refuse.New(codeNone, "the signing configuration has no %s that can be used at %s", what, now.UTC().Format(time.RFC3339))
	}
	need := 1
	switch by.Selector {
	case Any:
	case All:
		need = len(services)
	case Exact:
		if need = by.Count; need < 1 || need > len(services) {
			return Candidates{}, refuse.New(codeCount, "the signing configuration asks for exactly %d of kind %s and has %d operators", by.Count, what, len(services))
		}
	default:
		return Candidates{}, refuse.New(codeSelector, "the signing configuration does not say how many of kind %s to use", what)
	}
	return Candidates{services, need}, nil
}

func suitable(list []Service, now time.Time, versions []int) []Service {
	var out []Service
	for _, s := range list {
		if s.covers(now) && slices.Contains(versions, s.MajorAPIVersion) {
			out = append(out, s)
		}
	}
	return out
}

// ofHighest never mixes API versions: entries of two kinds of log would not
// fit one bundle.
func ofHighest(list []Service) []Service {
	highest := 0
	for _, s := range list {
		highest = max(highest, s.MajorAPIVersion)
	}
	return slices.DeleteFunc(list, func(s Service) bool { return s.MajorAPIVersion != highest })
}

// perOperator keeps the service of each operator that started last, the first
// of equals, where the operator is first listed.
func perOperator(list []Service) []Service {
	var out []Service
	for _, s := range list {
		at := slices.IndexFunc(out, func(o Service) bool { return o.Operator == s.Operator })
		if at < 0 {
			out = append(out, s)
		} else if s.Start.After(out[at].Start) {
			out[at] = s
		}
	}
	return out
}
