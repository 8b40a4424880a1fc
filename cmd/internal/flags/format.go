// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"

	"github.com/spf13/cobra"
)

// How answers are written.

type Output struct{ Format string }

func (o *Output) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Format, "format", "text", "how to write the answer: `text|json`")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(
		[]cobra.Completion{"text\tfor people", "json\tfor programs"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *Output) Check() error {
	if o.Format != "text" && o.Format != "json" {
		return fmt.Errorf("--format %q: unknown, want text or json", o.Format)
	}
	return nil
}
