// SPDX-License-Identifier: Apache-2.0

// Package kit carries trust across an air gap: one file with everything that
// a verifier without a network needs, and nothing that has to be believed
// because it was in the file.
//
// A kit is a tar archive of an exact form: sorted names, fixed owners and
// dates, a manifest with the SHA-256 of every file first. The same contents
// give the same bytes, and a reader takes nothing but those bytes, so that
// not one of them can change unnoticed. That guards against accidents. What
// guards against attackers is that the TUF repository within is proved again,
// from a root that the far side has already: see [Kit.Prove].
//
// A kit may be a delta: it then leaves out what a base kit has.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package kit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Schema names the version of the manifest.
const Schema = "sigbundle.kit.v1"

const (
	codeMalformed = refuse.Code("kit.malformed")
	codeCorrupt   = refuse.Code("kit.corrupt")
	codeMissing   = refuse.Code("kit.missing")
	codeUnlisted  = refuse.Code("kit.unlisted")
	codeBase      = refuse.Code("kit.base")
	codeLimit     = refuse.Code("kit.limit")
	codeName      = refuse.Code("kit.name")
)

// The folders of a kit. What a TUF repository has lies in the first one as a
// web server would offer it. The others are carried and prove nothing: bundles,
// the artifacts that they are about, and files that say how to judge, such as
// expectations with their keys.
const (
	RepositoryDir = "repository"
	BundlesDir    = "bundles"
	ArtifactsDir  = "artifacts"
	PolicyDir     = "policy"
)

// Names in a kit that are not of its contents.
const (
	manifestName = "manifest.json"
	sumName      = "manifest.sha256"
)

// Bounds on a kit.
const (
	maxBytes    = 1 << 30
	maxFiles    = 100_000
	maxName     = 255
	maxManifest = 64 << 20
)

// Manifest says what a kit holds.
type Manifest struct {
	// Instance is what the sender calls the instance. It decides nothing.
	Instance string
	// AsOf is the time as of which the kit was put together, in seconds: the
	// sender's word, which makes what it proves older and never newer.
	AsOf time.Time
	// Base is the ID of the kit that a delta adds to, zero for a full kit.
	Base ID
	// Files are all files of the kit, those of its base included, by name.
	Files []File
}

// File is one line of a manifest.
type File struct {
	Name   string
	Size   int64
	SHA256 [sha256.Size]byte
	InBase bool // not in this kit but in its base
}

// ID names a kit: the SHA-256 of its manifest.
type ID [sha256.Size]byte

// String returns the ID in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Kit is a complete kit, a delta put together with its base. It is immutable
// and safe for concurrent use.
type Kit struct {
	manifest Manifest
	id       ID
	files    map[string][]byte
}

// Contents are what a kit is made of.
type Contents struct {
	Instance string
	AsOf     time.Time         // required; rounded down to seconds
	Files    map[string][]byte // by name, in one of the folders
}

// New makes a kit. Refusals are kit.name, kit.limit and kit.malformed.
func New(c Contents) (*Kit, error) {
	if err := checkTime(c.AsOf); err != nil {
		return nil, err
	}
	if len(c.Files) > maxFiles {
		return nil, refuse.New(codeLimit, "more than %d files", maxFiles)
	}
	k := &Kit{
		manifest: Manifest{Instance: c.Instance, AsOf: c.AsOf.UTC().Truncate(time.Second)},
		files:    make(map[string][]byte, len(c.Files)),
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		data := c.Files[name]
		if err := checkName(name); err != nil {
			return nil, err
		}
		if total += len(data); total > maxBytes {
			return nil, refuse.New(codeLimit, "more than %d bytes", maxBytes)
		}
		k.manifest.Files = append(k.manifest.Files, File{Name: name, Size: int64(len(data)), SHA256: sha256.Sum256(data)})
		k.files[name] = bytes.Clone(data)
	}
	if err := checkText(c.Instance); err != nil {
		return nil, err
	}
	if err := checkFolders(k.manifest.Files); err != nil {
		return nil, err
	}
	k.id = sha256.Sum256(k.manifest.encode())
	return k, nil
}

// checkName keeps names to the folders, to one spelling and to what every file
// system takes.
func checkName(name string) error {
	dir, _, _ := strings.Cut(name, "/")
	carried := dir == BundlesDir || dir == ArtifactsDir || dir == PolicyDir
	switch {
	case len(name) > maxName || !fs.ValidPath(name) || dir != RepositoryDir && !carried || name == dir:
		return refuse.New(codeName, "%.80q is not the name of a file in a kit", name)
	}
	for i := range len(name) {
		if c := name[i]; c < 0x20 || c > 0x7e || c == '\\' || c == ':' {
			return refuse.New(codeName, "%.80q is not a name that every file system takes", name)
		}
	}
	if carried {
		return checkCarriedName(dir, name)
	}
	return nil
}

