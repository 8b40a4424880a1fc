// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/sha256"
	"fmt"
	"io"
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

// A Tree is a source of bundles that lie beside their artifacts in a
// directory: X.sigstore.json, X.sigstore.jsonl and X.sigstore beside X. Each
// folder is read in the order of its names as bytes, a folder's content where
// its name is. Symbolic links are followed to files within the directory; a
// link to a folder, or out of the directory, is not.
type Tree struct {
	label string
	root  *os.Root
	page  int // see names; smaller in tests
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

// Count returns the number of bundle files.
func (t *Tree) Count() int64 { return t.count(".", 0) }

func (t *Tree) count(dir string, depth int) (n int64) {
	var folders []string
	err := t.list(dir, func(name string, isDir bool) {
		if isDir {
			folders = append(folders, name)
		} else {
			n++
		}
	})
	if err != nil || depth == maxTreeDepth {
		return n + 1 // the finding that says so
	}
	for _, name := range folders {
		n += t.count(path.Join(dir, name), depth+1)
	}
	return n
}

// entries is part of Source.
func (t *Tree) entries() iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		t.walk(".", 0, func(e *entry) bool { return yield(e, nil) })
	}
}

// walk yields what is below a folder. It returns false when told to stop.
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
		for _, n := range names {
			if n.isDir {
				if !t.walk(path.Join(dir, n.name), depth+1, yield) {
					return false
				}
			} else if !yield(t.entry(path.Join(dir, n.name))) {
				return false
			}
		}
		if len(names) < most {
			return true
		}
		after = names[most-1].name
	}
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

// named is a bundle file or a folder in its folder.
type named struct {
	name  string
	isDir bool
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
	err := t.list(dir, func(name string, isDir bool) {
		if name <= after || bar != "" && name >= bar {
			return
		}
		if page = append(page, named{name, isDir}); len(page) == 2*most {
			trim()
			bar = page[most-1].name
		}
	})
	trim()
	return page, err
}

// list calls found for every bundle file and folder in a folder, in no order.
func (t *Tree) list(dir string, found func(name string, isDir bool)) error {
	f, err := t.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		children, err := f.ReadDir(1024)
		for _, c := range children {
			if c.IsDir() || isBundleName(c.Name()) {
				found(c.Name(), c.IsDir())
			}
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
