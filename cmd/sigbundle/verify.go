// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
)

type verifyFlags struct {
	bundle         string
	bundles        string
	identities     []string
	issuers        []string
	identityRegexp []string
	issuerRegexp   []string
	repo           string
	workflow       string
	names          []verify.Match // of --identity and --identity-regexp, in the order given
	issuerMatches  []verify.Match
	noIdentity     bool
	keys           []string
	size           sizeFlag
	extensions     []string
	predicateTypes []string
	require        []string
	noArtifact     bool
	explain        bool
	image          imageFlags
	output         outputFlags
	trust          trustFlags
}

func newVerify() *cobra.Command {
	f := new(verifyFlags)
	cmd := &cobra.Command{
		Use:   "verify {ARTIFACT|ALGORITHM:HEX|-|--oci-layout DIR|--image REFERENCE}",
		Short: "Verify an artifact against its bundle, offline",
		Long: `Verify proves, without a network, that an accepted signer signed the artifact.

The bundle is looked for beside the artifact: ARTIFACT.sigstore.json, then
ARTIFACT.sigstore, then ARTIFACT.sigstore.jsonl. The artifact may be named by
a digest instead, sha256:…, sha384:… or sha512:…, and statements about source
code also by gitCommit:… and its like; a file of that name goes first. The
name - is standard input.

Of several bundles in one file all must verify, unless --bundles says
otherwise. A signature that is there several times counts once. Signatures are
counted, not signers: to require two signers, verify once for each of them.

A container image is the artifact with --oci-layout or --image, and the bundles
are those attached to it; then one is enough, unless --bundles says otherwise.
Only --image, and --mirror-of a registry, use the network, to ask that registry.

With --format json the answer is one object of one shape, for a file and an
image, one bundle and several: verified is the verdict over all bundles, code
and message say why not, and bundles has a report for each, in its member
report. Of what could not be judged, exit code 2, there are no reports. The
shape is described by docs/reference/report.schema.json.

How much evidence it takes follows from the trust root: what it lists, it
requires. --require changes that, and the report shows it.`,
		Example: `  # a file with FILE.sigstore.json beside it
  sigbundle verify gh_2.62.0_linux_amd64.tar.gz \
    --identity https://github.com/cli/cli/.github/workflows/deployment.yml@refs/heads/trunk \
    --issuer https://token.actions.githubusercontent.com

  # any workflow of a repository, by digest, as JSON
  sigbundle verify sha256:$DIGEST --bundle att.jsonl --format json --repo cli/cli

  # a managed key
  sigbundle verify release.tar.gz --key release.pub

  # an image, in an image layout or a registry
  sigbundle verify --oci-layout ./image:v1 --key release.pub
  sigbundle verify --image registry.example.com/app@sha256:$DIGEST --key release.pub \
    --predicate-type https://slsa.dev/provenance/v1`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.image.given():
				return f.image.check(args)
			case f.image.mirrorOf != "":
				return errors.New("--mirror-of needs --oci-layout or --image")
			case f.image.plainHTTP || f.image.caFile != "":
				return errors.New("--plain-http and --ca-file are about registries, and need --oci-layout or --image")
			case f.noArtifact && len(args) > 0:
				return errors.New("--no-artifact and an artifact exclude each other")
			case f.noArtifact && f.bundle == "":
				return errors.New("--no-artifact needs --bundle")
			case !f.noArtifact && len(args) != 1:
				return fmt.Errorf("want one artifact, a file or ALGORITHM:HEX, got %d arguments", len(args))
			case !f.noArtifact && args[0] == stdinName && f.bundle == "":
				return errors.New("an artifact on standard input needs --bundle")
			case !f.noArtifact && args[0] == stdinName && f.bundle == stdinName:
				return errors.New("artifact and bundle cannot both be standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.add(cmd)
	return cmd
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.bundle, "bundle", "", "the bundle `FILE`: JSON, JSON Lines, an array, or the answer of an attestation API; - is standard input")
	fl.StringVar(&f.bundles, "bundles", "all", "of several bundles, how many with different signatures must verify: `all|any|K`; one signer can make several; for images any, if it is not given")
	fl.Var(&matchFlag{texts: &f.identities, all: &f.names, issuer: false, expression: false}, "identity", "accept this exact `NAME` in the certificate; repeatable, in pairs with --issuer or --issuer-regexp")
	fl.Var(&matchFlag{texts: &f.issuers, all: &f.issuerMatches, issuer: true, expression: false}, "issuer", "the exact OIDC issuer `URL` of the --identity, or none for certificates without one")
	fl.Var(&matchFlag{texts: &f.identityRegexp, all: &f.names, issuer: false, expression: true}, "identity-regexp", "accept names that this `RE` matches from beginning to end; in pairs with --issuer or --issuer-regexp")
	fl.Var(&matchFlag{texts: &f.issuerRegexp, all: &f.issuerMatches, issuer: true, expression: true}, "issuer-regexp", "the issuer's `RE` for the --identity or --identity-regexp, or none")
	fl.StringVar(&f.repo, "repo", "", "accept GitHub Actions' workflows of the repository `OWNER/NAME`, on its own source; with --identity, require that source")
	fl.StringVar(&f.workflow, "signer-workflow", "", "with --repo: accept this workflow, `OWNER/NAME/PATH[@REF]`, such as a reusable one, instead of the repository's own")
	fl.BoolVar(&f.noIdentity, "no-identity", false, "accept every signer that the trust root vouches for; the report shows it")
	fl.StringArrayVar(&f.keys, "key", nil, "accept signatures of the public keys in this `FILE`, PEM or a registry's JSON document of keys; repeatable")
	f.size.add(cmd)
	fl.StringArrayVar(&f.extensions, "ext", nil, "require the certificate extension `NAME=VALUE`, such as sourceRepositoryURI=https://…; repeatable")
	fl.StringArrayVar(&f.predicateTypes, "predicate-type", nil, "require a statement with this predicate `TYPE`, a URI or a short name as for attest; repeatable, one must match")
	fl.StringSliceVar(&f.require, "require", nil, "change how much evidence it takes: `tlog=N,sct=N,tsa=N,time=N`; 0 requires none")
	fl.BoolVar(&f.noArtifact, "no-artifact", false, "verify a DSSE bundle without comparing an artifact; the report shows it")
	fl.BoolVar(&f.explain, "explain", false, "show every check and what it proved; after a failure, run the rest as far as possible")
	f.image.addVerify(cmd)
	f.output.add(cmd)
	f.trust.add(cmd)
	f.trust.allowSeveral(cmd)
	for _, other := range []string{"identity", "identity-regexp", "no-identity", "repo"} {
		cmd.MarkFlagsMutuallyExclusive("key", other)
	}
	cmd.MarkFlagsMutuallyExclusive("no-identity", "identity")
	cmd.MarkFlagsMutuallyExclusive("no-identity", "identity-regexp")
	f.complete(cmd)
}

// maxExtension bounds the search for names of certificate extensions; the
// registry ends at 24 today.
const maxExtension = 64

// complete says what a shell may offer after each flag.
func (f *verifyFlags) complete(cmd *cobra.Command) {
	_ = cmd.MarkFlagFilename("bundle", "json", "sigstore", "jsonl")
	_ = cmd.MarkFlagFilename("key", "pem", "pub", "key")
	fixed := map[string][]cobra.Completion{
		"bundles": {"all\tevery bundle must verify", "any\tone is enough"},
		"require": {"tlog=\ttransparency logs", "sct=\tcertificate transparency logs", "tsa=\ttimestamp authorities", "time=\tverified times"},
		"issuer": {
			"https://token.actions.githubusercontent.com\tGitHub Actions",
			"https://gitlab.com\tGitLab",
			"https://accounts.google.com\tGoogle",
			"https://github.com/login/oauth\tGitHub users",
			"none\ta certificate without an issuer",
		},
	}
	for flag, offers := range fixed {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(offers, cobra.ShellCompDirectiveNoFileComp))
	}
	var extensions []cobra.Completion
	for n := 1; n <= maxExtension; n++ {
		if name := fulcio.Name(n); name != "" {
			extensions = append(extensions, fmt.Sprintf("%s=\textension 1.3.6.1.4.1.57264.1.%d", name, n))
		}
	}
	_ = cmd.RegisterFlagCompletionFunc("ext", cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	for _, flag := range []string{"identity", "identity-regexp", "issuer-regexp", "predicate-type"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.NoFileCompletions)
	}
}

