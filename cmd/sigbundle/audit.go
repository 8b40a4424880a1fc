// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/verify/audit"
)

// auditFlags are those of verify that make up a policy, and those of audit.
type auditFlags struct {
	verifyFlags
	out     string
	resume  string
	summary string

	requireBundles bool
	failOn         string
	sample         string
	outside        bool
	expectations   string

	standing string // of the trust root, for the summary
}

// sharedFlags are what audit has in common with verify.
var sharedFlags = []string{
	"identity", "issuer", "identity-regexp", "issuer-regexp", "no-identity", "key", "repo", "signer-workflow", "ext", "predicate-type", "require",
	"no-artifact", "trusted-root", "instance", "trust-dir", "as-of", "max-trust-age", "max-bundle",
}

func newAudit() *cobra.Command {
	f := new(auditFlags)
	cmd := &cobra.Command{
		Use:   "audit {DIRECTORY|LIST|-}",
		Short: "Verify a whole store of bundles, offline",
		Long: `Audit verifies every bundle of a store and writes one finding for each, as a
line of JSON, in the order of the store. The summary goes to standard error.

The store is a directory with bundles beside their artifacts, X.sigstore.json,
X.sigstore or X.sigstore.jsonl beside X; or a list with one of these on each
line; - is a list on standard input:

  {"bundle":"a.sigstore.json","artifact":"a.tgz"}
  {"attestations":[{"predicateType":"…","bundle":{…}}]}     npm's registry
  {"mediaType":"application/vnd.dev.sigstore.bundle…",…}    a bundle

The first form has the members bundle (a path, or the bundle itself) and
artifact (a path or ALGORITHM:HEX). Paths are relative to the list, and lead
out of its folder with --allow-outside only. How a bundle is judged, the flags
say and never the store: a line that names a signer, a key or a trust root is
a finding.

With --expectations a file of yours says for each artifact who must have signed
it, a line for each, instead of the flags:

  {"subject":"a.tgz","digest":"sha256:…","identity":"…","issuer":"…"}

The members are subject and digest, one or both; identity or identity_regexp
with issuer or issuer_regexp, and ext; or key; or no_identity; and require,
predicate_type, trusted_root and instance. Evidence without an expectation is a
finding, and so is an expectation without evidence.

With --resume an audit that was stopped continues where it was. No finding is
lost, and no finding is written twice.

--out, --resume and --summary overwrite only the output of an earlier audit.`,
		Example: `  # a directory, everything built by the workflows of one repository
  sigbundle audit ./dist --repo OWNER/NAME

  # a long list
  sigbundle audit store.jsonl --key release.pub --out findings.jsonl --resume audit.state

  # a list, and who must have signed each artifact, from a database of your own
  sigbundle audit store.jsonl --expectations expected.jsonl

  # what an npm registry has for a package
  curl -s "$REGISTRY/-/npm/v1/attestations/sigstore@2.1.0" |
    sigbundle audit - --no-artifact --no-identity --key npm.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.add(cmd)
	return cmd
}

func (f *auditFlags) add(cmd *cobra.Command) {
	verify := new(cobra.Command)
	f.verifyFlags.add(verify)
	for _, name := range sharedFlags {
		cmd.Flags().AddFlag(verify.Flags().Lookup(name))
	}
	fl := cmd.Flags()
	fl.StringVar(&f.output.Format, "format", "text", "how to write the summary: `text|json`; findings are always JSON Lines")
	fl.StringVar(&f.out, "out", "", "write the findings to this `FILE`")
	fl.StringVar(&f.resume, "resume", "", "keep the state in this `FILE`, and continue from it if it exists; needs --out")
	fl.StringVar(&f.summary, "summary", "", "write the summary to this `FILE` instead of standard error")
	fl.StringVar(&f.failOn, "fail-on", "any", "exit with 1 if there are such findings: `any|none|CODE,…`; tlog stands for every tlog.… code")
	fl.StringVar(&f.sample, "sample", "", "audit so many entries, or a share of them, chosen by their hash: `N|P%`")
	fl.BoolVar(&f.requireBundles, "require-bundles", false, "make a finding of each file of a directory that has no bundle, and of each link that is not followed")
	fl.BoolVar(&f.outside, "allow-outside", false, "let the paths of a list lead out of its folder")
	fl.StringVar(&f.expectations, "expectations", "", "the JSON Lines `FILE` that says for each artifact who must have signed it, instead of the flags")
	for _, other := range []string{"identity", "issuer", "identity-regexp", "issuer-regexp", "no-identity", "repo", "signer-workflow", "ext", "key", "no-artifact"} {
		cmd.MarkFlagsMutuallyExclusive("expectations", other)
	}
	_ = cmd.MarkFlagFilename("expectations", "jsonl", "json")
	_ = cmd.MarkFlagFilename("key", "pem", "pub", "key")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(
		[]cobra.Completion{"text\tfor people", "json\tfor programs"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(
		[]cobra.Completion{"any\tany that is not verified", "none\tnone"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("sample", cobra.NoFileCompletions)
}

func (f *auditFlags) run(cmd *cobra.Command, name string) error {
	if err := errors.Join(f.output.Check(), f.size.check()); err != nil {
		return err
	}
	failOn, err := audit.ParseFailOn(f.failOn)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	if err := f.distinct(name); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends what waits for a pipe
	c, closeSource, err := f.config(ctx, cmd, name)
	if err != nil {
		return err
	}
	defer closeSource()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	c.Tick = ticker.C
	defer limitMemory()()
	bar := newBar(cmd.ErrOrStderr(), c.Source.Count, "auditing")
	c.Progress = bar.set
	summary, err := audit.Run(ctx, *c)
	bar.end()
	switch {
	case errors.Is(err, context.Canceled) && f.resume != "":
		return fmt.Errorf("audit: interrupted, want the same command to continue from %s", f.resume)
	case errors.Is(err, context.Canceled):
		return errors.New("audit: interrupted")
	case err != nil:
		return err
	}
	summary.TrustRoot, summary.Tool = f.standing, "sigbundle "+versionString()
	if err := f.writeSummary(cmd.ErrOrStderr(), summary); err != nil {
		return err
	}
	if failOn.Fails(summary) {
		return &command.Refusal{}
	}
	return nil
}

// distinct refuses to overwrite a file that another flag names, and a file
// that is not a summary; package audit looks after its own files.
func (f *auditFlags) distinct(source string) error {
	var taken outfile.Set
	if info, err := os.Stat(source); err != nil || !info.IsDir() { // a store may hold the findings about it
		taken.Add("the list", source)
	}
	for _, key := range f.Keys {
		taken.Add("--key", key)
	}
	for _, file := range f.trust.Files {
		taken.Add("--trusted-root", file)
	}
	taken.Add("--expectations", f.expectations)
	for _, out := range []struct{ flag, name string }{
		{"--out", f.out}, {"--resume", f.resume}, {"--summary", f.summary},
	} {
		if out.name == "" {
			continue
		}
		if err := taken.Apart(out.flag, out.name); err != nil {
			return err
		}
		taken.Add(out.flag, out.name)
	}
	if f.summary == "" {
		return nil
	}
	if err := audit.CheckSummary(f.summary); err != nil {
		return err
	}
	return outfile.Check(f.summary)
}

// auditMemory is where the collector works harder, in bytes: the largest
// bundles that are accepted, several at once, must not add up to more than
// the audit of a store may take.
const auditMemory = 192 << 20

// limitMemory sets the limit, unless a lower one is set, and returns what
// undoes it.
func limitMemory() func() {
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(before, auditMemory))
	return func() { debug.SetMemoryLimit(before) }
}

// config turns the flags into an audit, and returns what closes its source.
func (f *auditFlags) config(ctx context.Context, cmd *cobra.Command, name string) (*audit.Config, func(), error) {
	c := &audit.Config{NoArtifact: f.noArtifact, AllowOutside: f.outside, MaxBundle: f.size.bytes, Out: cmd.OutOrStdout(), File: f.out, State: f.resume}
	if f.resume != "" && f.out == "" {
		return nil, nil, errors.New("--resume: findings on standard output cannot be continued, want --out FILE too")
	}
	var err error
	if c.Sample, err = audit.ParseSample(f.sample); err != nil {
		return nil, nil, fmt.Errorf("--sample: %w", err)
	}
	if f.expectations != "" {
		c.Policy.PredicateTypes = f.Types()
		if c.Policy.Require, err = flags.ParseRequire(f.Require); err == nil {
			c.Expectations, err = audit.OpenExpectations(f.expectations, f.outside, f.instance)
		}
	} else {
		c.Policy, err = f.Accept()
	}
	if err != nil {
		return nil, nil, command.UsageError(err)
	}
	if c.PolicyKey, err = f.policyKey(); err != nil {
		return nil, nil, err
	}
	roots, err := f.trust.Load()
	if err == nil {
		c.Trust, err = f.trust.Policy()
	}
	if err != nil {
		return nil, nil, err
	}
	if f.trust.AsOf != "" {
		c.AsOf = c.Trust.At
	}
	for i, l := range roots {
		c.Roots = append(c.Roots, audit.Root{Root: l.Root, Source: l.Named()})
		if i > 0 {
			f.standing += "; "
		}
		f.standing += l.Standing()
	}
	c, done, err := openSource(ctx, c, cmd.InOrStdin(), name)
	if err != nil {
		return nil, nil, err
	}
	if tree, ok := c.Source.(*audit.Tree); ok {
		tree.RequireBundles = f.requireBundles
		tree.Except(f.out, f.resume, f.summary)
	} else if f.requireBundles {
		done()
		return nil, nil, errors.New("--require-bundles: not for a list, want --expectations to say which artifacts must have a bundle")
	}
	return c, done, nil
}

// instance loads the trust root of an instance that an expectation names, as
// --instance would.
func (f *auditFlags) instance(name string) (audit.Root, error) {
	policy, err := f.trust.Policy()
	if err != nil {
		return audit.Root{}, err
	}
	l, err := flags.LoadInstance(f.trust.Store(), name, policy)
	if err != nil {
		return audit.Root{}, err
	}
	return audit.Root{Root: l.Root, Source: l.Named()}, nil
}

// interruptible returns a reader that ends with ctx, even while r waits.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}

func openSource(ctx context.Context, c *audit.Config, stdin io.Reader, name string) (*audit.Config, func(), error) {
	if name == stdinName {
		list := audit.NewList("-", interruptible(ctx, stdin))
		c.Source = list
		return c, func() { list.Close() }, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		list, err := audit.OpenList(name)
		if err != nil {
			return nil, nil, err
		}
		c.Source = list
		return c, func() { list.Close() }, nil
	}
	tree, err := audit.OpenTree(name)
	if err != nil {
		return nil, nil, err
	}
	c.Source = tree
	return c, func() { tree.Close() }, nil
}

// policyKey tells policies apart when an audit is resumed.
func (f *auditFlags) policyKey() (string, error) {
	var key []byte
	for _, name := range f.Keys {
		data, err := flags.ReadRegular(name)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(data)
		key = append(key, sum[:]...)
	}
	return fmt.Sprintf("%q %q %q %q %q %q %t %q %q %q %x", f.Repo, f.Workflow, f.Identities, f.Issuers, f.IdentityRegexp, f.IssuerRegexp,
		f.NoIdentity, f.Extensions, f.PredicateTypes, f.Require, sha256.Sum256(key)), nil
}

func (f *auditFlags) writeSummary(w io.Writer, s *audit.Summary) error {
	if f.summary == "" {
		return f.printSummary(w, s)
	}
	var text bytes.Buffer
	if err := f.printSummary(&text, s); err != nil {
		return err
	}
	return outfile.Write(f.summary, text.Bytes())
}

func (f *auditFlags) printSummary(w io.Writer, s *audit.Summary) error {
	if f.output.Format == "json" {
		return writeJSON(w, s)
	}
	return s.WriteText(w)
}

// bar shows on a terminal how far something is, how fast it goes and how long
// it will take. Elsewhere it is silent.
type bar struct{ *progressbar.ProgressBar }

// newBar counts up to total, or with -1 goes round. Without a terminal
// nothing is counted.
func newBar(w io.Writer, total func() int64, what string) bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return bar{}
	}
	return bar{progressbar.NewOptions64(total(),
		progressbar.OptionSetWriter(f),
		progressbar.OptionSetDescription("sigbundle: "+what),
		progressbar.OptionSetWidth(20),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionClearOnFinish())}
}

func (b bar) set(entries int64) {
	if b.ProgressBar != nil {
		_ = b.Set64(entries)
	}
}

func (b bar) end() {
	if b.ProgressBar != nil {
		_ = b.Clear()
	}
}
