// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify"
)

// shop is a store of 12 lines with 15 bundles, cheap to audit.
type shop struct {
	t          testing.TB
	list       string
	out, state string
}

func newShop(t testing.TB) *shop {
	dir := t.TempDir()
	s := &shop{t, filepath.Join(dir, "list"), filepath.Join(dir, "findings"), filepath.Join(dir, "state")}
	var b strings.Builder
	for i := range 12 {
		switch i % 8 {
		case 3:
			fmt.Fprintf(&b, `{"bundle":%s}`+"\n", signed()[2].Bundle)
		case 5:
			b.WriteString(`{"attestations":[{"bundle":{}},{"bundle":1},{"bundle":[]},{"bundle":"x"}]}` + "\n")
		default:
			fmt.Fprintf(&b, `{"bundle":"missing %d"}`+"\n", i)
		}
	}
	write(t, s.list, []byte(b.String()))
	return s
}

// config saves the state after every entry.
func (s *shop) config() Config {
	l, err := OpenList(s.list)
	if err != nil {
		s.t.Fatal(err)
	}
	l.label = "list"
	tick := make(chan time.Time)
	close(tick)
	c := anyone(s.t, l, nil)
	c.NoArtifact = true
	c.File, c.State, c.Tick = s.out, s.state, tick
	return c
}

