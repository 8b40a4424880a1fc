// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// Published weaknesses of other TUF clients that show with a server and a
// cache, each by its identifier; the others are in package tuf. Every test
// turns red when the line goes that its guard cites.

const tufDir = "../internal/tuf/"

// guard cites the line that a test depends on, and fails once that line is
// not where it was.
func guard(t *testing.T, file, line string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil || strings.Count(string(source), line) != 1 {
		t.Errorf("%s does not say %q once: %v", file, line, err)
	}
}

func TestAdvisories(t *testing.T) {
	for id, test := range map[string]func(*testing.T){
		"GHSA-fcv2-xgw5-pqxf CVE-2026-24137 cache paths":            cachePaths,
		"GHSA-66x3-6cw3-v5gj rollback":                              rollback,
		"GHSA-66x3-6cw3-v5gj floors outlive expiry and files":       floorsOutlive,
		"GHSA-66x3-6cw3-v5gj fast-forward":                          fastForward,
		"GHSA-4f8r-qqr9-fq8j delegation order":                      delegationOrder,
		"CVE-2025-2885 non-sequential root":                         nonSequentialRoot,
		"CVE-2025-2886 terminating delegation":                      terminating,
		"CVE-2025-2887 rollback of a delegated role":                delegatedRollback,
		"CVE-2025-2888 timestamp kept although its snapshot is old": timestampKept,
		"GHSA-4v58-8p28-2rq3 delegated metadata":                    delegatedMetadata,
		"GHSA-4v58-8p28-2rq3 cache written before checks":           writtenBeforeChecks,
	} {
		t.Run(id, test)
	}
}

// files returns the contents of all files in and around the cache.
func (b *bench) files() map[string]string {
	b.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(filepath.Dir(b.dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, readErr := os.ReadFile(path)
			files[strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(b.dir)+"/")] = string(data)
			err = readErr
		}
		return err
	})
	must(b.t, err)
	return files
}

// cachePaths lets roles and targets bear names that lead elsewhere.
func cachePaths(t *testing.T) {
	guard(t, "commit.go", `return tuf.SetDir(set) + "/" + tuf.EscapeFile(role) + ".json"`)
	guard(t, "commit.go", `file := tuf.TargetsDir + "/" + t.Hash() + "." + tuf.EscapeFile(t.Name)`)
	b := newBench(t)
	for _, role := range []string{"../../evil", "/evil", `..\evil`, "NUL", "con", "Role", "role", "state", "../state", "x\x00"} {
		b.Delegate("targets", role, false, tuftest.KeyID(role)+"/*")
		b.AddTarget(role, tuftest.KeyID(role)+"/file", []byte(role))
		b.Publish(role, "targets")
		b.ok(tuftest.KeyID(role) + "/file")
	}
	targets := []string{"NUL", "aux.txt", "COM1", "File", "file", "a/b", "a%2Fb", "c:d", "ends."}
	for _, name := range targets {
		b.AddTarget("targets", name, []byte("one content")) // so that only the names differ
	}
	b.Publish("targets")
	b.ok(targets...)
	for _, name := range []string{"../evil", "/evil", "a/../../evil", `..\evil`, "x\x00"} {
		b.Docs["targets"]["targets"].(object)[name] = b.Docs["targets"]["targets"].(object)["file"]
		b.Publish("targets")
		b.refused("tuf.name", name)
	}
	folded, kept := map[string]bool{}, 0
	for name := range b.files() {
		dir, base := filepath.Split(name)
		l := strings.ToLower(name)
		if folded[l] || strings.Contains(l, "..") || !filepath.IsLocal(name) ||
			strings.Trim(dir, "/0123456789") != strings.TrimRight(dir, "/0123456789") || strings.ContainsAny(base, "\\: \x00") {
			t.Errorf("file %q", name)
		}
		if folded[l] = true; strings.HasPrefix(l, "targets/") && strings.HasPrefix(b.files()[name], "one content") {
			kept++
		}
	}
	if kept != len(targets) {
		t.Errorf("%d files kept of %d targets", kept, len(targets))
	}
}

