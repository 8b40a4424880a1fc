// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/kit"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

func newTrustImport() *cobra.Command {
	f := new(kitFlags)
	places := []outlet{{flag: "--bundles", folder: kit.BundlesDir}, {flag: "--artifacts", folder: kit.ArtifactsDir, fresh: true}, {flag: "--policy", folder: kit.PolicyDir, fresh: true}}
	cmd := &cobra.Command{
		Use:   "import KIT",
		Short: "Prove a kit and take it as an instance's trust, offline",
		Long: `Import proves a kit like "trust verify" and then brings the instance's cache up
to date from it, by the same workflow as "trust refresh": a kit that is older
than what was seen before is refused. The trust is as old as the kit.

Bundles, artifacts and policies in the kit are carried, not proved. They are
written where a flag says so, and overwrite no file. Nothing uses a policy that
came in a kit, unless a command names the file.`,
		Example: `  sigbundle trust import kit.tar
  sigbundle trust import kit.tar --bundles ./incoming
  sigbundle trust import kit.tar --bundles ./incoming --artifacts ./incoming --policy ./theirs`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return refusedJSON(&f.output, cmd.OutOrStdout(), f.imports(cmd.OutOrStdout(), args[0], places))
		},
	}
	f.add(cmd)
	f.addReading(cmd)
	fl := cmd.Flags()
	fl.StringVar(&places[0].dir, "bundles", "", "write the bundles in the kit to this `DIR`")
	fl.StringVar(&places[1].dir, "artifacts", "", "write the artifacts in the kit to this `DIR`, which holds no other files")
	fl.StringVar(&places[2].dir, "policy", "", "write the policies in the kit to this `DIR`, which holds no other files")
	for _, name := range []string{"bundles", "artifacts", "policy"} {
		_ = cmd.MarkFlagDirname(name)
	}
	return cmd
}

// imports takes a kit, and writes what it carries to the folders that are named.
func (f *kitFlags) imports(w io.Writer, name string, places []outlet) error {
	if err := f.output.Check(); err != nil {
		return err
	}
	k, sum, err := f.readKit(name)
	if err != nil {
		return err
	}
	p, in, err := f.prove(k)
	if err != nil {
		return err
	}
	places = slices.DeleteFunc(places, func(p outlet) bool { return p.dir == "" })
	if err := checkFree(k, places); err != nil {
		return err
	}
	status, err := f.install(k, p, in)
	if err != nil {
		return err
	}
	for _, p := range places {
		if err := extract(k, p.folder, p.dir); err != nil {
			return err
		}
	}
	return f.print(w, "imported", reportKit(k, sum, in.Name, status))
}

// install refreshes the cache from the kit, as of the time that the kit
// claims. A kit that claims a later time than its metadata lasts is refused
// by that; one that claims an earlier time only makes itself older.
func (f *kitFlags) install(k *kit.Kit, p *kit.Proof, in instances.Instance) (tufroot.Status, error) {
	var none tufroot.Status
	dir := f.Store().CacheDir(in.Name)
	if dir == "" {
		return none, errors.New("trust cache: no folder for it, want --trust-dir DIR")
	}
	policy, err := f.Policy()
	if err != nil {
		return none, err
	}
	if made := k.Manifest().AsOf; made.After(policy.At) {
		return none, &command.Refusal{Err: refuse.New("kit.time", "kit: made as of %s, which is in the future, want a time up to %s", flags.At(made), flags.At(policy.At))}
	}
	tmp, err := os.MkdirTemp("", "sigbundle-kit-")
	if err != nil {
		return none, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := extract(k, kit.RepositoryDir, tmp); err != nil {
		return none, err
	}
	c := tufsync.Config{Dir: dir, Root: in.TUFRoot, URL: fileURL(tmp), Now: k.Manifest().AsOf}
	for name := range p.Targets {
		c.Targets = append(c.Targets, name)
	}
	slices.Sort(c.Targets)
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return none, err
	}
	if _, err := tufsync.Refresh(context.Background(), c); err != nil {
		return none, command.Refuse(err)
	}
	repo, err := f.Store().Open(in, policy)
	if err != nil {
		return none, command.Refuse(err)
	}
	return repo.Status(), nil
}

