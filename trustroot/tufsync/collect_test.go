// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// kept returns how many target files the cache holds.
func (b *bench) kept() int {
	b.t.Helper()
	files, err := os.ReadDir(filepath.Join(b.dir, "targets"))
	must(b.t, err)
	return len(files)
}

// A target that changes often does not fill the disk: its file goes with the
// last set that lists it.
func TestStaleTargetsAreRemoved(t *testing.T) {
	b := newBench(t)
	b.AddTarget("targets", "other", []byte("stays"))
	for i := range 6 {
		b.AddTarget("targets", "file", fmt.Append(nil, "contents ", i))
		b.Publish("targets")
		b.ok("file", "other")
		if want := min(2+i, 3); b.kept() != want {
			t.Fatalf("refresh %d: %d target files, want %d", i, b.kept(), want)
		}
	}
	// what a kept set lists stays, asked for this time or not
	b.Publish("timestamp")
	b.ok()
	b.Publish("timestamp")
	b.ok()
	if f, err := b.open().Target("file"); err != nil || string(f.Data) != "contents 5" || b.kept() != 2 {
		t.Errorf("%v, %v, %d target files", f, err, b.kept())
	}
}

// What cannot be told to be stale is not removed.
func TestNothingIsRemovedByADamagedSet(t *testing.T) {
	b := newBench(t)
	for i := range 2 {
		b.AddTarget("targets", "file", fmt.Append(nil, "contents ", i))
		b.Publish("targets")
		b.ok("file")
	}
	must(t, os.WriteFile(filepath.Join(b.dir, "sets", "2", "role.json"), []byte("{"), 0o600))
	b.AddTarget("targets", "file", []byte("newest"))
	b.Publish("targets")
	b.ok("file")
	if b.kept() != 3 {
		t.Errorf("%d target files", b.kept())
	}
}

// Emptied, a cache proves nothing any more and still refuses what is older
// than it has seen.
func TestEmpty(t *testing.T) {
	b := newBench(t)
	old := b.File("timestamp.json")
	if kept, err := Empty(context.Background(), b.dir); kept || err != nil {
		t.Errorf("no cache: %t, %v", kept, err)
	}
	b.AddTarget("targets", "file", []byte("x"))
	b.Publish("root", "targets")
	b.ok("file")
	if kept, err := Empty(context.Background(), b.dir); !kept || err != nil {
		t.Fatalf("%t, %v", kept, err)
	}
	if b.open() != nil || len(b.files()) != 2 { // state and lock
		t.Errorf("still there: %v", b.files())
	}
	newer, root := b.File("timestamp.json"), b.File("2.root.json")
	b.SetFile("2.root.json", nil)
	b.refused("tuf.rollback")
	b.SetFile("2.root.json", root)
	b.SetFile("timestamp.json", old)
	b.refused("tuf.rollback")
	b.SetFile("timestamp.json", newer)
	b.ok("file")
	b.want(2, 2, 2, 2)
}

func TestEmptyDamagedState(t *testing.T) {
	b := newBench(t)
	b.ok()
	must(t, os.WriteFile(filepath.Join(b.dir, "state"), []byte("{"), 0o600))
	if _, err := b.refresh(); err == nil {
		t.Error("a damaged state is taken for none")
	}
	if kept, err := Empty(context.Background(), b.dir); kept || err != nil {
		t.Fatalf("%t, %v", kept, err)
	}
	if _, err := os.Stat(b.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	b.ok()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	st, err := openStore(context.Background(), b.dir)
	must(t, err)
	defer st.lock.release()
	if _, err := Empty(ctx, b.dir); err == nil {
		t.Error("emptied while another has the lock")
	}
}
