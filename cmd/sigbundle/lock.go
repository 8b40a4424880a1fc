// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/verify/audit"
	"github.com/sigbundle/sigbundle/verify/codes"
	"github.com/sigbundle/sigbundle/verify/lock"
)

type lockFlags struct {
	verifyFlags
	evidence       string
	requireBundles bool
	failOn         string
}

// lockShared are what lock has in common with verify.
var lockShared = slices.DeleteFunc(slices.Clone(sharedFlags), func(name string) bool { return name == "no-artifact" })

func newLock() *cobra.Command {
	f := new(lockFlags)
	cmd := &cobra.Command{
		Use:   "lock {LOCKFILE|-}",
		Short: "Verify what a lock file installs, offline",
		Long: `Lock holds each entry of a lock file against the evidence in a folder, by the
entry's own digest: what a registry says about a version proves nothing about
the file that the lock file names.

It reads package-lock.json and npm-shrinkwrap.json (versions 1 to 3),
pnpm-lock.yaml (5, 6 and 9), yarn.lock (version 1), bun.lock, pylock.toml, the
checksums of a Gemfile.lock, and requirements with --hash. It tells them apart by
their content. The digests of later versions of yarn.lock and of go.sum are not
those of the files, and cannot be compared.

Every file in the folder of --evidence, at any depth, may hold bundles: alone, in
lines, in an array, or in the answer of an attestation API. Names of files do not
matter. How evidence is judged, the flags say, and never the evidence or the lock
file.

Each entry is one of these:

  verified        evidence that the policy accepts has the entry's digest, and
                  names the entry or nothing
  refused         the policy accepts none of the evidence about the digest; or a
                  statement names another package for it; or accepted evidence
                  has another digest for the entry's name; or the entry is
                  malformed
  unsigned        no evidence is about the digest
  not comparable  the lock file has no digest that evidence speaks of
  skipped         a link, a folder, a Git repository, a local file, or part of
                  another entry

One accepted signature is enough, unless --bundles asks for more.

The exit code is 1 if an entry is refused, or if none is verified; with
--require-bundles also if one is unsigned or not comparable.`,
		Example: `  # everything that one organisation's workflows published
  sigbundle lock package-lock.json --evidence ./attestations \
    --identity-regexp 'https://github\.com/me/.*' \
    --issuer https://token.actions.githubusercontent.com

  # what a registry's key signed, and nothing without a signature
  sigbundle lock pnpm-lock.yaml --evidence ./attestations --key registry.pem --require-bundles

  # the coverage as JSON
  sigbundle lock pylock.toml --evidence ./provenance --no-identity --format json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.add(cmd)
	return cmd
}

func (f *lockFlags) add(cmd *cobra.Command) {
	all := new(cobra.Command)
	f.verifyFlags.add(all)
	for _, name := range lockShared {
		cmd.Flags().AddFlag(all.Flags().Lookup(name))
	}
	fl := cmd.Flags()
	fl.StringVar(&f.evidence, "evidence", "", "the `DIR` with the evidence")
	fl.StringVar(&f.bundles, "bundles", "1", "how many distinct signatures each entry needs: `N`")
	fl.BoolVar(&f.requireBundles, "require-bundles", false, "make a finding of each entry that is unsigned or not comparable")
	fl.StringVar(&f.failOn, "fail-on", "any", "exit with 1 if there are such findings: `any|none|CODE,…`; tlog stands for every tlog.… code")
	f.output.Add(cmd)
	_ = cmd.MarkFlagRequired("evidence")
	_ = cmd.MarkFlagDirname("evidence")
	_ = cmd.RegisterFlagCompletionFunc("bundles", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(
		[]cobra.Completion{"any\tany that is not verified", "none\tnone"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *lockFlags) run(cmd *cobra.Command, name string) error {
	if err := errors.Join(f.output.Check(), f.size.check()); err != nil {
		return err
	}
	signatures, err := parseBundleCount(f.bundles)
	if err == nil && signatures == 0 {
		err = errors.New("--bundles all is for the bundles of one artifact, want a number")
	}
	if err != nil {
		return err
	}
	failOn, err := audit.ParseFailOn(f.failOn)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	policy, err := f.Accept()
	if err != nil {
		return command.UsageError(err)
	}
	judges, err := f.judges(policy)
	if err != nil {
		return command.UsageError(err)
	}
	data, err := readLock(cmd.InOrStdin(), name)
	if err != nil {
		return err
	}
	file, err := lock.Parse(data)
	if err != nil {
		return &command.Refusal{Err: refuse.Wrap("lock.malformed", err, "%s", name)}
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
	defer stop()
	defer limitMemory()()
	coverage, err := lock.Cover(ctx, lock.Config{File: file, Evidence: f.evidence, Judges: judges, Signatures: signatures, Distinct: distinct, MaxBundle: f.size.bytes})
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case codes.Of(err) != "":
		return &command.Refusal{Err: refuse.Wrap("lock.malformed", err, "%s", name)}
	case err != nil:
		return err
	}
	sum := lockSummary{Schema: lockSchema, Lock: name, Format: file.Format, Codes: make(map[string]int64)}
	hash := sha256.Sum256(data)
	sum.SHA256 = hex.EncodeToString(hash[:])
	sum.Evidence = lockEvidence{f.evidence, coverage.Files, coverage.Bundles, coverage.Unused, coverage.Unreadable, coverage.Links}
	buffered := bufio.NewWriter(cmd.OutOrStdout())
	out := lockWriter{w: buffered, json: f.output.Format == "json"}
	findings := new(audit.Summary)
	out.begin(&sum)
	for row := range coverage.Rows() {
		sum.count(&row)
		out.row(&row)
		if finding := row.Status == lock.Refused || f.requireBundles && (row.Status == lock.Unsigned || row.Status == lock.NotComparable); finding {
			findings.Findings++
			findings.Refused++
			findings.Codes = countCode(findings.Codes, codes.Of(row.Err))
		} else if row.Status == lock.Verified {
			findings.Findings++
		}
	}
	failed := failOn.Fails(findings)
	sum.Passed = !failed
	out.end(&sum)
	switch err := errors.Join(out.err, buffered.Flush()); {
	case err != nil:
		return err
	case failed:
		return &command.Refusal{}
	}
	return nil
}

func countCode(codes []audit.Count, code string) []audit.Count {
	i := slices.IndexFunc(codes, func(c audit.Count) bool { return c.Code == code })
	if i < 0 {
		return append(codes, audit.Count{Code: code, Count: 1})
	}
	codes[i].Count++
	return codes
}

func readLock(stdin io.Reader, name string) ([]byte, error) {
	if name != stdinName {
		data, err := infile.Read(name, lock.MaxSize)
		if infile.IsNotRegular(err) {
			return nil, refuse.New("command.file", "%s: not a regular file, want a file or - for standard input", name)
		}
		return data, err
	}
	data, err := io.ReadAll(io.LimitReader(stdin, lock.MaxSize+1)) // one more is refused by lock.Parse
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return data, nil
}

// lockSchema names the version of the JSON form. Members may be added within a
// version.
const lockSchema = "sigbundle.lock.v1"

// lockSummary is what the answer says beside its rows.
type lockSummary struct {
	Schema   string       `json:"schema"`
	Lock     string       `json:"lock"`
	Format   string       `json:"format"`
	SHA256   string       `json:"sha256"`
	Evidence lockEvidence `json:"evidence"`

	Passed   bool             `json:"-"`
	Coverage lockCoverage     `json:"-"`
	Codes    map[string]int64 `json:"-"` // of the entries that are not verified
}

type lockEvidence struct {
	Folder     string `json:"folder"`
	Files      int    `json:"files"`
	Bundles    int    `json:"bundles"`
	Unused     int    `json:"unused"` // bundles that are about no entry
	Unreadable int    `json:"unreadable"`
	Links      int    `json:"links"` // which are not followed
}

type lockCoverage struct {
	Entries       int64 `json:"entries"` // without those that are skipped
	Verified      int64 `json:"verified"`
	Refused       int64 `json:"refused"`
	Unsigned      int64 `json:"unsigned"`
	NotComparable int64 `json:"not_comparable"`
	Skipped       int64 `json:"skipped"`
}

func (s *lockSummary) count(row *lock.Row) {
	c := &s.Coverage
	*map[lock.Status]*int64{lock.Verified: &c.Verified, lock.Refused: &c.Refused, lock.Unsigned: &c.Unsigned,
		lock.NotComparable: &c.NotComparable, lock.Skipped: &c.Skipped}[row.Status]++
	if row.Status != lock.Skipped {
		c.Entries++
	}
	if row.Err != nil {
		s.Codes[codes.Of(row.Err)]++
	}
}

// lockEntry is one entry in JSON.
type lockEntry struct {
	Place    string   `json:"place"`
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	Version  string   `json:"version,omitempty"`
	Platform string   `json:"platform,omitempty"`
	File     string   `json:"file,omitempty"`
	Digest   string   `json:"digest,omitempty"`
	Status   string   `json:"status"`
	Reason   string   `json:"reason,omitempty"` // why it is skipped
	Code     string   `json:"code,omitempty"`
	Message  string   `json:"message,omitempty"`
	Evidence []string `json:"evidence,omitempty"`
}

// lockWriter writes the answer row by row, so that memory does not grow with it.
type lockWriter struct {
	w    io.Writer
	json bool
	rows int
	err  error
}

func (o *lockWriter) printf(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format, args...)
	}
}

// value returns v as JSON with no foreign text that acts on a terminal.
func (o *lockWriter) value(v any) []byte {
	text, err := json.Marshal(v)
	o.err = errors.Join(o.err, err)
	return screen.JSON(text)
}

func (o *lockWriter) begin(s *lockSummary) {
	if o.json {
		head := o.value(s)
		o.printf("%s,\n\"entries\":[", head[:len(head)-1])
	}
}

func (o *lockWriter) row(r *lock.Row) {
	e := lockEntry{Place: r.Entry.Place, Type: r.Entry.Type, Name: r.Entry.Name, Version: r.Entry.Version, Platform: r.Entry.Platform,
		File: r.Entry.File, Status: r.Status.String(), Reason: r.Entry.Skip, Evidence: r.Evidence}
	if r.Entry.Digest.Algorithm != "" {
		e.Digest = r.Entry.Digest.Algorithm + ":" + hex.EncodeToString(r.Entry.Digest.Value)
	}
	if r.Err != nil {
		e.Code, e.Message = codes.Of(r.Err), r.Err.Error()
	}
	if o.json {
		separator := ","
		if o.rows == 0 {
			separator = ""
		}
		o.printf("%s\n%s", separator, o.value(e))
		o.rows++
		return
	}
	why := e.Reason
	switch {
	case e.Code != "":
		why = e.Code + "  " + e.Message
	case len(e.Evidence) > 0:
		why = e.Evidence[0]
		if n := len(e.Evidence) - 1; n > 0 {
			why += fmt.Sprintf(" and %d more", n)
		}
	}
	title := r.Entry.Title()
	if r.Status == lock.Refused || r.Entry.File != "" && r.Entry.Type == "pypi" {
		title += " (" + r.Entry.Place + ")"
	}
	o.printf("%-14s  %-5s %-40s  %s\n", e.Status, e.Type, screen.Escape(title), screen.Escape(why))
}

func (o *lockWriter) end(s *lockSummary) {
	c := s.Coverage
	if o.json {
		o.printf("\n],\n\"coverage\":%s,\n\"codes\":%s,\n\"passed\":%t}\n", o.value(c), o.value(s.Codes), s.Passed)
		return
	}
	o.printf("%s (%s): %d entries: %d verified, %d refused, %d unsigned, %d not comparable; %d skipped\n",
		screen.Escape(s.Lock), s.Format, c.Entries, c.Verified, c.Refused, c.Unsigned, c.NotComparable, c.Skipped)
	o.printf("evidence in %s: %d bundles in %d files, %d about no entry, %d unreadable\n", screen.Escape(s.Evidence.Folder), s.Evidence.Bundles, s.Evidence.Files, s.Evidence.Unused, s.Evidence.Unreadable)
}
