// SPDX-License-Identifier: Apache-2.0

package model_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/model"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/verify/codes"
)

type object = map[string]any

// draft is a manifest to be spoiled.
type draft struct {
	typ, predicateType string
	subjects           []any
	resources          []object
	serialization      object
	predicate          object // instead of the two
}

func digestOf(algorithm string, data []byte) string {
	if algorithm == "sha256" {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	}
	sum := blake2b.Sum512(data)
	return hex.EncodeToString(sum[:])
}

func resource(name, algorithm, content string) object {
	return object{"name": name, "algorithm": algorithm, "digest": digestOf(strings.SplitN(algorithm, "-", 2)[0], []byte(content))}
}

func newDraft(resources ...object) *draft {
	return &draft{typ: dsse.StatementV1, predicateType: model.PredicateType, resources: resources,
		serialization: object{"method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": []string{".git", "model.sig"}}}
}

func (d *draft) payload(t testing.TB) []byte {
	t.Helper()
	if d.subjects == nil {
		h := sha256.New()
		for _, r := range d.resources {
			sum, _ := hex.DecodeString(fmt.Sprint(r["digest"]))
			h.Write(sum)
		}
		d.subjects = []any{object{"name": "m", "digest": object{"sha256": hex.EncodeToString(h.Sum(nil))}}}
	}
	if d.predicate == nil {
		d.predicate = object{"resources": d.resources, "serialization": d.serialization}
	}
	data, err := json.Marshal(object{"_type": d.typ, "predicateType": d.predicateType, "subject": d.subjects, "predicate": d.predicate})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var files = map[string]string{"a.txt": "a", "sub/deep/b.bin": "bb", "sub/c": "", "x:y": "colon"}

// folder writes files into a new folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		put(t, dir, name, content)
	}
	return dir
}

