// SPDX-License-Identifier: Apache-2.0

package age

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"0": 0, "0d": 0, "30d": 30 * day, "1d12h": 36 * time.Hour, "2w": 14 * day, "1w1d": 8 * day, "240h": 240 * time.Hour,
		"90m": 90 * time.Minute, "1h30m5s": 5405 * time.Second, "1.5h": 90 * time.Minute, "-1h": -time.Hour, "-1d": -day, "36500d": 36500 * day,
	} {
		got, err := Parse(in)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
		if again, err := Parse(Text(got)); err != nil || again != got {
			t.Errorf("%q: written as %q, read as %v, %v", in, Text(got), again, err)
		}
	}
	for _, in := range []string{
		"", "-", "d", "30", "30D", "30 d", "1d-12h", "1d+12h", "+1d", "--1h", "1y", "1d1w", "1d1d", "1.5d", "4294967295w", "99999999999999999999d",
		"106751d23h47m16s854775807ns1h", "1h" + strings.Repeat("0", 70), "2006-01-02",
	} {
		if got, err := Parse(in); err == nil || !strings.Contains(err.Error(), "such as 30d") {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2305*time.Hour + 46*time.Minute + 57*time.Second: "96 days", 47 * time.Hour: "47 hours", 119 * time.Minute: "119 minutes",
		time.Minute: "1 minute", time.Second: "less than a minute", -time.Hour: "less than a minute",
	} {
		if got := Words(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0", 2305*time.Hour + 46*time.Minute: "96d1h46m", -day: "-1d", time.Millisecond: "1ms"} {
		if got := Text(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	var d time.Duration
	if v := (Value{&d}); v.Set("2d") != nil || v.String() != "2d" || v.Type() != "age" || v.Set("x") == nil || (Value{}).String() != "0" {
		t.Error("the flag's value")
	}
}
