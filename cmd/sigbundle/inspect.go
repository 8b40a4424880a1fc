// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/inspect"
	"github.com/sigbundle/sigbundle/internal/screen"
)

func newInspect() *cobra.Command {
	var output flags.Output
	var size sizeFlag
	cmd := &cobra.Command{
		Use:   "inspect {FILE|-}",
		Short: "Show everything in a bundle, unverified",
		Long: `Inspect spells out what a bundle says: the signer, the statement, the log
entries, the timestamps. Nothing of it is verified, and all of it is marked so:
anyone can write a bundle that says anything. Of a bundle that is refused it
shows what can be read, says how it deviates, and ends with 1.`,
		Example: `  sigbundle inspect app.tar.gz.sigstore.json
  sigbundle inspect app.tar.gz.sigstore.json --format json | jq .unverified.envelope.statement`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(
			[]cobra.Completion{"json", "sigstore", "jsonl"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error { return runInspect(cmd, args[0], output, size) },
	}
	output.Add(cmd)
	size.add(cmd)
	return cmd
}

func runInspect(cmd *cobra.Command, name string, output flags.Output, size sizeFlag) error {
	if err := errors.Join(output.Check(), size.check()); err != nil {
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
			if err := writeRefused(cmd, c, name, i+1, len(candidates), output); err != nil {
				return err
			}
			continue
		}
		if err := writeInspection(cmd, inspect.Of(c.bundle), c.from, name, i+1, len(candidates), output); err != nil {
			return err
		}
	}
	if firstRefusal != nil {
		return &command.Refusal{Err: firstRefusal}
	}
	return nil
}

// refusedInspection is a refusal with what can be read of the bundle.
type refusedInspection struct {
	Schema string `json:"schema"` // that of an inspection
	verdict
	*inspect.Inspection // nil if that is nothing
	*carriage           // how it was carried; nil if by itself
}

// writeRefused writes what can be read of a bundle that is refused. The text
// of the refusal goes to standard error, with the exit code.
func writeRefused(cmd *cobra.Command, c candidate, name string, number, several int, output flags.Output) error {
	var in *inspect.Inspection
	if c.data != nil {
		in = inspect.OfParts(bundle.ReadParts(c.data))
	}
	switch {
	case output.Format == "json":
		return writeJSONLine(cmd.OutOrStdout(), refusedInspection{inspect.Schema, verdictOf(c.err), in, c.from}, several > 1)
	case in == nil:
		return nil
	}
	return writeInspection(cmd, in, c.from, name, number, several, output)
}

// writeInspection writes one of several inspections.
func writeInspection(cmd *cobra.Command, in *inspect.Inspection, from *carriage, name string, number, several int, output flags.Output) error {
	w := cmd.OutOrStdout()
	switch {
	case output.Format == "json":
		return writeJSONLine(w, struct {
			*inspect.Inspection
			*carriage
		}{in, from}, several > 1)
	case several > 1:
		name = fmt.Sprintf("%s, bundle %d of %d", name, number, several)
	}
	if err := in.WriteText(w, name, colored(w)); err != nil || from == nil {
		return err
	}
	_, err := fmt.Fprintf(w, "carrier  UNVERIFIED\n  %s\n", screen.Escape(from.String()))
	return err
}
