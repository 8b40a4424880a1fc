// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
)

// Who must have signed, what, and how much evidence it takes.

// Policy say who must have signed, what, and how much evidence it takes.
type Policy struct {
	Identities     []string
	Issuers        []string
	IdentityRegexp []string
	IssuerRegexp   []string
	Repo           string
	Workflow       string
	names          []verify.Match // of --identity and --identity-regexp, in the order given
	issuerMatches  []verify.Match
	NoIdentity     bool
	Keys           []string
	Extensions     []string
	PredicateTypes []string
	Require        []string
}

func (f *Policy) Add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.Var(&matchFlag{texts: &f.Identities, all: &f.names, issuer: false, expression: false}, "identity", "accept this exact `NAME` in the certificate; repeatable, in pairs with --issuer or --issuer-regexp")
	fl.Var(&matchFlag{texts: &f.Issuers, all: &f.issuerMatches, issuer: true, expression: false}, "issuer", "the exact OIDC issuer `URL` of the --identity, or none for certificates without one")
	fl.Var(&matchFlag{texts: &f.IdentityRegexp, all: &f.names, issuer: false, expression: true}, "identity-regexp", "accept names that this `RE` matches from beginning to end; in pairs with --issuer or --issuer-regexp")
	fl.Var(&matchFlag{texts: &f.IssuerRegexp, all: &f.issuerMatches, issuer: true, expression: true}, "issuer-regexp", "the issuer's `RE` for the --identity or --identity-regexp, or none")
	fl.StringVar(&f.Repo, "repo", "", "accept GitHub Actions' workflows of the repository `OWNER/NAME`, on its own source; with --identity, require that source")
	fl.StringVar(&f.Workflow, "signer-workflow", "", "with --repo: accept this workflow, `OWNER/NAME/PATH[@REF]`, such as a reusable one, instead of the repository's own")
	fl.BoolVar(&f.NoIdentity, "no-identity", false, "accept every signer that the trust root vouches for; the report shows it")
	fl.StringArrayVar(&f.Keys, "key", nil, "accept signatures of the public keys in this `FILE`, PEM or a registry's JSON document of keys; repeatable; with --identity, --repo or --no-identity either is enough")
	fl.StringArrayVar(&f.Extensions, "ext", nil, "require the certificate extension `NAME=VALUE`, such as sourceRepositoryURI=https://…; repeatable")
	fl.StringArrayVar(&f.PredicateTypes, "predicate-type", nil, "require a statement with this predicate `TYPE`, a URI or a short name as for attest; repeatable, one must match")
	fl.StringSliceVar(&f.Require, "require", nil, "change how much evidence it takes: `tlog=N,sct=N,tsa=N,time=N`; 0 requires none")
	cmd.MarkFlagsMutuallyExclusive("no-identity", "identity")
	cmd.MarkFlagsMutuallyExclusive("no-identity", "identity-regexp")
	f.complete(cmd)
}

// maxExtension bounds the search for names of certificate extensions; the
// registry ends at 24 today.
const maxExtension = 64

