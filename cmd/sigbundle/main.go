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
		Long: `Sigbundle verifies Sigstore bundles without a network. It says what was proved
about an artifact, by which key and at what time, or which check refused it.

The three commands that most people want:

  sigbundle verify FILE --repo OWNER/NAME   a file that GitHub Actions built
  sigbundle verify FILE --key release.pub   a file that was signed with a key
  sigbundle sign FILE                       sign a file in a CI job

Exit codes: 0 verified; 1 refused; 2 the command line was not understood, a file
could not be read, a key or policy is invalid, or a trust root is damaged or too
old.`,
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
	for _, g := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Verify:", []*cobra.Command{groupFlags(newVerify(), verifyGroups), groupFlags(newAudit(), verifyGroups), groupFlags(newLock(), verifyGroups), newInspect(), newExplain()}},
		{"Sign:", []*cobra.Command{groupFlags(newSign(), signGroups), groupFlags(newAttest(), signGroups), newAttach(), newKeygen()}},
		{"Convert:", []*cobra.Command{newConvert(), newRepair()}},
		{"Trust:", []*cobra.Command{newTrust()}},
	} {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.title
			root.AddCommand(c)
		}
	}
	root.AddCommand(newVersion())
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
					return fmt.Errorf("help: unknown command %q, see sigbundle --help", strings.Join(args, " "))
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
		return fmt.Errorf("%s: does not read standard input, want a file (./- for a file of that name)", cmd.CommandPath())
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
			return fmt.Errorf("--%s: empty, want a value, or leave the flag out", f.Name)
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
		return errors.New("given twice, want one value")
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
	if args[0] == "" {
		return errors.New("the name of the command is empty, see sigbundle --help")
	}
	if ours := foreignCommands[args[0]]; ours != "" {
		return fmt.Errorf("unknown command %q, want %s", args[0], ours)
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("unknown command %q, did you mean %s", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q, see sigbundle --help", args[0])
}

// manual makes the command behind `make man`; nil in the real command.
var manual func(root *cobra.Command) *cobra.Command
