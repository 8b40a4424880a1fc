// SPDX-License-Identifier: Apache-2.0

//go:build man

package main

// The manual pages, made by `make man` from the commands themselves. The
// build tag keeps what renders them out of the command.

import (
	"os"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func init() { manual = newManual }

func newManual(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write the manual pages",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			root.InitDefaultCompletionCmd()
			root.DisableAutoGenTag = true
			keepTables(root)
			header := &doc.GenManHeader{Section: "1", Source: "sigbundle " + versionString(), Manual: "sigbundle"}
			return doc.GenManTree(root, header, args[0]) // the date is SOURCE_DATE_EPOCH
		},
	}
}

var table = regexp.MustCompile(`(?m)(^  .*\n?)+`)

// keepTables marks what is indented in the descriptions as text whose lines
// are not to be filled: the renderer reads them as Markdown.
func keepTables(cmd *cobra.Command) {
	cmd.Long = table.ReplaceAllStringFunc(cmd.Long, func(block string) string {
		return "\n" + regexp.MustCompile(`(?m)^  `).ReplaceAllString(block, "    ") + "\n"
	})
	for _, c := range cmd.Commands() {
		keepTables(c)
	}
}
