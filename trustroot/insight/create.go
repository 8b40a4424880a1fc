// SPDX-License-Identifier: Apache-2.0

package insight

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Service is one service of a private instance: who it is, and where signers
// reach it.
type Service struct {
	// PEM is a certificate chain, issuer of leaves first and anchor last, for
	// authorities, and one public key for logs. Empty for identity providers.
	PEM []byte
	// URL is where the service is. For a timestamp authority the complete
	// address; for logs also the name on their checkpoints. Empty: signers do
	// not use it.
	URL string
	// API is the major version of a transparency log, 1 or 2; not used for
	// the others, of which there is one.
	API int
	// Origin is the name on the checkpoints of a transparency log with API 2
	// where it is not host, port and path of the URL. Empty: it is.
	Origin   string
	Operator string
	// Start and End bound the time in which the service is valid, both
	// included. Start is required; a zero End is open.
	Start, End time.Time
}

// Plan describes a private instance.
type Plan struct {
	Fulcios, CTLogs, Rekors, TSAs, OIDCs []Service
}

// Create makes the trust root and the signing configuration of an instance.
// The same plan gives the same documents. Refusals are those of trustroot.New
// and signingconfig.New, instance.pem and instance.origin.
func Create(p Plan) (*trustroot.Root, *signingconfig.Config, error) {
	var c trustroot.Config
	for _, s := range p.Rekors {
		log, err := s.rekor()
		if err != nil {
			return nil, nil, refuse.Wrap("instance.pem", err, "transparency log %q", s.URL)
		}
		c.Logs = append(c.Logs, log)
	}
	for _, s := range p.CTLogs {
		log, err := s.log()
		if err != nil {
			return nil, nil, refuse.Wrap("instance.pem", err, "CT log %q", s.URL)
		}
		c.CTLogs = append(c.CTLogs, log)
	}
	var err error
	if c.CertificateAuthorities, err = authorities(p.Fulcios); err != nil {
		return nil, nil, refuse.Wrap("instance.pem", err, "certificate authority")
	}
	if c.TimestampAuthorities, err = authorities(p.TSAs); err != nil {
		return nil, nil, refuse.Wrap("instance.pem", err, "timestamp authority")
	}
	root, err := trustroot.New(c)
	if err != nil {
		return nil, nil, err
	}
	signing, err := p.signing()
	return root, signing, err
}

func (s Service) log() (trustroot.LogConfig, error) {
	key, err := sigkey.ParsePEM(s.PEM)
	if err != nil {
		return trustroot.LogConfig{}, err
	}
	if key.Algorithm() == v1.PublicKeyDetails_PKIX_ED25519_PH {
		// The default for artifacts. Logs sign what they sign whole.
		if key, err = key.With(v1.PublicKeyDetails_PKIX_ED25519); err != nil {
			return trustroot.LogConfig{}, err
		}
	}
	return trustroot.LogConfig{
		Key: key.SPKI(), Algorithm: key.Algorithm(), BaseURL: s.URL, Operator: s.Operator, Start: s.Start, End: s.End,
	}, nil
}

// rekor describes a transparency log. The name of a Rekor v2 log is in its ID,
// or else follows from the base URL: a name that does not follow from the URL
// takes its place.
func (s Service) rekor() (trustroot.LogConfig, error) {
	log, err := s.log()
	if err != nil {
		return log, err
	}
	if s.Origin != "" {
		switch {
		case s.API != 2:
			return log, refuse.New("instance.origin", "origin: %q, want none for a log of version 1, which is known by its key", s.Origin)
		case strings.ContainsAny(s.Origin, " +\t\r\n") || strings.Contains(s.Origin, "://") || strings.HasSuffix(s.Origin, "/"):
			return log, refuse.New("instance.origin", "origin: %q, want the name on the log's checkpoints, without a scheme", s.Origin)
		}
		if u, err := url.Parse(s.URL); err != nil || s.Origin != u.Host+strings.TrimSuffix(u.Path, "/") && s.Origin != u.Hostname() {
			log.BaseURL = "https://" + s.Origin
		}
	}
	if s.API == 2 {
		log.ID, err = tlog.LogConfig{Key: log.Key, Algorithm: log.Algorithm, BaseURL: log.BaseURL}.NoteID(s.Origin)
	}
	return log, err
}

func authorities(list []Service) ([]trustroot.AuthorityConfig, error) {
	var out []trustroot.AuthorityConfig
	for _, s := range list {
		chain, err := parseChain(s.PEM)
		if err != nil {
			return nil, refuse.Wrap("instance.pem", err, "%q", s.URL)
		}
		a := trustroot.AuthorityConfig{Chain: chain, URI: s.URL, Operator: s.Operator, Start: s.Start, End: s.End}
		anchor := chain[len(chain)-1].Subject
		a.Subject.CommonName = anchor.CommonName
		if len(anchor.Organization) > 0 {
			a.Subject.Organization = anchor.Organization[0]
		}
		out = append(out, a)
	}
	return out, nil
}

// parseChain reads certificates of a PEM file, and nothing else. A chain that
// begins with its anchor is turned round: trust ends at the last one.
func parseChain(data []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if bytes.Contains(rest, []byte("-----BEGIN ")) {
				return nil, refuse.New("instance.pem", "a PEM block that cannot be read")
			}
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, refuse.New("instance.pem", "a PEM block of type %q among certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, refuse.New("instance.pem", "certificate %d: %v", len(chain)+1, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, refuse.New("instance.pem", "no certificate")
	}
	if len(chain) > 1 && selfIssued(chain[0]) && !selfIssued(chain[len(chain)-1]) {
		slices.Reverse(chain)
	}
	for i, c := range chain[:len(chain)-1] {
		if err := c.CheckSignatureFrom(chain[i+1]); err != nil {
			return nil, refuse.New("instance.pem", "certificate %d is not signed by the next one: %v", i+1, err)
		}
	}
	return chain, nil
}

// signing lists the services that have a URL.
func (p Plan) signing() (*signingconfig.Config, error) {
	var c signingconfig.Contents
	list := func(services []Service, api func(Service) int) []signingconfig.Service {
		var out []signingconfig.Service
		for _, s := range services {
			if s.URL != "" {
				out = append(out, signingconfig.Service{URL: s.URL, MajorAPIVersion: api(s), Start: s.Start, End: s.End, Operator: s.Operator})
			}
		}
		return out
	}
	one := func(Service) int { return 1 }
	c.Fulcios, c.OIDCs, c.TSAs = list(p.Fulcios, one), list(p.OIDCs, one), list(p.TSAs, one)
	c.Rekors = list(p.Rekors, func(s Service) int { return max(s.API, 1) })
	if len(c.Rekors) > 0 {
		c.RekorChoice = signingconfig.Choice{Selector: signingconfig.Any}
	}
	if len(c.TSAs) > 0 {
		c.TSAChoice = signingconfig.Choice{Selector: signingconfig.Any}
	}
	return signingconfig.New(c)
}
