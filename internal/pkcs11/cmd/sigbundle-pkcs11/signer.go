// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/pkcs11"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/sigstore"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// keyFlags name the key.
type keyFlags struct{ uri string }

func (f *keyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.uri, "pkcs11", "", "the private key's `URI`, pkcs11:token=…;object=…?module-path=…")
	_ = cmd.MarkFlagRequired("pkcs11")
}

func (f *keyFlags) open() (*pkcs11.Key, error) {
	uri, err := pkcs11.ParseURI(f.uri)
	if err != nil {
		return nil, err
	}
	return pkcs11.Open(uri, os.Getenv)
}

// signerFlags are the key and the services that vouch for it.
type signerFlags struct {
	key           keyFlags
	hint          string
	signingConfig string
	trustedRoot   string
	trustConfig   string
	rekor         int
	caFile        string
}

func (f *signerFlags) add(cmd *cobra.Command) {
	f.key.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.hint, "key-hint", "", "what the bundle calls the key; by default the base64 of its SHA-256")
	fl.StringVar(&f.signingConfig, "signing-config", "", "take the services from this signing configuration (v0.2) `FILE`")
	fl.StringVar(&f.trustedRoot, "trusted-root", "", "judge by the trust root in this JSON `FILE`")
	fl.StringVar(&f.trustConfig, "trust-config", "", "take both from this client trust configuration `FILE`")
	fl.IntVar(&f.rekor, "rekor-version", 0, "use logs of this `VERSION` of Rekor only, 1 or 2")
	fl.StringVar(&f.caFile, "ca-file", "", "trust the certificate authorities in this PEM `FILE` for TLS, instead of the system's")
	cmd.MarkFlagsOneRequired("signing-config", "trust-config")
	cmd.MarkFlagsMutuallyExclusive("signing-config", "trust-config")
	cmd.MarkFlagsRequiredTogether("signing-config", "trusted-root")
}

// with runs use with the signer that the flags describe, and logs out again.
func (f *signerFlags) with(use func(*sign.Signer) error) (err error) {
	root, signing, err := f.load()
	if err != nil {
		return err
	}
	cas, err := f.cas()
	if err != nil {
		return err
	}
	services, err := sigstore.Select(sigstore.SelectConfig{
		Client: sigstore.NewClient(sigstore.ClientConfig{CAs: cas}), Signing: signing, Root: root, Now: time.Now(), RekorMajor: f.rekor,
	})
	if err != nil {
		return err
	}
	token, err := f.key.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, token.Close()) }()
	key, err := sign.NewKey(token, f.hint)
	if err != nil {
		return err
	}
	signer, err := sign.New(sign.Config{Root: root, Key: key, Logs: services.Logs, Stampers: services.Stampers})
	if err != nil {
		return err
	}
	return use(signer)
}

func (f *signerFlags) load() (*trustroot.Root, *signingconfig.Config, error) {
	if f.trustConfig != "" {
		data, err := readFile(f.trustConfig)
		if err != nil {
			return nil, nil, err
		}
		both, err := signingconfig.ParseClientTrust(data)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.trustConfig, err)
		}
		return both.Root, both.Signing, nil
	}
	data, err := readFile(f.trustedRoot)
	if err != nil {
		return nil, nil, err
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.trustedRoot, err)
	}
	if data, err = readFile(f.signingConfig); err != nil {
		return nil, nil, err
	}
	signing, err := signingconfig.Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.signingConfig, err)
	}
	return root, signing, nil
}

// cas returns the authorities for TLS, nil for the system's.
func (f *signerFlags) cas() (*x509.CertPool, error) {
	if f.caFile == "" {
		return nil, nil
	}
	data, err := readFile(f.caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: no certificate in PEM", f.caFile)
	}
	return pool, nil
}

func newPublicKey() *cobra.Command {
	f := new(keyFlags)
	cmd := &cobra.Command{
		Use:   "public-key",
		Short: "Print the public key in PEM, for sigbundle verify --key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			token, err := f.open()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, token.Close()) }()
			key, err := sign.NewKey(token, "")
			if err != nil {
				return err
			}
			return pem.Encode(cmd.OutOrStdout(), &pem.Block{Type: "PUBLIC KEY", Bytes: key.SPKI()})
		},
	}
	f.add(cmd)
	return cmd
}
