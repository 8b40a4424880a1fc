// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/kit"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

// maxKit is what a kit may have, in bytes, as package kit bounds it: 1 GiB
// with a manifest of 64 MiB. It is read into memory.
const maxKit = 1<<30 + 64<<20

// kitFlags are those of all commands about kits.
type kitFlags struct {
	storeFlags
	ageFlags
	output   outputFlags
	instance string
	rootFile string
	base     string
	sha256   string
}

func (f *kitFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.base, "base", "", "the `KIT` that a delta adds to")
	_ = cmd.MarkFlagFilename("base", "tar")
	f.storeFlags.add(cmd)
	f.ageFlags.add(cmd)
	f.output.add(cmd)
}

// addReading adds what the side has that gets a kit.
func (f *kitFlags) addReading(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.instance, "instance", "", "prove the kit as one of this `INSTANCE`, instead of the one it says")
	fl.StringVar(&f.sha256, "sha256", "", "refuse a kit with another SHA-256 than this `HEX`")
	_ = cmd.RegisterFlagCompletionFunc("instance", f.completeInstances)
}

// readKit opens a kit and, if one is named, its base.
func (f *kitFlags) readKit(name string) (*kit.Kit, [32]byte, error) {
	wanted, err := hex.DecodeString(strings.TrimPrefix(f.sha256, "sha256:"))
	if f.sha256 != "" && (err != nil || len(wanted) != sha256.Size) {
		return nil, [32]byte{}, fmt.Errorf("--sha256 %q is not 64 hexadecimal digits", f.sha256)
	}
	data, err := readUpTo(name, maxKit)
	if err != nil {
		return nil, [32]byte{}, err
	}
	sum := sha256.Sum256(data)
	if f.sha256 != "" && !bytes.Equal(wanted, sum[:]) {
		return nil, sum, &refusal{refuse.New("kit.digest", "%s is %s, not the kit that was wanted", name, fingerprint(sum))}
	}
	base, err := f.readBase()
	if err != nil {
		return nil, sum, err
	}
	k, err := kit.Open(data, base)
	if err != nil {
		return nil, sum, asRefusal(refuse.Wrap("kit.malformed", err, "%s", name))
	}
	return k, sum, nil
}

func (f *kitFlags) readBase() (*kit.Kit, error) {
	if f.base == "" {
		return nil, nil
	}
	data, err := readUpTo(f.base, maxKit)
	if err != nil {
		return nil, err
	}
	base, err := kit.Open(data, nil)
	return base, asRefusal(refuse.Wrap("kit.malformed", err, "base %s", f.base))
}

func readUpTo(name string, most int64) ([]byte, error) {
	file, err := infile.Open(name)
	if infile.IsNotRegular(err) {
		return nil, refuse.New("command.file", "%s: not a regular file, want one", name)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tooMuch := &refusal{refuse.New("kit.limit", "%s has more than %d bytes", name, most)}
	if info.Size() > most {
		return nil, tooMuch
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead)) // no file is copied while it is read
	n, err := data.ReadFrom(io.LimitReader(file, most+1))
	if n > most {
		return nil, tooMuch
	}
	return data.Bytes(), err
}

// prove proves a kit from the root that this side has for its instance.
func (f *kitFlags) prove(k *kit.Kit) (*kit.Proof, instances.Instance, error) {
	var in instances.Instance
	policy, err := f.policy()
	if err != nil {
		return nil, in, err
	}
	if f.rootFile != "" {
		in.Name = k.Manifest().Instance
		if in.TUFRoot, err = readFile(f.rootFile); err != nil {
			return nil, in, err
		}
	} else {
		name := f.instance
		if name == "" {
			name = k.Manifest().Instance
		}
		if in, err = f.store().Find(name); err != nil {
			if owner := f.owner(k, policy, nil); owner != "" {
				err = refuse.Wrap("trust.instance", err, "the kit is one of the instance %s, want --instance %[1]s", owner)
			}
			return nil, in, asRefusal(err)
		}
		if in.TUFRoot == nil {
			return nil, in, fmt.Errorf("the instance %s has no TUF root to prove a kit from", name)
		}
	}
	floors, err := f.floors(in)
	if err != nil {
		return nil, in, asRefusal(err)
	}
	p, err := proveKit(k, tufroot.Config{Roots: [][]byte{in.TUFRoot}, Policy: policy, Floors: floors})
	if err != nil {
		own := k.Manifest().Instance
		if f.rootFile != "" {
			return nil, in, asRefusal(err)
		}
		if owner := f.owner(k, policy, in.TUFRoot); owner != "" {
			err = refuse.New("kit.instance", "the kit is one of the instance %s, as the root known here proves, and was taken as one of %s", owner, in.Name)
		} else if own != in.Name {
			err = refuse.Wrap("kit.missing", err, "the kit calls itself one of the instance %q and was taken as one of %q", own, in.Name)
		}
		return nil, in, asRefusal(err)
	}
	return p, in, nil
}