func (f *verifyFlags) run(cmd *cobra.Command, args []string) error {
	if err := errors.Join(f.output.check(), f.size.check()); err != nil {
		return err
	}
	wanted, err := parseBundleCount(f.bundles)
	if err != nil {
		return err
	}
	if f.image.given() {
		return f.runImage(cmd, wanted)
	}
	name, title := "", "bundle alone"
	if !f.noArtifact {
		name, title = args[0], args[0]
	}
	if name == stdinName {
		title = "standard input"
	}
	bundles, err := f.judgeAll(cmd.InOrStdin(), name)
	var refused *refusal
	if errors.As(err, &refused) {
		bundles = []judged{{Report: unjudged(refused.err)}}
	} else if err != nil {
		return err
	}
	return f.output.reports(cmd.OutOrStdout(), title, bundles, wanted, f.explain)
}

// judgeAll reads what is needed and judges every bundle. A refusal is the
// content's fault; any other error the caller's, or the file system's.
func (f *verifyFlags) judgeAll(stdin io.Reader, name string) ([]judged, error) {
	policy, err := f.policy()
	if err != nil {
		return nil, err
	}
	artifact, err := f.openArtifact(stdin, name)
	if err != nil {
		return nil, err
	}
	defer artifact.Close()
	candidates, err := f.readBundles(stdin, name)
	if err != nil {
		return nil, err
	}
	judges, err := f.judges(policy)
	if err != nil {
		return nil, err
	}
	a, err := artifact.read(judges.First(), candidates)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f.judgeEach(judges, candidates, a), nil
}

