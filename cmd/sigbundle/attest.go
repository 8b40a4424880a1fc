// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/sign"
)

type attestFlags struct {
	bundle    string
	statement flags.Statement
	image     flags.Image
	signer    signerFlags
}

func newAttest() *cobra.Command {
	f := new(attestFlags)
	cmd := &cobra.Command{
		Use:   "attest {ARTIFACT...|--oci-layout DIR|--image REFERENCE} --predicate FILE --type TYPE",
		Short: "Sign an in-toto statement about files",
		Long: `Attest makes one in-toto statement about all the files, signs it and writes
the bundle beside the first one, as ARTIFACT` + flags.BundleSuffix + `. A file that exists
already is not replaced: with a second attestation, or a file that is signed, use
--bundle.

TYPE is the URI of a predicate type or a short name: cyclonedx, link, openvex,
scai, slsaprovenance, slsaprovenance1, spdx, test-result, vsa, vulns. With
--statement, a statement that exists already is signed as it is.

With --oci-layout or --image the statement is about a container image, and the
bundle is attached to it.

The flags for the signer and the services are those of sigbundle sign.`,
		Example: `  sigbundle attest dist/*.tar.gz --predicate provenance.json --type slsaprovenance1 \
    --bundle provenance.sigstore.json

  # about an image in an image layout
  sigbundle attest --oci-layout ./image --predicate sbom.json --type spdx`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.image.Given() && (f.statement.File != "" || cmd.Flags().Changed("digest")):
				return errors.New("--statement and --digest: not for images, want --predicate and --type")
			case f.image.Given() && (f.statement.Predicate == "" || f.statement.Type == ""):
				return errors.New("statement: incomplete, want --predicate and --type")
			case f.image.Given():
				if err := f.image.Check(args); err != nil {
					return err
				}
				return f.statement.CheckType()
			}
			return f.statement.Check(args, f.bundle)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().StringVar(&f.bundle, "bundle", "", "write the bundle to this `FILE`; an image's is then not attached")
	f.statement.Add(cmd)
	f.image.Add(cmd)
	cmd.Flags().BoolVar(&f.signer.keyID, "keyid", false, "name the key in the envelope, too, as --key-hint does; sigstore-go takes only the SSH fingerprint there")
	f.signer.add(cmd)
	return cmd
}

func (f *attestFlags) run(cmd *cobra.Command, artifacts []string) error {
	reads := f.signer.reads()
	f.statement.Reads(reads, artifacts)
	if f.image.Given() {
		return signImage(&f.image, cmd, "attested", &f.signer, reads, f.bundle, f.statementAbout)
	}
	what := f.statement.Name(artifacts)
	target, err := flags.NewTarget(reads, f.bundle, what)
	if err != nil {
		return err
	}
	payload, err := f.statement.Payload(artifacts)
	if err != nil {
		return command.Refuse(err)
	}
	signer, err := f.signer.signer(cmd)
	if err != nil {
		return err
	}
	signed, err := finish(cmd.Context(), signer, what, sign.Statement(payload), target)
	if err != nil {
		return err
	}
	checked := []string{"--no-artifact"}
	if len(artifacts) > 0 {
		checked = []string{artifactWord(artifacts[0])}
	}
	return f.signer.say(cmd, "attested", what, target.Name, signed, append(checked, "--bundle", target.Name), true)
}
