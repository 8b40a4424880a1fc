// SPDX-License-Identifier: Apache-2.0

// Command bench measures this module and sigstore-go over the same bundles,
// block by block in turn, with the bare cryptography of each row beside them.
// It measures CPU time of the process, garbage collection included, because
// the time on the wall is that of everybody on the machine.
//
//	bench [-public DIR] [-rounds N] [-block N] [-procs 1,2]
//
// It prints Markdown, as docs/evidence/performance.md has it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/oracle"
	"github.com/sigbundle/sigbundle/internal/fastverify"
)

func main() {
	public := flag.String("public", "../../testdata/public", "the folder testdata/public")
	rounds := flag.Int("rounds", 9, "blocks of each judge in each row; the median counts")
	block := flag.Int("block", 40, "bundles in a block, all different")
	procs := flag.String("procs", "1,2", "values of GOMAXPROCS")
	flag.Parse()
	if err := run(*public, *procs, *rounds, *block); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(public, procs string, rounds, block int) error {
	rows, err := oracle.Rows(public, block)
	if err != nil {
		return err
	}
	for _, text := range strings.Split(procs, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-procs %q", procs)
		}
		runtime.GOMAXPROCS(n)
		fmt.Printf("\n### GOMAXPROCS=%d\n\n%s", n, head)
		for _, row := range rows {
			line, err := measure(row, n, rounds, block)
			if err != nil {
				return fmt.Errorf("%s: %w", row.Name, err)
			}
			fmt.Println(line)
		}
	}
	fmt.Print("\nThe floor of each row:\n\n")
	for _, row := range rows {
		_, what, err := oracle.Floor(row, nil)
		if err != nil {
			return err
		}
		fmt.Printf("- %s: %s\n", row.Name, what)
	}
	return nil
}

// warm is the number of blocks before those that count. Keys of the signers'
// certificates apart, all keys have got their tables by then.
const warm = 2

const head = `| row | floor µs | ours µs | peer µs | ours / floor | peer / ours | floor with tables µs | batch µs | batch / its floor | peer / batch | ours B | peer B | ours allocs | peer allocs |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`

// cost is what one bundle takes.
type cost struct {
	cpu    time.Duration
	bytes  uint64
	allocs uint64
}

// measure lets floor, ours, ours with tables, and peer take turns.
func measure(row oracle.Row, workers, rounds, block int) (string, error) {
	bare, _, err := oracle.Floor(row, nil)
	if err != nil {
		return "", err
	}
	tables, _, err := oracle.Floor(row, fastverify.New())
	if err != nil {
		return "", err
	}
	ours, err := oracle.Ours(row)
	if err != nil {
		return "", err
	}
	batch, err := oracle.Batch(row)
	if err != nil {
		return "", err
	}
	peer, err := oracle.Peer(row)
	if err != nil {
		return "", err
	}
	judges := [5]oracle.Judge{bare, ours, tables, batch, peer}
	var costs [5][]cost
	for round := range warm + rounds {
		for i, judge := range judges {
			c, err := spend(judge, row.Items, workers, block)
			if err != nil {
				return "", err
			}
			if round >= warm {
				costs[i] = append(costs[i], c)
			}
		}
	}
	f, o, t, b, p := median(costs[0]), median(costs[1]), median(costs[2]), median(costs[3]), median(costs[4])
	return fmt.Sprintf("| %s | %d | %d | %d | %.2f | %.2f | %d | %d | %.2f | %.2f | %d | %d | %d | %d |", row.Name,
		f.cpu.Microseconds(), o.cpu.Microseconds(), p.cpu.Microseconds(),
		float64(o.cpu)/float64(f.cpu), float64(p.cpu)/float64(o.cpu),
		t.cpu.Microseconds(), b.cpu.Microseconds(), float64(b.cpu)/float64(t.cpu), float64(p.cpu)/float64(b.cpu),
		o.bytes, p.bytes, o.allocs, p.allocs), nil
}

// spend judges block items on so many goroutines.
func spend(judge oracle.Judge, items []oracle.Item, workers, block int) (cost, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpu()
	errs := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < block; i += workers {
				if err := judge(items[i%len(items)]); err != nil {
					errs[w] = err
				}
			}
		})
	}
	group.Wait()
	used := cpu() - start
	runtime.ReadMemStats(&after)
	n := uint64(block)
	c := cost{used / time.Duration(block), (after.TotalAlloc - before.TotalAlloc) / n, (after.Mallocs - before.Mallocs) / n}
	for _, err := range errs {
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// cpu returns the CPU time of the process, in user mode and in the kernel.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // Linux and Darwin never refuse RUSAGE_SELF
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// median returns the cost in the middle, by CPU time.
func median(costs []cost) cost {
	slices.SortFunc(costs, func(a, b cost) int { return int(a.cpu - b.cpu) })
	return costs[len(costs)/2]
}
