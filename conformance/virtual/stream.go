// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Stream signs n requests, of which request returns the i-th, from 0, and
// yields their results in that order. The bundles are those that Sign would
// have returned one after the other, made on all processors and in bounded
// memory, whatever n is.
//
// The function request is called in order and by one goroutine, but hooks of
// several requests run at once. An error is yielded in its place and does not
// end the stream. The world must not be used for other signatures until the
// loop over the results has ended.
func (w *World) Stream(n int, request func(i int) Request) iter.Seq2[*Signed, error] {
	return func(yield func(*Signed, error) bool) {
		// A batch goes through each step together: small enough to be held,
		// large enough for no processor to wait for long.
		const perWorker = 64
		workers := runtime.GOMAXPROCS(0)
		for done := 0; done < n; {
			batch := make([]*job, min(n-done, perWorker*workers))
			w.mutex.Lock()
			number := w.issued
			w.issued += uint64(len(batch))
			w.mutex.Unlock()
			for i := range batch {
				batch[i] = w.newJob(number+uint64(i), request(done+i))
			}
			each(batch, workers, (*job).prepare)
			for _, j := range batch {
				j.enter()
			}
			each(batch, workers, (*job).finish)
			for _, j := range batch {
				if !yield(j.signed, j.err) {
					return
				}
			}
			done += len(batch)
		}
	}
}

// each runs a step of all jobs on so many goroutines, and waits for them.
func each(jobs []*job, workers int, step func(*job)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers, len(jobs)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(jobs)); i = next.Add(1) - 1 {
				step(jobs[i])
			}
		})
	}
	group.Wait()
}
