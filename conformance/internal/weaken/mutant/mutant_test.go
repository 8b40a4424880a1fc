// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"os"
	"path/filepath"
	"testing"
)

// with runs f with one change made.
func with[T any](t *testing.T, id int, f func() T) T {
	t.Helper()
	active = id
	defer func() { active = -1 }()
	return f()
}

// Each switch must leave a value alone, and change it as its name says.
func TestSwitches(t *testing.T) {
	yes, no := func() bool { return true }, func() bool { return false }
	type row struct {
		name  string
		f     func() bool
		plain bool
		one   bool // with change 1
		two   bool // with change 2
	}
	for _, r := range []row{
		{"never", func() bool { return If(1, 2, true) }, true, false, true},
		{"always", func() bool { return If(1, 2, false) }, false, false, true},
		{"loop", func() bool { return If(1, 0, true) }, true, false, true},
		{"not", func() bool { return Not(1, true) }, true, false, true},
		{"1 < 2", func() bool { return LSS(1, 2, 1, 2) }, true, true, false},
		{"2 < 2", func() bool { return LSS(1, 2, 2, 2) }, false, true, false},
		{"2 <= 2", func() bool { return LEQ(1, 2, 2, 2) }, true, false, false},
		{"3 <= 2", func() bool { return LEQ(1, 2, 3, 2) }, false, false, true},
		{"3 > 2", func() bool { return GTR(1, 2, 3, 2) }, true, true, false},
		{"2 > 2", func() bool { return GTR(1, 2, 2, 2) }, false, true, false},
		{"2 >= 2", func() bool { return GEQ(1, 2, 2, 2) }, true, false, false},
		{"1 >= 2", func() bool { return GEQ(1, 2, 1, 2) }, false, false, true},
		{"yes && no", func() bool { return LAND(1, true, no) }, false, true, false},
		{"no && yes", func() bool { return LAND(1, false, yes) }, false, true, false},
		{"yes || no", func() bool { return LOR(1, true, no) }, true, false, true},
		{"no || yes", func() bool { return LOR(1, false, yes) }, true, false, true},
		{"+1", func() bool { return Num(1, 2, 5) == 6 }, false, true, false},
		{"-1", func() bool { return Num(1, 2, uint8(5)) == 4 }, false, false, true},
	} {
		if got := r.f(); got != r.plain {
			t.Errorf("%s: %v with no change", r.name, got)
		}
		if got := with(t, 1, r.f); got != r.one {
			t.Errorf("%s: %v with change 1", r.name, got)
		}
		if got := with(t, 2, r.f); got != r.two {
			t.Errorf("%s: %v with change 2", r.name, got)
		}
	}
}

// The right side must not be asked for where Go would not ask.
func TestShortCircuit(t *testing.T) {
	never := func() bool { panic("asked") }
	if LAND(1, false, never) || !LOR(1, true, never) {
		t.Error("wrong value")
	}
	with(t, 1, func() bool {
		if !LAND(1, true, never) || LOR(1, false, never) {
			t.Error("wrong value with the change")
		}
		return true
	})
}

// Recorded are the changes that would make a difference, once each.
func TestRecord(t *testing.T) {
	name := filepath.Join(t.TempDir(), "met")
	record = open(name)
	defer func() { record = nil }()
	for range 2 {
		LSS(11, 12, 1, 2)                             // only > differs
		GTR(13, 14, 2, 2)                             // only >= differs
		If(15, 16, true)                              // only never differs
		LOR(17, false, func() bool { return false })  // nothing differs
		LAND(18, true, func() bool { return true })   // nothing differs
		LOR(19, true, func() bool { panic("asked") }) // may differ
		LAND(20, true, func() bool { return false })  // differs
		LAND(21, false, func() bool { return false }) // may differ
		LOR(22, false, func() bool { return true })   // differs
		Num(23, 0, 5)
	}
	if err := record.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if want := "12\n13\n15\n19\n20\n21\n22\n23\n"; err != nil || string(got) != want {
		t.Errorf("recorded %q, %v, want %q", got, err, want)
	}
}
