// SPDX-License-Identifier: Apache-2.0

// Command sigbundle verifies Sigstore bundles offline and explains the
// verdict. It decides nothing itself: flags become a configuration, the
// library judges, and what it says is printed.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func newCommand(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "sigbundle",
		Short: "Verify Sigstore bundles offline, and explain the verdict",
		Long: `Sigbundle verifies Sigstore bundles without a network: it says what was proved
about an artifact, by which key, at what time, or which check refused it.

Exit codes: 0 verified; 1 refused; 2 the command line was not understood, or a
key, policy or trust root that it names is none, or a file could not be read.`,
		SilenceUsage:  true,
		SilenceErrors: true,

		SuggestionsMinimumDistance: 2,
		Args:                       unknownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE:          checkWords,
		Version:                    versionString(),
	}
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(newVerify(), newInspect(), newTrust(), newAudit(), newExplain(), newSign(), newAttest(), newAttach(), newKeygen(), newVersion())
	if manual != nil {
		root.AddCommand(manual(root))
	}
	strictWords(root)
	giveOnce(root)
	return root
}

// strictWords has cobra's own commands refuse words that they do not know;
// by themselves they print a help and call it a success.
func strictWords(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Run, c.RunE = nil, func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				if err != nil || len(rest) > 0 {
					return fmt.Errorf("no help about %q, see sigbundle --help", strings.Join(args, " "))
				}
				about.InitDefaultHelpFlag()
				return about.Help()
			}
		case "completion":
			c.Args, c.RunE = cobra.NoArgs, func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
}

// checkWords refuses what no command takes for what it looks like.
func checkWords(cmd *cobra.Command, args []string) error {
	reads := strings.Contains(cmd.Use, "|-|") || strings.Contains(cmd.Use, "|-}")
	if !reads && slices.Contains(args, stdinName) {
		return fmt.Errorf("%s does not read standard input: name a file, such as ./- if that is its name", cmd.CommandPath())
	}
	if err := noEmptyFlags(cmd); err != nil {
		return err
	}
	return flags.CheckTrustDir(cmd)
}

// noEmptyFlags refuses a flag that is given without a value: in a script whose
// variable is not set, --trusted-root "$ROOT" must not mean another root, nor
// --predicate-type "$TYPE" any type.
func noEmptyFlags(cmd *cobra.Command) error {
	for _, f := range visited(cmd.Flags().Visit) {
		values := []string{f.Value.String()}
		if several, ok := f.Value.(interface{ GetSlice() []string }); ok {
			values = several.GetSlice()
		}
		if len(values) == 0 || slices.Contains(values, "") {
			return fmt.Errorf("--%s is empty: give it a value or leave it out", f.Name)
		}
	}
	return nil
}

// giveOnce has every flag refused that is given twice and holds one value: the
// last would be taken in silence.
func giveOnce(cmd *cobra.Command) {
	for _, f := range visited(cmd.Flags().VisitAll) {
		if _, many := f.Value.(interface{ GetSlice() []string }); many {
			continue
		}
		f.Value = &once{flagValue: f.Value}
		if f.DefValue == "0s" { // known as nothing of durations only
			f.DefValue = ""
		}
	}
	for _, c := range cmd.Commands() {
		giveOnce(c)
	}
}

type flagValue interface {
	String() string
	Set(string) error
	Type() string
}

// once is a flag's value that is set once.
type once struct {
	flagValue
	given bool
}

func (o *once) Set(s string) error {
	if o.given {
		return errors.New("it is given twice")
	}
	o.given = true
	return o.flagValue.Set(s)
}

// visited lists what a method such as Visit calls its argument with. It has no
// need of the type's name, whose package is cobra's dependency and not ours.
func visited[T any](visit func(func(T))) (all []T) {
	visit(func(one T) { all = append(all, one) })
	return all
}

// unknownCommand refuses words that are no command, and guesses what was meant.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("unknown command %q, did you mean %s", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q, see sigbundle --help", args[0])
}

// manual makes the command behind `make man`; nil in the real command.
var manual func(root *cobra.Command) *cobra.Command
