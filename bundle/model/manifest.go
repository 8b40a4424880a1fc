// SPDX-License-Identifier: Apache-2.0

// Package model holds a directory against the manifest of a model signature
// (OpenSSF Model Signing, version 1.0): a statement whose predicate lists the
// files of a model, or shards of them, with their digests.
//
// It judges no signature. A [Manifest] is to be believed after package verify
// accepted the bundle whose payload it was read from, with [Manifest.Root] as
// the digest of the artifact.
//
// The manifest does not decide how it is judged. It names paths that its
// signer left out, and only those that a [Config] allows are left out here.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package model

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// PredicateType is that of the statements that are read.
const PredicateType = "https://model_signing/signature/v1.0"

// oldPredicateType is that of version 0.2, whose signatures were over bytes
// that are not the encoding of DSSE. None of them verifies.
const oldPredicateType = "https://model_signing/Digests/v0.1"

// Limits on foreign data. A manifest cannot be longer than a bundle.
const (
	maxResources = 1 << 20
	maxIgnored   = 1024
	maxName      = 4096 // bytes of a path
	maxDepth     = 64   // folders above a file
)

// A Manifest is what a statement says about the files of a model.
type Manifest struct {
	// Name is what the signer calls the model. It decides nothing.
	Name string
	// Root is the SHA-256 over the digests of all resources, in their order:
	// the digest of the statement's one subject. ParseManifest has compared it.
	Root [sha256.Size]byte
	// Resources are files, or shards of files if Sharded, in their order.
	Resources []Resource
	Sharded   bool
	// IgnorePaths are what the signer left out.
	IgnorePaths []string
	// AllowSymlinks says that the signer followed links. They are not
	// followed here.
	AllowSymlinks bool
}

// A Resource is one file, or one shard of a file.
type Resource struct {
	Path       string // with slashes, within the model
	Start, End int64  // bytes of the shard; zero for a file
	Algorithm  string // "sha256", or "blake2b" by one of its two names
	Digest     []byte
}

// ParseManifest reads the payload of a model signature. Refusals are of the
// families "oms" and "statement".
func ParseManifest(payload []byte) (*Manifest, error) {
	// Version 0.2 has a subject for each file, and is named before they are
	// counted.
	s, err := dsse.ParseStatement(payload, maxResources)
	switch {
	case err != nil:
		return nil, err
	case s.PredicateType == oldPredicateType:
		return nil, refuse.New("oms.version", "model signature: predicate type %q, want %q of version 1.0", s.PredicateType, PredicateType)
	case s.PredicateType != PredicateType:
		return nil, refuse.New("statement.predicate_type", "the predicate type is %.100q, want %q", s.PredicateType, PredicateType)
	case s.Type != dsse.StatementV1:
		return nil, refuse.New("oms.version", "model signature: statement of type %q, want %q", s.Type, dsse.StatementV1)
	case len(s.Subjects) != 1:
		return nil, refuse.New("oms.subject", "model signature: %d subjects, want one", len(s.Subjects))
	}
	m := &Manifest{Name: s.Subjects[0].Name}
	if err := m.parse(s.Predicate); err != nil {
		return nil, refuse.Wrap("oms.malformed", err, "manifest of the model")
	}
	if err := m.checkNames(); err != nil {
		return nil, err
	}
	return m, m.checkRoot(s.Subjects[0])
}

// parse reads the predicate.
func (m *Manifest) parse(predicate []byte) error {
	var resources, serialization []byte
	d := strictjson.NewDecoder(predicate)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "resources":
			resources, err = d.Raw()
		case "serialization":
			serialization, err = d.Raw()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return err
	case resources == nil || serialization == nil:
		return refuse.New("oms.malformed", "no resources or no serialization")
	}
	if err := m.parseSerialization(serialization); err != nil {
		return err
	}
	d = strictjson.NewDecoder(resources)
	err = d.Array(maxResources, func(int) error {
		r, err := m.parseResource(d)
		m.Resources = append(m.Resources, r)
		return err
	})
	if err == nil && len(m.Resources) == 0 {
		err = refuse.New("oms.malformed", "no resources")
	}
	return err
}

