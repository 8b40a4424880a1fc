// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command soak audits as many bundles as it is told, each generated as the
// audit asks for it, and prints what that cost:
//
//	soak -sigbundle bin/sigbundle -n 1000000
//
// The audit is the command itself, in a process of its own, with a list on
// standard input. Leaves, entries, checkpoints and artifacts are all distinct;
// one bundle in a hundred has a flaw, and the summary must count exactly
// those.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify/audit"
)

func main() {
	command := flag.String("sigbundle", "bin/sigbundle", "the command to run")
	n := flag.Int("n", 1_000_000, "how many bundles")
	most := flag.Int("most", 256, "the resident memory allowed, in MiB")
	flag.Parse()
	if err := soak(*command, *n, *most); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func soak(command string, n, most int) error {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, err := virtual.New(virtual.Config{Seed: "soak"})
	if err != nil {
		return err
	}
	root, err := w.TrustedRoot()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "root.json"), root, 0o644); err != nil {
		return err
	}
	summary := filepath.Join(dir, "summary.json")
	cmd := exec.Command(command, "audit", "-", "--trusted-root", filepath.Join(dir, "root.json"), "--fail-on", "none",
		"--identity-regexp", `https://example\.test/[0-9]+`, "--issuer", virtual.DefaultIssuer,
		"--out", filepath.Join(dir, "findings"), "--resume", filepath.Join(dir, "state"), "--format", "json", "--summary", summary)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	begin := time.Now()
	flaws, err := generate(w, n, in, cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	if err := judge(summary, n, flaws); err != nil {
		return err
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	fmt.Printf("%d bundles in %.0f s, made meanwhile on the same machine: %.3f ms of CPU each, %.0f a second and core; at most %d MiB resident\n",
		n, time.Since(begin).Seconds(), cpu.Seconds()*1000/float64(n), float64(n)/cpu.Seconds(), usage.Maxrss>>10)
	if int64(usage.Maxrss)>>10 > int64(most) {
		return fmt.Errorf("more than %d MiB", most)
	}
	return nil
}

// generate writes the list, and says now and then what the last bundles cost.
func generate(w *virtual.World, n int, out io.WriteCloser, pid int) (flaws int, err error) {
	defer out.Close()
	b := bufio.NewWriterSize(out, 1<<20)
	i, before := 0, processor(pid)
	for s, err := range w.Stream(n, request) {
		if err != nil {
			return 0, err
		}
		digest := sha256.Sum256(s.Artifact)
		if i%100 == 99 {
			digest[0] ^= 1
			flaws++
		}
		fmt.Fprintf(b, `{"bundle":%s,"artifact":"sha256:%x"}`+"\n", s.Bundle, digest)
		if i++; i%max(n/10, 1) == 0 {
			now := processor(pid)
			fmt.Printf("%9d: %.3f ms of CPU each since the last line\n", i, (now-before).Seconds()*1000/float64(n/10))
			before = now
		}
	}
	return flaws, b.Flush()
}

// request is the i-th: messages and statements, of both generations of logs.
func request(i int) virtual.Request {
	r := virtual.Request{Artifact: fmt.Appendf(nil, "artifact %d", i), SAN: fmt.Sprintf("https://example.test/%d", i)}
	if i%2 == 1 {
		r.Evidence = virtual.RekorV2
	}
	if i%4 >= 2 {
		r.PredicateType = "https://slsa.dev/provenance/v1"
	}
	return r
}

// processor returns the CPU time of a process so far (proc(5), stat).
func processor(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(data, []byte(") "))
	fields := strings.Fields(string(after))
	if len(fields) < 13 {
		return 0
	}
	const tick = time.Second / 100 // USER_HZ on every architecture of Go
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// judge holds the summary against what was generated.
func judge(name string, n, flaws int) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var s audit.Summary
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s.Findings != int64(n) || s.Refused != int64(flaws) || flaws > 0 && (len(s.Codes) == 0 || s.Verified != int64(n-flaws)) {
		return fmt.Errorf("%d bundles with %d flaws: %s", n, flaws, data)
	}
	return nil
}
