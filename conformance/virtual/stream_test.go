// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

func numbered(i int) virtual.Request {
	r := virtual.Request{Artifact: fmt.Appendf(nil, "artifact %d", i), SAN: fmt.Sprintf("https://example.test/%d", i)}
	switch i % 3 {
	case 1:
		r.Evidence = virtual.RekorV2
	case 2:
		r.PredicateType = "https://example.test/p"
	}
	return r
}

// A stream is a faster way of calling Sign, and nothing else.
func TestStream(t *testing.T) {
	streamed, one := newWorld(t, virtual.Config{}), newWorld(t, virtual.Config{})
	root := rootOf(t, streamed)
	const n = 300
	i := 0
	for s, err := range streamed.Stream(n, numbered) {
		if err != nil {
			t.Fatal(err)
		}
		if want := sign(t, one, numbered(i)); !bytes.Equal(s.Bundle, want.Bundle) {
			t.Fatalf("bundle %d differs", i)
		}
		if _, err := judge(t, root, anyone(s), s); err != nil {
			t.Fatalf("bundle %d: %v", i, err)
		}
		i++
	}
	if i != n {
		t.Errorf("%d bundles, want %d", i, n)
	}
}

func TestStreamErrors(t *testing.T) {
	w := newWorld(t, virtual.Config{})
	failed := 0
	for s, err := range w.Stream(10, func(i int) virtual.Request { return virtual.Request{Timestamps: i % 3} }) {
		if (s == nil) != (err != nil) {
			t.Fatal("a result and an error, or neither")
		}
		if err != nil {
			failed++
		}
	}
	if failed != 3 {
		t.Errorf("%d failed, want the 3 that ask for two timestamps of one authority", failed)
	}
	for range w.Stream(1000, numbered) {
		break
	}
}

func BenchmarkSign(b *testing.B) {
	w := newWorld(b, virtual.Config{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		sign(b, w, virtual.Request{Artifact: fmt.Append(nil, i)})
	}
}

func BenchmarkStream(b *testing.B) {
	w := newWorld(b, virtual.Config{})
	b.ReportAllocs()
	for _, err := range w.Stream(b.N, func(i int) virtual.Request { return virtual.Request{Artifact: fmt.Append(nil, i)} }) {
		if err != nil {
			b.Fatal(err)
		}
	}
}
