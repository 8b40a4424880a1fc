// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/sign/sigstore"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// signerFlags choose who signs and what services vouch for it.
type signerFlags struct {
	key       string
	secret    passphraseFlag // of the key
	algorithm string
	token     string
	tokenFile string
	audience  string
	flow      string
	trust     flags.Trust
	flags.Services

	keyID       bool
	detachedSCT bool

	// What the signer is made of, once there is one.
	root   *trustroot.Root
	public crypto.PublicKey // of the key; nil without one
}

func (f *signerFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.key, "key", "", "sign with the private key in this PEM `FILE`; the passphrase of an encrypted one is $"+passwordVariable+", or asked for")
	f.secret.add(cmd)
	fl.StringVar(&f.algorithm, "algorithm", "", "the `ALGORITHM` of the fresh key; by default ecdsa-sha2-256-nistp256")
	fl.StringVar(&f.token, "identity-token", "", "sign as the holder of this identity `TOKEN`")
	fl.StringVar(&f.tokenFile, "identity-token-file", "", "read the identity token from this `FILE`, or from standard input with -")
	fl.StringVar(&f.audience, "audience", "", "ask for identity tokens for this `AUDIENCE`; by default "+oidc.Audience)
	fl.StringVar(&f.flow, "oidc-flow", "", "ask a person for the identity: `browser|device`")
	fl.BoolVar(&f.detachedSCT, "allow-detached-sct", false, "accept a certificate whose signed certificate timestamp came beside it; the bundle verifies only with --require sct=0")
	f.trust.Add(cmd)
	f.Services.Add(cmd)
	cmd.MarkFlagsMutuallyExclusive("key", "identity-token", "identity-token-file", "oidc-flow")
	cmd.MarkFlagsMutuallyExclusive("key", "algorithm")
	cmd.MarkFlagsMutuallyExclusive("key", "audience")
	cmd.MarkFlagsMutuallyExclusive("key", "allow-detached-sct")
	_ = cmd.RegisterFlagCompletionFunc("algorithm", cobra.FixedCompletions(sign.AlgorithmNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("oidc-flow", cobra.FixedCompletions([]string{"browser", "device"}, cobra.ShellCompDirectiveNoFileComp))
}

// reads are the files that the flags name.
func (f *signerFlags) reads() *outfile.Set {
	reads := new(outfile.Set)
	f.Services.Reads(reads)
	reads.Add("--key", f.key)
	reads.Add("--passphrase-file", f.secret.file)
	reads.Add("--trusted-root", f.trust.File)
	reads.Add("--identity-token-file", f.tokenFile)
	return reads
}

// signer makes the signer that the flags describe.
func (f *signerFlags) signer(cmd *cobra.Command) (*sign.Signer, error) {
	if f.flow != "" && f.flow != "browser" && f.flow != "device" {
		return nil, fmt.Errorf("--oidc-flow %q: unknown, want browser or device", f.flow)
	}
	if f.secret.file != "" && f.key == "" {
		return nil, errors.New("--passphrase-file: no private key given, want --key FILE too")
	}
	// What a person can mend at once comes before what services there are.
	var key *sign.Key
	if f.key != "" {
		var err error
		if key, err = f.readKey(); err != nil {
			return nil, err
		}
	}
	root, signing, err := f.Load(forSigners(&f.trust))
	if err != nil {
		return nil, err
	}
	cas, err := flags.CAs(f.CAFile)
	if err != nil {
		return nil, err
	}
	client := f.Client(cas)
	services, err := sigstore.Select(sigstore.SelectConfig{
		Client: client, Signing: signing, Root: root, Now: flags.Now(), RekorMajor: f.Rekor, Certificate: f.key == "",
	})
	if err != nil {
		return nil, command.Refuse(err)
	}
	config := sign.Config{Root: root, Logs: services.Logs, TimestampAuthorities: services.TimestampAuthorities, AllowDetachedSCT: f.detachedSCT, Note: prompt(cmd.ErrOrStderr())}
	if f.algorithm != "" {
		if config.Algorithm, err = sign.ParseAlgorithm(f.algorithm); err != nil {
			return nil, err
		}
	}
	if f.keyID && f.key == "" {
		return nil, errors.New("--keyid: a key with a certificate has no name in the envelope, want --key FILE too")
	}
	if f.key != "" {
		config.KeyID = f.keyID
		config.Key, f.public = key, key.Public()
	} else {
		who := &holder{signerFlags: f, cmd: cmd, signing: signing, client: client, authority: services.Fulcio, cas: cas}
		config.Issuer, err = who.issuer()
	}
	if err != nil {
		return nil, err
	}
	f.root = root
	signer, err := sign.New(config)
	if err != nil {
		return nil, &command.Refusal{Err: err}
	}
	return signer, nil
}

// forSigners is what signers take from the trust root's flags.
func forSigners(t *flags.Trust) flags.Source {
	return flags.Source{
		File: t.File,
		Root: func() (*trustroot.Root, error) {
			l, err := t.Find()
			if err != nil {
				return nil, err
			}
			return l.Root, nil
		},
		Instance: func() (*trustroot.Root, *signingconfig.Config, error) {
			policy, err := t.Policy()
			if err != nil {
				return nil, nil, err
			}
			root, signing, err := t.Store().Services(t.Instance, policy)
			return root, signing, command.Refuse(err)
		},
	}
}

func (f *signerFlags) readKey() (*sign.Key, error) {
	data, err := flags.ReadKey(f.key)
	if err != nil {
		return nil, err
	}
	passphrase := func() ([]byte, error) { return f.secret.read("passphrase of " + screen.Escape(f.key) + ": ") }
	key, err := sign.ParsePEM(data, f.KeyHint, passphrase)
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "%s", f.key)
	}
	return key, nil
}
