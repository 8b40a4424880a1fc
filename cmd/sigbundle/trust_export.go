// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/kit"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// exportFlags are those of the side that makes a kit.
type exportFlags struct {
	kitFlags
	from    string
	bundles []string
	targets []string

	artifacts, policies []string
}

func newTrustExport() *cobra.Command {
	f := new(exportFlags)
	cmd := &cobra.Command{
		Use:   "export KIT",
		Short: "Write an instance's trust to one file for the other side of an air gap",
		Long: `Export writes a kit: the roots, the metadata, the trust root and the signing
configurations of an instance, from its cache or from a copy of its TUF
repository, and any bundles, artifacts and files that say how to judge, in one
tar archive. Files have their relative paths in it. The same contents give the
same bytes. With --base it writes what that kit lacks.

A cache has the roots from the one on with which this program began. For a side
whose program is older, export with --from a copy of the repository, which has
them all.

It prints the kit's SHA-256, which the other side can insist on.`,
		Example: `  sigbundle trust refresh && sigbundle trust export kit.tar
  sigbundle trust export kit.tar --bundle app.tar.gz.sigstore.json
  sigbundle trust export kit.tar --artifact app.tar.gz --bundle app.tar.gz.sigstore.json --policy expected.jsonl
  sigbundle trust export delta.tar --base kit.tar
  sigbundle trust export kit.tar --instance staging --from ./mirror`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return refusedJSON(&f.output, cmd.OutOrStdout(), f.run(cmd.OutOrStdout(), args[0]))
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.instance, "instance", embedded.PublicGood, "the `INSTANCE` whose trust to write")
	fl.StringVar(&f.from, "from", "", "take it from a copy of the TUF repository in this `DIR` instead of the cache")
	fl.StringArrayVar(&f.bundles, "bundle", nil, "put this `FILE` of bundles beside it, at its relative path; repeatable")
	fl.StringArrayVar(&f.artifacts, "artifact", nil, "put this `FILE` that bundles are about beside it; repeatable")
	fl.StringArrayVar(&f.policies, "policy", nil, "put this `FILE` that says how to judge beside it, expectations or a key; repeatable")
	fl.StringArrayVar(&f.targets, "target", nil, "put this further `TARGET` in; repeatable")
	_ = cmd.RegisterFlagCompletionFunc("instance", f.CompleteInstances)
	_ = cmd.MarkFlagDirname("from")
	return cmd
}

func (f *exportFlags) run(w io.Writer, name string) error {
	if err := f.output.Check(); err != nil {
		return err
	}
	if err := checkTargets(f.targets); err != nil {
		return err
	}
	if err := f.reads().Free("the kit", name, outfile.Kit); err != nil {
		return err
	}
	base, err := f.readBase()
	if err != nil {
		return err
	}
	g, err := f.gather()
	if err != nil {
		return command.Refuse(err)
	}
	c := kit.Contents{Instance: f.instance, AsOf: kit.Moment(g.Status), Files: g.Files}
	for _, carried := range f.carried() {
		if err := carried.read(c.Files); err != nil {
			return err
		}
	}
	k, err := kit.New(c)
	if refuse.CodeOf(err) == "kit.name" {
		return err // the names are those that the flags give
	}
	if err != nil {
		return command.Refuse(err)
	}
	data := k.Encode(base)
	// What the far side refuses is of no use there: it is read as it will be.
	if err := f.reread(data, base); err != nil {
		return command.Refuse(refuse.Wrap("kit.malformed", err, "%s", name))
	}
	if err := outfile.Write(name, data); err != nil {
		return err
	}
	r := reportKit(k, sha256.Sum256(data), f.instance, g.Status)
	if base != nil {
		r.Base = base.ID().String()
	}
	return f.print(w, "exported", r)
}

// carried are files that go into a folder of the kit.
type carried struct {
	flag, folder string
	most         int64 // bytes of each
	files        []string
}

// carried returns all files that the flags name.
func (f *exportFlags) carried() []carried {
	return []carried{
		{"--bundle", kit.BundlesDir, bundle.MaxSize, f.bundles},
		{"--artifact", kit.ArtifactsDir, maxKit, f.artifacts},
		{"--policy", kit.PolicyDir, bundle.MaxSize, f.policies},
	}
}

func (c *carried) read(into map[string][]byte) error {
	for _, file := range c.files {
		data, err := readUpTo(file, c.most)
		if err != nil {
			return err
		}
		inKit := path.Join(c.folder, placeOf(file))
		if _, twice := into[inKit]; twice {
			return fmt.Errorf("%s: two files have the path %s in the kit, want relative paths that differ", c.flag, placeOf(file))
		}
		into[inKit] = data
	}
	return nil
}

// placeOf returns where a file has its place below a folder of the kit: at its
// relative path, so that files of one base name can travel, and without folders
// if it is named by a path from the top or out of the working directory.
func placeOf(file string) string {
	if file = filepath.Clean(file); filepath.IsLocal(file) {
		return filepath.ToSlash(file)
	}
	return filepath.Base(file)
}

// reread opens and proves a kit as the other side will.
func (f *exportFlags) reread(data []byte, base *kit.Kit) error {
	k, err := kit.Open(data, base)
	if err != nil {
		return err
	}
	policy, err := f.Policy()
	if err != nil {
		return err
	}
	in, err := f.Store().Find(f.instance)
	if err != nil {
		return err
	}
	_, err = proveKit(k, tufroot.Config{Roots: [][]byte{in.TUFRoot}, Policy: policy})
	return err
}

// reads are the files and folders that the flags name.
func (f *exportFlags) reads() *outfile.Set {
	reads := new(outfile.Set)
	reads.Add("--base", f.base)
	for _, c := range f.carried() {
		for _, name := range c.files {
			reads.Add(c.flag, name)
		}
	}
	reads.Add("--from", f.from)
	reads.Add("the instance's cache", f.Store().CacheDir(f.instance))
	return reads
}

func (f *exportFlags) gather() (*kit.Gathered, error) {
	policy, err := f.Policy()
	if err != nil {
		return nil, err
	}
	store := f.Store()
	in, err := store.Find(f.instance)
	if err != nil {
		return nil, err
	}
	if in.TUFRoot == nil {
		return nil, fmt.Errorf("instance %s: no TUF repository, want an instance that was added with --root and --mirror", f.instance)
	}
	s := kit.Source{Config: tufroot.Config{Roots: [][]byte{in.TUFRoot}, Policy: policy}}
	switch dir := store.CacheDir(f.instance); {
	case f.from != "":
		if info, err := os.Stat(f.from); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("--from %s: not a folder, want one", f.from)
		}
		s.FS = infile.Dir(f.from)
	case dir == "":
		return nil, errors.New("trust cache: no folder for it, want --trust-dir DIR")
	default:
		s.FS, s.Cache = infile.Dir(dir), true
		if has, err := tufroot.HasCache(s.FS); err != nil {
			return nil, err
		} else if !has {
			return nil, refuse.New("trust.instance", "instance %s: never refreshed, want sigbundle trust refresh %s first, or --from with a copy of the repository", f.instance, f.instance)
		}
	}
	return kit.Gather(s, append([]string{instances.RootTarget}, f.targets...), optionalTargets)
}
