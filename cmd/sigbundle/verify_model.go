// SPDX-License-Identifier: Apache-2.0

package main

// Verifying directories of models against their signed manifests.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/model"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
	"github.com/sigbundle/sigbundle/verify/report"
)

// modelFlags name a directory and how it is held against its manifest.
type modelFlags struct {
	dir    string
	files  string
	ignore []string
	cache  string
	rehash bool
}

func (m *modelFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&m.dir, "model", "", "verify the model in this `DIR` against the signed manifest in --bundle, file by file")
	fl.StringVar(&m.files, "files", "exact", "with --model, which files the directory may have: those of the manifest alone, or others too: `exact|signed-only`")
	fl.StringArrayVar(&m.ignore, "ignore", nil, "with --model: leave out this `PATH` within the directory, and all below it; repeatable")
	fl.StringVar(&m.cache, "hash-cache", "", "with --model: keep digests in this `FILE`, and hash only files that changed since, by size, times and inode. Who can write to it decides the verdict")
	fl.BoolVar(&m.rehash, "rehash", false, "with --hash-cache: hash every file, and keep the digests anew")
	_ = cmd.MarkFlagDirname("model")
	_ = cmd.RegisterFlagCompletionFunc("files", cobra.FixedCompletions(
		[]cobra.Completion{"exact\tno other file", "signed-only\tother files are not looked at"}, cobra.ShellCompDirectiveNoFileComp))
}

// given reports whether any of the flags is.
func (m *modelFlags) given() bool {
	return m.dir != "" || m.files != "exact" || m.ignore != nil || m.cache != "" || m.rehash
}

// check looks at the flags together with those that say what else to verify.
func (m *modelFlags) check(f *verifyFlags, args []string) error {
	switch {
	case m.dir == "":
		return errors.New("--files, --ignore, --hash-cache and --rehash need --model")
	case len(args) > 0:
		return fmt.Errorf("--model names what to verify: want no argument, got %q", args)
	case f.noArtifact || f.image.Given() || f.commit != commitFlags{}:
		return errors.New("--model excludes --no-artifact, --commit, --oci-layout and --image")
	case f.bundle == "":
		return errors.New("--model needs --bundle")
	case m.files != "exact" && m.files != "signed-only":
		return fmt.Errorf("--files %q is not exact or signed-only", m.files)
	case m.rehash && m.cache == "":
		return errors.New("--rehash needs --hash-cache")
	}
	return nil
}

// runModel verifies a directory.
func (f *verifyFlags) runModel(cmd *cobra.Command, wanted int) error {
	if len(f.PredicateTypes) == 0 {
		f.PredicateTypes = []string{model.PredicateType}
	}
	policy, err := f.Accept()
	if err != nil {
		return err
	}
	// Signers of models with managed keys use no log: a user who accepts such a
	// key accepts that, unless they say how many entries they want.
	if len(policy.Identities) == 0 && !policy.AnyIdentity && policy.Require.Logs == 0 {
		policy.Require.Logs = verify.NotRequired
	}
	if info, err := os.Stat(f.model.dir); err != nil {
		return err
	} else if !info.IsDir() {
		return refuse.New("command.file", "%s: not a folder", f.model.dir)
	}
	candidates, err := f.readModelBundles(cmd)
	if err != nil {
		return err
	}
	judges, err := f.judges(policy)
	if err != nil {
		return err
	}
	config, err := f.modelConfig()
	if err != nil {
		return err
	}
	var bundles []judged
	for _, c := range candidates {
		one, err := f.judgeModel(cmd, judges, c, config)
		if err != nil {
			return err
		}
		bundles = append(bundles, one)
	}
	if f.model.cache != "" {
		if err := writeCache(f.model.cache, config.Cache); err != nil {
			return err
		}
	}
	return reports(&f.output, cmd.OutOrStdout(), f.model.dir, f.model.dir, bundles, wanted, f.explain)
}

// modelBundle is a bundle with the manifest that its payload has.
type modelBundle struct {
	candidate
	dropped  bool // a key that the bundle brought was dropped
	manifest *model.Manifest
	fault    error // of the manifest
}