// complete says what a shell may offer after each flag.
func (f *Policy) complete(cmd *cobra.Command) {
	_ = cmd.MarkFlagFilename("key", "pem", "pub", "key")
	fixed := map[string][]cobra.Completion{
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

// Types are the predicate types, short names taken for what attest signs under
// them.
func (f *Policy) Types() (types []string) {
	for _, name := range f.PredicateTypes {
		types = append(types, dsse.PredicateType(name))
	}
	return types
}

// errNobody: no signer is trusted by default.
var errNobody = refuse.New("command.signer", "accepted signer: not given, want --repo, --identity with --issuer, --key, or --no-identity")

// Accept turns the flags into a policy.
func (f *Policy) Accept() (verify.Policy, error) {
	p := verify.Policy{AnyIdentity: f.NoIdentity, PredicateTypes: f.Types()}
	extensions, err := parseExtensions(f.Extensions)
	if err != nil {
		return p, err
	}
	if err := f.pinSource(extensions); err != nil {
		return p, err
	}
	if len(f.names) != len(f.issuerMatches) {
		return p, fmt.Errorf("--identity and --issuer: given %d and %d times (with those of -regexp), want pairs", len(f.names), len(f.issuerMatches))
	}
	for i, name := range f.names {
		p.Identities = append(p.Identities, verify.Identity{SAN: name, Issuer: f.issuerMatches[i], Extensions: extensions})
	}
	if f.Repo != "" && len(p.Identities) == 0 {
		p.Identities = []verify.Identity{{SAN: f.workflows(), Issuer: verify.Exactly(githubIssuer), Extensions: extensions}}
	}
	if len(extensions) > 0 && len(p.Identities) == 0 {
		return p, errors.New("--ext: no identity that must have it, want --identity with --issuer")
	}
	if p.Keys, err = ReadKeys(f.Keys); err != nil {
		return p, err
	}
	if len(p.Identities) == 0 && len(p.Keys) == 0 && !f.NoIdentity {
		return p, errNobody
	}
	p.Require, err = ParseRequire(f.Require)
	return p, err
}

// githubIssuer issues the tokens of GitHub Actions.
const githubIssuer = "https://token.actions.githubusercontent.com"

var (
	repository = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)
	workflow   = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[^@]+(@.+)?$`)
)

// pinSource adds the condition of --repo to the extensions.
func (f *Policy) pinSource(extensions map[string]verify.Match) error {
	const source = "sourceRepositoryURI"
	_, twice := extensions[source]
	switch {
	case f.Workflow != "" && f.Repo == "":
		return errors.New("--signer-workflow: does not say whose source is built, want --repo OWNER/NAME too")
	case f.Repo == "":
		return nil
	case !repository.MatchString(f.Repo):
		return fmt.Errorf("--repo %q: malformed, want OWNER/NAME", f.Repo)
	case f.Workflow != "" && !workflow.MatchString(f.Workflow):
		return fmt.Errorf("--signer-workflow %q: malformed, want OWNER/NAME/PATH or OWNER/NAME/PATH@REF", f.Workflow)
	case f.Workflow != "" && len(f.names) > 0:
		return errors.New("--signer-workflow and --identity exclude each other")
	case twice || f.NoIdentity:
		return errors.New("--repo excludes --no-identity and --ext " + source)
	}
	extensions[source] = verify.Exactly("https://github.com/" + f.Repo)
	return nil
}

// workflows matches the names of the workflows that --repo and
// --signer-workflow accept.
func (f *Policy) workflows() verify.Match {
	name, pinned := "https://github.com/"+f.Workflow, strings.Contains(f.Workflow, "@")
	switch {
	case f.Workflow == "":
		return verify.Matching(regexp.QuoteMeta("https://github.com/"+f.Repo+"/.github/workflows/") + `[^@]+@.+`)
	case pinned:
		return verify.Exactly(name)
	}
	return verify.Matching(regexp.QuoteMeta(name) + `@.+`)
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
			return nil, fmt.Errorf("--ext %q: malformed, want NAME=VALUE", flag)
		}
		if _, ok := m[name]; ok {
			return nil, fmt.Errorf("--ext %s: given twice, want one value", name)
		}
		m[name] = verify.Exactly(value)
	}
	return m, nil
}

func ParseRequire(flags []string) (verify.Requirements, error) {
	var r verify.Requirements
	fields := map[string]*verify.Threshold{"tlog": &r.Logs, "sct": &r.SCTs, "tsa": &r.Timestamps, "time": &r.Times}
	for _, flag := range flags {
		name, value, _ := strings.Cut(flag, "=")
		field := fields[name]
		n, err := strconv.ParseUint(value, 10, 8)
		if field == nil || err != nil {
			return r, fmt.Errorf("--require %q: malformed, want tlog=N, sct=N, tsa=N or time=N", flag)
		}
		if *field != 0 {
			return r, fmt.Errorf("--require %s: given twice, want one number", name)
		}
		if *field = verify.Threshold(n); n == 0 {
			*field = verify.NotRequired
		}
	}
	return r, nil
}