func (s *shop) findings() []byte {
	data, err := os.ReadFile(s.out)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// whole returns what a run that is left alone writes.
func whole(t testing.TB) ([]byte, *Summary) {
	s := newShop(t)
	sum, err := Run(t.Context(), s.config())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(parseFindings(t, s.findings())); n != 15 {
		t.Fatalf("%d findings", n)
	}
	return s.findings(), sum
}

func sameSummary(a, b *Summary) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

var errCrash = errors.New("crash")

// A run that crashes before any of its effects on the disk, any number of
// times, and is resumed, writes what a run that is left alone writes.
func TestResumeAfterEveryCrash(t *testing.T) {
	want, wantSum := whole(t)
	for crash := 1; ; crash++ {
		s := newShop(t)
		steps, last := 0, ""
		c := s.config()
		c.step = func(name string) error {
			if steps++; steps >= crash {
				last = name
				return errCrash
			}
			return nil
		}
		_, err := Run(t.Context(), c)
		if err == nil {
			if crash < 70 {
				t.Errorf("%d steps only", crash)
			}
			return
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		// What a killed process leaves is not always what the steps say: the
		// system may have written more of the findings, and part of a state.
		switch crash % 3 {
		case 1:
			appendTo(t, s.out, []byte(`{"n":1,"source":"half a li`))
		case 2:
			write(t, filepath.Join(filepath.Dir(s.state), ".sigbundle-left"), []byte(`{"schema":"sigbundle.aud`))
		}
		sum, err := Run(t.Context(), s.config())
		if err != nil {
			t.Fatalf("crash %d (%s): %v", crash, last, err)
		}
		if got := s.findings(); !bytes.Equal(got, want) || !sameSummary(sum, wantSum) {
			t.Fatalf("crash %d (%s): findings differ:\n%s", crash, last, got)
		}
	}
}

func appendTo(t testing.TB, name string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
}

// Crashing again and again, a few entries further each time, changes nothing.
func TestResumeManyTimes(t *testing.T) {
	want, wantSum := whole(t)
	s := newShop(t)
	for runs := 1; ; runs++ {
		c := s.config()
		steps := 0
		c.step = func(string) error {
			if steps++; steps > 11 {
				return errCrash
			}
			return nil
		}
		sum, err := Run(t.Context(), c)
		if err == nil {
			if !bytes.Equal(s.findings(), want) || !sameSummary(sum, wantSum) || runs < 8 {
				t.Errorf("%d runs: the findings differ", runs)
			}
			return
		}
	}
}

// A finished audit has nothing to do, and continues when the list grows.
func TestResumeFinished(t *testing.T) {
	want, wantSum := whole(t)
	s := newShop(t)
	for range 2 {
		sum, err := Run(t.Context(), s.config())
		if err != nil || !sameSummary(sum, wantSum) || !bytes.Equal(s.findings(), want) {
			t.Fatalf("%+v, %v", sum, err)
		}
	}
	appendTo(t, s.list, []byte("{\"bundle\":\"missing\"}\n"))
	sum, err := Run(t.Context(), s.config())
	if err != nil || sum.Findings != wantSum.Findings+1 || !bytes.HasPrefix(s.findings(), want) {
		t.Fatalf("%+v, %v", sum, err)
	}
	parseFindings(t, s.findings())
}

// Nothing is continued that is not what was begun.
func TestResumeRefuses(t *testing.T) {
	for name, change := range map[string]func(*shop, *Config){
		"policy":           func(_ *shop, c *Config) { c.PolicyKey = "other" },
		"no artifact":      func(_ *shop, c *Config) { c.NoArtifact = false },
		"paths":            func(_ *shop, c *Config) { c.AllowOutside = true },
		"sample":           func(_ *shop, c *Config) { c.Sample = Sample{share: 0.5} },
		"as of":            func(_ *shop, c *Config) { c.AsOf = time.Unix(1, 0) },
		"identities":       func(_ *shop, c *Config) { c.Policy.PredicateTypes = []string{"p"} },
		"trust root":       func(_ *shop, c *Config) { c.Roots[0].Source = "other" },
		"source":           func(_ *shop, c *Config) { c.Source.(*List).label = "other" },
		"list shorter":     func(s *shop, _ *Config) { write(s.t, s.list, []byte("{\"bundle\":\"missing 0\"}\n")) },
		"list changed":     func(s *shop, _ *Config) { replaceIn(s.t, s.list, "missing 1\"", "missing!1\"") },
		"findings shorter": func(s *shop, _ *Config) { os.Truncate(s.out, 100) },
		"findings changed": func(s *shop, _ *Config) { replaceIn(s.t, s.out, "false", "true ") },
		"findings gone":    func(s *shop, _ *Config) { os.Remove(s.out) },
		"state empty":      func(s *shop, _ *Config) { write(s.t, s.state, nil) },
		"state cut":        func(s *shop, _ *Config) { os.Truncate(s.state, 50) },
		"state longer":     func(s *shop, _ *Config) { appendTo(s.t, s.state, []byte("{}")) },
		"state counts":     func(s *shop, _ *Config) { replaceIn(s.t, s.state, `"findings":15`, `"findings":14`) },
		"state member":     func(s *shop, _ *Config) { replaceIn(s.t, s.state, `"findings":`, `"other":`) },
		"state schema":     func(s *shop, _ *Config) { replaceIn(s.t, s.state, stateSchema, "v2") },
		"state chain":      func(s *shop, _ *Config) { replaceIn(s.t, s.state, `"chain":"`, `"chain":"00`) },
		"state a folder":   func(s *shop, _ *Config) { os.Remove(s.state); os.Mkdir(s.state, 0o755) },
	} {
		s := newShop(t)
		if _, err := Run(t.Context(), s.config()); err != nil {
			t.Fatal(err)
		}
		c := s.config()
		change(s, &c)
		before, _ := os.ReadFile(s.out)
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("%s: continued", name)
		}
		if after, _ := os.ReadFile(s.out); !bytes.Equal(before, after) {
			t.Errorf("%s: the findings were changed", name)
		}
	}
}

// A refusal to continue says what differs.
func TestResumeSays(t *testing.T) {
	asOf := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		begin, resume func(*Config)
		want          string
	}{
		"a time":       {func(*Config) {}, func(c *Config) { c.AsOf = asOf }, "the time differs: the state is about an audit as of no certain time, and this one is as of 2026-01-02T03:04:05Z"},
		"no time":      {func(c *Config) { c.AsOf = asOf }, func(*Config) {}, "as of 2026-01-02T03:04:05Z, and this one is as of no certain time"},
		"another time": {func(c *Config) { c.AsOf = asOf }, func(c *Config) { c.AsOf = asOf.Add(1) }, "this one is as of 2026-01-02T03:04:05.000000001Z"},
		"policy":       {func(*Config) {}, func(c *Config) { c.Policy.Require.Times = verify.NotRequired }, "the policy differs"},
		"max age":      {func(*Config) {}, func(c *Config) { c.Trust.MaxAge = time.Hour }, "the policy differs"},
		"root":         {func(*Config) {}, func(c *Config) { c.Roots[0].Source = "other" }, "the trust root differs: the state is about test (sha256:"},
		"bound":        {func(*Config) {}, func(c *Config) { c.MaxBundle = 1 << 20 }, "the policy differs"},
		"sample":       {func(*Config) {}, func(c *Config) { c.Sample = Sample{share: 0.5} }, "another sample"},
	} {
		s := newShop(t)
		first := s.config()
		c.begin(&first)
		if _, err := Run(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		same := s.config()
		c.begin(&same)
		same.Trust.At = time.Now() // which is not the time that was asked for
		if _, err := Run(t.Context(), same); err != nil {
			t.Errorf("%s: not continued: %v", name, err)
		}
		second := s.config()
		c.resume(&second)
		if _, err := Run(t.Context(), second); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "remove it to start afresh") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func replaceIn(t testing.TB, name, old, with string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("no %q in %s: %v", old, name, err)
	}
	write(t, name, bytes.Replace(data, []byte(old), []byte(with), 1))
}

func TestLock(t *testing.T) {
	s := newShop(t)
	f, err := os.Create(s.out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lock(f); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), s.config()); err == nil {
		t.Error("two audits write the same file")
	}
}

// Without a state, the file of an earlier audit is written anew.
func TestFile(t *testing.T) {
	want, _ := whole(t)
	s := newShop(t)
	write(t, s.out, bytes.Repeat(want, 2))
	c := s.config()
	c.State = ""
	if _, err := Run(t.Context(), c); err != nil || !bytes.Equal(s.findings(), want) {
		t.Errorf("%v", err)
	}
	c = s.config()
	c.File = filepath.Join(s.out, "x")
	if _, err := Run(t.Context(), c); err == nil {
		t.Error("no error for a file that cannot be made")
	}
}
