// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"

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
		if t.instance = args[0]; t.instance == "" {
			return nil, errors.New("the name of the instance or file is empty")
		}
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
	full := false
	cmd := &cobra.Command{
		Use:   "show [INSTANCE|FILE]",
		Short: "List the logs and authorities of a trust root",
		Long: `Show lists every transparency log, certificate authority, CT log and timestamp
authority of a trust root with its key, its algorithm and the time in which it
is valid, and says where the root is from, how it was proved and how old it is.`,
		Example: `  sigbundle trust show
  sigbundle trust show github --full
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
			return showText(cmd.OutOrStdout(), d, full)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&full, "full", false, "show keys and log IDs whole, as trust impact takes them")
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

// showText writes a description in blocks of at most 80 columns, apart from
// names that are longer. Keys are shortened unless all of them is asked for.
func showText(w io.Writer, d *insight.Description, full bool) error {
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\n", fold(name+"  ", screen.Escape(value)))
		}
	}
	field("source", d.Origin.Source)
	field("sha256", d.SHA256)
	for _, in := range d.Instances {
		fmt.Fprintf(w, "\n%s  %s\n", kindNames[in.Kind], dash(screen.Escape(in.Name)))
		if in.Unusable != "" {
			field("  unusable", in.Unusable)
		}
		var windows []string
		for _, x := range in.Windows {
			windows = append(windows, x.String())
		}
		field("  valid   ", strings.Join(windows, ", "))
		key := in.KeyID
		if !full && len(key) > shortKey {
			key = key[:shortKey] + "…"
		}
		field("  key     ", strings.TrimSpace(key+"  "+in.Algorithm))
		if full {
			field("  log ID  ", in.LogID)
		}
		field("  operator", in.Operator)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// shortKey is the number of digits by which people tell keys apart.
const shortKey = 16

// fold breaks text at blanks into lines of 80 columns that begin below the
// end of the label. A word that is longer stays whole.
func fold(label, text string) string {
	const width = 80
	out, column := label, utf8.RuneCountInString(label)
	indent := strings.Repeat(" ", column)
	for i, word := range strings.SplitAfter(text, " ") {
		n := utf8.RuneCountInString(strings.TrimRight(word, " "))
		if i > 0 && column+n > width {
			out, column = strings.TrimRight(out, " ")+"\n"+indent, len(indent)
		}
		out += word
		column += utf8.RuneCountInString(word)
	}
	return strings.TrimRight(out, " ")
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
		Long: `Lint reports gaps in the times at which logs and authorities are valid, weak and
shared keys, IDs that are not those of their keys, certificates that expire
soon, entries that are set aside, and kinds of evidence that the root cannot
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
