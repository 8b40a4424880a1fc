// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot/insight"
)

func newTrustLint() *cobra.Command {
	f := new(rootArgs)
	strict := false
	cmd := &cobra.Command{
		Use:   "lint [INSTANCE|FILE]",
		Short: "Say what is odd about a trust root",
		Long: `Lint reports gaps in the times at which logs and authorities are valid, weak and
shared keys, IDs that are missing or not those of their keys, logs that are
listed twice, certificates that expire soon or are not for timestamps where they
should be, entries that are set aside, and kinds of evidence that the root cannot
verify. "sigbundle explain CODE" says more about a finding. Exit code 1 means a
warning, with --strict also a note.`,
		Example: `  sigbundle trust lint
  sigbundle trust lint private.json --as-of 2027-01-01 --strict`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, at, err := f.one(args)
			if err != nil {
				return err
			}
			return lintResult(cmd.OutOrStdout(), insight.Lint(l.Root, at), f.output.Format, strict)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 also for notes")
	return cmd
}

func lintResult(w io.Writer, found []insight.Finding, format string, strict bool) error {
	bad := false
	for _, x := range found {
		bad = bad || strict || x.Severity == insight.Warning
	}
	if format == "json" {
		if err := writeJSON(w, append([]insight.Finding{}, found...)); err != nil {
			return err
		}
	} else {
		for _, x := range found {
			where := kindNames[x.Kind]
			if x.Where != "" {
				where += " " + x.Where
			}
			if _, err := fmt.Fprintf(w, "%s  %s: %s (%s)\n", x.Severity, screen.Escape(where), screen.Escape(x.Detail), x.Rule); err != nil {
				return err
			}
		}
	}
	if bad {
		return &command.Refusal{}
	}
	return nil
}
