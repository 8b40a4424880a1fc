// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/cmd/sigbundle-pkcs11/pkcs11"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/sigstore"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
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
	key         keyFlags
	trustedRoot string
	instance    string
	trustDir    string
	flags.Services
}

func (f *signerFlags) add(cmd *cobra.Command) {
	f.key.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.trustedRoot, "trusted-root", "", "judge by the trust root in this JSON `FILE`")
	fl.StringVar(&f.instance, "instance", embedded.PublicGood, "sign with the services of this Sigstore `INSTANCE`, as last refreshed by sigbundle trust refresh")
	fl.StringVar(&f.trustDir, "trust-dir", "", "look for instances in this `DIR`; else SIGBUNDLE_TRUST_DIR, else the user's own folders")
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "instance")
	f.Services.Add(cmd)
}

// trust is where the trust root comes from.
func (f *signerFlags) trust() flags.Source {
	instance := func() (*trustroot.Root, *signingconfig.Config, error) {
		store := instances.ForUser()
		if dir := cmp.Or(f.trustDir, os.Getenv("SIGBUNDLE_TRUST_DIR")); dir != "" {
			store = instances.At(dir)
		}
		return store.Services(f.instance, tufroot.Policy{At: time.Now(), MaxAge: tufroot.AnyAge})
	}
	return flags.Source{File: f.trustedRoot, Instance: instance, Root: func() (*trustroot.Root, error) {
		if f.trustedRoot == "" {
			root, _, err := instance()
			return root, err
		}
		data, err := flags.ReadFile(f.trustedRoot)
		if err != nil {
			return nil, err
		}
		root, err := trustroot.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.trustedRoot, err)
		}
		return root, nil
	}}
}

// reads are the files that the flags name.
func (f *signerFlags) reads() *outfile.Set {
	reads := new(outfile.Set)
	f.Services.Reads(reads)
	reads.Add("--trusted-root", f.trustedRoot)
	return reads
}

// with runs use with the signer that the flags describe, and logs out again.
func (f *signerFlags) with(use func(*sign.Signer) error) (err error) {
	root, signing, err := f.Load(f.trust())
	if err != nil {
		return err
	}
	cas, err := flags.CAs(f.CAFile)
	if err != nil {
		return err
	}
	services, err := sigstore.Select(sigstore.SelectConfig{
		Client: f.Client(cas), Signing: signing, Root: root, Now: time.Now(), RekorMajor: f.Rekor,
	})
	if err != nil {
		return err
	}
	token, err := f.key.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, token.Close()) }()
	key, err := sign.NewKey(token, f.KeyHint)
	if err != nil {
		return err
	}
	signer, err := sign.New(sign.Config{Root: root, Key: key, Logs: services.Logs, TimestampAuthorities: services.TimestampAuthorities})
	if err != nil {
		return err
	}
	return use(signer)
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