func put(t testing.TB, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func whole(algorithm string) *draft {
	var all []object
	for _, name := range []string{"sub/deep/b.bin", "a.txt", "x:y", "sub/c"} { // in no order
		all = append(all, resource(name, algorithm, files[name]))
	}
	return newDraft(all...)
}

// sharded has shards of two bytes.
func sharded() *draft {
	d := newDraft(
		resource("f:0:2", "sha256-sharded-2", "ab"), resource("f:4:5", "sha256-sharded-2", "e"), resource("f:2:4", "sha256-sharded-2", "cd"),
		resource("a:b:0:1", "sha256", "x"))
	d.serialization["method"], d.serialization["shard_size"] = "shards", 2.0
	return d
}

var shardFiles = map[string]string{"f": "abcde", "a:b": "x"}

func check(t testing.TB, d *draft, dir string, c model.Config) (*model.Outcome, error) {
	t.Helper()
	m, err := model.ParseManifest(d.payload(t))
	if err != nil {
		t.Fatal(err)
	}
	return m.Check(context.Background(), dir, c)
}

func TestGenuine(t *testing.T) {
	for _, algorithm := range []string{"sha256", "blake2b", "blake2"} {
		out, err := check(t, whole(algorithm), folder(t, files), model.Config{})
		if err != nil || out.Files != 4 || out.Bytes != 8 || out.Skipped != 0 {
			t.Errorf("%s: %+v, %v", algorithm, out, err)
		}
	}
	if out, err := check(t, sharded(), folder(t, shardFiles), model.Config{}); err != nil || out.Files != 2 || out.Bytes != 6 {
		t.Errorf("shards: %+v, %v", out, err)
	}
	d := whole("sha256")
	d.resources[0]["algorithm"], d.resources[0]["digest"] = "blake2b", digestOf("blake2b", []byte("bb"))
	if _, err := check(t, d, folder(t, files), model.Config{}); err != nil {
		t.Errorf("an algorithm for each file: %v", err)
	}
}

// TestManifests has one fault each, and the code that names it.
func TestManifests(t *testing.T) {
	named := func(names ...string) *draft {
		var all []object
		for _, name := range names {
			all = append(all, resource(name, "sha256", name))
		}
		return newDraft(all...)
	}
	edit := func(d *draft, change func(*draft)) *draft { change(d); return d }
	shards := func(names ...string) *draft {
		return edit(named(names...), func(d *draft) { d.serialization["method"] = "shards" })
	}
	for name, c := range map[string]struct {
		code string
		d    *draft
	}{
		"version 0.2":             {"oms.version", edit(named("a"), func(d *draft) { d.predicateType = "https://model_signing/Digests/v0.1" })},
		"old statement":           {"oms.version", edit(named("a"), func(d *draft) { d.typ = dsse.StatementV01 })},
		"other predicate":         {"statement.predicate_type", edit(named("a"), func(d *draft) { d.predicateType = "https://example.com/v1" })},
		"predicate in other case": {"statement.predicate_type", edit(named("a"), func(d *draft) { d.predicateType = strings.ToUpper(model.PredicateType) })},
		"no subject":              {"statement.subjects", edit(named("a"), func(d *draft) { d.subjects = []any{} })},
		"two subjects": {"oms.subject", edit(named("a"), func(d *draft) {
			one := object{"name": "m", "digest": object{"sha256": digestOf("sha256", nil)}}
			d.subjects = []any{one, one}
		})},
		"two digests": {"oms.subject", edit(named("a"), func(d *draft) {
			d.subjects = []any{object{"digest": object{"sha256": digestOf("sha256", nil), "sha512": "00"}}}
		})},
		"SHA-512 alone":     {"oms.subject", edit(named("a"), func(d *draft) { d.subjects = []any{object{"digest": object{"sha512": "00"}}} })},
		"short SHA-256":     {"oms.subject", edit(named("a"), func(d *draft) { d.subjects = []any{object{"digest": object{"sha256": "00"}}} })},
		"another root":      {"oms.root", edit(named("a"), func(d *draft) { d.subjects = []any{object{"digest": object{"sha256": digestOf("sha256", nil)}}} })},
		"root, one more":    {"oms.root", edit(named("a", "b"), func(d *draft) { d.subjects = edit(named("a"), func(e *draft) { e.payload(t) }).subjects })},
		"root by code":      {"oms.order", edit(named("b", "a"), func(d *draft) { d.subjects = edit(named("a", "b"), func(e *draft) { e.payload(t) }).subjects })},
		"root by parts":     {"oms.order", edit(named("a-b/x", "a/x"), func(d *draft) { d.subjects = edit(named("a/x", "a-b/x"), func(e *draft) { e.payload(t) }).subjects })},
		"no predicate":      {"oms.malformed", edit(named("a"), func(d *draft) { d.predicate = object{} })},
		"no resources":      {"oms.malformed", edit(named("a"), func(d *draft) { d.predicate = object{"serialization": d.serialization} })},
		"no serialization":  {"oms.malformed", edit(named("a"), func(d *draft) { d.predicate = object{"resources": d.resources} })},
		"empty resources":   {"oms.malformed", edit(named(), func(d *draft) { d.resources = []object{} })},
		"other method":      {"oms.malformed", edit(named("a"), func(d *draft) { d.serialization["method"] = "trees" })},
		"no method":         {"oms.malformed", edit(named("a"), func(d *draft) { delete(d.serialization, "method") })},
		"links as text":     {"oms.malformed", edit(named("a"), func(d *draft) { d.serialization["allow_symlinks"] = "no" })},
		"no name":           {"oms.name", edit(named("a"), func(d *draft) { delete(d.resources[0], "name") })},
		"number as name":    {"oms.malformed", edit(named("a"), func(d *draft) { d.resources[0]["name"] = 1 })},
		"short digest":      {"oms.malformed", edit(named("a"), func(d *draft) { d.resources[0]["digest"] = "00" })},
		"no digest":         {"oms.malformed", edit(named("a"), func(d *draft) { delete(d.resources[0], "digest") })},
		"upper case":        {"oms.malformed", edit(named("a"), func(d *draft) { d.resources[0]["digest"] = strings.ToUpper(d.resources[0]["digest"].(string)) })},
		"digest of another": {"oms.malformed", edit(named("a"), func(d *draft) { d.resources[0]["algorithm"] = "blake2b" })},

		"SHA-1":                {"oms.hash", edit(named("a"), func(d *draft) { d.resources[0]["algorithm"] = "sha1" })},
		"MD5":                  {"oms.hash", edit(named("a"), func(d *draft) { d.resources[0]["algorithm"] = "md5" })},
		"BLAKE3":               {"oms.hash", edit(named("a"), func(d *draft) { d.serialization["hash_type"] = "blake3" })},
		"no algorithm":         {"oms.hash", edit(named("a"), func(d *draft) { delete(d.resources[0], "algorithm") })},
		"no hash type":         {"oms.hash", edit(named("a"), func(d *draft) { delete(d.serialization, "hash_type") })},
		"shards' in files":     {"oms.hash", edit(named("a"), func(d *draft) { d.resources[0]["algorithm"] = "sha256-sharded-2" })},
		"shards of no size":    {"oms.hash", edit(shards("a:0:1"), func(d *draft) { d.resources[0]["algorithm"] = "sha256-sharded-" })},
		"shards of odd size":   {"oms.hash", edit(shards("a:0:1"), func(d *draft) { d.resources[0]["algorithm"] = "sha256-sharded--1" })},
		"same name":            {"oms.duplicate", named("a", "b", "a")},
		"same name, adjacent":  {"oms.duplicate", named("a", "a")},
		"same shard":           {"oms.duplicate", shards("a:0:1", "b:0:1", "a:0:1")},
		"same shard, adjacent": {"oms.duplicate", shards("a:0:1", "a:0:1")},
		"same name, below":     {"oms.duplicate", named("d/a", "c", "d/a")},

		"parent":                      {"oms.name", named("../a")},
		"parent within":               {"oms.name", named("a/../../b")},
		"parent alone":                {"oms.name", named("..")},
		"absolute":                    {"oms.name", named("/etc/passwd")},
		"current":                     {"oms.name", named("./a")},
		"current alone":               {"oms.name", named(".")},
		"double slash":                {"oms.name", named("a//b")},
		"slash at the end":            {"oms.name", named("a/")},
		"empty":                       {"oms.name", named("")},
		"backslash":                   {"oms.name", named(`..\a`)},
		"NUL":                         {"oms.name", named("a\x00b")},
		"line feed":                   {"oms.name", named("a\nb")},
		"long":                        {"oms.name", named(strings.Repeat("a", 4097))},
		"deep":                        {"oms.name", named(strings.Repeat("a/", 65) + "a")},
		"parent of a shard":           {"oms.name", shards("../a:0:1")},
		"file and folder":             {"oms.name", named("a", "a/b")},
		"file above folders":          {"oms.name", named("a/b/c", "a")},
		"case":                        {"oms.case", named("a", "A")},
		"case of a folder":            {"oms.case", named("d/a", "D/b")},
		"case below":                  {"oms.case", named("d/a/x", "d/A/y")},
		"case of a folder, as a file": {"oms.case", named("d/a", "D")},
		"case beyond ASCII":           {"oms.case", named("é", "É")},
		"Kelvin":                      {"oms.case", named("k", "\u212a")},
		"case of shards":              {"oms.case", shards("a:0:1", "A:0:1")},

		"no range":          {"oms.shards", shards("a")},
		"one number":        {"oms.shards", shards("a:0")},
		"backwards":         {"oms.shards", shards("a:2:1")},
		"negative":          {"oms.shards", shards("a:-1:1")},
		"plus":              {"oms.shards", shards("a:+0:1")},
		"leading zero":      {"oms.shards", shards("a:00:1")},
		"too large":         {"oms.shards", shards("a:0:9223372036854775808")},
		"later start":       {"oms.shards", shards("a:1:2")},
		"gap":               {"oms.shards", shards("a:0:1", "a:2:3")},
		"overlap":           {"oms.shards", shards("a:0:2", "a:1:3")},
		"contained":         {"oms.shards", shards("a:0:3", "a:1:2")},
		"empty shard":       {"oms.shards", shards("a:0:1", "a:1:1")},
		"empty shard first": {"oms.shards", shards("a:0:0", "a:0:1")},
	} {
		_, err := model.ParseManifest(c.d.payload(t))
		if got := codes.Of(err); got != c.code {
			t.Errorf("%s: %q, want %q: %v", name, got, c.code, err)
		}
	}
	for _, text := range []string{"", "null", "{}", "[]", `{"_type":"` + dsse.StatementV1 + `"}`} {
		if _, err := model.ParseManifest([]byte(text)); codes.Of(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestFolders has one fault each of a folder whose manifest is right.
func TestFolders(t *testing.T) {
	link := func(old, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if runtime.GOOS == "windows" {
				t.Skip("links need a privilege")
			}
			_ = os.RemoveAll(filepath.Join(dir, name))
			if err := os.Symlink(old, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { put(t, dir, name, content) }
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	both := func(all ...func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, f := range all {
				f(t, dir)
			}
		}
	}
	ignoring := func(d *draft, names ...string) *draft { d.serialization["ignore_paths"] = names; return d }
	for _, c := range []struct {
		name   string
		d      *draft
		change func(*testing.T, string)
		config model.Config
		code   string // "" is accepted
	}{
		{"changed", whole("sha256"), write("a.txt", "b"), model.Config{}, "oms.digest"},
		{"changed, blake2b", whole("blake2b"), write("a.txt", "b"), model.Config{}, "oms.digest"},
		{"longer", whole("sha256"), write("a.txt", "aa"), model.Config{}, "oms.digest"},
		{"emptied", whole("sha256"), write("sub/deep/b.bin", ""), model.Config{}, "oms.digest"},
		{"changed, other files allowed", whole("sha256"), write("a.txt", "b"), model.Config{Files: model.SignedOnly}, "oms.digest"},
		{"changed, left out by the caller", whole("sha256"), write("a.txt", "b"), model.Config{Ignore: []string{"a.txt"}}, "oms.digest"},
		{"changed, left out by the signer", ignoring(whole("sha256"), "a.txt"), write("a.txt", "b"), model.Config{}, "oms.digest"},
		{"missing", whole("sha256"), remove("sub/deep/b.bin"), model.Config{}, "oms.missing_file"},
		{"missing folder", whole("sha256"), remove("sub"), model.Config{}, "oms.missing_file"},
		{"missing, left out by the caller", whole("sha256"), remove("sub"), model.Config{Ignore: []string{"sub"}}, "oms.missing_file"},
		{"missing, other files allowed", whole("sha256"), remove("a.txt"), model.Config{Files: model.SignedOnly}, "oms.missing_file"},
		{"name in other case", whole("sha256"), both(remove("a.txt"), write("A.txt", "a")), model.Config{}, "oms.unsigned_file"},

		{"other file", whole("sha256"), write("code.py", ""), model.Config{}, "oms.unsigned_file"},
		{"other file below", whole("sha256"), write("sub/deep/code.py", ""), model.Config{}, "oms.unsigned_file"},
		{"hidden file", whole("sha256"), write(".hidden", ""), model.Config{}, "oms.unsigned_file"},
		{"file in a new folder", whole("sha256"), write("new/code.py", ""), model.Config{}, "oms.unsigned_file"},
		{"another signature", whole("sha256"), write("model.sig", ""), model.Config{}, "oms.ignored"},
		{"git that the signer did not leave out", ignoring(whole("sha256")), write(".git/config", ""), model.Config{}, "oms.unsigned_file"},
		{"git below", whole("sha256"), write("sub/.git/config", ""), model.Config{}, "oms.unsigned_file"},
		{"code that the signer left out", ignoring(whole("sha256"), "code.py"), write("code.py", ""), model.Config{}, "oms.ignored"},
		{"folder that the signer left out", ignoring(whole("sha256"), "code"), write("code/a.py", ""), model.Config{}, "oms.ignored"},
		{"everything left out by the signer", ignoring(whole("sha256"), ".", "", "*"), write("code.py", ""), model.Config{}, "oms.unsigned_file"},
		{"a folder of git as part of a name", whole("sha256"), write(".gitx/code.py", ""), model.Config{}, "oms.unsigned_file"},
		{"an empty folder", whole("sha256"), func(t *testing.T, dir string) { _ = os.Mkdir(filepath.Join(dir, "empty"), 0o777) }, model.Config{}, ""},
		{"git", whole("sha256"), write(".git/config", ""), model.Config{}, ""},
		{"other file, left out", whole("sha256"), write("code.py", ""), model.Config{Ignore: []string{"code.py"}}, ""},
		{"folder, left out", whole("sha256"), write("code/a.py", ""), model.Config{Ignore: []string{"code"}}, ""},
		{"other file, allowed", whole("sha256"), write("code.py", ""), model.Config{Files: model.SignedOnly}, ""},
		{"left out by a name that leads out", whole("sha256"), remove("none"), model.Config{Ignore: []string{"../x"}}, "oms.name"},

		{"link in place of a file", whole("sha256"), both(write("target", "a"), link("target", "a.txt")), model.Config{Ignore: []string{"target"}}, "oms.symlink"},
		{"the same, other files allowed", whole("sha256"), both(write("target", "a"), link("target", "a.txt")), model.Config{Files: model.SignedOnly}, "oms.symlink"},
		{"link in place of a folder", whole("sha256"), both(write("other/deep/b.bin", "bb"), write("other/c", ""), link("other", "sub")), model.Config{Files: model.SignedOnly}, "oms.symlink"},
		{"link out of the model", whole("sha256"), link(os.TempDir(), "out"), model.Config{}, "oms.symlink"},
		{"link to nothing", whole("sha256"), link("nothing", "dangling"), model.Config{}, "oms.symlink"},
		{"links that the signer followed", func() *draft { d := whole("sha256"); d.serialization["allow_symlinks"] = true; return d }(), link("a.txt", "more"), model.Config{}, "oms.symlink"},
		{"folder in place of a file", whole("sha256"), both(remove("a.txt"), func(t *testing.T, dir string) { _ = os.Mkdir(filepath.Join(dir, "a.txt"), 0o777) }), model.Config{}, "oms.file_kind"},
		{"file in place of a folder", whole("sha256"), both(remove("sub"), write("sub", "")), model.Config{Files: model.SignedOnly}, "oms.file_kind"},

		{"shard changed", sharded(), write("f", "abcdE"), model.Config{}, "oms.digest"},
		{"shards exchanged", sharded(), write("f", "cdabe"), model.Config{}, "oms.digest"},
		{"file longer than its shards", sharded(), write("f", "abcdef"), model.Config{}, "oms.shards"},
		{"file shorter than its shards", sharded(), write("f", "abcd"), model.Config{}, "oms.shards"},
		{"emptied, with shards", sharded(), write("f", ""), model.Config{}, "oms.shards"},
	} {
		t.Run(c.name, func(t *testing.T) {
			has := files
			if c.d.serialization["method"] == "shards" {
				has = shardFiles
			}
			dir := folder(t, has)
			c.change(t, dir)
			if _, err := check(t, c.d, dir, c.config); codes.Of(err) != c.code || (err == nil) != (c.code == "") {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
}

// The signature may lie in the directory that it is about.
func TestSignatureInside(t *testing.T) {
	dir := folder(t, files)
	put(t, dir, "any.sig", "")
	info, err := os.Stat(filepath.Join(dir, "any.sig"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := check(t, whole("sha256"), dir, model.Config{Signature: info}); err != nil || out.Skipped != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	// Under a second name it could be a file that the model is loaded from.
	if err := os.Link(filepath.Join(dir, "model.sig"), filepath.Join(dir, "config.json")); err != nil {
		t.Skip(err)
	}
	if _, err := check(t, whole("sha256"), dir, model.Config{Signature: info}); codes.Of(err) == "" {
		t.Errorf("a hard link of the signature: %v", err)
	}
}

// Of several files that differ, always the same one is told.
func TestFirstIsTold(t *testing.T) {
	var all []object
	dir := t.TempDir()
	for i := range 200 {
		name := fmt.Sprintf("%03d", i)
		all = append(all, resource(name, "sha256", name))
		content := name
		if i > 120 && i%3 == 0 {
			content = "changed"
		}
		put(t, dir, name, content)
	}
	slices.Reverse(all)
	for range 20 {
		if _, err := check(t, newDraft(all...), dir, model.Config{}); err == nil || !strings.Contains(err.Error(), `"123"`) {
			t.Fatal(err)
		}
	}
}

func TestCancelled(t *testing.T) {
	m, err := model.ParseManifest(whole("sha256").payload(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Check(ctx, folder(t, files), model.Config{}); err == nil {
		t.Error("a check that was cancelled accepts")
	}
}

// A file that changes, or is replaced, while the model is read is refused.
func TestChangedMeanwhile(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, change := range map[string]func(dir string){
		"the file that is read":          func(dir string) { put(t, dir, "a", "longer than before") },
		"the file that is read, in time": func(dir string) { _ = os.Chtimes(filepath.Join(dir, "a"), time.Unix(1, 0), time.Unix(1, 0)) },
		"a later file, by another": func(dir string) {
			put(t, dir, "c", "b")
			if info, err := os.Stat(filepath.Join(dir, "b")); err == nil {
				_ = os.Chtimes(filepath.Join(dir, "c"), info.ModTime(), info.ModTime())
			}
			_ = os.Rename(filepath.Join(dir, "c"), filepath.Join(dir, "b"))
		},
		"a later file, longer": func(dir string) { put(t, dir, "b", "longer than before") },
		"a later file, by a link": func(dir string) {
			_ = os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "c"))
			put(t, dir, "d", "b")
			_ = os.Symlink("d", filepath.Join(dir, "b"))
		},
	} {
		dir := folder(t, map[string]string{"a": "a", "b": "b"})
		var once sync.Once
		d := newDraft(resource("a", "sha256", "a"), resource("b", "sha256", "b"))
		_, err := check(t, d, dir, model.Config{Progress: func(int64) { once.Do(func() { change(dir) }) }})
		if codes.Of(err) != "oms.changed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProgress(t *testing.T) {
	var n atomic.Int64
	if _, err := check(t, whole("sha256"), folder(t, files), model.Config{Progress: func(b int64) { n.Add(b) }}); err != nil || n.Load() != 8 {
		t.Errorf("%d bytes, %v", n.Load(), err)
	}
}

func TestCache(t *testing.T) {
	if _, _, ok := caching(t, time.Hour); !ok {
		t.Skip("files have no numbers here")
	}
	later := time.Now().Add(time.Hour)
	dir := folder(t, files)
	c := model.NewCache(later)
	run := func(d *draft, c *model.Cache, cached int, code string) {
		t.Helper()
		out, err := check(t, d, dir, model.Config{Cache: c})
		if codes.Of(err) != code || err == nil && out.Cached != cached {
			t.Errorf("%+v, %v, want %d cached and %q", out, err, cached, code)
		}
	}
	again := func() *model.Cache {
		t.Helper()
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = model.ReadCache(data, later); err != nil {
			t.Fatal(err)
		}
		return c
	}
	run(whole("sha256"), c, 0, "")
	run(whole("sha256"), again(), 4, "")
	run(whole("blake2b"), again(), 0, "") // of another algorithm
	run(whole("sha256"), model.NewCache(later), 0, "")
	run(whole("sha256"), &model.Cache{}, 0, "")

	// A file that changed is hashed, even if its size and time are as before.
	c = model.NewCache(later)
	run(whole("sha256"), c, 0, "")
	file := filepath.Join(dir, "a.txt")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	for {
		put(t, dir, "a.txt", "z")
		now, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if !now.ModTime().Equal(info.ModTime()) { // the clock of the file system went on
			break
		}
	}
	if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	run(whole("sha256"), again(), 0, "oms.digest")
	put(t, dir, "a.txt", "a")
	run(whole("sha256"), c, 3, "")

	// Another file under the name, with the same content.
	if err := os.Rename(file, file+".old"); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "a.txt", "a")
	if err := os.Remove(file + ".old"); err != nil {
		t.Fatal(err)
	}
	run(whole("sha256"), again(), 3, "")

	// A file that was changed just now is not kept.
	if _, n, _ := caching(t, -time.Hour); n != 0 {
		t.Errorf("%d files kept that were not at rest", n)
	}
	// Shards are kept by their range.
	dir = folder(t, shardFiles)
	c = model.NewCache(later)
	run(sharded(), c, 0, "")
	run(sharded(), again(), 2, "")
}

// caching checks twice, the first time with a clock that is off by a duration.
func caching(t *testing.T, off time.Duration) (data []byte, cached int, ok bool) {
	t.Helper()
	dir := folder(t, files)
	c := model.NewCache(time.Now().Add(off))
	if _, err := check(t, whole("sha256"), dir, model.Config{Cache: c}); err != nil {
		t.Fatal(err)
	}
	out, err := check(t, whole("sha256"), dir, model.Config{Cache: c})
	if err != nil {
		t.Fatal(err)
	}
	return data, out.Cached, out.Cached == 4
}

func TestReadCache(t *testing.T) {
	head := `{"schema":"` + model.CacheSchema + `"`
	for _, text := range []string{"", "[]", "{}", `{"schema":"x"}`, head + `,"files":{}}`, head + `,"more":1}`, head + `,"files":[{"more":1}]}`,
		head + `,"files":[{"inode":"x"}]}`, head + `,"files":[{"inode":1}]}`, head + `,"files":[{"digests":{"sha256":"x"}}]}`, head + `}{}`, strings.Repeat(" ", model.MaxCache+1)} {
		if _, err := model.ReadCache([]byte(text), time.Time{}); codes.Of(err) != "oms.cache" {
			t.Errorf("%.60q: %v", text, err)
		}
	}
}

func TestDropKey(t *testing.T) {
	frame := `{"mediaType":"` + bundle.MediaType + `","verificationMaterial":{"publicKey":%s,"tlogEntries":[]},"dsseEnvelope":{"payload":"e30=","payloadType":"x","signatures":[{"sig":"AA=="}]}}`
	sum := sha256.Sum256([]byte{0})
	for key, want := range map[string]string{
		`{"rawBytes":"AA==","keyDetails":"PKIX_ECDSA_P256_SHA_256"}`: hex.EncodeToString(sum[:]),
		`{"rawBytes":"AA==","hint":"a"}`:                             "a",
		`{"hint":"a"}`:                                               "",
		`{}`:                                                         "",
	} {
		data, err := model.DropKey(fmt.Appendf(nil, frame, key))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			if data != nil {
				t.Errorf("%s: %s", key, data)
			}
			continue
		}
		b, err := bundle.Parse(data)
		if err != nil || b.KeyHint != want || !bytes.Equal(b.Envelope.Payload, []byte("{}")) {
			t.Errorf("%s: %v, %+v", key, err, b)
		}
	}
	for _, bad := range []string{"", "[", `{"verificationMaterial":{"publicKey":{"rawBytes":1}}}`, `{"verificationMaterial":{"publicKey":{"rawBytes":"AA==","more":1}}}`,
		`{"verificationMaterial":{"publicKey":{"rawBytes":"AA==","rawBytes":"AA=="}}}`, fmt.Sprintf(frame, `{"rawBytes":"AA=="}`) + "x"} {
		if data, err := model.DropKey([]byte(bad)); data != nil || bad != "" && bad != "[" && err == nil {
			t.Errorf("%q: %s, %v", bad, data, err)
		}
	}
}

// A manifest that is read names files within the model, each once and with a
// digest.
func FuzzResources(f *testing.F) {
	f.Add(whole("sha256").payload(f))
	f.Add(sharded().payload(f))
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := model.ParseManifest(payload)
		if err != nil {
			if codes.Of(err) == "" {
				t.Errorf("no code: %v", err)
			}
			return
		}
		seen := make(map[string]bool)
		for _, r := range m.Resources {
			if !fs.ValidPath(r.Path) || r.Path == "." || r.End < r.Start || !m.Sharded && seen[r.Path] || len(r.Digest) < sha256.Size {
				t.Errorf("%+v", r)
			}
			seen[r.Path] = true
		}
	})
}

// The public examples, where they are given.
func TestPublicExamples(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_FORMATS")
	if dir == "" {
		t.Skip("SIGBUNDLE_FORMATS is not set")
	}
	names, err := filepath.Glob(filepath.Join(dir, "oms", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := ""
		switch {
		case strings.Contains(name, "v0.2.0"):
			want = "oms.version"
		case strings.Contains(name, "wrong-predicate"):
			want = "statement.predicate_type"
		}
		m, err := model.ParseManifest(b.Envelope.Payload)
		if codes.Of(err) != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if err != nil {
			continue
		}
		// The first file of the two has a line feed in some of them.
		first := "signme-1\n"
		if strings.Contains(name, "sigstore") {
			first = "signme-1"
		}
		if _, err := m.Check(context.Background(), folder(t, map[string]string{"signme-1": first, "signme-2": "signme-2"}), model.Config{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