// rollback serves, to a client that has seen version 3 of everything, every
// role in version 2 under versions of what lists it that only rise.
func rollback(t *testing.T) {
	guard(t, tufDir+"floors.go", "if version < f.Timestamp {")
	guard(t, tufDir+"floors.go", "if snapshot < f.Snapshot {")
	guard(t, tufDir+"floors.go", "if info.Version < f.Meta[name] {")
	guard(t, tufDir+"floors.go", "if info == nil {")
	for name, attack := range map[string]func(*bench){
		"timestamp": func(b *bench) { b.SetVersion("timestamp", 1); b.Publish("timestamp") },
		"snapshot":  func(b *bench) { b.SetVersion("snapshot", 1); b.Publish("snapshot") },
		"targets":   func(b *bench) { b.SetVersion("targets", 1); b.Publish("targets") },
		"a role no longer listed": func(b *bench) {
			delete(b.Docs["snapshot"]["meta"].(object), "role.json")
			b.Publish("snapshot")
		},
	} {
		b := newBench(t)
		b.Delegate("targets", "role", false, "*")
		b.Publish("role", "targets")
		b.Publish("targets")
		b.ok()
		b.want(1, 3, 3, 3)
		attack(b)
		if _, err := b.refresh(); refuse.CodeOf(err) != "tuf.rollback" {
			t.Errorf("%s: %v", name, err)
		}
		b.want(1, 3, 3, 3)
	}
}