// bundleSuffixes are how the names of files of bundles end, and policySuffixes
// those of files that say how to judge.
var (
	bundleSuffixes = []string{".sigstore.json", ".sigstore", ".sigstore.jsonl", ".jsonl"}
	policySuffixes = []string{".json", ".jsonl", ".pem", ".pub"}
)

// checkCarriedName keeps the files beside the repository to names of their
// kind: an import writes them, so that a kit must not name a file that a shell,
// a build or an editor reads, nor let an artifact or a policy stand where a
// bundle is looked for.
func checkCarriedName(dir, name string) error {
	ends := func(suffixes []string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) && !strings.HasSuffix(name, "/"+s) })
	}
	lower := strings.ToLower(name) // some systems and programs take no notice of case
	beside := slices.ContainsFunc(bundleSuffixes[:3], func(s string) bool { return strings.HasSuffix(lower, s) })
	switch {
	case dir == BundlesDir && !ends(bundleSuffixes):
		return refuse.New(codeName, "%.80q: not the name of a bundle, want one that ends in %s", name, strings.Join(bundleSuffixes, ", "))
	case dir == PolicyDir && !ends(policySuffixes):
		return refuse.New(codeName, "%.80q: not the name of a policy, want one that ends in %s", name, strings.Join(policySuffixes, ", "))
	case dir != BundlesDir && beside:
		return refuse.New(codeName, "%.80q: the name of a bundle, want it among the bundles", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if c := part[0]; c != '_' && !letterOrDigit(c) {
			return refuse.New(codeName, "%.80q: name that begins with %q, want a letter, a digit or _: others make it hidden, an option or an argument", name, c)
		}
		if strings.HasSuffix(part, ".") {
			return refuse.New(codeName, "%.80q: name with a dot at its end, which not every file system keeps", name)
		}
	}
	for i := range len(name) {
		if c := name[i]; !letterOrDigit(c) && !strings.ContainsRune("/._+-@~", rune(c)) {
			return refuse.New(codeName, "%.80q: character %q in a name, want letters, digits and . _ + - @ ~, which have no meaning to shells", name, c)
		}
	}
	return nil
}

func letterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// checkFolders refuses names of which a file system could not hold both: a
// file named like the folder of another, and names that differ in the case of
// letters only, of which some systems would keep one. Names are ASCII.
func checkFolders(files []File) error {
	names := make(map[string]bool, len(files))
	for _, f := range files {
		folded := strings.ToLower(f.Name)
		if names[folded] {
			return refuse.New(codeName, "two files: names differ from %q in the case of letters only", folded)
		}
		names[folded] = true
	}
	for _, f := range files {
		for dir := path.Dir(strings.ToLower(f.Name)); dir != "."; dir = path.Dir(dir) {
			if names[dir] {
				return refuse.New(codeName, "%q is the name of a file and of a folder", dir)
			}
		}
	}
	return nil
}

func checkTime(t time.Time) error {
	if t.Year() < 1980 || t.Year() > 9999 {
		return refuse.New(codeMalformed, "no time given as of which the kit is made")
	}
	return nil
}

func checkText(s string) error {
	if len(s) > maxName {
		return refuse.New(codeLimit, "the instance's name is too long")
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e || s[i] == '"' || s[i] == '\\' {
			return refuse.New(codeName, "%q is not a name of an instance", s)
		}
	}
	return nil
}

// Manifest returns what the kit holds. The list must not be modified.
func (k *Kit) Manifest() Manifest { return k.manifest }

// ID returns the kit's name, by which deltas call their base.
func (k *Kit) ID() ID { return k.id }

// File returns a file's contents, nil if there is none of that name. They
// must not be modified.
func (k *Kit) File(name string) []byte { return k.files[name] }

// Names returns the names of the files in a folder, such as [BundlesDir],
// without the folder, sorted.
func (k *Kit) Names(folder string) []string {
	var names []string
	for _, f := range k.manifest.Files {
		if name, ok := strings.CutPrefix(f.Name, folder+"/"); ok {
			names = append(names, name)
		}
	}
	return names
}

// Repository returns the TUF repository of the kit as a file system.
func (k *Kit) Repository() fs.FS { return tree{k.files, RepositoryDir + "/"} }

// Encode writes the kit: all of it, or with a base what the base lacks. The
// same contents give the same bytes.
func (k *Kit) Encode(base *Kit) []byte {
	m := k.manifest
	if base != nil {
		m.Base = base.id
		m.Files = slices.Clone(m.Files)
		for i, f := range m.Files {
			data, ok := base.files[f.Name]
			m.Files[i].InBase = ok && bytes.Equal(data, k.files[f.Name])
		}
	}
	return pack(m, k.files)
}