// judges loads the trust roots that the flags choose.
func (f *verifyFlags) judges(policy verify.Policy) (*choose.Roots, error) {
	roots, err := f.trust.load()
	if err != nil {
		return nil, err
	}
	var asOf time.Time
	if f.trust.asOf != "" {
		if asOf, err = parseTime(f.trust.asOf); err != nil {
			return nil, fmt.Errorf("--as-of: %w", err)
		}
	}
	var configs []verify.Config
	for _, l := range roots {
		configs = append(configs, verify.Config{Root: l.root, RootSource: l.source, Policy: policy, Explain: f.explain, MaxBundle: f.size.bytes, AsOf: asOf})
	}
	return choose.New(configs...) // or it is an identity or a key that no certificate or signature can meet
}

// judgeEach returns a verdict for each candidate.
func (f *verifyFlags) judgeEach(judges *choose.Roots, candidates []candidate, a verify.Artifact) []judged {
	var bundles []judged
	for _, c := range candidates {
		one := judged{}
		if c.err != nil {
			one.Report = unjudged(c.err)
		} else {
			v, _ := judges.For(c.bundle)
			one.Report, one.signature = judge(v, c.bundle, a), distinct(c.bundle.Signature)
			f.trust.hint(c.bundle, one.Report)
			f.noteSource(one.Report)
		}
		bundles = append(bundles, one)
	}
	return bundles
}

// unjudged is the report of what could not even be read as a bundle, or of
// trust that was refused.
func unjudged(err error) *report.Report {
	return &report.Report{Schema: report.Schema, Code: verify.CodeOf(err), Message: err.Error()}
}

// judge returns the report of a verification, whatever its outcome.
func judge(v *verify.Verifier, b *bundle.Bundle, a verify.Artifact) *report.Report {
	result, err := v.Verify(b, a)
	if err == nil {
		return result.Report
	}
	var refused *verify.Error
	if errors.As(err, &refused) {
		return refused.Report
	}
	return unjudged(err)
}

// types are the predicate types, short names taken for what attest signs under
// them.
func (f *verifyFlags) types() (types []string) {
	for _, name := range f.predicateTypes {
		types = append(types, dsse.PredicateType(name))
	}
	return types
}

// errNobody: nobody is trusted by default.
var errNobody = refuse.New("command.signer", "say whose signature to accept: --identity with --issuer, --identity-regexp with --issuer-regexp, or --key")

// policy turns the flags into a policy.
func (f *verifyFlags) policy() (verify.Policy, error) {
	p := verify.Policy{AnyIdentity: f.noIdentity, PredicateTypes: f.types()}
	extensions, err := parseExtensions(f.extensions)
	if err != nil {
		return p, err
	}
	if err := f.pinSource(extensions); err != nil {
		return p, err
	}
	if len(f.names) != len(f.issuerMatches) {
		return p, fmt.Errorf("--identity and --issuer go in pairs: got %d and %d, counting those with -regexp", len(f.names), len(f.issuerMatches))
	}
	for i, name := range f.names {
		p.Identities = append(p.Identities, verify.Identity{SAN: name, Issuer: f.issuerMatches[i], Extensions: extensions})
	}
	if f.repo != "" && len(p.Identities) == 0 {
		p.Identities = []verify.Identity{{SAN: f.workflows(), Issuer: verify.Exactly(githubIssuer), Extensions: extensions}}
	}
	if len(extensions) > 0 && len(p.Identities) == 0 {
		return p, errors.New("--ext needs an --identity with an --issuer")
	}
	if p.Keys, err = readKeys(f.keys); err != nil {
		return p, err
	}
	if len(p.Identities) == 0 && len(p.Keys) == 0 && !f.noIdentity {
		return p, errNobody
	}
	p.Require, err = parseRequire(f.require)
	return p, err
}

// githubIssuer issues the tokens of GitHub Actions.
const githubIssuer = "https://token.actions.githubusercontent.com"

