// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
)

type signFlags struct {
	bundle  string
	replace bool
	image   flags.Image
	signer  signerFlags
}

func newSign() *cobra.Command {
	f := new(signFlags)
	cmd := &cobra.Command{
		Use:   "sign {FILE...|--oci-layout DIR|--image REFERENCE}",
		Short: "Sign files, and verify the bundles before they are written",
		Long: `Sign makes a bundle for each file and writes it beside it, as FILE` + flags.BundleSuffix + `.

Without --key it signs keyless: a certificate authority certifies a fresh key for
the holder of an identity token, and the key signs once. The token comes from
--identity-token, --identity-token-file, the CI job, or with --oidc-flow from a
person who signs in.

With --key it signs with the private key in a file. sigbundle keygen makes one.

The services are those of --signing-config, or else those that the instance's
repository named when it was last refreshed, with sigbundle trust refresh.

A bundle that exists already is not replaced. With --replace, a signature of the
file is replaced, also that of another signer. An attestation never is: use
--bundle to write elsewhere.

With --oci-layout or --image it signs a container image and attaches the bundle
to it, as cosign does.

Every answer of a service is judged by the trust root as it arrives, and the
finished bundle by the same code as sigbundle verify. A bundle that does not
verify is not written.`,
		Example: `  # keyless, in a CI job, with the public services
  sigbundle trust refresh
  sigbundle sign dist/*.tar.gz

  # as a person
  sigbundle sign release.tar.gz --oidc-flow browser

  # with a key, and private services
  sigbundle sign release.tar.gz --key release.key \
    --signing-config signing_config.json --trusted-root trusted_root.json

  # an image in a registry
  sigbundle sign --image registry.example.com/app:v1 --key release.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.image.Given() {
				return f.image.Check(args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().StringVar(&f.bundle, "bundle", "", "write the bundle to this `FILE`; for one file only. An image's is then not attached")
	cmd.Flags().BoolVar(&f.replace, "replace", false, "replace a signature that is beside the file, also another signer's")
	cmd.MarkFlagsMutuallyExclusive("bundle", "replace")
	f.image.Add(cmd)
	f.signer.add(cmd)
	return cmd
}

func (f *signFlags) run(cmd *cobra.Command, files []string) error {
	if f.image.Given() {
		return signImage(&f.image, cmd, "signed", &f.signer, f.signer.reads(), f.bundle, signatureOf)
	}
	if f.bundle != "" && len(files) > 1 {
		return errors.New("--bundle: given with several files, want one file, or no --bundle to write each bundle beside its file")
	}
	for _, name := range files { // before a person is asked who they are
		file, err := flags.OpenRegular(name)
		if err != nil {
			return err
		}
		_ = file.Close()
	}
	// What is signed may be public for good: it has to have a place.
	targets, err := flags.Targets(f.signer.reads(), f.bundle, files, f.replace)
	if err != nil {
		return err
	}
	signer, err := f.signer.signer(cmd)
	if err != nil {
		return err
	}
	progress := bar{}
	if len(files) > 1 {
		progress = newBar(cmd.ErrOrStderr(), func() int64 { return int64(len(files)) }, "signing")
	}
	defer progress.end()
	for i, name := range files {
		progress.set(int64(i))
		signed, err := signFile(cmd.Context(), signer, name, targets[i])
		if err != nil {
			return err
		}
		progress.end()
		checked := []string{artifactWord(name)}
		if f.bundle != "" {
			checked = append(checked, "--bundle", f.bundle)
		}
		if err := f.signer.say(cmd, "signed", name, targets[i].Name, signed, checked, i == len(files)-1); err != nil {
			return err
		}
	}
	return nil
}

func signFile(ctx context.Context, signer *sign.Signer, name string, target flags.Target) (*sign.Signed, error) {
	file, err := flags.OpenRegular(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return finish(ctx, signer, name, sign.Message(file), target)
}

// finish signs and writes the bundle; whatever goes wrong is about the
// content or the services, and nothing is written.
func finish(ctx context.Context, signer *sign.Signer, what string, content sign.Content, target flags.Target) (*sign.Signed, error) {
	signed, err := signer.Sign(ctx, content)
	if err != nil {
		return nil, &command.Refusal{Err: fmt.Errorf("%s: not signed: %w", what, err)}
	}
	return signed, target.Write(append(slices.Clone(signed.Bundle), '\n'))
}

// prompt writes what a person has to do next.
func prompt(w io.Writer) func(string) {
	return func(s string) { fmt.Fprintln(w, "sigbundle: "+screen.Escape(s)) }
}