// maxOwners bounds the instances by whose roots a kit is tried.
const maxOwners = 16

// owner returns the instance known here whose root proves a kit, "" if there is
// none other than that of the TUF root given. It words a refusal.
func (f *kitFlags) owner(k *kit.Kit, policy tufroot.Policy, not []byte) string {
	policy.MaxAge = tufroot.AnyAge
	list, _ := f.store().List()
	for _, in := range list[:min(len(list), maxOwners)] {
		if in.TUFRoot == nil || bytes.Equal(in.TUFRoot, not) {
			continue
		}
		if _, err := proveKit(k, tufroot.Config{Roots: [][]byte{in.TUFRoot}, Policy: policy}); err == nil {
			return in.Name
		}
	}
	return ""
}

// proveKit proves a kit, and that its trust root can be used.
func proveKit(k *kit.Kit, c tufroot.Config) (*kit.Proof, error) {
	p, err := k.Prove(c)
	if err != nil {
		return nil, err
	}
	t := p.Targets[instances.RootTarget]
	if t == nil {
		return nil, refuse.New("kit.missing", "not in the kit: the target %s", instances.RootTarget)
	}
	if _, err := trustroot.Parse(t.Data); err != nil {
		return nil, unusable(err)
	}
	return p, nil
}

// floors returns the versions of an instance that were seen here, which no kit
// of it may fall below. A root from a file is of no instance known here.
func (f *kitFlags) floors(in instances.Instance) (tufroot.Floors, error) {
	dir := f.store().CacheDir(in.Name)
	if f.rootFile != "" || dir == "" {
		return tufroot.Floors{}, nil
	}
	return tufroot.CacheFloors(infile.Dir(dir))
}

// kitReport is what is said about a kit that was proved.
type kitReport struct {
	SHA256   string   `json:"sha256"`
	ID       string   `json:"id"`
	Instance string   `json:"instance"`
	AsOf     string   `json:"asOf"`
	Base     string   `json:"base,omitempty"`
	Status   string   `json:"status"`
	Targets  []string `json:"targets"`
	Bundles  []string `json:"bundles,omitempty"`

	Artifacts []string `json:"artifacts,omitempty"`
	Policy    []string `json:"policy,omitempty"`
}

func reportKit(k *kit.Kit, sum [32]byte, instance string, status tufroot.Status) kitReport {
	r := kitReport{
		SHA256: fingerprint(sum), ID: k.ID().String(), Instance: instance, AsOf: at(k.Manifest().AsOf),
		Status: describeStatus(status), Bundles: k.Names(kit.BundlesDir),
		Artifacts: k.Names(kit.ArtifactsDir), Policy: k.Names(kit.PolicyDir),
	}
	for _, f := range k.Manifest().Files {
		if name, ok := strings.CutPrefix(f.Name, kit.RepositoryDir+"/targets/"); ok {
			r.Targets = append(r.Targets, name)
		}
	}
	return r
}

func (f *kitFlags) print(w io.Writer, verb string, r kitReport) error {
	if f.output.format == "json" {
		return writeJSON(w, r)
	}
	_, err := fmt.Fprintf(w, "%-9s %s\nkit       %s\nid        %s\nmade      as of %s\ntrust     %s\ntargets   %d\nbundles   %d\n",
		verb, screen.Escape(r.Instance), r.SHA256, r.ID, r.AsOf, screen.Escape(r.Status), len(r.Targets), len(r.Bundles))
	if err == nil && len(r.Artifacts) > 0 {
		_, err = fmt.Fprintf(w, "artifacts %d\n", len(r.Artifacts))
	}
	if err == nil && len(r.Policy) > 0 {
		_, err = fmt.Fprintf(w, "policy    %d, by the word of the kit's maker alone: read before use\n", len(r.Policy))
	}
	return err
}

