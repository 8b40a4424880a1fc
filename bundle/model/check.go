// SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Coverage says which files of a directory the manifest has to list. The zero
// Coverage is Exact.
type Coverage int

// What a directory may hold.
const (
	Exact      Coverage = iota // the files of the manifest and no other
	SignedOnly                 // other files too, which no one signed
)

// safeToIgnore are the paths that are left out where the manifest says so:
// what git and its forges keep beside the files of a model.
var safeToIgnore = []string{".git", ".gitattributes", ".github", ".gitignore"}

// Config says how a directory is held against a manifest. The zero Config is
// the strictest.
type Config struct {
	Files Coverage
	// Ignore are paths within the directory that the caller leaves out,
	// whatever the manifest says.
	Ignore []string
	// Signature is the file with the signature, which may be in the
	// directory and cannot be in its own manifest; nil if it is elsewhere.
	Signature fs.FileInfo
	// Cache, if not nil, has digests of files that did not change since.
	Cache *Cache
	// Progress, if not nil, is told how many bytes were hashed since it was
	// told last. It is called from several goroutines.
	Progress func(bytes int64)
}

// An Outcome says what was compared.
type Outcome struct {
	Files   int   // of the manifest
	Bytes   int64 // of those files
	Cached  int   // files of which all digests came from the cache
	Skipped int   // other files and folders that were left out, or that no one signed
}

// Check compares the files of a directory with the manifest: each file has to
// be there, regular and with its digest. Links are never followed.
//
// Several files are read at once, each through a buffer of fixed size. Of
// several files that differ, the first by name is told.
func (m *Manifest) Check(ctx context.Context, dir string, c Config) (*Outcome, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	k := &checker{m: m, c: c, root: r, out: new(Outcome)}
	k.group()
	for _, name := range c.Ignore {
		if err := checkPath(name); err != nil {
			return nil, err
		}
	}
	if c.Files == Exact {
		if err := k.walk(); err != nil {
			return nil, err
		}
	}
	if err := k.stat(ctx); err != nil {
		return nil, err
	}
	return k.out, k.hash(ctx)
}

// checker is one comparison.
type checker struct {
	m     *Manifest
	c     Config
	root  *os.Root
	out   *Outcome
	files []file
	known map[string]bool // paths of the manifest
}

// file is a file of the manifest, with its resources.
type file struct {
	path      string
	resources []Resource
	info      fs.FileInfo
}

// group puts the shards of each file together.
func (k *checker) group() {
	k.known = make(map[string]bool, len(k.m.Resources))
	all := k.m.inOrder()
	for i := 0; i < len(all); {
		name, n := all[i].Path, i+1
		for n < len(all) && all[n].Path == name {
			n++
		}
		k.files = append(k.files, file{path: name, resources: all[i:n]})
		k.known[name] = true
		i = n
	}
	k.out.Files = len(k.files)
}

// left reports whether a path is left out: by the caller, or by the signer
// where that is safe.
func (k *checker) left(name string) bool {
	return slices.Contains(k.c.Ignore, name) || slices.Contains(safeToIgnore, name) && slices.Contains(k.m.IgnorePaths, name)
}

// walk refuses the first path, in the order of names, that no one signed.
func (k *checker) walk() error {
	signature := false
	return fs.WalkDir(k.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case k.left(name):
			k.out.Skipped++
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.Type()&fs.ModeSymlink != 0:
			return refuse.New("oms.symlink", "model: %.200q is a symbolic link, which is not followed", name)
		case e.IsDir() && slices.Contains(k.m.IgnorePaths, name) || !e.IsDir() && !k.known[name] && slices.Contains(k.m.IgnorePaths, name) && !k.isSignature(e):
			return refuse.New("oms.ignored", "model: the signer left out %.200q, want it gone or left out by the verifier too", name)
		case e.IsDir() || k.known[name]:
			return nil
		case k.isSignature(e) && !signature: // under one name: another could be a file of the model
			signature = true
			k.out.Skipped++
			return nil
		}
		return refuse.New("oms.unsigned_file", "model: %.200q is not in the signed manifest", name)
	})
}

func (k *checker) isSignature(e fs.DirEntry) bool {
	if k.c.Signature == nil {
		return false
	}
	info, err := e.Info()
	return err == nil && os.SameFile(info, k.c.Signature)
}

