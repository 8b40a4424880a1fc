// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func newTrust() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Look at trust roots, keep them fresh, and carry them offline",
		Long: `Trust roots say which logs and authorities are valid. They are proved by TUF, from
a root that is built in or was added by hand, every time they are used.

Of these commands only "trust refresh" uses the network.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newTrustShow(), newTrustLint(), newTrustDiff(), newTrustImpact(), newTrustCreate(),
		newTrustList(), newTrustAdd(), newTrustRemove(), newTrustRefresh(),
		newTrustExport(), newTrustImport(), newTrustVerify(),
	)
	return cmd
}

// rootArgs are commands that look at roots, each named by its instance or its
// file.
type rootArgs struct {
	flags.TrustDir
	flags.TrustAge
	output flags.Output
}

func (f *rootArgs) add(cmd *cobra.Command) {
	f.TrustDir.Add(cmd)
	f.TrustAge.Add(cmd)
	f.output.Add(cmd)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names, _ := f.CompleteInstances(cmd, args, prefix)
		return names, cobra.ShellCompDirectiveDefault
	}
}

// find takes an argument as a file if it looks like one, and else as an
// instance. No argument is the default instance.
func (f *rootArgs) find(args []string) (*flags.Root, error) {
	t := flags.Trust{Instance: "public-good", TrustDir: f.TrustDir, TrustAge: f.TrustAge}
	if len(args) > 0 {
		if t.Instance = args[0]; t.Instance == "" {
			return nil, errors.New("instance or file: empty name, want one")
		}
		if strings.ContainsAny(args[0], `/\`) || strings.HasSuffix(args[0], ".json") {
			t.File = args[0]
		} else if _, err := t.Store().Find(args[0]); refuse.CodeOf(err) == "trust.instance" && flags.Exists(args[0]) {
			t.File = args[0]
		}
	}
	return t.Find()
}

// one returns the root that the arguments name, and the time it is judged at.
func (f *rootArgs) one(args []string) (*flags.Root, time.Time, error) {
	if err := f.output.Check(); err != nil {
		return nil, time.Time{}, err
	}
	l, err := f.find(args)
	if err != nil {
		return nil, time.Time{}, err
	}
	policy, err := f.Policy()
	return l, policy.At, err
}

var kindNames = map[string]string{
	"tlogs": "transparency log", "certificateAuthorities": "certificate authority",
	"ctlogs": "CT log", "timestampAuthorities": "timestamp authority",
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
