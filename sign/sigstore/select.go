// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// Services are what a signing configuration selects for one time.
type Services struct {
	Fulcio               string // base URL; "" unless a certificate is wanted
	Logs                 []sign.Log
	TimestampAuthorities []sign.TimestampAuthority
}

// SelectConfig says what to select.
type SelectConfig struct {
	Client  *Client
	Signing *signingconfig.Config
	Now     time.Time
	// Root judges what logs publish; see [RekorConfig].
	Root *trustroot.Root
	// RekorMajor, if not zero, allows logs of this API version only.
	RekorMajor int
	// Certificate says that a certificate authority is needed.
	Certificate bool
}

// Select chooses services under the rules of signing configurations. Refusals
// are signingconfig.*: where nothing suits, nothing is signed without.
func Select(c SelectConfig) (*Services, error) {
	s := new(Services)
	if c.Certificate {
		ca, err := c.Signing.FulcioURL(c.Now)
		if err != nil {
			return nil, err
		}
		s.Fulcio = ca.URL
	}
	logs, err := c.Signing.AnyRekors(c.Now, c.RekorMajor)
	if err != nil {
		return nil, err
	}
	for _, group := range spread(logs) {
		l := make(anyLog, 0, len(group))
		for _, service := range group {
			l = append(l, newLog(c, service))
		}
		s.Logs = append(s.Logs, l)
	}
	// Rekor v1 proves the time by itself.
	v1 := slices.ContainsFunc(s.Logs, func(l sign.Log) bool { return l.Generation() == tlog.V1 })
	if v1 && len(c.Signing.Contents().TSAs) == 0 {
		return s, nil
	}
	stampers, err := c.Signing.AnyTSAs(c.Now)
	if err != nil {
		return nil, err
	}
	for _, group := range spread(stampers) {
		var t anyTSA
		for _, service := range group {
			t = append(t, NewTSA(TSAConfig{Client: c.Client, URL: service.URL}))
		}
		s.TimestampAuthorities = append(s.TimestampAuthorities, t)
	}
	return s, nil
}

func newLog(c SelectConfig, s signingconfig.Service) sign.Log {
	rekor := RekorConfig{Client: c.Client, URL: s.URL, Root: c.Root}
	if s.MajorAPIVersion == 1 {
		return NewRekorV1(rekor)
	}
	return NewRekorV2(rekor)
}

// spread deals candidates out to as many groups as services are needed: each
// group has to bring one, and no two have a candidate in common.
func spread(c signingconfig.Candidates) [][]signingconfig.Service {
	groups := make([][]signingconfig.Service, c.Need)
	for i, s := range c.Services {
		groups[i%c.Need] = append(groups[i%c.Need], s)
	}
	return groups
}

// next reports whether another service may do what one has failed to do. One
// that answered and lied is nothing to go on from in silence.
func next(err error) bool {
	switch refuse.CodeOf(err) {
	case "sign.rekor.unreachable", "sign.rekor.timeout", "sign.rekor.unavailable", "sign.rekor.frozen",
		"sign.tsa.unreachable", "sign.tsa.timeout", "sign.tsa.unavailable":
		return true
	}
	return false
}

// anyLog is one log of several of one generation: the first that answers.
type anyLog []sign.Log

func (l anyLog) String() string              { return l[0].String() }
func (l anyLog) Generation() tlog.Generation { return l[0].Generation() }

func (l anyLog) Append(ctx context.Context, r tlog.Record) (e *tlog.Entry, err error) {
	for _, log := range l {
		if e, err = log.Append(ctx, r); err == nil || !next(err) {
			return e, err
		}
	}
	return nil, err
}

// anyTSA is one authority of several: the first that answers.
type anyTSA []*TSA

func (t anyTSA) String() string { return t[0].String() }

func (t anyTSA) Stamp(ctx context.Context, signature []byte) (der []byte, err error) {
	for _, tsa := range t {
		if der, err = tsa.Stamp(ctx, signature); err == nil || !next(err) {
			return der, err
		}
	}
	return nil, err
}
