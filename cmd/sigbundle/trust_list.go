// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

func newTrustList() *cobra.Command {
	var store flags.TrustDir
	var ages flags.TrustAge
	var output flags.Output
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the instances that are known, and how fresh each one's trust is",
		Example: `  sigbundle trust list
  sigbundle trust list --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			policy, err := ages.Policy()
			if err != nil {
				return err
			}
			list, err := store.Store().List()
			if err != nil {
				return command.Refuse(err)
			}
			var rows []listRow
			for _, in := range list {
				row := listRow{Instance: in}
				row.Mirror, row.TargetsURL = shownURL(in.Mirror), shownURL(in.TargetsURL)
				if l, err := flags.LoadInstance(store.Store(), in.Name, policy); err != nil {
					row.Problem = err.Error()
				} else {
					row.Source, _ = l.Aged(policy.At)
				}
				rows = append(rows, row)
			}
			if output.Format == "json" {
				return writeJSON(cmd.OutOrStdout(), rows)
			}
			return listText(cmd.OutOrStdout(), rows)
		},
	}
	store.Add(cmd)
	ages.Add(cmd)
	output.Add(cmd)
	return cmd
}

// shownURL returns a URL without secrets, "" for "".
func shownURL(s string) string {
	if s == "" {
		return ""
	}
	return tufsync.Shown(s)
}

type listRow struct {
	instances.Instance
	Source  string `json:"source,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func listText(w io.Writer, rows []listRow) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "INSTANCE\tMIRROR\tTRUST ROOT")
	for _, r := range rows {
		state := r.Source
		if r.Problem != "" {
			state = "unusable: " + r.Problem
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.Name, dash(screen.Escape(r.Mirror)), screen.Escape(state))
	}
	return t.Flush()
}
