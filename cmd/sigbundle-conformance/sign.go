// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/sign/sigstore"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// signRequest is a command line of sign-bundle.
type signRequest struct {
	staging, inToto             bool
	token, bundle, root, config string
}

func signBundle(args []string, stdout, stderr io.Writer) error {
	fl := flag.NewFlagSet("sign-bundle", flag.ContinueOnError)
	var q signRequest
	fl.BoolVar(&q.staging, "staging", false, "judge by the staging instance")
	fl.BoolVar(&q.inToto, "in-toto", false, "the file is an in-toto statement, to be signed in an envelope")
	fl.StringVar(&q.token, "identity-token", "", "the identity `TOKEN`")
	fl.StringVar(&q.bundle, "bundle", "", "the `FILE` to write the bundle to")
	fl.StringVar(&q.root, "trusted-root", "", "the trust root's `FILE`")
	fl.StringVar(&q.config, "signing-config", "", "the signing configuration's `FILE`; by default that of the instance, as last refreshed")
	if err := parse(fl, args, stdout, stderr); err != nil {
		return err
	}
	if fl.NArg() != 1 || q.token == "" || q.bundle == "" {
		return errUsage{errors.New("want --identity-token, --bundle and one file")}
	}
	signer, err := q.signer()
	if err != nil {
		return err
	}
	file, err := os.Open(fl.Arg(0))
	if err != nil {
		return errUsage{err}
	}
	defer file.Close()
	content := sign.Message(file)
	if q.inToto {
		payload, err := io.ReadAll(file)
		if err != nil {
			return errUsage{err}
		}
		content = sign.Statement(payload)
	}
	signed, err := signer.Sign(context.Background(), content)
	if err != nil {
		return err
	}
	return outfile.WriteBundle(q.bundle, signed.Bundle)
}

func (q *signRequest) signer() (*sign.Signer, error) {
	root, config, err := q.trust(q.instance())
	if err != nil {
		return nil, err
	}
	token, err := oidc.Parse(q.token)
	if err != nil {
		return nil, err
	}
	client := sigstore.NewClient(sigstore.ClientConfig{})
	services, err := sigstore.Select(sigstore.SelectConfig{Client: client, Signing: config, Root: root, Now: time.Now(), Certificate: true})
	if err != nil {
		return nil, err
	}
	return sign.New(sign.Config{
		Root: root, Logs: services.Logs, TimestampAuthorities: services.TimestampAuthorities,
		Issuer: sigstore.NewFulcio(sigstore.FulcioConfig{Client: client, URL: services.Fulcio, Token: token}),
	})
}

func (q *signRequest) instance() string {
	if q.staging {
		return embedded.Staging
	}
	return embedded.PublicGood
}

// trust returns the trust root and the signing configuration: of the files
// given, or else of the instance, where the main command keeps them.
func (q *signRequest) trust(instance string) (*trustroot.Root, *signingconfig.Config, error) {
	if q.config != "" {
		root, err := q.trustRoot()
		if err != nil {
			return nil, nil, err
		}
		data, err := os.ReadFile(q.config)
		if err != nil {
			return nil, nil, errUsage{err}
		}
		config, err := signingconfig.Parse(data)
		return root, config, err
	}
	store := instances.ForUser()
	if dir := os.Getenv("SIGBUNDLE_TRUST_DIR"); dir != "" {
		store = instances.At(dir)
	}
	root, config, err := store.Services(instance, tufroot.Policy{At: time.Now(), MaxAge: tufroot.AnyAge})
	if err != nil {
		return nil, nil, errUsage{err}
	}
	if q.root != "" {
		root, err = q.trustRoot()
	}
	return root, config, err
}

func (q *signRequest) trustRoot() (*trustroot.Root, error) {
	if q.root != "" {
		data, err := os.ReadFile(q.root)
		if err != nil {
			return nil, errUsage{err}
		}
		return trustroot.Parse(data)
	}
	return embedded.TrustedRoot(q.instance())
}
