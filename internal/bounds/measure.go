// SPDX-License-Identifier: Apache-2.0

//go:build unix

package bounds

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

// CPU returns the processor time that the process has used.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var sink uint32

// unit is what a simple loop costs for one byte, in nanoseconds, on this
// machine and in this run.
var unit = sync.OnceValue(func() float64 {
	data := make([]byte, 32<<20)
	start := CPU()
	h := uint32(2166136261)
	for _, c := range data {
		h = (h ^ uint32(c)) * 16777619
	}
	sink = h
	return max(float64(CPU()-start)/float64(len(data)), 0.2)
})

// Units returns a time as a number of units: of what a simple loop costs for
// one byte. So a limit means the same on a slow machine and on a busy one.
func Units(t time.Duration) float64 { return float64(t) / unit() }

// Time returns the processor time of so many units.
func Time(units float64) time.Duration { return time.Duration(units * unit()) }

// Cost runs a function and returns the processor time that it used and the
// bytes that it allocated. Other work of the process is included.
func Cost(run func()) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := CPU()
	run()
	spent := CPU() - start
	runtime.ReadMemStats(&after)
	return spent, after.TotalAlloc - before.TotalAlloc
}

// Within runs a function up to three times, until it uses no more than the
// limit: other work of the process is included. It returns the least time.
func Within(limit time.Duration, run func()) (least time.Duration, allocated uint64) {
	least, allocated = Cost(run)
	for range 2 {
		if least <= limit {
			break
		}
		again, _ := Cost(run)
		least = min(least, again)
	}
	return least, allocated
}
