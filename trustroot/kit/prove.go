// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// Source is a copy of a TUF repository to make a kit from.
type Source struct {
	FS     fs.FS // as tufroot.Open or, if Cache, tufroot.OpenCache takes it
	Cache  bool
	Config tufroot.Config
}

func (s Source) open() (*tufroot.Repository, error) {
	if s.Cache {
		return tufroot.OpenCache(s.FS, s.Config)
	}
	return tufroot.Open(s.FS, s.Config)
}

// Gathered is what was proved while files for a kit were gathered.
type Gathered struct {
	Status  tufroot.Status
	Files   map[string][]byte
	Missing []string // optional targets that no role lists
}

// Gather proves a repository and returns the files that prove it anew
// elsewhere: the roots from the oldest that the source has on (a cache has none
// before the one with which its program began), the metadata, and the targets
// named.
// A required target that is not there is tuf.not_found.
func Gather(s Source, required, optional []string) (*Gathered, error) {
	repo, err := s.open()
	if err != nil {
		return nil, err
	}
	if err := repo.Judge(); err != nil {
		return nil, err
	}
	g := &Gathered{Status: repo.Status(), Files: map[string][]byte{}}
	for _, f := range repo.Files() {
		g.metadata(f)
	}
	g.olderRoots(s.FS)
	for _, name := range append(slices.Clone(required), optional...) {
		t, err := repo.Target(name)
		if refuse.CodeOf(err) == "tuf.not_found" && slices.Contains(optional, name) {
			g.Missing = append(g.Missing, name)
			continue
		}
		if err != nil {
			return nil, refuse.Wrap("tuf.not_found", err, "target %q", name)
		}
		for _, f := range t.Files {
			g.metadata(f)
		}
		g.Files[RepositoryDir+"/targets/"+t.Path()] = t.Data
	}
	return g, nil
}

// metadata puts a file where a web server would have it. Consistent snapshots
// or not, readers look under the versioned name first.
func (g *Gathered) metadata(f tufroot.File) {
	name := f.Role + ".json"
	if f.Role != tuf.TimestampRole {
		name = fmt.Sprintf("%d.%s.json", f.Version, tuf.EscapeURL(f.Role))
	}
	g.Files[RepositoryDir+"/"+name] = f.Data
}

// olderRoots adds the roots before the one from which the replay began, for
// verifiers that are older than this one. They prove themselves, or nothing.
func (g *Gathered) olderRoots(fsys fs.FS) {
	for v := g.Status.Start - 1; v > 0; v-- {
		data, err := tuf.Dir{FS: fsys}.Root(v)
		if err != nil {
			return
		}
		g.metadata(tufroot.File{Role: tuf.RootRole, Version: v, Data: data})
	}
}

// Proof is what a kit proves by itself.
type Proof struct {
	*tufroot.Repository
	// Targets are the target files in the kit, each proved, by name.
	Targets map[string]*tufroot.Found
}

// Prove proves the repository in the kit from roots that the caller has from
// elsewhere, and every target file in it. The proof is at most as new as the
// kit says it is: its AsOf takes the place of the Refreshed given. A kit whose
// roots all begin too late for those given is kit.missing; a target file that no
// role vouches for, like any other file that serves no proof, is kit.unlisted.
func (k *Kit) Prove(c tufroot.Config) (*Proof, error) {
	if err := k.checkStart(c.Roots); err != nil {
		return nil, err
	}
	c.Refreshed = k.manifest.AsOf
	repo, err := tufroot.Open(k.Repository(), c)
	if err != nil {
		return nil, err
	}
	if err := repo.Judge(); err != nil {
		return nil, err
	}
	p := &Proof{Repository: repo, Targets: map[string]*tufroot.Found{}}
	used := Gathered{Status: repo.Status(), Files: map[string][]byte{}}
	for _, f := range repo.Files() {
		used.metadata(f)
	}
	used.olderRoots(k.Repository())
	for _, f := range k.manifest.Files {
		rest, ok := strings.CutPrefix(f.Name, RepositoryDir+"/targets/")
		if !ok {
			continue
		}
		t, err := findTarget(repo, rest)
		if refuse.CodeOf(err) == "tuf.not_found" {
			return nil, refuse.New(codeUnlisted, "%q: %v", f.Name, err)
		}
		if err != nil {
			return nil, refuse.Wrap(codeUnlisted, err, "%q", f.Name)
		}
		// The repository may keep the target under two names, and was read by one.
		if !bytes.Equal(t.Data, k.files[f.Name]) {
			return nil, refuse.New(codeUnlisted, "%q is not the file that is listed as %q", f.Name, t.Name)
		}
		p.Targets[t.Name] = t
		used.Files[f.Name] = t.Data
		for _, m := range t.Files {
			used.metadata(m)
		}
	}
	for _, f := range k.manifest.Files {
		if _, ok := used.Files[f.Name]; !ok && strings.HasPrefix(f.Name, RepositoryDir+"/") {
			return nil, refuse.New(codeUnlisted, "%q serves no proof", f.Name)
		}
	}
	return p, nil
}

// checkStart refuses a kit that lacks the roots between the newest trusted one
// and its own first.
func (k *Kit) checkStart(roots [][]byte) error {
	var first, trusted int64
	for _, f := range k.manifest.Files {
		name, root := strings.CutSuffix(strings.TrimPrefix(f.Name, RepositoryDir+"/"), ".root.json")
		if v, err := strconv.ParseInt(name, 10, 64); root && err == nil && (first == 0 || v < first) {
			first = v
		}
	}
	for _, data := range roots {
		v, err := tufroot.CheckRoot(data)
		if err != nil {
			return err
		}
		trusted = max(trusted, v)
	}
	if trusted > 0 && first > trusted+1 {
		return refuse.New(codeMissing, "the kit begins with root %d, and this side trusts root %d: the roots between are not in it; export it from a copy of the repository (--from), or give --root with the kit's first root after comparing its digest",
			first, trusted)
	}
	return nil
}

// findTarget finds the target that a file is: its name with or without the
// hash that consistent snapshots put before the last segment.
func findTarget(repo *tufroot.Repository, file string) (*tufroot.Found, error) {
	dir, base := path.Split(file)
	var first error
	candidates := []string{file}
	if _, name, ok := strings.Cut(base, "."); ok {
		candidates = []string{dir + name, file}
	}
	for _, name := range candidates {
		t, err := repo.Target(name)
		if err == nil && (t.Path() == file || name == file) {
			return t, nil
		}
		if err == nil {
			err = refuse.New(codeUnlisted, "not the file that is listed as %q", name)
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// Moment returns the latest time at which everything in a status is known to
// have been in force, in whole seconds: what to date a kit with. For a cache
// it is that of the last refresh, so that one cache gives one kit on any day.
func Moment(s tufroot.Status) time.Time {
	at := s.ProvedAt
	if at.Before(s.Refreshed) {
		at = s.Refreshed
	}
	if !at.Before(s.ValidUntil) {
		at = s.ValidUntil.Add(-time.Second)
	}
	return at.UTC().Truncate(time.Second)
}
