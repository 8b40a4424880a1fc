// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/verify"
)

type verifyFlags struct {
	bundle         string
	bundles        string
	identities     []string
	issuers        []string
	identityRegexp []string
	issuerRegexp   []string
	noIdentity     bool
	key            string
	extensions     []string
	predicateTypes []string
	require        []string
	noArtifact     bool
	explain        bool
	output         outputFlags
	trust          trustFlags
}

func newVerify() *cobra.Command {
	f := new(verifyFlags)
	cmd := &cobra.Command{
		Use:   "verify ARTIFACT|ALGORITHM:HEX",
		Short: "Verify an artifact against its bundle, offline",
		Long: `Verify proves, without a network, that an accepted signer signed the artifact.

The bundle is looked for beside the artifact: ARTIFACT.sigstore.json, then
ARTIFACT.sigstore, then ARTIFACT.sigstore.jsonl. The artifact may be named by
a digest instead, sha256:…, sha384:… or sha512:…, and statements about source
code also by gitCommit:… and its like; a file of that name goes first.

How much evidence it takes follows from the trust root: what it lists, it
requires. --require changes that, and the report shows it.`,
		Example: `  # a file with FILE.sigstore.json beside it
  sigbundle verify gh_2.62.0_linux_amd64.tar.gz \
    --identity https://github.com/cli/cli/.github/workflows/deployment.yml@refs/heads/trunk \
    --issuer https://token.actions.githubusercontent.com

  # any workflow of a repository, by digest, as JSON
  sigbundle verify sha256:$DIGEST --bundle att.jsonl --format json \
    --identity-regexp 'https://github\.com/cli/cli/\.github/workflows/.*' \
    --issuer-regexp 'https://token\.actions\.githubusercontent\.com'

  # a managed key
  sigbundle verify release.tar.gz --key release.pub`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.noArtifact && len(args) > 0:
				return errors.New("--no-artifact and an artifact exclude each other")
			case f.noArtifact && f.bundle == "":
				return errors.New("--no-artifact needs --bundle")
			case !f.noArtifact && len(args) != 1:
				return fmt.Errorf("want one artifact, a file or ALGORITHM:HEX, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.bundle, "bundle", "", "the bundle `FILE`, JSON or JSON Lines; - is standard input")
	fl.StringVar(&f.bundles, "bundles", "all", "of several bundles, how many must verify: `all|any|K`")
	fl.StringArrayVar(&f.identities, "identity", nil, "accept this exact `NAME` in the certificate; repeatable, in pairs with --issuer")
	fl.StringArrayVar(&f.issuers, "issuer", nil, "the exact OIDC issuer `URL` of the --identity, or none for certificates without one")
	fl.StringArrayVar(&f.identityRegexp, "identity-regexp", nil, "accept names that this `RE` matches from beginning to end; in pairs with --issuer-regexp")
	fl.StringArrayVar(&f.issuerRegexp, "issuer-regexp", nil, "the issuer's `RE` for the --identity-regexp, or none")
	fl.BoolVar(&f.noIdentity, "no-identity", false, "accept every signer that the trust root vouches for; the report shows it")
	fl.StringVar(&f.key, "key", "", "accept signatures of the public key in this PEM `FILE`")
	fl.StringArrayVar(&f.extensions, "ext", nil, "require the certificate extension `NAME=VALUE`, such as sourceRepositoryURI=https://…; repeatable")
	fl.StringArrayVar(&f.predicateTypes, "predicate-type", nil, "require a statement with this predicate `TYPE`; repeatable, one must match")
	fl.StringSliceVar(&f.require, "require", nil, "change how much evidence it takes: `tlog=N,sct=N,tsa=N,time=N`; 0 requires none")
	fl.BoolVar(&f.noArtifact, "no-artifact", false, "verify a DSSE bundle without comparing an artifact; the report shows it")
	fl.BoolVar(&f.explain, "explain", false, "show every check and what it proved; after a failure, run the rest as far as possible")
	f.output.add(fl)
	f.trust.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("bundles", cobra.FixedCompletions([]string{"all", "any"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *verifyFlags) run(cmd *cobra.Command, args []string) error {
	policy, err := f.policy()
	if err != nil {
		return err
	}
	wanted, err := parseBundleCount(f.bundles)
	if err != nil {
		return err
	}
	if err := f.output.check(); err != nil {
		return err
	}
	title := "bundle alone"
	if !f.noArtifact {
		title = args[0]
	}
	reports, err := f.judgeAll(cmd.InOrStdin(), policy, title)
	var refused *refusal
	if errors.As(err, &refused) {
		reports = []*verify.Report{unjudged(refused.err)}
	} else if err != nil {
		return err
	}
	return f.output.reports(cmd.OutOrStdout(), title, reports, wanted, f.explain)
}

// judgeAll reads what is needed and judges every bundle. A refusal is the
// content's fault; any other error the caller's, or the file system's.
func (f *verifyFlags) judgeAll(stdin io.Reader, policy verify.Policy, artifact string) ([]*verify.Report, error) {
	root, source, err := f.trust.load()
	if err != nil {
		return nil, err
	}
	verifier, err := verify.New(verify.Config{Root: root, RootSource: source, Policy: policy, Explain: f.explain})
	if err != nil {
		return nil, err
	}
	bundles, err := f.readBundles(stdin, artifact)
	if err != nil {
		return nil, err
	}
	a, err := f.artifact(verifier, artifact, bundles)
	if err != nil {
		return nil, err
	}
	var reports []*verify.Report
	for _, b := range bundles {
		reports = append(reports, judge(verifier, b, a))
	}
	return reports, nil
}

// unjudged is the report of what could not even be read as a bundle, a key or
// a trust root.
func unjudged(err error) *verify.Report {
	return &verify.Report{Schema: verify.ReportSchema, Code: verify.CodeOf(err), Message: err.Error()}
}

// judge returns the report of a verification, whatever its outcome.
func judge(v *verify.Verifier, b *bundle.Bundle, a verify.Artifact) *verify.Report {
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

// policy turns the flags into a policy.
func (f *verifyFlags) policy() (verify.Policy, error) {
	p := verify.Policy{AnyIdentity: f.noIdentity, PredicateTypes: f.predicateTypes}
	extensions, err := parseExtensions(f.extensions)
	if err != nil {
		return p, err
	}
	add := func(sans, issuers []string, what string, match func(string) verify.Match) error {
		if len(sans) != len(issuers) {
			return fmt.Errorf("--identity%s and --issuer%s go in pairs: got %d and %d", what, what, len(sans), len(issuers))
		}
		for i := range sans {
			issuer := match(issuers[i])
			if issuers[i] == "none" {
				issuer = verify.NoIssuer
			}
			p.Identities = append(p.Identities, verify.Identity{SAN: match(sans[i]), Issuer: issuer, Extensions: extensions})
		}
		return nil
	}
	if err := add(f.identities, f.issuers, "", verify.Exactly); err != nil {
		return p, err
	}
	if err := add(f.identityRegexp, f.issuerRegexp, "-regexp", verify.Matching); err != nil {
		return p, err
	}
	if len(extensions) > 0 && len(p.Identities) == 0 {
		return p, errors.New("--ext needs an --identity with an --issuer")
	}
	if f.key != "" {
		key, err := readKey(f.key)
		if err != nil {
			return p, err
		}
		p.Keys = []verify.Key{key}
	}
	if len(p.Identities) == 0 && len(p.Keys) == 0 && !f.noIdentity {
		return p, errors.New("say whose signature to accept: --identity with --issuer, --identity-regexp with --issuer-regexp, or --key")
	}
	p.Require, err = parseRequire(f.require)
	return p, err
}

func readKey(name string) (verify.Key, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return verify.Key{}, err
	}
	key, err := sigkey.ParsePEM(data)
	if err != nil {
		return verify.Key{}, &refusal{refuse.Wrap("policy.key", err, "%s", name)}
	}
	return verify.Key{Public: key.Public()}, nil
}

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

// readBundles reads the bundles that were named, or else those beside the
// artifact.
func (f *verifyFlags) readBundles(stdin io.Reader, artifact string) ([]*bundle.Bundle, error) {
	name := f.bundle
	var data []byte
	var err error
	switch {
	case name == "-":
		name = "standard input"
		data, err = readBounded(stdin)
	case name != "":
		data, err = readFile(name)
	default:
		name, data, err = findBundle(artifact)
	}
	if err != nil {
		return nil, err
	}
	return parseBundles(name, data)
}

func parseBundles(name string, data []byte) ([]*bundle.Bundle, error) {
	var bundles []*bundle.Bundle
	for b, err := range bundle.All(data) {
		if err != nil {
			return nil, &refusal{refuse.Wrap("bundle.malformed", err, "%s, bundle %d", name, len(bundles)+1)}
		}
		bundles = append(bundles, b)
	}
	return bundles, nil
}

// findBundle looks beside the artifact (client specification, Section 4.1.1).
func findBundle(artifact string) (name string, data []byte, err error) {
	for _, suffix := range []string{".sigstore.json", ".sigstore", ".sigstore.jsonl"} {
		name := artifact + suffix
		data, err := readFile(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return name, data, err
		}
	}
	return "", nil, fmt.Errorf("no bundle beside %s: looked for %[1]s.sigstore.json, .sigstore and .sigstore.jsonl; name one with --bundle", artifact)
}

// artifact reads the artifact, a file if there is one of that name and else a
// digest.
func (f *verifyFlags) artifact(v *verify.Verifier, name string, bundles []*bundle.Bundle) (verify.Artifact, error) {
	if f.noArtifact {
		return verify.NoArtifact(), nil
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && strings.Contains(name, ":") {
		return verify.ParseArtifactDigest(name)
	}
	if err != nil {
		return verify.Artifact{}, err
	}
	defer file.Close()
	a, err := v.ReadArtifact(file, bundles...)
	if err != nil {
		return a, fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}
