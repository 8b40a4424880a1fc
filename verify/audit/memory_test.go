// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Memory does not grow with the list, nor with the artifacts that it names.
func TestMemory(t *testing.T) {
	peak := func(lines int) uint64 {
		r, w := io.Pipe()
		go func() {
			for i := range lines {
				fmt.Fprintf(w, `{"bundle":%q,"artifact":"sha256:%064x"}`+"\n", strings.Repeat("x", 200), i)
			}
			w.Close()
		}()
		var highest uint64
		c := anyone(t, NewList("list", r), nil)
		c.Out = io.Discard
		c.Progress = func(n int64) {
			if n%2000 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				highest = max(highest, m.HeapAlloc)
			}
		}
		if _, err := Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return highest
	}
	few, many := peak(4000), peak(40000)
	if many > few+(4<<20) {
		t.Errorf("%d bytes for 4,000 lines, %d for 40,000", few, many)
	}
}

// However large the bundles are, only so many bytes of them are read ahead.
func TestBytesAhead(t *testing.T) {
	var b budget
	b.cond.L = &b.mutex
	if !b.acquire(maxBytesAhead * 2) {
		t.Fatal("the first does not fit")
	}
	got := make(chan bool)
	go func() { got <- b.acquire(1) }()
	select {
	case <-got:
		t.Fatal("there was no room")
	case <-time.After(20 * time.Millisecond):
	}
	b.release(maxBytesAhead * 2)
	if !<-got {
		t.Error("refused")
	}
	go func() { got <- b.acquire(maxBytesAhead) }()
	b.close()
	if <-got {
		t.Error("accepted after the end")
	}
}
