// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// The environment turns this test binary into an audit of its own.
const childEnv = "SIGBUNDLE_AUDIT_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := child(dir, os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child audits the tree in dir/store.
func child(dir, out, state string) error {
	data, err := os.ReadFile(filepath.Join(dir, "root.json"))
	if err != nil {
		return err
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		return err
	}
	src, err := OpenTree(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	_, err = Run(context.Background(), Config{Source: src, Roots: []Root{{root, "test"}}, Policy: verify.Policy{AnyIdentity: true}, File: out, State: state,
		Tick: time.Tick(10 * time.Millisecond)})
	return err
}

// bundles on disk, and kills, in TestKill; `make audit-kill` raises them.
func killSizes(t *testing.T) (bundles, kills int) {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("SIGBUNDLE_AUDIT_KILL")); err == nil {
		return n, 20
	}
	return 2000, 20
}

// makeStore writes a tree of bundles and artifacts, a few of them wrong.
func makeStore(t testing.TB, dir string, n int) {
	t.Helper()
	i := 0
	for s, err := range world().Stream(n, request) {
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprintf("%02x", i%251), fmt.Sprintf("package-%d.tgz", i))
		artifact, bundle := s.Artifact, s.Bundle
		switch i % 20 {
		case 7:
			artifact = []byte("another artifact")
		case 11:
			bundle = bundle[:len(bundle)/2]
		}
		write(t, name+".sigstore.json", bundle)
		if i%20 != 13 {
			write(t, name, artifact)
		}
		i++
	}
}

// Kill -9 at any moment, again and again, and the findings are those of a run
// that was left alone.
func TestKill(t *testing.T) {
	n, kills := killSizes(t)
	dir := t.TempDir()
	makeStore(t, filepath.Join(dir, "store"), n)
	write(t, filepath.Join(dir, "root.json"), rootJSON(t))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	audit := func(out, state string) *exec.Cmd {
		cmd := exec.Command(self, filepath.Join(dir, out), state)
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		cmd.Stderr = os.Stderr
		return cmd
	}
	begin := time.Now()
	if err := audit("whole", "").Run(); err != nil {
		t.Fatal(err)
	}
	alone := time.Since(begin)
	state := filepath.Join(dir, "state")
	random := rand.New(rand.NewPCG(2, 5)) // where a kill hits is up to the machine anyway
	killed := 0
	for range kills {
		cmd := audit("pieces", state)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(3 * int64(alone) / int64(2*kills))))
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			killed++
		}
	}
	if err := audit("pieces", state).Run(); err != nil {
		t.Fatal(err)
	}
	want, got := readFile(t, dir, "whole"), readFile(t, dir, "pieces")
	if !bytes.Equal(got, want) {
		t.Error("the findings differ")
	}
	verified := 0
	for _, f := range parseFindings(t, want) {
		if f.Verified {
			verified++
		}
	}
	if all := bytes.Count(want, []byte("\n")); all != n || verified != n-3*(n/20) || killed < kills/2 {
		t.Errorf("%d findings, %d verified; killed %d times", all, verified, killed)
	}
	t.Logf("%d bundles: %.1f s left alone; killed %d times in %.1f s, the same %d bytes of findings",
		n, alone.Seconds(), killed, time.Since(begin).Seconds()-alone.Seconds(), len(got))
}

func readFile(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
