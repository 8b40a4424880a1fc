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
	signer    signerFlags
}

func newAttest() *cobra.Command {
	f := new(attestFlags)
	cmd := &cobra.Command{
		Use:   "attest ARTIFACT... --predicate FILE --type TYPE",
		Short: "Sign an in-toto statement about files",
		Long: `Attest makes one in-toto statement about all the files, signs it and writes
the bundle beside the first one, as ARTIFACT` + bundleSuffix + `.

TYPE is the URI of a predicate type or a short name: cyclonedx, link, openvex,
scai, slsaprovenance, slsaprovenance1, spdx, test-result, vsa, vulns. A
statement that exists already is signed as it is with --statement.

Who signs, and with what services, is said as for sigbundle sign.`,
		Example: `  sigbundle attest dist/*.tar.gz --predicate provenance.json --type slsaprovenance1 \
    --bundle provenance.sigstore.json`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
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
	fl.StringVar(&f.bundle, "bundle", "", "write the bundle to this `FILE`")
	fl.StringVar(&f.predicate, "predicate", "", "the predicate's `FILE`, a JSON object")
	fl.StringVar(&f.typ, "type", "", "the predicate's `TYPE`, a URI or a short name")
	fl.StringVar(&f.statement, "statement", "", "sign the statement in this `FILE`, byte for byte")
	fl.StringSliceVar(&f.digests, "digest", []string{"sha256"}, "name artifacts by these digests: `sha256,sha384,sha512`")
	f.signer.add(cmd)
	return cmd
}

func (f *attestFlags) run(cmd *cobra.Command, artifacts []string) error {
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
