// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// A refresh is stopped at each step that it takes on disk in turn, once as
// by a full disk and once as by kill -9, which cleans nothing up. The old
// trust works after each, until the new one does.
func TestStoppedAtEveryStep(t *testing.T) {
	for _, kill := range []bool{false, true} {
		steps := 0
		for at := 1; ; at++ {
			b := faultyBench(t)
			b.SetKeys("timestamp", 1, "rotated")
			b.Publish("root")
			b.Publish("timestamp")
			n, done := 0, true
			fault := func(step, name string) error {
				if n++; n != at {
					return nil
				}
				done = false
				if kill {
					panic(killed{})
				}
				return errors.New("no space left on device")
			}
			err := refreshKilled(b, fault, "file")
			if got := b.versions(); !slices.Equal(got, []int64{1, 1, 1, 1}) && !slices.Equal(got, []int64{3, 3, 2, 2}) {
				t.Fatalf("stopped at step %d (kill %v): cache proves %v", at, kill, got)
			}
			if !done && !kill && err != nil && refuse.CodeOf(err) != "tuf.cache" {
				t.Fatalf("step %d: %v (%s)", at, err, refuse.CodeOf(err))
			}
			b.ok("file")
			b.want(3, 3, 2, 2)
			if done {
				break
			}
			steps++
		}
		if steps < 15 {
			t.Errorf("only %d steps", steps)
		}
	}
}

type killed struct{}

// refreshKilled refreshes; a panic in fault ends it where it stands, except for
// the lock, which the kernel would take from a dead process.
func refreshKilled(b *bench, fault func(step, name string) error, targets ...string) (err error) {
	defer func() {
		if r := recover(); r != nil && r != (killed{}) {
			panic(r)
		}
	}()
	_, err = refreshWith(context.Background(), b.cfg(targets...), fault)
	return err
}

func TestDamagedCache(t *testing.T) {
	b := newBench(t)
	b.AddTarget("targets", "file", []byte("x"))
	b.Publish("targets")
	b.Publish("root")
	b.ok("file")
	for _, name := range []string{"root_history/2.root.json", "sets/1/timestamp.json", "sets/1/snapshot.json", "sets/1/targets.json", "targets/" + sha([]byte("x")) + ".file"} {
		path := filepath.Join(b.dir, name)
		good, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, append([]byte("x"), good[1:]...), 0o600))
		b.now = b.now.Add(time.Second)
		r, err := tufroot.OpenCache(os.DirFS(b.dir), tufroot.Config{Roots: [][]byte{b.root}, Policy: tufroot.Policy{At: b.now}})
		if err == nil {
			_, err = r.Target("file")
		}
		if name == "targets/"+sha([]byte("x"))+".file" && len(good) == 1 {
			must(t, os.WriteFile(path, []byte("y"), 0o600))
			_, err = r.Target("file")
		}
		if err == nil {
			t.Errorf("%s damaged: still proved", name)
		}
		b.ok("file") // a refresh heals it
		must(t, os.RemoveAll(b.dir))
		b.ok("file")
	}
	must(t, os.WriteFile(filepath.Join(b.dir, "state"), []byte("{"), 0o600))
	if _, err := b.refresh(); refuse.CodeOf(err) != "tuf.cache" {
		t.Errorf("damaged state: %v", err)
	}
	must(t, os.Remove(filepath.Join(b.dir, "state")))
	if _, err := b.refresh(); refuse.CodeOf(err) != "tuf.cache" {
		t.Errorf("state gone, and the floors with it: %v", err)
	}
}

func TestUnwritableDirectory(t *testing.T) {
	b := newBench(t)
	must(t, os.WriteFile(b.dir, nil, 0o600))
	if _, err := b.refresh(); refuse.CodeOf(err) != "tuf.cache" {
		t.Errorf("a file in place of the cache: %v", err)
	}
}

func TestLockIsWaitedFor(t *testing.T) {
	b := newBench(t)
	b.ok()
	l, err := tryLock(filepath.Join(b.dir, "lock"))
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Refresh(ctx, b.cfg()); refuse.CodeOf(err) != "tuf.locked" {
		t.Errorf("%v", err)
	}
	b.want(1, 1, 1, 1) // readers do not wait
	l.release()
	b.ok()
}

// TestMain also runs this program's other half: a process that refreshes and
// reads a cache until it is told to stop, or is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TUFSYNC_TEST_DIR"); dir != "" {
		if err := worker(dir, os.Getenv("TUFSYNC_TEST_URL"), []byte(os.Getenv("TUFSYNC_TEST_ROOT"))); err != nil {
			fmt.Println(err, refuse.CodeOf(err))
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func worker(dir, url string, root []byte) error {
	var last int64
	for {
		if _, err := os.Stat(dir + ".stop"); err == nil {
			return nil
		}
		_, err := Refresh(context.Background(), Config{Dir: dir, Root: root, URL: url, Now: tuftest.Start.Add(time.Hour), Targets: []string{"file"}})
		if err != nil {
			return err
		}
		for range 3 {
			r, err := tufroot.OpenCache(os.DirFS(dir), tufroot.Config{Roots: [][]byte{root}, Policy: tufroot.Policy{At: tuftest.Start.Add(time.Hour)}})
			if err != nil {
				return err
			}
			f, err := r.Target("file")
			if err != nil {
				return err
			}
			role := f.Status.Roles[3]
			if want := fmt.Sprint("contents ", role.Version); string(f.Data) != want {
				return fmt.Errorf("the target says %q, want %q", f.Data, want)
			}
			if role.Version < last {
				return fmt.Errorf("targets went back from version %d to %d", last, role.Version)
			}
			last = role.Version
		}
	}
}

// Many processes refresh and read one cache of a repository that changes all
// the time, while one of them is killed at random again and again.
func TestManyProcesses(t *testing.T) {
	workers, kills := 16, 50
	if testing.Short() {
		workers, kills = 6, 10
	}
	b := newBench(t)
	var mu sync.Mutex // a request sees the repository between two publications
	publish := func() {
		mu.Lock()
		defer mu.Unlock()
		b.AddTarget("targets", "file", fmt.Append(nil, "contents ", b.Version("targets")+1))
		b.Publish("targets")
	}
	publish()
	b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if data := b.File(strings.TrimPrefix(r.URL.Path, "/")); data != nil {
			w.Write(data)
		} else {
			w.WriteHeader(404)
		}
		return true
	})
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TUFSYNC_TEST_DIR="+b.dir, "TUFSYNC_TEST_URL="+b.url, "TUFSYNC_TEST_ROOT="+string(b.root))
		cmd.Stdout = os.Stderr
		must(t, cmd.Start())
		return cmd
	}
	var others []*exec.Cmd
	for range workers - 1 {
		others = append(others, start())
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		victim := start()
		time.Sleep(time.Duration(10+random.IntN(90)) * time.Millisecond)
		must(t, victim.Process.Kill())
		victim.Wait()
		publish()
	}
	must(t, os.WriteFile(b.dir+".stop", nil, 0o600))
	for i, cmd := range others {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	b.ok("file")
	b.open()
	left, err := os.ReadDir(filepath.Join(b.dir, "sets"))
	if err != nil || len(left) > 2 {
		t.Errorf("%d sets left, %v", len(left), err)
	}
}
