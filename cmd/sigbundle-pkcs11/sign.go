// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
)

func newSign() *cobra.Command {
	var bundle string
	var replace bool
	f := new(signerFlags)
	cmd := &cobra.Command{
		Use:   "sign FILE...",
		Short: "Sign files, and verify the bundles before they are written",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if bundle != "" && len(files) > 1 {
				return errors.New("--bundle: given with several files, want one file, or no --bundle to write each bundle beside its file")
			}
			targets, err := flags.Targets(f.reads(), bundle, files, replace)
			if err != nil {
				return err
			}
			return f.with(func(s *sign.Signer) error {
				for i, name := range files {
					if err := signFile(cmd, s, name, targets[i]); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "write the bundle to this `FILE`; for one file only")
	cmd.Flags().BoolVar(&replace, "replace", false, "replace a signature that is beside the file, also another signer's")
	cmd.MarkFlagsMutuallyExclusive("bundle", "replace")
	f.add(cmd)
	return cmd
}

func signFile(cmd *cobra.Command, s *sign.Signer, name string, target flags.Target) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return finish(cmd, s, name, sign.Message(file), target)
}

// finish signs, writes and says so.
func finish(cmd *cobra.Command, s *sign.Signer, name string, content sign.Content, target flags.Target) error {
	signed, err := s.Sign(context.Background(), content)
	if err != nil {
		return fmt.Errorf("%s: not signed: %w", name, err)
	}
	if err := target.Write(append(signed.Bundle, '\n')); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "signed %s: %s\n", screen.Escape(name), screen.Escape(target.Name))
	return nil
}

func newAttest() *cobra.Command {
	var bundle string
	statement, f := new(flags.Statement), new(signerFlags)
	cmd := &cobra.Command{
		Use:   "attest ARTIFACT... --predicate FILE --type TYPE",
		Short: "Sign an in-toto statement, about files or one that exists",
		Args:  func(_ *cobra.Command, artifacts []string) error { return statement.Check(artifacts, bundle) },
		RunE: func(cmd *cobra.Command, artifacts []string) error {
			reads := f.reads()
			statement.Reads(reads, artifacts)
			target, err := flags.NewTarget(reads, bundle, statement.Name(artifacts))
			if err != nil {
				return err
			}
			payload, err := statement.Payload(artifacts)
			if err != nil {
				return err
			}
			return f.with(func(s *sign.Signer) error {
				return finish(cmd, s, statement.Name(artifacts), sign.Statement(payload), target)
			})
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "write the bundle to this `FILE`; by default beside the first artifact")
	statement.Add(cmd)
	f.add(cmd)
	return cmd
}
