// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func newExplain() *cobra.Command {
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Say what the code of a refusal means, and what to do about it",
		Long: `Explain says what a refusal's stable code means and what its reader can do.
Without a code it lists all of them.`,
		Example: `  sigbundle explain tlog.unknown_log
  sigbundle explain --format json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeCodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(); err != nil {
				return err
			}
			codes := refuse.All()
			if len(args) == 1 {
				d := refuse.Describe(refuse.Code(args[0]))
				if d.Code == "" {
					return fmt.Errorf("there is no code %q; sigbundle explain lists them", args[0])
				}
				codes = []refuse.Description{d}
			}
			if output.format == "json" {
				return writeJSON(cmd.OutOrStdout(), codes)
			}
			for _, d := range codes {
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n  %s\n  %s\n", d.Code, d.Cause, d.Fix); err != nil {
					return err
				}
			}
			return nil
		},
	}
	output.add(cmd.Flags())
	return cmd
}

func completeCodes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var codes []string
	for _, d := range refuse.All() {
		codes = append(codes, string(d.Code))
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