// floorsOutlive rolls back when all that the client has has expired, and when
// its files are gone except for the state.
func floorsOutlive(t *testing.T) {
	guard(t, "refresh.go", "if err := r.w.SetFloors(r.state.Seen); err != nil {")
	for name, loss := range map[string]func(b *bench){
		"expired":    func(b *bench) { b.now = b.now.Add(30 * 24 * time.Hour) },
		"files lost": func(b *bench) { must(t, os.RemoveAll(filepath.Join(b.dir, "sets"))) },
	} {
		b := newBench(t)
		for range 3 {
			b.Expire("timestamp", tuftest.Start.Add(7*24*time.Hour))
			b.Publish("targets")
		}
		b.ok()
		loss(b)
		b.SetVersion("timestamp", 1)
		b.Expire("timestamp", b.now.Add(time.Hour))
		b.Put("timestamp") // fresh by its date, and older than what was seen
		if _, err := b.refresh(); refuse.CodeOf(err) != "tuf.rollback" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fastForward drives the versions up with a stolen key; they come down again
// when the root replaces the key, and by nothing less.
func fastForward(t *testing.T) {
	guard(t, tufDir+"floors.go", "if f.Keys != keys {")
	for _, role := range []string{"timestamp", "snapshot"} {
		b := newBench(t)
		b.SetVersion(role, 1<<31-2)
		b.Publish(role)
		b.ok()
		b.SetVersion(role, 1)
		b.Publish(role)
		b.refused("tuf.rollback")
		b.Publish("root") // a root with the same keys changes nothing
		b.refused("tuf.rollback")
		b.SetKeys(role, 1, "new "+role)
		b.Publish("root")
		b.Publish(role)
		b.ok()
	}
}

// delegationOrder has three roles list one target with different contents:
// the first in pre-order decides, by whatever name and pattern.
func delegationOrder(t *testing.T) {
	guard(t, tufDir+"delegate.go", "for _, c := range slices.Backward(children) {")
	guard(t, tufDir+"delegate.go", "v := stack[len(stack)-1]")
	b := newBench(t)
	b.Delegate("targets", "z-none", false, "file")
	b.Delegate("targets", "a-second", false, "file", "*")
	b.Delegate("z-none", "m-first", false, "*")
	for _, role := range []string{"m-first", "a-second"} {
		b.AddTarget(role, "file", []byte(role))
	}
	b.Publish("z-none", "a-second", "m-first", "targets")
	f, err := b.ok("file").Target("file")
	if err != nil || string(f.Data) != "m-first" {
		t.Errorf("%v, %v", f, err)
	}
	if got := b.visited(); got != "z-none m-first" {
		t.Errorf("visited %s", got)
	}
}

func nonSequentialRoot(t *testing.T) {
	guard(t, tufDir+"workflow.go", "if want := w.root.Version + 1; h.version != want {")
	for _, v := range []int{1, 3, 1<<31 - 1} {
		b := newBench(t)
		b.ok()
		b.SetVersion("root", v)
		b.SetFile("2.root.json", b.Sign("root"))
		b.refused("tuf.version")
	}
}

func terminating(t *testing.T) {
	guard(t, tufDir+"delegate.go", "stack = nil")
	b := newBench(t)
	b.Delegate("targets", "outer", false, "*")
	b.Delegate("outer", "last word", true, "*")
	b.Delegate("outer", "sibling", false, "*")
	b.Delegate("targets", "uncle", false, "*")
	b.AddTarget("sibling", "file", []byte("x"))
	b.AddTarget("uncle", "file", []byte("x"))
	b.Publish("outer", "last word", "sibling", "uncle", "targets")
	b.refused("tuf.not_found", "file")
	if got := b.visited(); got != "outer last%20word" {
		t.Errorf("visited %s", got)
	}
}

// delegatedRollback serves an older version of a delegated role, listed by a
// newer snapshot, and without one.
func delegatedRollback(t *testing.T) {
	guard(t, tufDir+"workflow.go", "w.floors.Meta = versions(md.Signed.Meta)")
	guard(t, tufDir+"workflow.go", "if err == nil && h.version != wt.Version {")
	b := newBench(t)
	b.Delegate("targets", "role", false, "*")
	b.AddTarget("role", "file", []byte("x"))
	b.Publish("role", "targets")
	old := b.File("1.role.json")
	b.Publish("role")
	b.Publish("role")
	b.ok() // never asked for the role, and knows its version
	b.SetVersion("role", 1)
	b.Publish("role")
	b.refused("tuf.rollback", "file")
	b.SetVersion("role", 2)
	b.Publish("role")
	b.SetFile("3.role.json", old)
	b.refused("tuf.mixmatch", "file")
}

// timestampKept has a timestamp refused for the snapshot that it lists. It
// must leave nothing behind, or the good one after it looks like a rollback.
func timestampKept(t *testing.T) {
	guard(t, tufDir+"workflow.go", "w.floors.checkTimestamp(h.version, listedSnapshot(md).Version)")
	b := newBench(t)
	b.Publish("targets")
	b.ok()
	before := b.files()
	good := b.File("timestamp.json")
	b.SetVersion("timestamp", 99)
	b.Docs["timestamp"]["meta"] = object{"snapshot.json": object{"version": 1}}
	b.Put("timestamp")
	b.refused("tuf.rollback")
	for name, data := range b.files() {
		if before[name] != data {
			t.Errorf("%s has changed", name)
		}
	}
	b.SetFile("timestamp.json", good)
	b.ok()
}

// delegatedMetadata breaks, one after another, all that the top-level roles
// are held to, in a delegated one.
func delegatedMetadata(t *testing.T) {
	guard(t, tufDir+"workflow.go", "if n := wt.info.Length; n > 0 && n != int64(len(data)) {")
	guard(t, tufDir+"workflow.go", "if err := checkHashes(role, wt.info.Hashes, data); err != nil {")
	guard(t, "refresh.go", "if err := r.fresh(f); err != nil {")
	list := func(b *bench, info object) {
		b.Docs["snapshot"]["meta"].(object)["role.json"] = info
		b.Publish("snapshot")
	}
	for code, attack := range map[refuse.Code]func(*bench){
		"tuf.expired": func(b *bench) { b.Expire("role", b.now); b.Publish("role") },
		"tuf.length": func(b *bench) { // well signed, but not what is listed
			list(b, object{"version": 1, "length": len(b.File("1.role.json")) + 1})
		},
		"tuf.hash": func(b *bench) {
			list(b, object{"version": 1, "hashes": object{"sha256": sha([]byte("another file"))}})
		},
		"tuf.signature": func(b *bench) { b.Signers["role"] = []string{"targets"}; b.Put("role") },
	} {
		b := newBench(t)
		b.Delegate("targets", "role", false, "*")
		b.AddTarget("role", "file", []byte("x"))
		b.Publish("role", "targets")
		attack(b)
		b.refused(code, "file")
	}
}

// writtenBeforeChecks serves files that must be refused, and wants no trace of
// them in the cache nor handed to an observer.
func writtenBeforeChecks(t *testing.T) {
	guard(t, "refresh.go", "f, err := r.w.Advance(data)")
	guard(t, "refresh.go", "f, err := r.w.Timestamp(data, r.cached(tuf.TimestampRole))")
	guard(t, "refresh.go", "\tf, err := r.w.Targets(data, role, delegator)")
	guard(t, "commit.go", "if err := t.Check(data); err != nil {")
	const trace = "left behind"
	for _, role := range []string{"root", "timestamp", "snapshot", "targets", "role", "a target"} {
		b := newBench(t)
		b.Delegate("targets", "role", false, "*")
		b.Publish("role", "targets")
		b.ok()
		held := b.files()
		b.AddTarget("role", "file", []byte("what is listed"))
		b.Publish("root", "role", "targets")
		if role == "a target" {
			b.SetFile("targets/"+sha([]byte("what is listed"))+".file", []byte("is "+trace))
		} else {
			b.Edit(role, func(file object) { file["signed"].(object)["custom"] = trace })
		}
		b.config = func(c *Config) {
			c.Observe = func(name string, data []byte) error {
				if strings.Contains(string(data), trace) {
					t.Errorf("%s: %s was taken for accepted", role, name)
				}
				return nil
			}
		}
		b.refused(map[bool]refuse.Code{true: "tuf.hash", false: "tuf.signature"}[role == "a target"], "file")
		now := b.files()
		for name, data := range now {
			if strings.Contains(data, trace) {
				t.Errorf("%s: written to %s", role, name)
			}
		}
		for name, data := range held {
			if name != "state" && now[name] != data {
				t.Errorf("%s: %s has changed", role, name)
			}
		}
	}
}
