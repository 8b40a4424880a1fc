// SPDX-License-Identifier: Apache-2.0

// Package command has the exit codes of sigbundle and of the commands beside
// it, and the refusal that ends a command.
package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
)

// Exit codes, those of sigbundle.
const (
	Done    = 0
	Refused = 1 // a key, a service or the content
	Usage   = 2 // the command line was not understood, or a file could not be read or written
)

// Run runs a command and returns its exit code. What went wrong is written to
// stderr in one line, with its code.
func Run(root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return Done
	}
	text, code := screen.Escape(err.Error()), string(refuse.CodeOf(err))
	if code != "" && !strings.Contains(text, code) {
		text += " (" + code + ")"
	}
	fmt.Fprintln(stderr, root.Name()+": "+text)
	if code != "" {
		return Refused
	}
	return Usage
}