func (m *Manifest) parseSerialization(data []byte) error {
	var method, hash string
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "method":
			method, err = d.String()
		case "hash_type":
			hash, err = d.String()
		case "allow_symlinks":
			m.AllowSymlinks, err = d.Bool()
		case "ignore_paths":
			if d.Null() {
				return nil
			}
			err = d.Array(maxIgnored, func(int) error {
				name, err := d.String()
				m.IgnorePaths = append(m.IgnorePaths, name)
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if method != "files" && method != "shards" {
		return refuse.New("oms.malformed", "method %.40q, want files or shards", method)
	}
	m.Sharded = method == "shards"
	return checkHash(hash)
}

func (m *Manifest) parseResource(d *strictjson.Decoder) (r Resource, err error) {
	var name, digest string
	err = d.Object(func(key string) (err error) {
		switch key {
		case "name":
			name, err = d.String()
		case "digest":
			digest, err = d.String()
		case "algorithm":
			r.Algorithm, err = d.String()
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return r, err
	}
	if m.Sharded { // sha256-sharded-1000000
		if base, size, ok := strings.Cut(r.Algorithm, "-sharded-"); ok && size != "" && strings.Trim(size, "0123456789") == "" {
			r.Algorithm = base
		}
	}
	if err := checkHash(r.Algorithm); err != nil {
		return r, err
	}
	r.Digest, err = hex.DecodeString(digest)
	if err != nil || len(r.Digest) != newHash(r.Algorithm).Size() || strings.ToLower(digest) != digest {
		return r, refuse.New("oms.malformed", "digest of %.100q is not %s in lower-case hexadecimal", name, r.Algorithm)
	}
	r.Path = name
	if m.Sharded {
		if err := r.splitName(name); err != nil {
			return r, err
		}
	}
	return r, checkPath(r.Path)
}

// splitName reads PATH:START:END, from the right: a path may have colons.
func (r *Resource) splitName(name string) error {
	rest, end, ok := cutLast(name)
	file, start, ok2 := cutLast(rest)
	var err, err2 error
	r.Start, err = strconv.ParseInt(start, 10, 64)
	r.End, err2 = strconv.ParseInt(end, 10, 64)
	if !ok || !ok2 || err != nil || err2 != nil || r.Start < 0 || r.End < r.Start ||
		strconv.FormatInt(r.Start, 10) != start || strconv.FormatInt(r.End, 10) != end {
		return refuse.New("oms.shards", "shard %.100q, want PATH:START:END", name)
	}
	r.Path = file
	return nil
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// checkPath refuses a path that could lead out of the model, as drives and
// devices of Windows do there, or that two file systems read differently.
func checkPath(name string) error {
	control := strings.ContainsFunc(name, unicode.IsControl)
	if name == "" || name == "." || len(name) > maxName || strings.Count(name, "/") > maxDepth || path.Clean(name) != name || path.IsAbs(name) || name == ".." ||
		strings.HasPrefix(name, "../") || strings.Contains(name, `\`) || control || !filepath.IsLocal(filepath.FromSlash(name)) {
		return refuse.New("oms.name", "path %.100q, want one within the model, with single slashes and without backslashes, . and .. and control characters", name)
	}
	return nil
}

// inOrder returns the resources by path and shard, whatever their order in the
// manifest.
func (m *Manifest) inOrder() []Resource {
	return slices.SortedStableFunc(slices.Values(m.Resources), func(a, b Resource) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
}

// checkNames refuses names that occur twice, or that some file systems
// take for one.
func (m *Manifest) checkNames() error {
	spelled := make(map[string]string, len(m.Resources)) // by folded path, of files and folders
	files := make(map[string]bool, len(m.Resources))
	var last Resource
	for i, r := range m.inOrder() {
		same := i > 0 && r.Path == last.Path
		if same && (!m.Sharded || r.Start == last.Start && r.End == last.End) {
			return refuse.New("oms.duplicate", "manifest of the model: %.100q repeated, want it one time", r.Path)
		}
		// Shards follow each other from the first byte on.
		if m.Sharded && (same && (r.Start != last.End || r.End == r.Start || last.End == last.Start) || !same && r.Start != 0) {
			return refuse.New("oms.shards", "manifest of the model: shard %d to %d of %.100q, want shards without gaps from the first byte on", r.Start, r.End, r.Path)
		}
		last = r
		if same {
			continue
		}
		files[r.Path] = true
		key := fold(r.Path)
		for part := r.Path; part != "."; part, key = path.Dir(part), path.Dir(key) {
			if other, ok := spelled[key]; ok && other != part {
				return refuse.New("oms.case", "manifest of the model: %.100q and %.100q differ in the case of letters alone", other, part)
			} else if ok {
				break
			}
			spelled[key] = part
		}
	}
	for _, r := range m.Resources {
		for dir := path.Dir(r.Path); dir != "."; dir = path.Dir(dir) {
			if files[dir] {
				return refuse.New("oms.name", "manifest of the model: %.100q is a file and a folder", dir)
			}
		}
	}
	return nil
}

// fold maps strings that differ in case alone to one string.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

// checkRoot compares the subject with the resources.
func (m *Manifest) checkRoot(s dsse.Subject) error {
	var want []byte
	for _, d := range s.Digests {
		if d.Algorithm == "sha256" {
			want = d.Value
		}
	}
	if len(s.Digests) != 1 || len(want) != sha256.Size {
		return refuse.New("oms.subject", "model signature: the subject has %d digests, want one SHA-256", len(s.Digests))
	}
	m.Root = root(m.Resources)
	if bytes.Equal(m.Root[:], want) {
		return nil
	}
	byName := slices.Clone(m.Resources)
	for _, compare := range []func(a, b Resource) int{
		func(a, b Resource) int { return strings.Compare(a.Path, b.Path) },
		func(a, b Resource) int { return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/")) },
	} {
		slices.SortStableFunc(byName, compare)
		if sum := root(byName); bytes.Equal(sum[:], want) {
			return refuse.New("oms.order", "model signature: the digest of the subject is over the resources in another order than theirs")
		}
	}
	return refuse.New("oms.root", "model signature: the subject is sha256:%x, and the resources give sha256:%x", want, m.Root)
}

func root(resources []Resource) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, r := range resources {
		h.Write(r.Digest)
	}
	h.Sum(sum[:0])
	return sum
}
