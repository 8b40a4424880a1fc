// SPDX-License-Identifier: Apache-2.0

// Package mutant is what a package imports while its changes are tried. Every
// change is compiled in behind a number, and the environment says which one is
// made in this process; none, if it says nothing. No file of the tree imports
// it: the compiler meets it through the overlay that command source writes.
//
// A process can also record which changes would have made a difference: those
// whose value was asked for and would have been another one. A test that runs
// without meeting such a value cannot notice the change.
package mutant

import (
	"cmp"
	"os"
	"strconv"
	"sync/atomic"
)

// Variables of the environment.
const (
	// Active holds the number of the change to make, from 1.
	Active = "SIGBUNDLE_MUTANT"
	// Record names the file to which numbers of changes are appended, one a line.
	Record = "SIGBUNDLE_MUTANT_RECORD"
)

// most is more than the changes of any package.
const most = 1 << 14

var (
	active = number(os.Getenv(Active))
	record = open(os.Getenv(Record))
	seen   [most]atomic.Bool
)

// number reads the number of a change; -1 means no change.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func open(name string) *os.File {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

// met records that a change would make a difference. 0 is no change.
func met(id int) {
	if record == nil || id == 0 || seen[id].Swap(true) {
		return
	}
	if _, err := record.WriteString(strconv.Itoa(id) + "\n"); err != nil {
		panic(err)
	}
}

// pick returns a value or what one of two changes makes of it.
func pick(is bool, first int, one bool, second int, two bool) bool {
	switch active {
	case first:
		return one
	case second:
		return two
	}
	if is != one {
		met(first)
	}
	if is != two {
		met(second)
	}
	return is
}

// If is a condition that may be made never or always true.
func If(never, always int, c bool) bool { return pick(c, never, false, always, true) }

// Not is a truth that may be turned round.
func Not(id int, c bool) bool { return pick(c, id, !c, 0, c) }

// LSS is a < b, which may become a <= b or a > b.
func LSS[T cmp.Ordered](first, second int, a, b T) bool {
	return pick(a < b, first, a <= b, second, a > b)
}

// LEQ is a <= b, which may become a < b or a > b.
func LEQ[T cmp.Ordered](first, second int, a, b T) bool {
	return pick(a <= b, first, a < b, second, a > b)
}

// GTR is a > b, which may become a >= b or a < b.
func GTR[T cmp.Ordered](first, second int, a, b T) bool {
	return pick(a > b, first, a >= b, second, a < b)
}

// GEQ is a >= b, which may become a > b or a < b.
func GEQ[T cmp.Ordered](first, second int, a, b T) bool {
	return pick(a >= b, first, a > b, second, a < b)
}

// LAND is a && b, which may become a || b. Where a is false, b is not asked
// for, so that the change counts as one that makes a difference.
func LAND(id int, a bool, b func() bool) bool {
	if active == id {
		return a || b()
	}
	if !a {
		met(id)
		return false
	}
	if b() {
		return true
	}
	met(id)
	return false
}

// LOR is a || b, which may become a && b.
func LOR(id int, a bool, b func() bool) bool {
	if active == id {
		return a && b()
	}
	if a {
		met(id)
		return true
	}
	if b() {
		met(id)
		return true
	}
	return false
}

// Num is a number that may be moved by one, either way.
func Num[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64](plus, minus int, v T) T {
	switch active {
	case plus:
		return v + 1
	case minus:
		return v - 1
	}
	met(plus)
	met(minus)
	return v
}