var (
	repository = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)
	workflow   = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[^@]+(@.+)?$`)
)

// pinSource adds the condition of --repo to the extensions.
func (f *verifyFlags) pinSource(extensions map[string]verify.Match) error {
	const source = "sourceRepositoryURI"
	_, twice := extensions[source]
	switch {
	case f.workflow != "" && f.repo == "":
		return errors.New("--signer-workflow says who signs and not whose source is built: add --repo OWNER/NAME")
	case f.repo == "":
		return nil
	case !repository.MatchString(f.repo):
		return fmt.Errorf("--repo %q is not of the form OWNER/NAME", f.repo)
	case f.workflow != "" && !workflow.MatchString(f.workflow):
		return fmt.Errorf("--signer-workflow %q is not of the form OWNER/NAME/PATH or OWNER/NAME/PATH@REF", f.workflow)
	case f.workflow != "" && len(f.names) > 0:
		return errors.New("--signer-workflow and --identity exclude each other")
	case twice || f.noIdentity:
		return errors.New("--repo excludes --no-identity and --ext " + source)
	}
	extensions[source] = verify.Exactly("https://github.com/" + f.repo)
	return nil
}

// workflows matches the names of the workflows that --repo and
// --signer-workflow accept.
func (f *verifyFlags) workflows() verify.Match {
	name, pinned := "https://github.com/"+f.workflow, strings.Contains(f.workflow, "@")
	switch {
	case f.workflow == "":
		return verify.Matching(regexp.QuoteMeta("https://github.com/"+f.repo+"/.github/workflows/") + `[^@]+@.+`)
	case pinned:
		return verify.Exactly(name)
	}
	return verify.Matching(regexp.QuoteMeta(name) + `@.+`)
}

// noteSource notes a signer whose workflow is another repository's than the
// source, if the policy does not say whose source it accepts.
func (f *verifyFlags) noteSource(r *report.Report) {
	if r.Signer == nil || r.Signer.Certificate == nil || f.noIdentity || f.repo != "" {
		return
	}
	for _, e := range f.extensions {
		name, _, _ := strings.Cut(e, "=")
		switch fulcio.Number(name) {
		case 12, 15, 16, 17: // the URI or the identifier of the source repository, or of its owner
			return
		}
	}
	cert := r.Signer.Certificate
	for _, e := range cert.Extensions {
		if e.Name == "sourceRepositoryURI" && !strings.HasPrefix(cert.SAN, e.Value+"/") {
			r.Notes = append(r.Notes, report.Note{
				Code:   "command.source",
				Detail: fmt.Sprintf("the workflow that signed is not of the source repository %s, and the policy accepts any: pin it with --repo or --ext sourceRepositoryURI=…", e.Value),
			})
		}
	}
}

// matchFlag is one side of a pair, exact or an expression. Both forms share
// one list, so that the first name goes with the first issuer, whatever their
// forms.
type matchFlag struct {
	texts              *[]string
	all                *[]verify.Match
	issuer, expression bool
}

func (m *matchFlag) Set(s string) error {
	match := verify.Exactly(s)
	switch {
	case m.issuer && s == "none":
		match = verify.NoIssuer()
	case m.expression:
		match = verify.Matching(s)
	}
	*m.texts, *m.all = append(*m.texts, s), append(*m.all, match)
	return nil
}

func (m *matchFlag) String() string { return "" }

func (m *matchFlag) Type() string { return "string" }

func (m *matchFlag) GetSlice() []string { return *m.texts }

func parseExtensions(flags []string) (map[string]verify.Match, error) {
	m := make(map[string]verify.Match)
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("--ext %q is not of the form NAME=VALUE", flag)
		}
		if _, ok := m[name]; ok {
			return nil, fmt.Errorf("--ext %s is given twice", name)
		}
		m[name] = verify.Exactly(value)
	}
	return m, nil
}

func parseRequire(flags []string) (verify.Requirements, error) {
	var r verify.Requirements
	fields := map[string]*verify.Threshold{"tlog": &r.Logs, "sct": &r.SCTs, "tsa": &r.Timestamps, "time": &r.Times}
	for _, flag := range flags {
		name, value, _ := strings.Cut(flag, "=")
		field := fields[name]
		n, err := strconv.ParseUint(value, 10, 8)
		if field == nil || err != nil {
			return r, fmt.Errorf("--require %q is not of the form tlog=N, sct=N, tsa=N or time=N", flag)
		}
		if *field != 0 {
			return r, fmt.Errorf("--require %s is given twice", name)
		}
		if *field = verify.Threshold(n); n == 0 {
			*field = verify.NotRequired
		}
	}
	return r, nil
}

// parseBundleCount returns how many bundles must verify; 0 stands for all.
func parseBundleCount(s string) (int, error) {
	switch s {
	case "all":
		return 0, nil
	case "any":
		return 1, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("--bundles %q is not all, any or a number above 0", s)
	}
	return int(n), nil
}
