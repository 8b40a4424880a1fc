// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
)

type attestFlags struct {
	bundle    string
	predicate string
	typ       string
	statement string
	digests   []string
	image     imageFlags
	signer    signerFlags
}

func newAttest() *cobra.Command {
	f := new(attestFlags)
	cmd := &cobra.Command{
		Use:   "attest {ARTIFACT...|--oci-layout DIR|--image REFERENCE} --predicate FILE --type TYPE",
		Short: "Sign an in-toto statement about files",
		Long: `Attest makes one in-toto statement about all the files, signs it and writes
the bundle beside the first one, as ARTIFACT` + bundleSuffix + `.

TYPE is the URI of a predicate type or a short name: cyclonedx, link, openvex,
scai, slsaprovenance, slsaprovenance1, spdx, test-result, vsa, vulns. A
statement that exists already is signed as it is with --statement.

With --oci-layout or --image the statement is about a container image, and the
bundle is attached to it.

Who signs, and with what services, is said as for sigbundle sign.`,
		Example: `  sigbundle attest dist/*.tar.gz --predicate provenance.json --type slsaprovenance1 \
    --bundle provenance.sigstore.json

  # about an image in an image layout
  sigbundle attest --oci-layout ./image --predicate sbom.json --type spdx`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.image.given() && (f.statement != "" || cmd.Flags().Changed("digest")):
				return errors.New("--statement and --digest are not for images")
			case f.image.given() && (f.predicate == "" || f.typ == ""):
				return errors.New("want --predicate and --type")
			case f.image.given():
				return f.image.check(args)
			case f.statement != "" && (len(args) > 0 || f.predicate != "" || f.typ != ""):
				return errors.New("--statement says everything: no artifacts, --predicate or --type go with it")
			case f.statement != "" && f.bundle == "":
				return errors.New("--statement needs --bundle")
			case f.statement == "" && (len(args) == 0 || f.predicate == "" || f.typ == ""):
				return errors.New("want artifacts, --predicate and --type")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.bundle, "bundle", "", "write the bundle to this `FILE`; an image's is then not attached")
	fl.StringVar(&f.predicate, "predicate", "", "the predicate's `FILE`, a JSON object")
	fl.StringVar(&f.typ, "type", "", "the predicate's `TYPE`, a URI or a short name")
	fl.StringVar(&f.statement, "statement", "", "sign the statement in this `FILE`, byte for byte")
	fl.StringSliceVar(&f.digests, "digest", []string{"sha256"}, "name artifacts by these digests: `sha256,sha384,sha512`")
	f.image.add(cmd)
	f.signer.add(cmd)
	return cmd
}

func (f *attestFlags) run(cmd *cobra.Command, artifacts []string) error {
	if f.image.given() {
		return f.image.sign(cmd, &f.signer, f.bundle, f.statementAbout)
	}
	payload, err := f.payload(artifacts)
	if err != nil {
		return err
	}
	target, what := f.bundle, f.statement
	if what == "" {
		what = artifacts[0]
	}
	if target == "" {
		target = what + bundleSuffix
	}
	signer, err := f.signer.signer(cmd)
	if err != nil {
		return err
	}
	if err := finish(cmd.Context(), signer, what, sign.Statement(payload), target); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "attested %s: %s\n", screen.Escape(what), screen.Escape(target))
	return nil
}

var digestFlags = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// payload returns the statement to sign.
func (f *attestFlags) payload(artifacts []string) ([]byte, error) {
	if f.statement != "" {
		return readFile(f.statement)
	}
	var hashes []crypto.Hash
	for _, name := range f.digests {
		h, ok := digestFlags[name]
		if !ok {
			return nil, fmt.Errorf("--digest %q is not sha256, sha384 or sha512", name)
		}
		hashes = append(hashes, h)
	}
	predicate, err := readFile(f.predicate)
	if err != nil {
		return nil, err
	}
	var subjects []sign.Subject
	for _, name := range artifacts {
		s, err := readSubject(name, hashes)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	payload, err := sign.NewStatement(subjects, sign.PredicateType(f.typ), predicate)
	if err != nil {
		return nil, &refusal{err}
	}
	return payload, nil
}

func readSubject(name string, hashes []crypto.Hash) (sign.Subject, error) {
	file, err := os.Open(name)
	if err != nil {
		return sign.Subject{}, err
	}
	defer file.Close()
	return sign.ReadSubject(filepath.Base(name), file, hashes...)
}