func newTrustVerify() *cobra.Command {
	f := new(kitFlags)
	cmd := &cobra.Command{
		Use:   "verify KIT",
		Short: "Prove a kit, offline, from the root known here",
		Long: `Verify checks every byte of a kit and proves the TUF repository in it from the
root that is built in or was added, at the time of --as-of. What the kit says
of itself is not believed. A kit of an instance that is known here must not be
older than what was seen of it; --root asks for no more than the file.`,
		Example: `  sigbundle trust verify kit.tar
  sigbundle trust verify kit.tar --max-trust-age 720h
  sigbundle trust verify delta.tar --base kit.tar --root root.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.output.refused(cmd.OutOrStdout(), f.verify(cmd.OutOrStdout(), args[0]))
		},
	}
	f.add(cmd)
	f.addReading(cmd)
	cmd.Flags().StringVar(&f.rootFile, "root", "", "prove the kit from the TUF root in this `FILE`")
	cmd.MarkFlagsMutuallyExclusive("root", "instance")
	return cmd
}

func (f *kitFlags) verify(w io.Writer, name string) error {
	if err := f.output.check(); err != nil {
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
	return f.print(w, "verified", reportKit(k, sum, in.Name, p.Status()))
}

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
			return f.output.refused(cmd.OutOrStdout(), f.imports(cmd.OutOrStdout(), args[0], places))
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
	if err := f.output.check(); err != nil {
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
	dir := f.store().CacheDir(in.Name)
	if dir == "" {
		return none, errors.New("there is no folder to keep caches in: name one with --trust-dir")
	}
	policy, err := f.policy()
	if err != nil {
		return none, err
	}
	if made := k.Manifest().AsOf; made.After(policy.At) {
		return none, &refusal{refuse.New("kit.time", "the kit says that it was made as of %s, want a time up to %s", at(made), at(policy.At))}
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
		return none, asRefusal(err)
	}
	repo, err := f.store().Open(in, policy)
	if err != nil {
		return none, asRefusal(err)
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
// is verified, and its names are anybody's. An artifact may have any name, such
// as one that a build reads, so that it comes into no folder with other files.
func checkFree(k *kit.Kit, places []outlet) error {
	mine, folded := make(map[string]bool), make(map[string]bool) // without the case of letters
	for _, p := range places {
		if info, err := os.Stat(p.dir); err == nil && !info.IsDir() {
			return fmt.Errorf("%s %s is not a folder", p.flag, p.dir)
		}
		for _, name := range k.Names(p.folder) {
			target := filepath.Join(p.dir, filepath.FromSlash(name))
			if folded[strings.ToLower(target)] {
				return fmt.Errorf("%s: two files of the kit would be %s, want another folder", p.flag, target)
			}
			mine[target], folded[strings.ToLower(target)] = true, true
			data := k.File(p.folder + "/" + name)
			if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if have, err := infile.Read(target, int64(len(data))); err != nil || !bytes.Equal(have, data) {
				return fmt.Errorf("%s is there already and is not the file in the kit: name another folder with %s", target, p.flag)
			}
		}
	}
	for _, p := range places {
		if !p.fresh {
			continue
		}
		err := filepath.WalkDir(p.dir, func(name string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && !mine[filepath.Clean(name)] {
				return fmt.Errorf("%s %s holds %s, which is not of the kit: want a new folder", p.flag, p.dir, name)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// extract writes one folder of a kit. Names in a kit are clean and relative,
// and no link in the folder leads out of it. A file that is there already has
// been found to be the same.
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
			return &refusal{refuse.New("kit.name", "%q is not a name that this file system takes", folder+"/"+name)}
		}
		if err := root.MkdirAll(filepath.Dir(local), 0o700); err != nil {
			return fmt.Errorf("%s: cannot make the folder for %s: %w", dir, name, bare(err))
		}
		f, err := root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
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

// bare returns the cause of a system's error, without the call and the path.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
