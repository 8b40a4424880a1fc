// SPDX-License-Identifier: Apache-2.0

// Package age reads and writes lengths of time as people do: in days where
// days are enough.
package age

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// maxText bounds what is read.
const maxText = 64

// Parse reads a length of time: numbers with the units w, d, h, m and s, the
// larger units first, such as 30d, 1d12h or 90m, or 0. Days and weeks are whole
// numbers of 24 hours and of 7 days.
func Parse(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%.64q is not a length of time, want days, hours or minutes such as 30d, 12h or 90m", s)
	rest, negative := strings.CutPrefix(s, "-")
	if len(s) > maxText || rest == "" {
		return 0, wrong
	}
	var total time.Duration
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * day}, {"d", day}} {
		digits, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || digits[0] == '+' || time.Duration(n) > (1<<62-total)/unit.length {
			return 0, wrong
		}
		total += time.Duration(n) * unit.length
		rest = after
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") || total+d < total {
			return 0, wrong
		}
		total += d
	}
	if negative {
		total = -total
	}
	return total, nil
}

// Text writes a length of time as it is, in the units that Parse reads.
func Text(d time.Duration) string {
	if d < 0 {
		return "-" + Text(-max(d, -1<<62))
	}
	days, rest := d/day, d%day
	var text string
	if days > 0 {
		text = fmt.Sprintf("%dd", days)
	}
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}} {
		if n := rest / unit.length; n > 0 {
			text += fmt.Sprintf("%d%s", n, unit.letter)
			rest %= unit.length
		}
	}
	if rest > 0 {
		text += rest.String()
	}
	if text == "" {
		return "0"
	}
	return text
}

// Words rounds a length of time down to what a person asks for.
func Words(d time.Duration) string {
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	case d >= time.Minute:
		return "1 minute"
	}
	return "less than a minute"
}

// Value is a flag's value: a length of time.
type Value struct{ Into *time.Duration }

// Set reads the value.
func (v Value) Set(s string) (err error) {
	*v.Into, err = Parse(s)
	return err
}

// String writes the value.
func (v Value) String() string {
	if v.Into == nil || *v.Into == 0 {
		return "0"
	}
	return Text(*v.Into)
}

// Type names the kind of value.
func (Value) Type() string { return "age" }
