// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
)

const bundleSuffix = ".sigstore.json"

func newSign() *cobra.Command {
	var bundle string
	f := new(signerFlags)
	cmd := &cobra.Command{
		Use:   "sign FILE...",
		Short: "Sign files, and verify the bundles before they are written",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if bundle != "" && len(files) > 1 {
				return errors.New("--bundle goes with one file; several get theirs beside them")
			}
			return f.with(func(s *sign.Signer) error {
				for _, name := range files {
					if err := signFile(cmd, s, name, bundle); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "write the bundle to this `FILE`; for one file only")
	f.add(cmd)
	return cmd
}

func signFile(cmd *cobra.Command, s *sign.Signer, name, target string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return finish(cmd, s, name, sign.Message(file), target)
}

// finish signs, writes and says so. An empty target is beside the file.
func finish(cmd *cobra.Command, s *sign.Signer, name string, content sign.Content, target string) error {
	if target == "" {
		target = name + bundleSuffix
	}
	signed, err := s.Sign(context.Background(), content)
	if err != nil {
		return fmt.Errorf("%s is not signed: %w", name, err)
	}
	if err := sign.WriteFile(target, append(signed.Bundle, '\n')); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "signed %s: %s\n", screen.Escape(name), screen.Escape(target))
	return nil
}

type attestFlags struct {
	bundle, predicate, typ string
	digests                []string
	signer                 signerFlags
}

func newAttest() *cobra.Command {
	f := new(attestFlags)
	cmd := &cobra.Command{
		Use:   "attest ARTIFACT... --predicate FILE --type TYPE",
		Short: "Sign an in-toto statement about files",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, artifacts []string) error {
			payload, err := f.statement(artifacts)
			if err != nil {
				return err
			}
			return f.signer.with(func(s *sign.Signer) error {
				return finish(cmd, s, artifacts[0], sign.Statement(payload), f.bundle)
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.bundle, "bundle", "", "write the bundle to this `FILE`; by default beside the first artifact")
	fl.StringVar(&f.predicate, "predicate", "", "the predicate's `FILE`, a JSON object")
	fl.StringVar(&f.typ, "type", "", "the predicate's `TYPE`, a URI or a short name, as for sigbundle attest")
	fl.StringSliceVar(&f.digests, "digest", []string{"sha256"}, "name artifacts by these digests: `sha256,sha384,sha512`")
	_ = cmd.MarkFlagRequired("predicate")
	_ = cmd.MarkFlagRequired("type")
	f.signer.add(cmd)
	return cmd
}

func (f *attestFlags) statement(artifacts []string) ([]byte, error) {
	var hashes []crypto.Hash
	for _, name := range f.digests {
		h, ok := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[name]
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
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		subject, err := sign.ReadSubject(filepath.Base(name), file, hashes...)
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, subject)
	}
	return sign.NewStatement(subjects, sign.PredicateType(f.typ), predicate)
}
