// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// sampled returns the lines that are in a sample of so many lines.
func sampled(t *testing.T, sample string, lines int) map[string]bool {
	t.Helper()
	name := filepath.Join(t.TempDir(), "list")
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "{\"bundle\":\"missing %d\"}\n", i)
	}
	write(t, name, []byte(b.String()))
	l, err := OpenList(name)
	if err != nil {
		t.Fatal(err)
	}
	c := anyone(t, l, nil)
	if c.Sample, err = ParseSample(sample); err != nil {
		t.Fatal(err)
	}
	got, sum := findings(t, c)
	if sum.Entries != int64(lines) {
		t.Errorf("%d entries", sum.Entries)
	}
	in := make(map[string]bool)
	for _, f := range got {
		in[f.Bundle] = true
	}
	return in
}

func TestSample(t *testing.T) {
	if n := len(sampled(t, "", 1000)); n != 1000 {
		t.Errorf("everything: %d", n)
	}
	if n := len(sampled(t, "100%", 1000)); n != 1000 {
		t.Errorf("100%%: %d", n)
	}
	if n := len(sampled(t, "2000", 1000)); n != 1000 {
		t.Errorf("2000 of 1000: %d", n)
	}
	if n := len(sampled(t, "37", 1000)); n != 37 {
		t.Errorf("37: %d", n)
	}
	less, more := sampled(t, "10%", 1000), sampled(t, "10%", 2000)
	if len(less) < 60 || len(less) > 140 {
		t.Errorf("10%% of 1000: %d", len(less))
	}
	for name := range less {
		if !more[name] {
			t.Errorf("%s fell out when the list grew", name)
		}
	}
}

// Equal lines do not make a sample larger.
func TestSampleOfEqualLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list")
	write(t, name, []byte(strings.Repeat("{\"bundle\":\"missing\"}\n", 100)))
	l, err := OpenList(name)
	if err != nil {
		t.Fatal(err)
	}
	c := anyone(t, l, nil)
	c.Sample = Sample{count: 10}
	if got, _ := findings(t, c); len(got) != 10 {
		t.Errorf("%d findings", len(got))
	}
}

func TestParseSample(t *testing.T) {
	for _, s := range []string{"0", "-1", "x", "0%", "101%", "-5%", "NaN%", "1e", "1000001", "%", "5 %"} {
		if got, err := ParseSample(s); err == nil {
			t.Errorf("%q accepted as %v", s, got)
		}
	}
	for _, s := range []string{"", "1", "1000", "0.5%", "12.5%", "100%"} {
		if got, err := ParseSample(s); err != nil || got.String() != s {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	c := anyone(t, listOf(), nil)
	c.Sample = Sample{count: 1}
	if _, err := Run(t.Context(), c); err == nil {
		t.Error("a sample by number of a stream")
	}
}
