// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// suffixes are those of bundles beside their artifacts (client
// specification, Section 4.1.1); of two that fit, the longer comes first.
var suffixes = []string{".sigstore.json", ".sigstore.jsonl", ".sigstore"}

// maxTreeDepth bounds the folders within one another.
const maxTreeDepth = 255

// maxNames is how many names of folders may be in memory before the pages of
// a large folder stop growing.
const maxNames = 1 << 18

// A Tree is a source of bundles that lie beside their artifacts in a
// directory: X.sigstore.json, X.sigstore.jsonl and X.sigstore beside X. Each
// folder is read in the order of its names as bytes, a folder's content where
// its name is. Symbolic links are followed to files within the directory; a
// link to a folder, or out of the directory, is not: it is counted, like every
// file that has no bundle and every bundle that has no artifact.
type Tree struct {
	label string
	root  *os.Root
	page  int // see names; smaller in tests
	held  int // names in memory, of the folders around the one that is read

	// RequireBundles makes a finding of each file without a bundle and of each
	// link that is not followed. A bundle without an artifact is one anyway.
	RequireBundles bool

	except   []string // names of files of the audit itself
	coverage Coverage
}

// Coverage counts what a tree has beside bundles that lie by their artifacts.
type Coverage struct {
	Unsigned   int64 `json:"unsigned"`    // files without a bundle beside them, pipes, sockets and devices too
	NoArtifact int64 `json:"no_artifact"` // bundle files without an artifact beside them
	Links      int64 `json:"links"`       // links to folders, to nothing or out of the directory, which are not entered
}

// Except names files of the audit itself, such as its findings, which need no
// bundle. They need not exist.
func (t *Tree) Except(names ...string) { t.except = append(t.except, names...) }

// own reports whether a file is one of the audit itself.
func (t *Tree) own(info fs.FileInfo) bool {
	return slices.ContainsFunc(t.except, func(name string) bool {
		own, err := os.Stat(name)
		return err == nil && os.SameFile(own, info)
	})
}

// OpenTree returns the tree below a directory.
func OpenTree(dir string) (*Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Tree{label: dir, root: root, page: 1 << 16}, nil
}

// Close closes the directory.
func (t *Tree) Close() error { return t.root.Close() }

// Label is part of Source.
func (t *Tree) Label() string { return t.label }

// Count returns the number of entries.
func (t *Tree) Count() (n int64) {
	for range t.entries() {
		n++
	}
	return n
}

// entries is part of Source.
func (t *Tree) entries() iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		t.held = 0
		t.coverage = Coverage{} // a run that is resumed walks from the beginning
		t.walk(".", 0, func(e *entry) bool { return yield(e, nil) })
	}
}

// walk yields what is below a folder. It returns false when asked to stop.
func (t *Tree) walk(dir string, depth int, yield func(*entry) bool) bool {
	if depth > maxTreeDepth {
		return yield(t.unreadable(dir, fmt.Errorf("more than %d folders within one another", maxTreeDepth)))
	}
	most := max(t.page>>min(depth, 6), 16) // a little at each depth is enough
	for after := ""; ; {
		names, err := t.names(dir, after, most)
		if err != nil {
			return yield(t.unreadable(dir, bare(err)))
		}
		t.held += len(names)
		for _, n := range names {
			name := path.Join(dir, n.name)
			if n.kind == kindFolder {
				if !t.walk(name, depth+1, yield) {
					return false
				}
			} else if e := t.visit(name, n.kind); e != nil && !yield(e) {
				return false
			}
		}
		t.held -= len(names)
		if len(names) < most {
			return true
		}
		after = names[most-1].name
		// Each page lists the whole folder: larger ones list it less often.
		most = max(most, min(2*most, maxNames-t.held))
	}
}

// visit counts a file and returns its entry, nil if there is no finding to it.
func (t *Tree) visit(name string, k kind) *entry {
	if k == kindBundle {
		e := t.entry(name)
		if _, err := t.root.Lstat(e.rec.artifact); err != nil { // also if there is no name for one
			t.coverage.NoArtifact++
		}
		return e
	}
	info, err := t.root.Stat(name)
	var why error
	switch {
	case err != nil && k == kindLink || err == nil && k == kindLink && info.IsDir():
		t.coverage.Links++
		why = refuse.New("input.link", "link %q is not followed, want a file or a folder in its place", name)
	case t.hasBundle(name) || err == nil && t.own(info):
		return nil
	case err == nil && !info.Mode().IsRegular():
		t.coverage.Unsigned++
		why = refuse.New("input.unsigned", "%q is a pipe, a socket or a device and has no bundle, want a file or nothing in its place", name)
	default:
		t.coverage.Unsigned++
		why = refuse.New("input.unsigned", "file %q has no bundle, want %[1]q with %s behind it", name, strings.Join(suffixes, ", "))
	}
	if !t.RequireBundles {
		return nil
	}
	return &entry{place: name, sum: sha256.Sum256([]byte(name)), err: why}
}

func (t *Tree) hasBundle(name string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool {
		info, err := t.root.Lstat(name + suffix)
		return err == nil && !info.IsDir() // a folder of a bundle's name is a folder
	})
}

func (t *Tree) unreadable(dir string, err error) *entry {
	return &entry{place: dir + "/", sum: sha256.Sum256([]byte(dir + "/")), err: refuse.Wrap("input.directory", err, "folder %q", dir)}
}

// entry returns the entry of a bundle file.
func (t *Tree) entry(name string) *entry {
	e := &entry{place: name, sum: sha256.Sum256([]byte(name)), store: confine(t.root), implied: true}
	e.rec.bundlePath = name
	for _, suffix := range suffixes {
		if artifact, ok := strings.CutSuffix(name, suffix); ok {
			if artifact != "" && !strings.HasSuffix(artifact, "/") {
				e.rec.artifact = artifact
			}
			break
		}
	}
	return e
}

// kind is what an entry of a folder is.
type kind int

const (
	kindFile kind = iota // that is no bundle by its name
	kindFolder
	kindLink // that is no bundle by its name
	kindBundle
)

// named is a file or a folder in its folder.
type named struct {
	name string
	kind kind
}

// names returns the first so many names behind a certain one. Memory is thus
// bounded for folders of any size, at the price of listing them once for
// every page.
func (t *Tree) names(dir, after string, most int) ([]named, error) {
	var page []named
	trim := func() {
		slices.SortFunc(page, func(a, b named) int { return strings.Compare(a.name, b.name) })
		page = page[:min(len(page), most)]
	}
	bar := "" // names from here on are on a later page; empty: none is
	err := t.list(dir, func(name string, k kind) {
		if name <= after || bar != "" && name >= bar {
			return
		}
		if page = append(page, named{name, k}); len(page) == 2*most {
			trim()
			bar = page[most-1].name
		}
	})
	trim()
	return page, err
}

var errReplaced = errors.New("it was replaced while it was read")

// list calls found for everything in a folder, in no order.
func (t *Tree) list(dir string, found func(name string, k kind)) error {
	f, err := t.root.OpenFile(dir, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	// A link may have taken its place: it could lead to a folder around it.
	before, err := t.root.Lstat(dir)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err != nil || !info.IsDir() || !os.SameFile(before, info) {
		return errReplaced
	}
	for {
		children, err := f.ReadDir(1024)
		for _, c := range children {
			k := kindFile
			switch {
			case c.IsDir():
				k = kindFolder
			case isBundleName(c.Name()):
				k = kindBundle
			case c.Type()&fs.ModeSymlink != 0:
				k = kindLink
			}
			found(c.Name(), k)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func isBundleName(name string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}