// readModelBundles reads the bundles, and those of signers before version 1.1,
// which carried keys.
func (f *verifyFlags) readModelBundles(cmd *cobra.Command) (all []modelBundle, err error) {
	candidates, err := readCandidates(cmd.InOrStdin(), f.bundle, f.size)
	if err != nil {
		return nil, err
	}
	for _, c := range candidates {
		b := modelBundle{candidate: c}
		if c.err != nil && c.data != nil {
			if data, err := model.DropKey(c.data); err == nil && data != nil {
				b.dropped = true
				b.bundle, b.err = bundle.Parse(data)
			}
		}
		if b.err == nil && b.bundle.Envelope == nil {
			b.fault = refuse.New("statement.predicate_type", "a model is signed by a statement, and the bundle signs a message")
		} else if b.err == nil {
			b.manifest, b.fault = model.ParseManifest(b.bundle.Envelope.Payload)
		}
		all = append(all, b)
	}
	return all, nil
}

func (f *verifyFlags) modelConfig() (c model.Config, err error) {
	c.Ignore = f.model.ignore
	if f.model.files == "signed-only" {
		c.Files = model.SignedOnly
	}
	if f.bundle != stdinName {
		if c.Signature, err = os.Stat(f.bundle); err != nil {
			return c, err
		}
	}
	if f.model.cache == "" {
		return c, nil
	}
	var read outfile.Set
	read.Add("the model", f.model.dir)
	read.Add("the bundle", f.bundle)
	if err := read.Apart("--hash-cache", f.model.cache); err != nil {
		return c, err
	}
	now := flags.Now()
	data, err := infile.Read(f.model.cache, model.MaxCache)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Cache = model.NewCache(now)
		return c, nil
	case err != nil:
		return c, err
	}
	if c.Cache, err = model.ReadCache(data, now); f.model.rehash && err == nil { // it is a cache, and may be replaced
		c.Cache = model.NewCache(now)
	}
	return c, err
}

// judgeModel judges one bundle by its signature, then compares the directory
// with its manifest. What the signature is not over is not looked at.
func (f *verifyFlags) judgeModel(cmd *cobra.Command, judges *choose.Roots, b modelBundle, config model.Config) (judged, error) {
	switch {
	case b.err != nil:
		return judged{Report: unjudged(b.err)}, nil
	case refuse.CodeOf(b.fault) == "oms.version": // its signature would be refused, for reasons that tell less
		return judged{Report: unjudged(b.fault)}, nil
	}
	artifact := verify.NoArtifact()
	if b.manifest != nil {
		var err error
		if artifact, err = verify.ArtifactDigest("sha256", b.manifest.Root[:]); err != nil {
			return judged{}, err
		}
	}
	one := f.judgeEach(judges, []candidate{b.candidate}, artifact)[0]
	if !one.Report.Verified {
		return one, nil
	}
	if b.dropped {
		one.Report.Notes = append(one.Report.Notes, report.Note{Code: "oms.embedded_key", Detail: "the bundle brought a public key, which was dropped"})
	}
	fault := b.fault
	if fault == nil {
		var out *model.Outcome
		if out, fault = f.compareModel(cmd, b.manifest, config); fault == nil {
			one.Report.Notes = append(one.Report.Notes, report.Note{Code: "oms.files", Detail: outcome(out, config)})
			return one, nil
		}
	}
	if refuse.CodeOf(fault) == "" {
		return one, fault
	}
	one.signature = ""
	one.Report.Verified, one.Report.Code, one.Report.Message = false, string(refuse.CodeOf(fault)), fault.Error()
	return one, nil
}

func (f *verifyFlags) compareModel(cmd *cobra.Command, m *model.Manifest, config model.Config) (*model.Outcome, error) {
	var done atomic.Int64
	b := newBar(cmd.ErrOrStderr(), func() int64 { return -1 }, "hashing the model, bytes")
	defer b.end()
	config.Progress = func(n int64) { b.set(done.Add(n)) }
	return m.Check(cmp.Or(cmd.Context(), context.Background()), f.model.dir, config)
}

func outcome(out *model.Outcome, config model.Config) string {
	text := fmt.Sprintf("%d files, %d bytes, are those of the signed manifest", out.Files, out.Bytes)
	if config.Cache != nil {
		text += fmt.Sprintf("; %d of them were hashed before", out.Cached)
	}
	if config.Files == model.SignedOnly {
		text += "; other files were not looked at"
	} else if out.Skipped > 0 {
		text += fmt.Sprintf("; %d paths were left out", out.Skipped)
	}
	return text
}

func writeCache(name string, c *model.Cache) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return outfile.Replace(name, data)
}
