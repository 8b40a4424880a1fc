// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// forms are the forms that convert writes.
var forms = map[string]carrier.Kind{
	"bundle":            carrier.KindBundle,
	"jsonl":             carrier.KindLines,
	"array":             carrier.KindArray,
	"npm":               carrier.KindNPM,
	"github":            carrier.KindGitHub,
	"pep740":            carrier.KindAttestation,
	"pep740-provenance": carrier.KindProvenance,
}

const formNames = "bundle|jsonl|array|npm|github|pep740|pep740-provenance"

// conversion is a run of convert or repair.
type conversion struct {
	output flags.Output
	to     string
	out    string
	check  bool

	certificate, entry string // of a detached signature

	limits  carrier.Limits
	options carrier.Options

	kind    carrier.Kind
	w       *bufio.Writer
	answers io.Writer
	name    string // of the input

	items, changed, refused int
}

func newConvert() *cobra.Command {
	c := new(conversion)
	cmd := &cobra.Command{
		Use:   "convert {FILE|-} --to FORM",
		Short: "Convert evidence from one form to another",
		Long: `Convert reads evidence in any form in which registries and tools keep it, and
writes it in the form that --to names. Nothing is verified. Signed bytes are
copied as they are, nothing is invented, and what the form has no place for is
refused by name. As many bundles come out as go in, in the same order; one that
is refused is left out, and the exit code is 1.

JSON Lines are converted line by line, however many there are. A line has one
document, and gives one line; the forms jsonl, bundle and pep740 give a line for
each bundle.

What was changed is said on standard error, or with --out on standard output.`,
		Example: `  sigbundle convert app.whl.provenance --to bundle --out app.whl.sigstore.json
  sigbundle convert app.sig --certificate app.pem --log-entry rekor.json --to bundle
  sigbundle convert - --to pep740 < bundles.jsonl > attestations.jsonl`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.kind = forms[c.to]; c.kind == 0 {
				return fmt.Errorf("--to %q: unknown form, want %s", c.to, formNames)
			}
			if (c.certificate == "") != (c.entry == "") {
				return errors.New("--certificate and --log-entry: one without the other, want both with a detached signature")
			}
			return c.run(cmd, args[0])
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&c.to, "to", "", "the `FORM`: "+formNames)
	fl.StringVar(&c.certificate, "certificate", "", "with a detached signature: its certificate, a `FILE` in PEM or PEM within base64")
	fl.StringVar(&c.entry, "log-entry", "", "with a detached signature: its log entry, a `FILE` as the log answered or as cosign stored it")
	fl.BoolVar(&c.options.Timestamps, "pep740-timestamps", false, "write timestamps into PEP 740 attestations, as a draft has it")
	_ = cmd.MarkFlagRequired("to")
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(strings.Split(formNames, "|"), cobra.ShellCompDirectiveNoFileComp))
	c.add(cmd)
	return cmd
}

func newRepair() *cobra.Command {
	c := &conversion{kind: carrier.KindLines, limits: carrier.Limits{Repair: true}}
	cmd := &cobra.Command{
		Use:   "repair {FILE|-}",
		Short: "Write stored evidence as bundles, without known defects",
		Long: `Repair reads evidence in any form and writes bundles, one on each line. It mends
what some registries stored: log entries without their kind, which is in their
body, and certificates in PEM within base64. Each change is listed. Nothing is
verified, and signed bytes are copied as they are.`,
		Example: `  sigbundle repair --check app.gem.sigstore.json
  sigbundle repair answers.jsonl --out bundles.jsonl`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.check && c.out != "" {
				return errors.New("--check and --out exclude each other")
			}
			return c.run(cmd, args[0])
		},
	}
	cmd.Flags().BoolVar(&c.check, "check", false, "write no bundle, and end with 1 if anything would be changed or converted")
	c.add(cmd)
	return cmd
}

func (c *conversion) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.out, "out", "", "write to this `FILE`; as it is at first if the input cannot be read to its end")
	c.output.Add(cmd)
}

