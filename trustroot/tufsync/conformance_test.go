// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// The scenarios of the public tuf-conformance suite, under its names.

type object = tuftest.Object

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestBasicInitAndRefresh(t *testing.T) {
	b := newBench(t)
	r := b.ok()
	if !r.Changed {
		t.Error("the first refresh changed nothing")
	}
	b.wantRequests("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json")
	b.want(1, 1, 1, 1)
	if r := b.ok(); r.Changed {
		t.Error("the second refresh changed something")
	}
	b.wantRequests("2.root.json", "timestamp.json")
}

func TestImplicitRefreshWithoutTarget(t *testing.T) {
	b := newBench(t)
	b.refused("tuf.not_found", "nonexistent artifact")
	b.wantRequests("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json")
	if r, err := Refresh(t.Context(), func() Config { c := b.cfg(); c.Optional = []string{"other"}; return c }()); err != nil || len(r.Missing) != 1 {
		t.Errorf("optional target: %v, %v", r, err)
	}
}

func TestInvalidInitialRoot(t *testing.T) {
	b := newBench(t)
	for name, root := range map[string][]byte{
		"no version": bytes.Replace(b.root, []byte(`"version": 1`), []byte(`"versio": 1`), 1),
		"unsigned":   tuftest.SignDoc(b.Docs["root"], "someone"),
		"empty":      nil,
	} {
		b.root = root
		if _, err := b.refresh(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	b.wantRequests()
}

func TestTimestampEqVersionsCheck(t *testing.T) {
	b := newBench(t)
	b.ok()
	held := b.File("timestamp.json")
	b.Docs["timestamp"]["meta"].(object)["snapshot.json"] = object{"version": 100}
	b.Put("timestamp")
	b.ok()
	b.want(1, 1, 1, 1)
	data, err := os.ReadFile(filepath.Join(b.dir, "sets", "1", "timestamp.json"))
	if err != nil || !bytes.Equal(data, held) {
		t.Errorf("the timestamp was replaced by one of the same version: %v", err)
	}
}

func TestCustomFields(t *testing.T) {
	b := newBench(t)
	b.ok()
	root := b.Docs["root"]
	root["custom-field"] = "value <&>"
	root["keys"].(object)[tuftest.KeyID("root")].(object)["extra-field"] = object{"a": 1, "b": []any{2, nil, true}}
	root["roles"].(object)["root"].(object)["another-field"] = "value"
	b.Docs["targets"]["x-custom"] = object{"deep": object{"er": "ü"}}
	b.AddTarget("targets", "file", []byte("x"))
	b.Docs["targets"]["targets"].(object)["file"].(object)["custom"] = object{"any": "thing"}
	b.Publish("root")
	b.Publish("targets")
	b.ok("file")
	b.want(2, 2, 2, 2)
}

func TestDeprecatedKeyidHashAlgorithms(t *testing.T) {
	b := newBench(t)
	b.Docs["root"]["keys"].(object)[tuftest.KeyID("root")].(object)["keyid_hash_algorithms"] = []any{"md5"}
	b.Publish("root")
	b.ok()
	b.want(2, 1, 1, 1)
}

func TestMetadataBytesMatch(t *testing.T) {
	b := newBench(t)
	b.Publish("root")
	b.SetFile("timestamp.json", append(b.File("timestamp.json"), "\n \n"...))
	b.ok()
	for name, file := range map[string]string{
		"root_history/1.root.json": "1.root.json", "root_history/2.root.json": "2.root.json",
		"sets/1/timestamp.json": "timestamp.json", "sets/1/snapshot.json": "1.snapshot.json", "sets/1/targets.json": "1.targets.json",
	} {
		if data, err := os.ReadFile(filepath.Join(b.dir, name)); err != nil || !bytes.Equal(data, b.File(file)) {
			t.Errorf("%s is not what was downloaded: %v", name, err)
		}
	}
	filepath.WalkDir(b.dir, func(name string, d fs.DirEntry, err error) error {
		info, err := d.Info()
		must(t, err)
		if m := info.Mode().Perm(); m&0o077 != 0 {
			t.Errorf("%s has mode %v", name, m)
		}
		return nil
	})
}

func TestNewTargetsHashMismatch(t *testing.T) {
	b := newBench(t)
	relist(b)
	b.ok()
	b.want(1, 2, 2, 1)
	b.SetVersion("targets", 2)
	b.Put("targets")
	b.Docs["snapshot"]["meta"].(object)["targets.json"].(object)["version"] = 2
	b.Publish("snapshot")
	b.SetFile("2.targets.json", bytes.Replace(b.File("2.targets.json"), []byte("2027"), []byte("2028"), 1))
	b.refused("tuf.hash")
}

func TestNewTargetsVersionMismatch(t *testing.T) {
	b := newBench(t)
	b.ok()
	b.Publish("targets")
	b.SetFile("2.targets.json", b.File("1.targets.json"))
	b.refused("tuf.mixmatch")
}

func TestNewSnapshotVersionMismatch(t *testing.T) {
	b := newBench(t)
	b.SetFile("1.snapshot.json", nil)
	b.Publish("targets")
	b.SetFile("2.snapshot.json", tuftest.SignDoc(func() object {
		d := object{}
		for k, v := range b.Docs["snapshot"] {
			d[k] = v
		}
		d["version"] = 3
		return d
	}(), "snapshot"))
	b.refused("tuf.mixmatch")
}

func TestSimpleSnapshotRollback(t *testing.T) {
	b := newBench(t)
	b.Publish("snapshot")
	b.ok()
	b.Requests()
	b.SetFile("2.snapshot.json", b.File("1.snapshot.json"))
	b.ok()
	b.wantRequests("2.root.json", "timestamp.json")
	b.want(1, 2, 2, 1)
}

func TestNewTimestampVersionRollback(t *testing.T) {
	b := newBench(t)
	old := b.File("timestamp.json")
	b.Publish("timestamp")
	b.ok()
	b.SetFile("timestamp.json", old)
	b.refused("tuf.rollback")
}

func TestSnapshotRollback(t *testing.T) {
	for _, hashes := range []bool{false, true} {
		t.Run(fmt.Sprint("hashes ", hashes), func(t *testing.T) {
			b := newBench(t)
			if relist(b); !hashes {
				b.Publish("snapshot")
			}
			b.ok()
			b.SetVersion("snapshot", 0)
			b.SetVersion("timestamp", 10)
			b.Publish("snapshot")
			b.Requests()
			b.refused("tuf.rollback")
			b.wantRequests("2.root.json", "timestamp.json")
		})
	}
}

func TestTargetsRollback(t *testing.T) {
	b := newBench(t)
	b.Publish("targets")
	b.Publish("targets")
	b.ok()
	b.SetVersion("targets", 0)
	b.Publish("targets")
	b.refused("tuf.rollback")
}

func TestTargetsRemovedFromSnapshot(t *testing.T) {
	b := newBench(t)
	b.Delegate("targets", "role", false, "*")
	b.Publish("role", "targets")
	b.ok()
	delete(b.Docs["snapshot"]["meta"].(object), "role.json")
	b.Publish("snapshot")
	b.refused("tuf.rollback")
}

// What was seen with a good signature stays a floor, although the refresh
// that saw it failed and its files were not kept.
func TestFloorsOutliveFailedRefresh(t *testing.T) {
	b := newBench(t)
	b.ok()
	old := b.File("timestamp.json")
	b.Publish("targets")
	good := b.File("2.targets.json")
	b.SetFile("2.targets.json", nil)
	b.refused("tuf.not_found")
	newer := b.File("timestamp.json")
	b.SetFile("timestamp.json", old)
	b.refused("tuf.rollback")
	b.SetFile("timestamp.json", newer)
	b.SetFile("2.targets.json", good)
	b.ok()
	b.want(1, 2, 2, 2)
}

func TestRootRollback(t *testing.T) {
	b := newBench(t)
	b.Publish("root")
	b.ok()
	b.SetFile("2.root.json", nil)
	b.ok() // the cache has version 2
	b.want(2, 1, 1, 1)
	must(t, os.Remove(filepath.Join(b.dir, "root_history", "2.root.json")))
	_, err := b.refresh()
	if err == nil || !strings.Contains(err.Error(), "root has version 1") {
		t.Fatalf("an older root: %v", err)
	}
}

func TestFastForwardRecovery(t *testing.T) {
	for _, rotated := range []string{"timestamp", "snapshot"} {
		t.Run(rotated, func(t *testing.T) {
			b := newBench(t)
			for _, role := range []string{"timestamp", "snapshot", "targets"} {
				b.SetVersion(role, 99_998)
			}
			b.Publish("targets")
			b.ok()
			b.want(1, 99_999, 99_999, 99_999)
			b.SetVersion("timestamp", 0)
			b.SetVersion("snapshot", 0)
			b.SetVersion("targets", 0)
			b.Publish("targets")
			b.refused("tuf.rollback")
			b.SetKeys(rotated, 1, "new "+rotated)
			b.Publish("root")
			b.Publish("targets")
			b.ok()
			b.want(2, 2, 2, 2)
		})
	}
}

func TestRootExpired(t *testing.T) {
	b := newBench(t)
	b.ok()
	b.Expire("root", b.now)
	b.Publish("root")
	b.refused("tuf.expired")
	if _, err := os.Stat(filepath.Join(b.dir, "root_history", "2.root.json")); err != nil {
		t.Errorf("the expired root was not kept: %v", err)
	}
	b.Expire("root", b.now.Add(time.Second))
	b.Publish("root") // that an intermediate root has expired does not matter
	b.ok()
	b.want(3, 1, 1, 1)
}

func TestExpiredFiles(t *testing.T) {
	for _, role := range []string{"timestamp", "snapshot", "targets"} {
		t.Run(role, func(t *testing.T) {
			b := newBench(t)
			b.ok()
			b.Expire(role, b.now) // equal counts as expired
			b.Publish(role)
			b.refused("tuf.expired")
			b.Expire(role, b.now.Add(time.Second))
			b.Publish(role)
			b.ok()
		})
	}
}

// A repository that is being held still: nothing changes until it expires.
func TestFreeze(t *testing.T) {
	b := newBench(t)
	b.Expire("timestamp", tuftest.Start.Add(7*24*time.Hour))
	b.Publish("timestamp")
	b.ok()
	b.now = tuftest.Start.Add(7 * 24 * time.Hour)
	b.refused("tuf.expired")
}

func TestExpiredLocalMetadataHelpsToUpdate(t *testing.T) {
	b := newBench(t)
	b.Expire("timestamp", tuftest.Start.Add(7*24*time.Hour))
	b.Publish("timestamp")
	b.ok()
	b.Expire("timestamp", tuftest.Start.Add(21*24*time.Hour))
	b.Publish("targets")
	b.now = tuftest.Start.Add(18 * 24 * time.Hour)
	b.ok()
	b.want(1, 3, 2, 2)
}

func TestDelegatedExpiration(t *testing.T) {
	b := newBench(t)
	b.Delegate("targets", "delegated", false, "path/*")
	b.Expire("delegated", b.now.Add(time.Hour))
	b.AddTarget("delegated", "path/first", []byte("first"))
	b.AddTarget("delegated", "path/second", []byte("second"))
	b.Publish("delegated", "targets")
	b.ok("path/first")
	b.now = b.now.Add(time.Hour)
	b.refused("tuf.expired", "path/second")
	b.ok()
	b.Expire("delegated", b.now.Add(time.Hour))
	b.Publish("delegated")
	b.ok("path/first", "path/second")
}
