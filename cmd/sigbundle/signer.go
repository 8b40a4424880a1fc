// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/sign/sigstore"
)

// passwordVariable holds the password of an encrypted key.
const passwordVariable = "SIGBUNDLE_PASSWORD"

// signerFlags choose who signs and what services vouch for it.
type signerFlags struct {
	key           string
	keyHint       string
	algorithm     string
	token         string
	tokenFile     string
	audience      string
	flow          string
	signingConfig string
	trustConfig   string
	rekor         int
	caFile        string
	detachedSCT   bool
	timeout       time.Duration
	trust         trustFlags
}

func (f *signerFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.key, "key", "", "sign with the private key in this PEM `FILE`; an encrypted one's password is $"+passwordVariable+", or asked for")
	fl.StringVar(&f.keyHint, "key-hint", "", "what the bundle calls the key; by default the base64 of its SHA-256")
	fl.StringVar(&f.algorithm, "algorithm", "", "the `ALGORITHM` of the fresh key; by default ecdsa-sha2-256-nistp256")
	fl.StringVar(&f.token, "identity-token", "", "sign as the holder of this identity `TOKEN`")
	fl.StringVar(&f.tokenFile, "identity-token-file", "", "read the identity token from this `FILE`, or from standard input with -")
	fl.StringVar(&f.audience, "audience", "", "whom identity tokens are for; by default what the certificate authority says, or else "+oidc.Audience)
	fl.StringVar(&f.flow, "oidc-flow", "", "ask a person for the identity: `browser|device`")
	fl.StringVar(&f.signingConfig, "signing-config", "", "take the services from this signing configuration (v0.2) `FILE`; by default from the instance's repository, as last refreshed")
	fl.StringVar(&f.trustConfig, "trust-config", "", "take services and trust root from this client trust configuration `FILE`")
	fl.IntVar(&f.rekor, "rekor-version", 0, "use logs of this `VERSION` of Rekor only, 1 or 2")
	fl.StringVar(&f.caFile, "ca-file", "", "trust the certificate authorities in this PEM `FILE` for TLS, instead of the system's")
	fl.DurationVar(&f.timeout, "timeout", 0, "how long each of four attempts at a service may take, a `DURATION` such as 10s; by default 15s to 60s, as suits it")
	fl.BoolVar(&f.detachedSCT, "allow-detached-sct", false, "accept a certificate whose signed certificate timestamp came beside it; the bundle verifies only with --require sct=0")
	f.trust.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("key", "identity-token", "identity-token-file", "oidc-flow")
	cmd.MarkFlagsMutuallyExclusive("key", "algorithm")
	cmd.MarkFlagsMutuallyExclusive("key", "audience")
	cmd.MarkFlagsMutuallyExclusive("key", "allow-detached-sct")
	cmd.MarkFlagsMutuallyExclusive("signing-config", "trust-config")
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "trust-config")
	cmd.MarkFlagsMutuallyExclusive("instance", "trust-config")
	_ = cmd.RegisterFlagCompletionFunc("algorithm", cobra.FixedCompletions(sign.AlgorithmNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("oidc-flow", cobra.FixedCompletions([]string{"browser", "device"}, cobra.ShellCompDirectiveNoFileComp))
}

// signer makes the signer that the flags describe.
func (f *signerFlags) signer(cmd *cobra.Command) (*sign.Signer, error) {
	if f.flow != "" && f.flow != "browser" && f.flow != "device" {
		return nil, fmt.Errorf("--oidc-flow %q is not browser or device", f.flow)
	}
	if f.timeout < 0 {
		return nil, fmt.Errorf("--timeout %v is less than nothing", f.timeout)
	}
	root, signing, err := f.services()
	if err != nil {
		return nil, err
	}
	cas, err := f.cas()
	if err != nil {
		return nil, err
	}
	client := sigstore.NewClient(sigstore.ClientConfig{CAs: cas, Timeout: f.timeout})
	services, err := sigstore.Select(sigstore.SelectConfig{
		Client: client, Signing: signing, Now: now(), RekorMajor: f.rekor, Certificate: f.key == "",
	})
	if err != nil {
		return nil, &refusal{err}
	}
	config := sign.Config{Root: root, Logs: services.Logs, Stampers: services.Stampers, AllowDetachedSCT: f.detachedSCT, Note: prompt(cmd.ErrOrStderr())}
	if f.algorithm != "" {
		if config.Algorithm, err = sign.ParseAlgorithm(f.algorithm); err != nil {
			return nil, err
		}
	}
	if f.key != "" {
		config.Key, err = f.readKey()
	} else {
		who := &holder{signerFlags: f, cmd: cmd, signing: signing, client: client, authority: services.Fulcio, cas: cas}
		config.Issuer, err = who.issuer()
	}
	if err != nil {
		return nil, err
	}
	signer, err := sign.New(config)
	if err != nil {
		return nil, &refusal{err}
	}
	return signer, nil
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

func (f *signerFlags) readKey() (*sign.Key, error) {
	data, err := readFile(f.key)
	if err != nil {
		return nil, err
	}
	key, err := sign.ParsePEM(data, f.keyHint, password)
	if err != nil {
		return nil, &refusal{refuse.Wrap("sign.key", err, "%s", f.key)}
	}
	return key, nil
}

// password comes from the environment, or from a person.
func password() ([]byte, error) {
	if value, ok := os.LookupEnv(passwordVariable); ok {
		return []byte(value), nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, errors.New("there is no terminal to ask for it, and $" + passwordVariable + " is not set")
	}
	fmt.Fprint(os.Stderr, "password of the private key: ")
	defer fmt.Fprintln(os.Stderr)
	return term.ReadPassword(int(os.Stdin.Fd()))
}