// stat looks at each file of the manifest, and at the folders above it.
func (k *checker) stat(ctx context.Context) error {
	folders := map[string]bool{".": true}
	for i := range k.files {
		f := &k.files[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		var above []string
		for dir := path.Dir(f.path); !folders[dir]; dir = path.Dir(dir) {
			above = append(above, dir)
		}
		for _, dir := range slices.Backward(above) {
			info, err := k.lstat(dir, f.path)
			if err != nil {
				return err
			}
			if !info.IsDir() {
				return refuse.New("oms.file_kind", "model: %.200q is not a folder", dir)
			}
			folders[dir] = true
		}
		info, err := k.lstat(f.path, f.path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return refuse.New("oms.file_kind", "model: %.200q is not a regular file", f.path)
		}
		if k.m.Sharded && f.resources[len(f.resources)-1].End != info.Size() {
			return refuse.New("oms.shards", "model: %.200q has %d bytes, and its shards %d", f.path, info.Size(), f.resources[len(f.resources)-1].End)
		}
		f.info = info
		k.out.Bytes += info.Size()
	}
	return nil
}

func (k *checker) lstat(name, file string) (fs.FileInfo, error) {
	info, err := k.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse.New("oms.missing_file", "model: %.200q of the signed manifest is not there", file)
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, refuse.New("oms.symlink", "model: %.200q is a symbolic link, which is not followed", name)
	}
	return info, nil
}

// maxWorkers bounds how many files are read at once: more do not make a disk
// faster.
const (
	maxWorkers = 8
	bufferSize = 256 << 10
)

// hash compares all files, on several workers. After a file that differs only
// those before it are looked at.
func (k *checker) hash(ctx context.Context) error {
	var next, cached atomic.Int64
	var first atomic.Int64
	first.Store(math.MaxInt64)
	errs := make([]error, len(k.files))
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), maxWorkers, len(k.files)) {
		wait.Go(func() {
			buffer := make([]byte, bufferSize)
			for {
				i := next.Add(1) - 1
				if i >= int64(len(k.files)) || i > first.Load() {
					return
				}
				fromCache, err := k.compare(ctx, &k.files[i], buffer)
				if fromCache {
					cached.Add(1)
				}
				if errs[i] = err; err != nil {
					for old := first.Load(); i < old && !first.CompareAndSwap(old, i); old = first.Load() {
					}
					return
				}
			}
		})
	}
	wait.Wait()
	k.out.Cached = int(cached.Load())
	if i := first.Load(); i < math.MaxInt64 {
		return errs[i]
	}
	return ctx.Err()
}

// compare compares one file with its resources.
func (k *checker) compare(ctx context.Context, f *file, buffer []byte) (cached bool, err error) {
	sums := k.c.Cache.find(f)
	cached = sums != nil
	if !cached {
		if sums, err = k.read(ctx, f, buffer); err != nil {
			return false, err
		}
	}
	for i, r := range f.resources {
		if !bytes.Equal(sums[i], r.Digest) {
			what := ""
			if k.m.Sharded {
				what = "a shard of "
			}
			return cached, refuse.New("oms.digest", "model: %s%.200q is %s:%x, want %x of the signed manifest", what, f.path, r.Algorithm, sums[i], r.Digest)
		}
	}
	return cached, nil
}

// read hashes a file once from its beginning to its end: it must be the one
// that was looked at, and must not change meanwhile.
func (k *checker) read(ctx context.Context, f *file, buffer []byte) (sums [][]byte, err error) {
	in, err := k.open(f)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	for _, r := range f.resources {
		h := newHash(r.Algorithm)
		most := int64(math.MaxInt64)
		if k.m.Sharded {
			most = r.End - r.Start
		}
		n, err := k.copy(ctx, h, io.LimitReader(in, most), buffer)
		if err != nil {
			return nil, err
		}
		if k.m.Sharded && n != most || !k.m.Sharded && n != f.info.Size() {
			return nil, changed(f)
		}
		sums = append(sums, h.Sum(nil))
	}
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	if !sameState(f.info, info) {
		return nil, changed(f)
	}
	k.c.Cache.keep(f, sums)
	return sums, nil
}

func changed(f *file) error {
	return refuse.New("oms.changed", "model: %.200q changed while it was read", f.path)
}

// open opens the file that was looked at, and no other under its name.
func (k *checker) open(f *file) (*os.File, error) {
	in, err := k.root.OpenFile(f.path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	info, err := in.Stat()
	if err == nil && !os.SameFile(info, f.info) {
		err = changed(f)
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func sameState(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}

func (k *checker) copy(ctx context.Context, h hash.Hash, r io.Reader, buffer []byte) (total int64, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := r.Read(buffer)
		h.Write(buffer[:n])
		total += int64(n)
		if k.c.Progress != nil && n > 0 {
			k.c.Progress(int64(n))
		}
		switch {
		case errors.Is(err, io.EOF):
			return total, nil
		case err != nil:
			return total, err
		}
	}
}
