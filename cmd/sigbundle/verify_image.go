// SPDX-License-Identifier: Apache-2.0

package main

// Verifying container images: every bundle attached to one gets its report.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/verify"
)

// imageTimeout bounds how long a registry may take over all its answers.
const imageTimeout = 10 * time.Minute

// runImage verifies an image; wanted is the number of bundles that must
// verify, if the flag was given.
func (f *verifyFlags) runImage(cmd *cobra.Command, wanted int) error {
	if !cmd.Flags().Changed("bundles") {
		wanted = 1 // anyone who may write to a repository may attach what they like
	}
	policy, err := f.Accept()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), imageTimeout)
	defer cancel()
	cmd.SetContext(ctx)
	named := cmp.Or(f.image.Layout, f.image.Reference)
	report := &verification{Schema: verificationSchema, Artifact: screen.Bytes(named), Image: screen.Bytes(named), Digest: new(oci.Digest), Bundles: []judged{}}
	var image oci.Descriptor
	title := named
	p, err := openImage(&f.image)
	if err == nil {
		defer p.close()
		image, err = p.Resolve(ctx, p.reference)
	}
	if err != nil {
		err = imageError(err)
	} else {
		*report.Digest, title = image.Digest, p.title(image.Digest)
		err = f.judgeImage(cmd, p, image.Digest, policy, report)
	}
	if err != nil {
		if report.Code = string(refuse.CodeOf(err)); report.Code == "" {
			return err
		}
		report.Message = message(err)
	}
	return f.printImage(cmd.OutOrStdout(), title, report, wanted, err)
}

// judgeImage fills the report with a verdict on each bundle. The error is what
// is wrong with the image as a whole.
func (f *verifyFlags) judgeImage(cmd *cobra.Command, p *place, digest oci.Digest, policy verify.Policy, report *verification) error {
	var found []oci.Referrer
	var candidates []candidate
	var err error
	if f.bundle != "" {
		candidates, err = readCandidates(cmd.InOrStdin(), f.bundle, f.size)
	} else if found, err = oci.Bundles(cmd.Context(), p, digest); err != nil {
		return imageError(err)
	}
	if err != nil {
		return err
	}
	for _, r := range found {
		candidates = append(candidates, candidate{bundle: r.Bundle, err: r.Err})
	}
	judges, err := f.judges(policy)
	if err != nil {
		return err
	}
	artifact, err := verify.ParseArtifactDigest(digest.String())
	if err != nil {
		return err
	}
	report.Bundles = append(report.Bundles, f.judgeEach(judges, candidates, artifact)...)
	for i, r := range found {
		report.Bundles[i].Referrer = r.Digest
	}
	if f.image.MirrorOf != "" {
		if err := f.checkMirror(cmd.Context(), digest, found, report); err != nil {
			return err
		}
	}
	if len(candidates) == 0 {
		if instead := oci.Instead(cmd.Context(), p.Store, digest); instead != "" {
			return &command.Refusal{Err: refuse.New("oci.unsigned", "%s: no bundle attached; %s", p.title(digest), instead)}
		}
		return &command.Refusal{Err: refuse.New("oci.unsigned", "%s: no bundle attached", p.title(digest))}
	}
	return nil
}

// checkMirror compares what was found with what the origin has.
func (f *verifyFlags) checkMirror(ctx context.Context, digest oci.Digest, found []oci.Referrer, report *verification) error {
	origin, err := openOrigin(&f.image)
	if err != nil {
		return imageError(err)
	}
	defer origin.close()
	// An origin that does not know the image, or no bundle of it, has nothing
	// to hold the mirror against: its name is misspelt, or it is a mirror, too.
	image, err := origin.Resolve(ctx, cmp.Or(origin.reference, digest.String()))
	if err != nil {
		return imageError(refuse.Wrap("oci.mirror", err, "origin %s", origin.name))
	}
	if image.Digest != digest {
		return &command.Refusal{Err: refuse.New("oci.mirror", "origin %s: not the image %s, want a mirror of the same image", origin.title(image.Digest), digest)}
	}
	there, err := oci.Bundles(ctx, origin, digest)
	if err != nil {
		return imageError(err)
	}
	if len(there) == 0 {
		return &command.Refusal{Err: refuse.New("oci.mirror", "origin %s: no bundle attached, want an origin with the bundles", origin.title(digest))}
	}
	for _, r := range oci.Lost(there, found) {
		report.Lost = append(report.Lost, lostBundle{r.Digest, r.PredicateType})
	}
	if err := oci.CheckMirror(there, found); err != nil {
		return &command.Refusal{Err: err}
	}
	return nil
}

// printImage prints the report and returns the verdict: refused if there is a
// reason, or if fewer bundles verify than required, 0 standing for all.
func (f *verifyFlags) printImage(w io.Writer, title string, report *verification, wanted int, reason error) error {
	verified, all := count(report.Bundles)
	if wanted == 0 {
		wanted = max(1, all)
	}
	report.Required = wanted
	report.Verified = reason == nil && verified >= wanted
	score := score(verified, all, wanted)
	if !report.Verified && reason == nil {
		report.Code, report.Message = whyNot(report.Bundles, score)
	}
	if f.output.Format == "json" {
		if err := writeJSON(w, report); err != nil {
			return err
		}
	} else if err := f.writeImage(w, title, report, score, reason); err != nil {
		return err
	}
	var refused *command.Refusal
	switch {
	case f.output.Format == "json" && errors.As(reason, &refused):
		return &command.Refusal{} // the report has said everything
	case reason != nil:
		return reason
	case report.Verified:
		return nil
	case verified == all: // no report says why
		return &command.Refusal{Err: errors.New(score)}
	}
	return &command.Refusal{}
}

func (f *verifyFlags) writeImage(w io.Writer, title string, rep *verification, score string, reason error) error {
	if len(rep.Bundles) > 1 || len(rep.Bundles) == 1 && rep.Bundles[0].Report.Verified != rep.Verified {
		// What is wrong with the image as a whole, or what is right with it.
		if reason != nil {
			score = screen.Escape(reason.Error())
		}
		if _, err := fmt.Fprintf(w, "%s  %s, all bundles: %s\n", verdictWord(rep.Verified), screen.Escape(title), score); err != nil {
			return err
		}
	}
	// The bundles that answer the question come first.
	for _, b := range verifiedFirst(rep.Bundles) {
		name := title
		if b.Referrer != "" {
			name += ", referrer " + b.Referrer.String()
		}
		if err := b.Report.WriteText(w, report.TextStyle{Title: name, Explain: f.explain, Color: colored(w), Remedy: remedy}); err != nil {
			return err
		}
	}
	return nil
}

// verifiedFirst returns the verified bundles and then the others, each in
// their order.
func verifiedFirst(list []judged) []judged {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b judged) int {
		switch {
		case a.Report.Verified == b.Report.Verified:
			return 0
		case a.Report.Verified:
			return -1
		}
		return 1
	})
	return sorted
}
