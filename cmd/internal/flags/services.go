// SPDX-License-Identifier: Apache-2.0

// Package flags has the flags that several commands share: who must have
// signed (Policy), the trust root (Trust), the image (Image), the form of the
// answer (Output), the services for signing (Services), the statement to sign
// (Statement) and the file for the bundle (Target).
//
// For the commands beside sigbundle, an error with a code of package refuse is
// about content or services; others are about the command line or a file that
// cannot be read.
package flags

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/sign/sigstore"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// Services choose the services, and how they are reached.
type Services struct {
	KeyHint       string
	SigningConfig string
	TrustConfig   string
	Rekor         int // major version, 0 for any
	CAFile        string
	Timeout       time.Duration
}

// Add adds the flags. The command must have the flags trusted-root and instance.
func (s *Services) Add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&s.KeyHint, "key-hint", "", "what the bundle calls the key; by default the base64 of its SHA-256")
	fl.StringVar(&s.SigningConfig, "signing-config", "", "take the services from this signing configuration (v0.2) `FILE`; by default from the instance's repository, as last refreshed")
	fl.StringVar(&s.TrustConfig, "trust-config", "", "take services and trust root from this client trust configuration `FILE`")
	fl.IntVar(&s.Rekor, "rekor-version", 0, "use logs of this `VERSION` of Rekor only, 1 or 2")
	fl.StringVar(&s.CAFile, "ca-file", "", "trust the certificate authorities in this PEM `FILE` for TLS, instead of the system's")
	fl.DurationVar(&s.Timeout, "timeout", 0, "how long each of four attempts at a service may take, a `DURATION` such as 10s; by default 15s to 60s, as suits it")
	cmd.MarkFlagsMutuallyExclusive("signing-config", "trust-config")
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "trust-config")
	cmd.MarkFlagsMutuallyExclusive("instance", "trust-config")
}

// Source is where the trust root comes from if it is not in a client trust
// configuration.
type Source struct {
	File     string // of the flag trusted-root, "" if it was not given
	Root     func() (*trustroot.Root, error)
	Instance func() (*trustroot.Root, *signingconfig.Config, error) // both
}

// Load returns the trust root and the signing configuration: from the files
// given, or else what the instance's repository says.
func (s *Services) Load(t Source) (*trustroot.Root, *signingconfig.Config, error) {
	switch {
	case s.Timeout < 0:
		return nil, nil, fmt.Errorf("--timeout %v: negative, want a duration such as 10s", s.Timeout)
	case s.Rekor < 0 || s.Rekor > 2:
		return nil, nil, fmt.Errorf("--rekor-version %d: unknown, want 1 or 2", s.Rekor)
	case s.TrustConfig != "":
		return readTrustConfig(s.TrustConfig)
	case s.SigningConfig == "" && t.File != "":
		return nil, nil, errors.New("--trusted-root: names no services for signing, want --signing-config too")
	case s.SigningConfig == "":
		return t.Instance()
	}
	root, err := t.Root()
	if err != nil {
		return nil, nil, err
	}
	data, err := ReadFile(s.SigningConfig)
	if err != nil {
		return nil, nil, err
	}
	signing, err := signingconfig.Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.SigningConfig, err)
	}
	return root, signing, nil
}

func readTrustConfig(name string) (*trustroot.Root, *signingconfig.Config, error) {
	data, err := ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	both, err := signingconfig.ParseClientTrust(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return both.Root, both.Signing, nil
}

// Client is how the services are reached. CAs are those of CAFile.
func (s *Services) Client(cas *x509.CertPool) *sigstore.Client {
	return sigstore.NewClient(sigstore.ClientConfig{CAs: cas, Timeout: s.Timeout})
}

// CAs reads the authorities for TLS from a PEM file; without a name it returns
// nil, for the system's.
func CAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: no certificate, want PEM", file)
	}
	return pool, nil
}

// ReadFile reads a regular file to its end, or one byte beyond what any parser
// takes, which then says that it is too much.
func ReadFile(name string) ([]byte, error) {
	file, err := infile.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, bundle.MaxSize+1))
}
