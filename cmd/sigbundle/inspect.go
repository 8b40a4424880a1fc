// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/inspect"
)

func newInspect() *cobra.Command {
	var output outputFlags
	var size sizeFlag
	cmd := &cobra.Command{
		Use:   "inspect {FILE|-}",
		Short: "Show everything in a bundle, unverified",
		Long: `Inspect spells out what a bundle says: the signer, the statement, the log
entries, the timestamps. Nothing of it is verified, and all of it is marked so:
anyone can write a bundle that says anything.`,
		Example: `  sigbundle inspect app.tar.gz.sigstore.json
  sigbundle inspect app.tar.gz.sigstore.json --format json | jq .unverified.envelope.statement`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(
			[]cobra.Completion{"json", "sigstore", "jsonl"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error { return runInspect(cmd, args[0], output, size) },
	}
	output.add(cmd)
	size.add(cmd)
	return cmd
}

func runInspect(cmd *cobra.Command, name string, output outputFlags, size sizeFlag) error {
	if err := errors.Join(output.check(), size.check()); err != nil {
		return err
	}
	candidates, err := readCandidates(cmd.InOrStdin(), name, size)
	if err != nil {
		return err
	}
	var firstRefusal error
	for i, c := range candidates {
		if c.err != nil {
			// The others are still worth showing; the exit code tells.
			if firstRefusal == nil {
				firstRefusal = c.err
			}
			if output.format == "json" {
				if err := writeJSONLine(cmd.OutOrStdout(), verdictOf(c.err), len(candidates) > 1); err != nil {
					return err
				}
			}
			continue
		}
		if err := writeInspection(cmd, inspect.Of(c.bundle), name, i+1, len(candidates), output); err != nil {
			return err
		}
	}
	if firstRefusal != nil {
		return &refusal{firstRefusal}
	}
	return nil
}

// writeInspection writes one of several inspections.
func writeInspection(cmd *cobra.Command, in *inspect.Inspection, name string, number, several int, output outputFlags) error {
	w := cmd.OutOrStdout()
	switch {
	case output.format == "json":
		return writeJSONLine(w, in, several > 1)
	case several > 1:
		name = fmt.Sprintf("%s, bundle %d of %d", name, number, several)
	}
	return in.WriteText(w, name, colored(w))
}
