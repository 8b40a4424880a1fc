// SPDX-License-Identifier: Apache-2.0

// Command coldstart runs commands in turn and says what one run of each costs:
// CPU time, time on the wall and peak memory, the medians of all runs.
//
//	coldstart RUNS NAME "COMMAND ARG..." [NAME "COMMAND ARG..."]...
package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

// runs are what the runs of one command cost.
type runs struct {
	cpu, wall []time.Duration
	memory    []int64 // KiB
}

func run(args []string) error {
	if len(args) < 3 || len(args)%2 != 1 {
		return fmt.Errorf(`usage: coldstart RUNS NAME "COMMAND ARG..."...`)
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 {
		return fmt.Errorf("%q is no number of runs", args[0])
	}
	args = args[1:]
	costs := make([]runs, len(args)/2)
	for range n {
		for i := range costs {
			if err := costs[i].once(strings.Fields(args[2*i+1])); err != nil {
				return fmt.Errorf("%s: %w", args[2*i], err)
			}
		}
	}
	fmt.Println("| program | CPU ms | wall ms | peak MiB |\n|---|--:|--:|--:|")
	for i, c := range costs {
		fmt.Printf("| %s | %.1f | %.1f | %.1f |\n", args[2*i], median(c.cpu).Seconds()*1e3, median(c.wall).Seconds()*1e3,
			float64(median(c.memory))/1024)
	}
	return nil
}

func (r *runs) once(command []string) error {
	start := time.Now()
	c := exec.Command(command[0], command[1:]...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	r.wall = append(r.wall, time.Since(start))
	r.cpu = append(r.cpu, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
	r.memory = append(r.memory, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	return nil
}

func median[T time.Duration | int64](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}
