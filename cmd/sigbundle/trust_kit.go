// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/kit"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// maxKit is what a kit may have, in bytes, as package kit bounds it: 1 GiB
// with a manifest of 64 MiB. It is read into memory.
const maxKit = 1<<30 + 64<<20

// kitFlags are those of all commands about kits.
type kitFlags struct {
	flags.TrustDir
	flags.TrustAge
	output   flags.Output
	instance string
	rootFile string
	base     string
	sha256   string
}

func (f *kitFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.base, "base", "", "the `KIT` that a delta adds to")
	_ = cmd.MarkFlagFilename("base", "tar")
	f.TrustDir.Add(cmd)
	f.TrustAge.Add(cmd)
	f.output.Add(cmd)
}

// addReading adds what the side has that gets a kit.
func (f *kitFlags) addReading(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.instance, "instance", "", "prove the kit as one of this `INSTANCE`, instead of the one it says")
	fl.StringVar(&f.sha256, "sha256", "", "refuse a kit with another SHA-256 than this `HEX`")
	_ = cmd.RegisterFlagCompletionFunc("instance", f.CompleteInstances)
}

// readKit opens a kit and, if one is named, its base.
func (f *kitFlags) readKit(name string) (*kit.Kit, [32]byte, error) {
	wanted, err := hex.DecodeString(strings.TrimPrefix(f.sha256, "sha256:"))
	if f.sha256 != "" && (err != nil || len(wanted) != sha256.Size) {
		return nil, [32]byte{}, fmt.Errorf("--sha256 %q: malformed, want 64 hexadecimal digits", f.sha256)
	}
	data, err := readUpTo(name, maxKit)
	if err != nil {
		return nil, [32]byte{}, err
	}
	sum := sha256.Sum256(data)
	if f.sha256 != "" && !bytes.Equal(wanted, sum[:]) {
		return nil, sum, &command.Refusal{Err: refuse.New("kit.digest", "%s: its digest is %s, want sha256:%x", name, fingerprint(sum), wanted)}
	}
	base, err := f.readBase()
	if err != nil {
		return nil, sum, err
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return nil, sum, &command.Refusal{Err: refuse.New("kit.malformed", "%s: compressed with gzip, want the tar archive that trust export writes", name)}
	}
	k, err := kit.Open(data, base)
	if err != nil {
		return nil, sum, command.Refuse(refuse.Wrap("kit.malformed", err, "%s", name))
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
	return base, command.Refuse(refuse.Wrap("kit.malformed", err, "base %s", f.base))
}

func readUpTo(name string, most int64) ([]byte, error) {
	file, err := infile.Open(name)
	if infile.IsNotRegular(err) {
		return nil, refuse.New("command.file", "%s: not a regular file, want a file", name)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tooMuch := &command.Refusal{Err: refuse.New("kit.limit", "%s: too large, want at most %d bytes", name, most)}
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
	policy, err := f.Policy()
	if err != nil {
		return nil, in, err
	}
	if f.rootFile != "" {
		in.Name = k.Manifest().Instance
		if in.TUFRoot, err = flags.ReadRegular(f.rootFile); err != nil {
			return nil, in, err
		}
	} else {
		name := f.instance
		if name == "" {
			name = k.Manifest().Instance
		}
		if in, err = f.Store().Find(name); err != nil {
			if owner := f.owner(k, policy, nil); owner != "" {
				err = refuse.Wrap("trust.instance", err, "kit: of the instance %s, want --instance %[1]s", owner)
			}
			return nil, in, command.Refuse(err)
		}
		if in.TUFRoot == nil {
			return nil, in, fmt.Errorf("instance %s: no TUF root to prove a kit, want an instance that was added with --root", name)
		}
	}
	floors, err := f.floors(in)
	if err != nil {
		return nil, in, command.Refuse(err)
	}
	p, err := proveKit(k, tufroot.Config{Roots: [][]byte{in.TUFRoot}, Policy: policy, Floors: floors})
	if err != nil {
		own := k.Manifest().Instance
		if f.rootFile != "" {
			return nil, in, command.Refuse(err)
		}
		if owner := f.owner(k, policy, in.TUFRoot); owner != "" {
			err = refuse.New("kit.instance", "kit: proved to be of the instance %s, want one of %s", owner, in.Name)
		} else if own != in.Name {
			err = refuse.Wrap("kit.missing", err, "kit: says that it is of the instance %q, want one of %q", own, in.Name)
		}
		return nil, in, command.Refuse(err)
	}
	return p, in, nil
}

// maxOwners bounds the instances by whose roots a kit is tried.
const maxOwners = 16

// owner returns the instance known here whose root proves a kit, "" if there is
// none other than that of the TUF root given. It words a refusal.
func (f *kitFlags) owner(k *kit.Kit, policy tufroot.Policy, not []byte) string {
	policy.MaxAge = tufroot.AnyAge
	list, _ := f.Store().List()
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
		return nil, refuse.New("kit.missing", "kit: target %s missing", instances.RootTarget)
	}
	if _, err := trustroot.Parse(t.Data); err != nil {
		return nil, unusable(err)
	}
	return p, nil
}

// floors returns the versions of an instance that were seen here, which no kit
// of it may fall below. A root from a file is of no instance known here.
func (f *kitFlags) floors(in instances.Instance) (tufroot.Floors, error) {
	dir := f.Store().CacheDir(in.Name)
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
		SHA256: fingerprint(sum), ID: k.ID().String(), Instance: instance, AsOf: flags.At(k.Manifest().AsOf),
		Status: flags.DescribeStatus(status), Bundles: k.Names(kit.BundlesDir),
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
	if f.output.Format == "json" {
		return writeJSON(w, r)
	}
	_, err := fmt.Fprintf(w, "%-9s %s\nkit       %s\nid        %s\nmade      as of %s\ntrust     %s\ntargets   %d\nbundles   %d\n",
		verb, screen.Escape(r.Instance), r.SHA256, r.ID, r.AsOf, screen.Escape(r.Status), len(r.Targets), len(r.Bundles))
	if err == nil && len(r.Artifacts) > 0 {
		_, err = fmt.Fprintf(w, "artifacts %d\n", len(r.Artifacts))
	}
	if err == nil && len(r.Policy) > 0 {
		_, err = fmt.Fprintf(w, "policy    %d, not proved: read them before use\n", len(r.Policy))
	}
	return err
}

// fingerprint names a file for comparing it with what someone published.
func fingerprint(sum [32]byte) string { return "sha256:" + hex.EncodeToString(sum[:]) }
