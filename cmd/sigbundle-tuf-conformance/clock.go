// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The suite sets the clock with the program faketime. That puts a library
// between a program and the C library's clock, which Go programs do not ask,
// and says what it does in the variable FAKETIME. This command reads the
// variable; no other part of this module does.
const fakeTimeVariable = "FAKETIME"

// fakeTime returns the time that the value of FAKETIME stands for: a number of
// seconds, minutes (m), hours (h), days (d) or years (y) after the real time,
// or a local date and time. A value that it cannot read is an error: by the
// real clock a test would say nothing.
func fakeTime(value string, now time.Time) (time.Time, error) {
	if value == "" {
		return now, nil
	}
	if t, err := time.ParseInLocation(time.DateTime, strings.TrimPrefix(value, "@"), now.Location()); err == nil {
		return t, nil
	}
	number, unit := value, time.Second
	for suffix, d := range map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "y": 365 * 24 * time.Hour} {
		if s, ok := strings.CutSuffix(value, suffix); ok {
			number, unit = s, d
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	const most = 100 * 365 * 24 * time.Hour
	if offset := n * float64(unit); err == nil && offset >= -float64(most) && offset <= float64(most) {
		return now.Add(time.Duration(offset)), nil
	}
	return time.Time{}, fmt.Errorf("%s %.80q: unknown form, want an offset such as +18d or a time such as 2026-05-08 12:00:00", fakeTimeVariable, value)
}
