// SPDX-License-Identifier: Apache-2.0

// Command fuzz runs the fuzz targets of the module one after the other, each
// until it has used so much processor time, and keeps a record of what ran.
//
//	go run ./conformance/internal/fuzz -cpu 30s
//	go run ./conformance/internal/fuzz -cpu 10m -skip FuzzVerdict -record docs/evidence/fuzzing.md
//
// Processor time and not time by the clock, because the figure is to mean the
// same on a machine that does other work as well. With a record a run goes on
// where an earlier one was broken off: what the record has of a target counts,
// and it is kept after every round. To begin anew, delete it. Inputs that reach
// new code are not kept from run to run: those made for other keys would pass
// for forgeries. An input that breaks a target is written to testdata/fuzz of
// its package, and the command fails.
//
// With -seeds it writes what .clusterfuzzlite/build.sh needs beside the targets.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// round bounds what is lost of a run that is broken off. Each begins by trying
// all earlier inputs again.
const round = 10 * time.Minute

func main() {
	var c campaign
	flag.DurationVar(&c.cpu, "cpu", 30*time.Second, "processor `TIME` of each target")
	flag.IntVar(&c.workers, "workers", 1, "inputs tried at a time")
	only := flag.String("only", "", "run the targets whose `package.Name` matches this expression")
	skip := flag.String("skip", "^$", "but not those that match this one")
	flag.StringVar(&c.record, "record", "", "write what ran to `FILE`, a table in Markdown, and count what it has already")
	seeds := flag.String("seeds", "", "fuzz nothing, but write the seeds of each target into the folder `DIR`, an archive for libFuzzer each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := chosen(ctx, *only, *skip, func(all []target) error {
		if *seeds != "" {
			return writeSeeds(ctx, all, *seeds)
		}
		return run(ctx, &c, all)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

// chosen does something with the targets that match one expression and not the
// other.
func chosen(ctx context.Context, only, skip string, do func([]target) error) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	except, err := regexp.Compile(skip)
	if err != nil {
		return err
	}
	all, err := targets(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(t target) bool { return !match.MatchString(t.name()) || except.MatchString(t.name()) })
	if len(all) == 0 {
		return fmt.Errorf("no target matches %q", only)
	}
	return do(all)
}

func run(ctx context.Context, c *campaign, all []target) (err error) {
	if c.dir, err = os.MkdirTemp("", "fuzz"); err != nil {
		return err
	}
	defer os.RemoveAll(c.dir)
	var failed []string
	for _, t := range all {
		fmt.Fprintf(os.Stderr, "%s: for %s\n", t.name(), c.cpu)
		o, err := c.run(ctx, t)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = append(failed, t.name())
			continue
		}
		fmt.Printf("%-40s %12d executions %8s CPU %6d inputs\n", t.name(), o.executions, o.cpu.Round(time.Second), o.inputs)
	}
	if failed != nil {
		return fmt.Errorf("%s failed", strings.Join(failed, ", "))
	}
	return nil
}

// campaign is how targets are run.
type campaign struct {
	cpu     time.Duration
	workers int
	record  string
	dir     string // of test programs and inputs
}

// outcome is what a target did.
type outcome struct {
	executions int64
	cpu        time.Duration
	inputs     int // that reach code of their own, with those of earlier runs
}

// run builds a target's test program and runs it until it has used its time.
func (c *campaign) run(ctx context.Context, t target) (outcome, error) {
	program := filepath.Join(c.dir, t.function+".test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-fuzz", "^"+t.function+"$", "-o", program, t.pkg)
	if out, err := build.CombinedOutput(); err != nil {
		return outcome{}, fmt.Errorf("%s: %w\n%s", t.name(), err, out)
	}
	defer os.Remove(program)
	o, err := recorded(c.record, t)
	if err != nil {
		return o, err
	}
	for o.cpu < c.cpu {
		// By the clock; on a busy machine a further round follows.
		for_ := min(round, (c.cpu-o.cpu)/time.Duration(c.workers)+time.Second)
		cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.fuzz", "^"+t.function+"$", "-test.fuzztime", for_.String(),
			// Making bundles small first would take all the time there is.
			"-test.fuzzminimizetime", "10x", "-test.fuzzcachedir", filepath.Join(c.dir, "inputs", t.pkg),
			"-test.parallel", strconv.Itoa(c.workers))
		cmd.Dir = t.dir
		// Asked to stop, a target still writes down what it found.
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		out, err := cmd.CombinedOutput()
		if err != nil && !outOfTime(out) {
			return o, fmt.Errorf("%s: %w\n%s", t.name(), err, out)
		}
		executions, inputs := figures(out)
		o.executions += executions
		o.inputs = max(o.inputs, inputs)
		o.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if err := keep(c.record, t, o); err != nil {
			return o, err
		}
	}
	if o.executions == 0 {
		return o, fmt.Errorf("%s: %s was too short to try anything", t.name(), c.cpu)
	}
	return o, nil
}

// outOfTime reports whether a round failed for no other reason than that its
// time was over while an input was tried, which go test takes for a failure
// now and then. What breaks a target is written down.
func outOfTime(out []byte) bool {
	return bytes.Contains(out, []byte("\n    context deadline exceeded\n")) && !bytes.Contains(out, []byte("Failing input"))
}

var progress = regexp.MustCompile(`execs: (\d+) .*\(total: (\d+)\)`)

// figures reads the last line of progress that a target printed: none if the
// round ended while earlier inputs were still tried again.
func figures(out []byte) (executions int64, inputs int) {
	all := progress.FindAllSubmatch(out, -1)
	if all == nil {
		return 0, 0
	}
	last := all[len(all)-1]
	executions, _ = strconv.ParseInt(string(last[1]), 10, 64)
	inputs, _ = strconv.Atoi(string(last[2]))
	return executions, inputs
}
