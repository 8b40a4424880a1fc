// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot/insight"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
	"github.com/sigbundle/sigbundle/verify/impact"
)

type impactFlags struct {
	trust   flags.Trust
	output  flags.Output
	retire  []string
	key     string
	require []string
}

func newTrustImpact() *cobra.Command {
	f := new(impactFlags)
	cmd := &cobra.Command{
		Use:   "impact --retire KEY {BUNDLES...|-}",
		Short: "Say which stored bundles would stop verifying without a key",
		Long: `Impact verifies every bundle once, and computes from what was proved which of
them would stop verifying if the trust root no longer listed a key: that of a
log, of an authority, or of any certificate in an authority's chain. "trust
show --full" lists the keys; a log may also be named by its ID.

Who signed does not matter here, and artifacts are not needed: message
signatures are held against the digest that their bundle names. Several
--retire are taken out together. Exit code 1 means that bundles would be lost; what
does not verify as it is cannot be lost, and is listed.`,
		Example: `  sigbundle trust impact --retire wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0= archive/*.sigstore.json
  sigbundle trust impact --instance staging --retire $KEY --format json all.jsonl`,
		Args: cobra.MinimumNArgs(1),
		RunE: f.run,
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.retire, "retire", nil, "the `KEY` to do without: SHA-256 of a key or certificate, or a log's ID; repeatable")
	fl.StringVar(&f.key, "key", "", "the public key in this PEM `FILE` signed the bundles without a certificate")
	fl.StringSliceVar(&f.require, "require", nil, "how much evidence it takes: `tlog=N,sct=N,tsa=N,time=N`")
	_ = cmd.MarkFlagRequired("retire")
	f.output.Add(cmd)
	f.trust.Add(cmd)
	return cmd
}

func (f *impactFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.output.Check(); err != nil {
		return err
	}
	var ids []insight.KeyID
	for _, s := range f.retire {
		id, err := insight.ParseKeyID(s)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	root, source, err := f.trust.LoadAged()
	if err != nil {
		return command.UsageError(err)
	}
	policy := verify.Policy{AnyIdentity: true}
	if policy.Require, err = flags.ParseRequire(f.require); err != nil {
		return err
	}
	if f.key != "" {
		keys, err := flags.ReadKeys([]string{f.key})
		if err != nil {
			return err
		}
		policy.Keys = keys
	}
	jobs, refused, err := readJobs(cmd.InOrStdin(), args)
	if err != nil {
		return err
	}
	survey, err := impact.NewSurvey(root, policy, jobs)
	if err != nil {
		return err
	}
	result, err := survey.Retire(ids...)
	if err != nil {
		return err
	}
	result.Refused = append(refused, result.Refused...)
	return f.print(cmd.OutOrStdout(), result, source)
}

// readJobs reads all bundles of all files. What is no bundle is refused before
// any key is retired.
func readJobs(stdin io.Reader, files []string) (jobs []impact.Job, refused []impact.Loss, err error) {
	refused = []impact.Loss{}
	for _, file := range files {
		candidates, err := readCandidates(stdin, file, sizeFlag{bundle.MaxSize})
		if err != nil {
			return nil, nil, err
		}
		for i, c := range candidates {
			name := file
			if len(candidates) > 1 {
				name = fmt.Sprintf("%s, bundle %d", file, i+1)
			}
			if c.err != nil {
				refused = append(refused, impact.Loss{Name: name, Code: codes.Of(c.err), Reason: c.err.Error()})
				continue
			}
			a, err := claimed(c.bundle)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", name, err)
			}
			jobs = append(jobs, impact.Job{Name: name, Bundle: c.bundle, Artifact: a})
		}
	}
	return jobs, refused, nil
}

// claimed returns the artifact that a bundle says it is about, which is good
// for asking about authorities and for nothing else.
func claimed(b *bundle.Bundle) (verify.Artifact, error) {
	if b.Envelope != nil || b.MessageDigest == nil { // what there is to compare is missing, and that is refused
		return verify.NoArtifact(), nil
	}
	name := map[int]string{32: "sha256", 48: "sha384", 64: "sha512"}[b.MessageDigest.Algorithm.Size()]
	return verify.ParseArtifactDigest(name + ":" + hex.EncodeToString(b.MessageDigest.Value))
}

func (f *impactFlags) print(w io.Writer, result *impact.Result, source string) error {
	if f.output.Format == "json" {
		answer := struct {
			TrustRoot string `json:"trustRoot"`
			*impact.Result
		}{source, result}
		if err := writeJSON(w, answer); err != nil {
			return err
		}
	} else {
		for _, l := range result.Lost {
			fmt.Fprintf(w, "lost      %s: %s (%s)\n", screen.Escape(l.Name), screen.Escape(l.Reason), l.Code)
		}
		for _, l := range result.Refused {
			fmt.Fprintf(w, "refused   %s: does not verify as it is: %s (%s)\n", screen.Escape(l.Name), screen.Escape(l.Reason), l.Code)
		}
		if _, err := fmt.Fprintf(w, "%d kept, %d lost, %d refused before\n", result.Kept, len(result.Lost), len(result.Refused)); err != nil {
			return err
		}
	}
	if len(result.Lost) > 0 {
		return &command.Refusal{}
	}
	return nil
}
