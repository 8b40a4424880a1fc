// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot/insight"
)

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
			d := insight.Describe(l.Root, origin(l, at))
			if f.output.Format == "json" {
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
func origin(l *flags.Root, at time.Time) insight.Origin {
	o := insight.Origin{}
	o.Source, o.Age = l.Aged(at)
	if l.Status != nil {
		o.Proved = l.Status.ProvedAt.UTC()
	} else if !l.Newest.IsZero() {
		o.Newest = l.Newest.UTC()
	}
	return o
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
		if in.Ignored != "" {
			field("  unusable", in.Ignored)
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