func fileURL(dir string) string {
	p := filepath.ToSlash(dir)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return (&url.URL{Scheme: "file", Path: p}).String()
}

// outlet is where an import writes a folder of the kit.
type outlet struct {
	flag, folder, dir string
	fresh             bool // dir holds no other files than those of the kit
}

// checkFree refuses to overwrite files: what a kit carries is unproved until it
// is verified, and its names may come from anyone. An artifact may have any name, such
// as one that a build reads, so that it comes into no folder with other files.
func checkFree(k *kit.Kit, places []outlet) error {
	mine, folded := make(map[string]bool), make(map[string]bool) // without the case of letters
	places = slices.Clone(places)
	for i := range places {
		places[i].dir = onePlace(places, i)
	}
	for _, p := range places {
		if info, err := os.Stat(p.dir); err == nil && !info.IsDir() {
			return fmt.Errorf("%s %s: not a folder, want one", p.flag, p.dir)
		}
		for _, name := range k.Names(p.folder) {
			target := filepath.Join(p.dir, filepath.FromSlash(name))
			if folded[strings.ToLower(target)] {
				return fmt.Errorf("%s: two files of the kit have the name %s here, want another folder", p.flag, target)
			}
			mine[target], folded[strings.ToLower(target)] = true, true
			data := k.File(p.folder + "/" + name)
			if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if have, err := infile.Read(target, int64(len(data))); err != nil || !bytes.Equal(have, data) {
				return fmt.Errorf("%s: already exists and differs from the file in the kit, want another folder with %s", target, p.flag)
			}
		}
	}
	for _, p := range places {
		if !p.fresh {
			continue
		}
		err := filepath.WalkDir(p.dir, func(name string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && !mine[filepath.Clean(name)] {
				return fmt.Errorf("%s %s: holds %s, which is not in the kit, want a new folder", p.flag, p.dir, name)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// onePlace returns the path of a folder, one for all of its names: its own path
// without links, or that of a place before it, if it is the same folder.
func onePlace(places []outlet, i int) string {
	info, err := os.Stat(places[i].dir)
	for _, p := range places[:i] {
		if other, otherErr := os.Stat(p.dir); err == nil && otherErr == nil && os.SameFile(info, other) {
			return p.dir
		}
	}
	dir, err := filepath.Abs(places[i].dir)
	if err != nil {
		return places[i].dir
	}
	rest := ""
	for at := dir; ; at = filepath.Dir(at) { // what does not exist yet has no links
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return dir
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// extract writes one folder of a kit. Names in a kit are clean and relative,
// and no link in the folder leads out of it. A file that exists is left if it is
// the same, and never replaced.
func extract(k *kit.Kit, folder, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range k.Names(folder) {
		local, err := filepath.Localize(name) // Windows has names that are devices
		if err != nil {
			return &command.Refusal{Err: refuse.New("kit.name", "%q: not a valid file name on this system", folder+"/"+name)}
		}
		if err := root.MkdirAll(filepath.Dir(local), 0o700); err != nil {
			return fmt.Errorf("%s: cannot make the folder for %s: %w", dir, name, bare(err))
		}
		f, err := root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			if !holds(root, local, k.File(folder+"/"+name)) {
				return fmt.Errorf("%s: %s exists and differs from the file in the kit, want another folder", dir, name)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: cannot write %s: %w", dir, name, bare(err))
		}
		_, err = f.Write(k.File(folder + "/" + name))
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether a file below a folder holds the data, and is one.
func holds(root *os.Root, name string, data []byte) bool {
	info, err := root.Lstat(name) // before it is opened: a pipe would wait for its writer
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	have, err := io.ReadAll(io.LimitReader(f, int64(len(data))+1))
	return err == nil && bytes.Equal(have, data)
}

// bare returns the cause of a system's error, without the call and the path.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