func (c *conversion) run(cmd *cobra.Command, name string) (err error) {
	if err := c.output.Check(); err != nil {
		return err
	}
	var in io.Reader = cmd.InOrStdin()
	c.name = "standard input"
	if name != stdinName {
		f, err := flags.OpenRegular(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in, c.name = f, name
	}
	var reads outfile.Set
	for flag, file := range map[string]string{"the input": name, "--certificate": c.certificate, "--log-entry": c.entry} {
		if file != stdinName {
			reads.Add(flag, file)
		}
	}
	c.answers = cmd.ErrOrStderr()
	out := cmd.OutOrStdout()
	switch {
	case c.check:
		c.answers, out = out, io.Discard
	case c.out != "":
		if err := reads.Free("--out", c.out, outfile.Evidence); err != nil {
			return err
		}
		stream, err := outfile.Begin(c.out)
		if err != nil {
			return err
		}
		c.answers, out = out, stream
		defer func() {
			var refused *command.Refusal
			if err != nil && !errors.As(err, &refused) {
				stream.Abort()
				return
			}
			if failed := stream.Commit(); failed != nil {
				err = failed
			}
		}()
	}
	c.w = bufio.NewWriterSize(out, 1<<16)
	if err := errors.Join(c.read(in), c.w.Flush()); err != nil {
		return err
	}
	return c.end()
}

// end says what became of all.
func (c *conversion) end() error {
	if c.output.Format != "json" {
		if _, err := fmt.Fprintf(c.answers, "%d bundles, %d changed or converted, %d refused\n", c.items, c.changed, c.refused); err != nil {
			return err
		}
	}
	if c.refused > 0 || c.check && c.changed > 0 {
		return &command.Refusal{}
	}
	return nil
}

// maxDocument bounds a document, in bytes.
const maxDocument = bundle.MaxSize + 1<<20

// read reads a document, or lines with a document each.
func (c *conversion) read(in io.Reader) error {
	if c.certificate != "" {
		return c.detached(in)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 1<<16), maxDocument)
	var whole bytes.Buffer // lines that are no documents by themselves
	one := false
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		switch {
		case len(line) == 0 && !one:
			continue
		case !one && whole.Len() == 0 && number > 0 && c.items+c.refused == 0 && !isDocument(line):
			one = true // the first line is no value: the whole file is one
		}
		if one {
			whole.Write(lines.Bytes())
			whole.WriteByte('\n')
			if whole.Len() > maxDocument {
				return refuse.New("carrier.limit", "%s: document of more than %d bytes", c.name, maxDocument)
			}
			continue
		}
		if err := c.document(line, fmt.Sprintf("%s:%d", c.name, number)); err != nil {
			return err
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return refuse.New("carrier.limit", "%s: line of more than %d bytes", c.name, maxDocument)
	} else if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	if one || c.items+c.refused == 0 {
		return c.document(whole.Bytes(), c.name)
	}
	return nil
}

func isDocument(line []byte) bool {
	d := strictjson.NewDecoder(line)
	return d.Skip() == nil && d.End() == nil
}

// detached joins a signature with what lies beside it.
func (c *conversion) detached(in io.Reader) error {
	signature, err := flags.ReadBounded(in)
	if err != nil {
		return err
	}
	certificate, err := flags.ReadRegular(c.certificate)
	if err != nil {
		return err
	}
	entry, err := flags.ReadRegular(c.entry)
	if err != nil {
		return err
	}
	return c.write([]carrier.Item{carrier.Detached(signature, certificate, entry)}, c.name)
}

// document converts one document. A refusal is said and does not end the run.
func (c *conversion) document(data []byte, place string) error {
	found, err := carrier.Elements(data, c.limits)
	if err != nil {
		return c.say(place, nil, err)
	}
	items := make([]carrier.Item, len(found))
	for i, e := range found {
		items[i] = e.Open()
	}
	return c.write(items, place)
}

// write writes the items of one document. A form that holds them in one document
// has all of them or none.
func (c *conversion) write(items []carrier.Item, place string) error {
	each := [][]carrier.Item{items}
	if c.kind == carrier.KindLines || c.kind == carrier.KindAttestation {
		each = slices.Collect(slices.Chunk(items, 1))
	}
	n := 0
	for _, some := range each {
		data, changes, err := carrier.Write(c.kind, some, c.options)
		if err == nil {
			if _, err := c.w.Write(data); err != nil {
				return err
			}
		}
		for i := range some {
			n++
			at := place
			if len(items) > 1 {
				at = fmt.Sprintf("%s, bundle %d of %d", place, n, len(items))
			}
			it, why := some[i], some[i].Err
			if why == nil {
				why = err
			}
			if i == 0 {
				it.Changes = slices.Concat(it.Changes, changes)
			}
			if err := c.say(at, &it, why); err != nil {
				return err
			}
		}
	}
	return nil
}

// conversionAnswer is what is said about one bundle.
type conversionAnswer struct {
	Source string `json:"source"`
	*carriage
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// say says what became of one bundle, or of a document that holds none.
func (c *conversion) say(place string, it *carrier.Item, err error) error {
	a := conversionAnswer{Source: place}
	if it != nil {
		a.carriage = carriageOf(it)
	}
	switch {
	case err != nil:
		c.refused++
		a.Code, a.Message = codeOf(err), err.Error()
	case a.carriage != nil:
		c.changed++
		fallthrough
	default:
		c.items++
	}
	if c.output.Format == "json" {
		return writeJSONLine(c.answers, a, true)
	}
	text := ""
	switch {
	case err != nil:
		text = fmt.Sprintf("refused: %s (%s)", a.Message, a.Code)
	case a.carriage != nil && len(a.Changes) > 0:
		text = a.String()
	default:
		return nil
	}
	_, failed := fmt.Fprintln(c.answers, screen.Escape(place+": "+text))
	return failed
}
