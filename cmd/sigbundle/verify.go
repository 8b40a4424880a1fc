// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
	"github.com/sigbundle/sigbundle/verify/codes"
)

type verifyFlags struct {
	flags.Policy

	noArtifact bool
	bundle     string
	bundles    string
	size       sizeFlag
	explain    bool
	image      flags.Image
	commit     commitFlags
	model      modelFlags
	output     flags.Output
	trust      flags.Trust
}

func newVerify() *cobra.Command {
	f := new(verifyFlags)
	cmd := &cobra.Command{
		Use:   "verify {ARTIFACT|ALGORITHM:HEX|-|--oci-layout DIR|--image REFERENCE|--commit FILE|--model DIR}",
		Short: "Verify an artifact against its bundle, offline",
		Long: `Verify proves, without a network, that an accepted signer signed the artifact.

The bundle is looked for beside the artifact: ARTIFACT.sigstore.json, then
ARTIFACT.sigstore, then ARTIFACT.sigstore.jsonl. The artifact may be named by
a digest instead, sha256:…, sha384:… or sha512:…, and statements about source
code also by gitCommit:… and its like. If a file has that name too, the command
ends; write ./NAME for the file. The name - is standard input.

Of several bundles in one file all must verify, unless --bundles says
otherwise. Copies of a signature are counted as one. Signatures are counted,
not signers: to require two signers, verify once for each of them.

A container image is the artifact with --oci-layout or --image, and the bundles
are those attached to it; then one is enough, unless --bundles says otherwise.
Only --image, and --mirror-of a registry, use the network, to ask that registry.

A commit or a tag of git is the artifact with --commit, which reads what git
cat-file prints and runs no git. Its signature is judged as a bundle of what
the signature is over, by the same checks and the same policy.

A model is the artifact with --model: first the signature over its manifest is
judged, then every file of the directory is compared with the manifest. Links
are never followed. What the signer left out counts as unsigned, unless it is
.git, .gitattributes, .github or .gitignore.

With --format json the answer is one object of one shape, for a file and an
image, one bundle and several: verified is the verdict over all bundles, code
and message say why not, and bundles has a report for each, in its member
report. Of what could not be judged, exit code 2, there are no reports. The
shape is described by docs/reference/report.schema.json.

How much evidence it takes follows from the trust root: what it lists, it
requires. --require changes that, and the report shows it.`,
		Example: `  # a file with FILE.sigstore.json beside it
  sigbundle verify gh_2.62.0_linux_amd64.tar.gz --repo cli/cli

  # by one workflow of the repository only
  sigbundle verify gh_2.62.0_linux_amd64.tar.gz --repo cli/cli \
    --signer-workflow cli/cli/.github/workflows/deployment.yml@refs/heads/trunk

  # by digest, with the answer as JSON
  sigbundle verify sha256:$DIGEST --bundle att.jsonl --format json --repo cli/cli

  # a managed key
  sigbundle verify release.tar.gz --key release.pub

  # an image, in an image layout or a registry
  sigbundle verify --oci-layout ./image:v1 --key release.pub
  sigbundle verify --image registry.example.com/app@sha256:$DIGEST --key release.pub \
    --predicate-type https://slsa.dev/provenance/v1

  # a signed commit or tag of git
  git cat-file commit HEAD | sigbundle verify --commit - --object-id "$(git rev-parse HEAD)" \
    --identity dev@example.com --issuer https://accounts.google.com

  # a model, against its signed manifest
  sigbundle verify --model ./bert --bundle ./bert/model.sig --key publisher.pub`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.model.given():
				return f.model.check(f, args)
			case f.commit != commitFlags{}:
				return f.commit.check(f, args)
			case f.image.Given():
				return f.image.Check(args)
			case f.image.MirrorOf != "":
				return errors.New("--mirror-of: no image given, want --oci-layout or --image too")
			case f.image.PlainHTTP || f.image.CAFile != "":
				return errors.New("--plain-http and --ca-file: no image given, want --oci-layout or --image too")
			case f.noArtifact && len(args) > 0:
				return errors.New("--no-artifact and an artifact exclude each other")
			case f.noArtifact && f.bundle == "":
				return errors.New("--no-artifact: no bundle given, want --bundle FILE too")
			case !f.noArtifact && len(args) != 1:
				return fmt.Errorf("artifact: given %d times, want one file or ALGORITHM:HEX", len(args))
			case !f.noArtifact && args[0] == stdinName && f.bundle == "":
				return errors.New("artifact: on standard input, want --bundle FILE too")
			case !f.noArtifact && args[0] == stdinName && f.bundle == stdinName:
				return errors.New("artifact and bundle: both on standard input, want one of them as a file")
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
	f.size.add(cmd)
	f.Policy.Add(cmd)
	fl.BoolVar(&f.noArtifact, "no-artifact", false, "verify a DSSE bundle without comparing an artifact; the report shows it")
	fl.BoolVar(&f.explain, "explain", false, "show every check and what it proved; after a failure, run the rest as far as possible")
	f.image.AddVerify(cmd)
	f.commit.add(cmd)
	f.model.add(cmd)
	f.output.Add(cmd)
	f.trust.Add(cmd)
	f.trust.AllowSeveral(cmd)
	f.complete(cmd)
}

// complete says what a shell may offer after each flag.
func (f *verifyFlags) complete(cmd *cobra.Command) {
	_ = cmd.MarkFlagFilename("bundle", "json", "sigstore", "jsonl")
	_ = cmd.RegisterFlagCompletionFunc("bundles", cobra.FixedCompletions(
		[]cobra.Completion{"all\tevery bundle must verify", "any\tone is enough"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *verifyFlags) run(cmd *cobra.Command, args []string) error {
	if err := errors.Join(f.output.Check(), f.size.check()); err != nil {
		return err
	}
	wanted, err := parseBundleCount(f.bundles)
	if err != nil {
		return err
	}
	switch {
	case f.model.dir != "":
		return f.runModel(cmd, wanted)
	case f.commit.file != "":
		return f.runCommit(cmd, wanted)
	case f.image.Given():
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
	var refused *command.Refusal
	if errors.As(err, &refused) {
		bundles = []judged{{Report: unjudged(refused.Err)}}
	} else if err != nil {
		return err
	}
	return reports(&f.output, cmd.OutOrStdout(), title, name, bundles, wanted, f.explain)
}

// judgeAll reads what is needed and judges every bundle. A refusal is the
// content's fault; any other error the caller's, or the file system's.
func (f *verifyFlags) judgeAll(stdin io.Reader, name string) ([]judged, error) {
	policy, err := f.Accept()
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
	roots, err := f.trust.Load()
	if err != nil {
		return nil, err
	}
	var asOf time.Time
	if f.trust.AsOf != "" {
		if asOf, err = flags.ParseTime(f.trust.AsOf); err != nil {
			return nil, fmt.Errorf("--as-of: %w", err)
		}
	}
	var configs []verify.Config
	for _, l := range roots {
		configs = append(configs, verify.Config{Root: l.Root, RootSource: l.Source, Policy: policy, Explain: f.explain, MaxBundle: f.size.bytes, AsOf: asOf})
	}
	return choose.New(configs...) // or it is an identity or a key that no certificate or signature can meet
}

// judgeEach returns a verdict for each candidate.
func (f *verifyFlags) judgeEach(judges *choose.Roots, candidates []candidate, a verify.Artifact) []judged {
	var bundles []judged
	others := &hints{trust: &f.trust}
	for _, c := range candidates {
		one := judged{carriage: c.from}
		if c.err != nil {
			one.Report = unjudged(c.err)
		} else {
			v, _ := judges.For(c.bundle)
			one.Report = judge(v, c.bundle, a)
			if one.Report.Verified {
				one.signature = distinct(c.bundle.Signature)
			}
			others.hint(c.bundle, one.Report)
			f.noteSource(one.Report)
		}
		bundles = append(bundles, one)
	}
	return bundles
}

// unjudged is the report of what could not even be read as a bundle, or of
// trust that was refused.
func unjudged(err error) *report.Report {
	return &report.Report{Schema: report.Schema, Code: codes.Of(err), Message: err.Error()}
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

// noteSource notes a signer whose workflow is of a repository other than the
// source, if the policy does not say whose source it accepts.
func (f *verifyFlags) noteSource(r *report.Report) {
	if r.Signer == nil || r.Signer.Certificate == nil || f.NoIdentity || f.Repo != "" {
		return
	}
	for _, e := range f.Extensions {
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

// parseBundleCount returns how many bundles must verify; 0 means all.
func parseBundleCount(s string) (int, error) {
	switch s {
	case "all":
		return 0, nil
	case "any":
		return 1, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("--bundles %q: malformed, want all, any or a number above 0", s)
	}
	return int(n), nil
}
