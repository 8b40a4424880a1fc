// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func newExplain() *cobra.Command {
	var output flags.Output
	var list bool
	cmd := &cobra.Command{
		Use:   "explain [CODE|FAMILY]",
		Short: "Say what the code of a refusal means, and what to do about it",
		Long: `Explain says what a refusal's stable code means and what its reader can do.
A family such as tlog means all of its codes. Without an argument every code is
described.`,
		Example: `  sigbundle explain tlog.unknown_log
  sigbundle explain --format json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeCodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			codes := refuse.All()
			if len(args) == 1 {
				d := refuse.Describe(refuse.Code(args[0]))
				if d.Code == "" {
					codes = family(args[0])
				} else {
					codes = []refuse.Description{d}
				}
				if len(codes) == 0 {
					return fmt.Errorf("code %q: unknown, want one that sigbundle explain lists", args[0])
				}
			}
			if output.Format == "json" {
				return writeJSON(cmd.OutOrStdout(), explanations(codes))
			}
			for _, d := range codes {
				if list {
					if _, err := fmt.Fprintln(cmd.OutOrStdout(), d.Code); err != nil {
						return err
					}
					continue
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n  %s\n  %s\n", d.Code, d.Cause, remedy(string(d.Code))); err != nil {
					return err
				}
			}
			return nil
		},
	}
	output.Add(cmd)
	cmd.Flags().BoolVar(&list, "list", false, "print the codes alone, one a line")
	return cmd
}

// family returns the codes that begin with a name, up to one of its dots.
func family(name string) (codes []refuse.Description) {
	for _, d := range refuse.All() {
		if strings.HasPrefix(string(d.Code), name+".") {
			codes = append(codes, d)
		}
	}
	return codes
}

// explanation is a code in JSON.
type explanation struct {
	Code  refuse.Code `json:"code"`
	Cause string      `json:"cause"`
	Fix   string      `json:"fix"`
}

func explanations(codes []refuse.Description) []explanation {
	out := make([]explanation, 0, len(codes)) // no code is [], not null
	for _, d := range codes {
		out = append(out, explanation{d.Code, d.Cause, remedy(string(d.Code))})
	}
	return out
}

func completeCodes(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var codes []cobra.Completion
	for _, d := range refuse.All() {
		codes = append(codes, string(d.Code)+"\t"+d.Cause)
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
