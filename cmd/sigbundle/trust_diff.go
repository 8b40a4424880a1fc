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

func newTrustDiff() *cobra.Command {
	f := new(rootArgs)
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Say what one trust root has and another has not",
		Long:  `Diff compares two trust roots, named by instance or file, as sets of logs and authorities. Exit code 1 means that they differ.`,
		Example: `  sigbundle trust diff old.json new.json
  sigbundle trust diff public-good ./trusted_root.json --format json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.output.Check(); err != nil {
				return err
			}
			a, err := f.find(args[:1])
			if err != nil {
				return err
			}
			b, err := f.find(args[1:])
			if err != nil {
				return err
			}
			return diffResult(cmd.OutOrStdout(), insight.Diff(a.Root, b.Root), f.output.Format)
		},
	}
	f.add(cmd)
	return cmd
}

func diffResult(w io.Writer, changes []insight.Change, format string) error {
	if format == "json" {
		if err := writeJSON(w, append([]insight.Change{}, changes...)); err != nil {
			return err
		}
	} else {
		for _, c := range changes {
			line := fmt.Sprintf("%s  %s %s", c.What, kindNames[c.Kind], c.Name)
			switch c.What {
			case "added":
				line += ", key " + c.KeyID + ", " + c.To
			case "removed":
				line += ", key " + c.KeyID + ", " + c.From
			default:
				line += ": " + c.Field + " from " + dash(c.From) + " to " + dash(c.To)
			}
			if _, err := fmt.Fprintln(w, screen.Escape(line)); err != nil {
				return err
			}
		}
	}
	if len(changes) > 0 {
		return &command.Refusal{}
	}
	return nil
}
