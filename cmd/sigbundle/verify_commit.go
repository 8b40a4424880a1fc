// SPDX-License-Identifier: Apache-2.0

package main

// Verifying signed commits and tags of git.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle/gitsign"
	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/report"
)

// commitFlags name a commit or a tag.
type commitFlags struct{ file, id string }

func (c *commitFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&c.file, "commit", "", "verify the signed git commit or tag in this `FILE`, as git cat-file commit or git cat-file tag prints it; - is standard input. Its log entry, if it carries none, may be given with --bundle")
	fl.StringVar(&c.id, "object-id", "", "with --commit: require that git calls the object by this full `HEX` name, of SHA-1 or SHA-256")
}

var objectID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// check looks at the flags together with those that say what else to verify.
func (c *commitFlags) check(f *verifyFlags, args []string) error {
	switch {
	case c.file == "":
		return errors.New("--object-id needs --commit")
	case len(args) > 0:
		return fmt.Errorf("--commit names what to verify: want no argument, got %q", args)
	case f.noArtifact || f.image.Given():
		return errors.New("--commit excludes --no-artifact, --oci-layout and --image")
	case c.id != "" && !objectID.MatchString(c.id):
		return fmt.Errorf("--object-id %q is not a full name of git: want 40 or 64 hexadecimal digits", c.id)
	case c.file == stdinName && f.bundle == stdinName:
		return errors.New("commit and log entry cannot both be standard input")
	}
	return nil
}

// runCommit verifies a commit or a tag.
func (f *verifyFlags) runCommit(cmd *cobra.Command, wanted int) error {
	policy, err := f.Accept()
	if err != nil {
		return err
	}
	data, err := readInput(cmd.InOrStdin(), f.commit.file)
	if err != nil {
		return err
	}
	var saved []byte
	if f.bundle != "" {
		if saved, err = readInput(cmd.InOrStdin(), f.bundle); err != nil {
			return err
		}
	}
	bundles, err := f.judgeCommit(policy, data, saved)
	var refused *command.Refusal
	switch {
	case errors.As(err, &refused):
		bundles = []judged{{Report: unjudged(refused.Err)}}
	case err != nil:
		return err
	}
	return reports(&f.output, cmd.OutOrStdout(), f.commit.file, f.commit.file, bundles, wanted, f.explain)
}

// judgeCommit judges the bundle that the signature amounts to, against what
// the signature is over.
func (f *verifyFlags) judgeCommit(policy verify.Policy, data, saved []byte) ([]judged, error) {
	signed, err := gitsign.Read(data, saved)
	if err != nil {
		return nil, &command.Refusal{Err: err}
	}
	if f.commit.id != "" && f.commit.id != signed.Name {
		return nil, &command.Refusal{Err: refuse.New("gitsign.digest", "git %s: its name is %s, want %s", signed.Kind, signed.Name, f.commit.id)}
	}
	judges, err := f.judges(policy)
	if err != nil {
		return nil, err
	}
	artifact, err := judges.First().ReadArtifact(bytes.NewReader(signed.Content), signed.Bundle)
	if err != nil {
		return nil, err
	}
	bundles := f.judgeEach(judges, []candidate{{bundle: signed.Bundle}}, artifact)
	for _, b := range bundles {
		if !b.Report.Verified {
			continue
		}
		// Read compared the digest of the object with the signed one, and
		// computed the name from the same bytes.
		b.Report.Artifact = append([]string{signed.ID(), fmt.Sprintf("sha256:%x", signed.Digest)}, b.Report.Artifact...)
		if len(signed.Name) == 40 {
			b.Report.Notes = append(b.Report.Notes, report.Note{Code: "gitsign.weak_name", Detail: "git names the " + signed.Kind + " by SHA-1; the signature is over its SHA-256"})
		}
	}
	return bundles, nil
}

// readInput reads a file, or standard input.
func readInput(stdin io.Reader, name string) ([]byte, error) {
	if name != stdinName {
		return flags.ReadRegular(name)
	}
	data, err := flags.ReadBounded(stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return data, nil
}
