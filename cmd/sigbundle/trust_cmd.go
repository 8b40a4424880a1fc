// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot/insight"
)

func newTrust() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Look at trust roots, keep them fresh, and carry them offline",
		Long: `Trust roots say which logs and authorities count. They are proved by TUF, from
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
	storeFlags
	ageFlags
	output outputFlags
}

func (f *rootArgs) add(cmd *cobra.Command) {
	f.storeFlags.add(cmd)
	f.ageFlags.add(cmd)
	f.output.add(cmd)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names, _ := f.completeInstances(cmd, args, prefix)
		return names, cobra.ShellCompDirectiveDefault
	}
}

// find takes an argument as a file if it looks like one, and else as an
// instance. No argument is the default instance.
func (f *rootArgs) find(args []string) (*loaded, error) {
	t := trustFlags{instance: "public-good", storeFlags: f.storeFlags, ageFlags: f.ageFlags}
	if len(args) > 0 {
		t.instance = args[0]
		if strings.ContainsAny(args[0], `/\`) || strings.HasSuffix(args[0], ".json") {
			t.file = args[0]
		} else if _, err := t.store().Find(args[0]); refuse.CodeOf(err) == "trust.instance" && exists(args[0]) {
			t.file = args[0]
		}
	}
	l, err := t.find()
	return l, usage(err) // exit code 1 is for what is odd, or differs
}

// one returns the root that the arguments name, and the time it is judged at.
func (f *rootArgs) one(args []string) (*loaded, time.Time, error) {
	if err := f.output.check(); err != nil {
		return nil, time.Time{}, err
	}
	l, err := f.find(args)
	if err != nil {
		return nil, time.Time{}, err
	}
	policy, err := f.policy()
	return l, policy.At, err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

func newTrustShow() *cobra.Command {
	f := new(rootArgs)
	cmd := &cobra.Command{
		Use:   "show [INSTANCE|FILE]",
		Short: "List the logs and authorities of a trust root",
		Long: `Show lists every transparency log, certificate authority, CT log and timestamp
authority of a trust root with its key, its algorithm and the time in which it
counts, and says where the root is from, how it was proved and how old it is.`,
		Example: `  sigbundle trust show
  sigbundle trust show staging --format json
  sigbundle trust show ./trusted_root.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, at, err := f.one(args)
			if err != nil {
				return err
			}
			d := insight.Describe(l.root, l.origin(at))
			if f.output.format == "json" {
				return writeJSON(cmd.OutOrStdout(), d)
			}
			return showText(cmd.OutOrStdout(), d)
		},
	}
	f.add(cmd)
	return cmd
}

// origin says where a root is from, and how old it is at that time.
func (l *loaded) origin(at time.Time) insight.Origin {
	o := insight.Origin{}
	o.Source, o.Age = l.aged(at)
	if l.status != nil {
		o.Proved = l.status.ProvedAt.UTC()
	} else if !l.newest.IsZero() {
		o.Newest = l.newest.UTC()
	}
	return o
}

var kindNames = map[string]string{
	"tlogs": "transparency log", "certificateAuthorities": "certificate authority",
	"ctlogs": "CT log", "timestampAuthorities": "timestamp authority",
}

func showText(w io.Writer, d *insight.Description) error {
	fmt.Fprintf(w, "source  %s\nsha256  %s\n\n", screen.Escape(d.Origin.Source), d.SHA256)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tNAME\tALGORITHM\tKEY\tOPERATOR\tCOUNTS")
	for _, in := range d.Instances {
		counts := "never: " + in.Unusable
		if in.Unusable == "" {
			var windows []string
			for _, x := range in.Windows {
				windows = append(windows, x.String())
			}
			counts = strings.Join(windows, ", ")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", kindNames[in.Kind], dash(screen.Escape(in.Name)), dash(in.Algorithm), dash(in.KeyID),
			dash(screen.Escape(in.Operator)), screen.Escape(counts))
	}
	return t.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newTrustLint() *cobra.Command {
	f := new(rootArgs)
	strict := false
	cmd := &cobra.Command{
		Use:   "lint [INSTANCE|FILE]",
		Short: "Say what is odd about a trust root",
		Long: `Lint reports gaps and overlaps in the times at which instances count, weak and
shared keys, IDs that are not those of their keys, certificates that expire
soon, and instances that count for nothing. Exit code 1 means a warning, with
--strict also a note.`,
		Example: `  sigbundle trust lint
  sigbundle trust lint private.json --as-of 2027-01-01 --strict`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, at, err := f.one(args)
			if err != nil {
				return err
			}
			return lintResult(cmd.OutOrStdout(), insight.Lint(l.root, at), f.output.format, strict)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "let notes count as much as warnings")
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
		return &refusal{}
	}
	return nil
}

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
			if err := f.output.check(); err != nil {
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
			return diffResult(cmd.OutOrStdout(), insight.Diff(a.root, b.root), f.output.format)
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
		return &refusal{}
	}
	return nil
}

// at formats a time for a person.
func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }
