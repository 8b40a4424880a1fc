// SPDX-License-Identifier: Apache-2.0

package call

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// backoff returns the pause after an attempt, counted from 1: it doubles, and
// half of it is left to chance, so that many clients do not come back at once.
func backoff(attempt int) time.Duration {
	d := firstPause << (attempt - 1)
	return d/2 + rand.N(d/2)
}

// retryAfter reads the pause that a service asks for, in seconds or as a date
// (RFC 9110, Section 10.2.3): 0 if it asks for none, and at most maxPause.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 16); err == nil {
		return min(time.Duration(seconds)*time.Second, maxPause)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxPause)
	}
	return 0
}

// pause waits, or returns the context's error. It does not begin to wait for
// longer than there is time.
func pause(ctx context.Context, d time.Duration) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
