// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

const rootTarget = "trusted_root.json"

// clock is a time of judgement and the verdicts at it: under a policy that
// accepts nothing expired, under one that accepts a month, and under one that
// accepts any age (SPEC U-22).
type clock struct {
	name               string
	at                 time.Time
	strict, month, any refuse.Code
	expired            bool
}

// threeClocks judges one copy of a repository before it was issued, while it
// is in force and a year after it has expired. TUF metadata says until when
// it lasts and not since when, so that a clock that is too early sees metadata
// in force. It returns the proof at the last of them.
func threeClocks(t *testing.T, fresh time.Time, target string, open func(Policy) (*Repository, error)) *Repository {
	t.Helper()
	inside, err := open(Policy{At: fresh})
	if err != nil {
		t.Fatal(err)
	}
	until := inside.Status().ValidUntil
	var last *Repository
	for _, c := range []clock{
		{name: "before issuance", at: fresh.AddDate(-10, 0, 0)},
		{name: "inside validity", at: fresh},
		{name: "the second before expiry", at: until.Add(-time.Second)},
		{name: "the instant of expiry", at: until, strict: "tuf.expired", expired: true},
		{name: "a year after expiry", at: until.AddDate(1, 0, 0), strict: "tuf.expired", month: "tuf.age", expired: true},
	} {
		for _, x := range []struct {
			age  time.Duration
			code refuse.Code
		}{{0, c.strict}, {30 * 24 * time.Hour, c.month}, {AnyAge, c.any}} {
			r, err := open(Policy{At: c.at, MaxAge: x.age})
			if err != nil {
				t.Fatalf("%s: signatures and versions do not depend on the clock: %v", c.name, err)
			}
			checkClock(t, c, r, until)
			wantCode(t, r.Judge(), x.code)
			_, err = r.Target(target)
			wantCode(t, err, x.code)
			last = r
		}
	}
	return last
}

// checkClock compares what a status says about time: as of when it is proved,
// since when it has expired, and how old it is.
func checkClock(t *testing.T, c clock, r *Repository, until time.Time) {
	t.Helper()
	s := r.Status()
	proved := c.at
	if c.expired {
		proved = until
	}
	if s.Expired != c.expired || !s.At.Equal(c.at) || !s.ProvedAt.Equal(proved) || s.Age != c.at.Sub(proved) || !s.ValidUntil.Equal(until) {
		t.Errorf("%s: status %+v", c.name, s)
	}
	since := time.Time{}
	for _, role := range s.Roles {
		if role.Expired && (since.IsZero() || role.Expires.Before(since)) {
			since = role.Expires
		}
	}
	if c.expired != since.Equal(until) {
		t.Errorf("%s: expired since %v, want %v", c.name, since, until)
	}
}

func TestClocks(t *testing.T) {
	r := repo()
	r.AddTarget("targets", rootTarget, []byte("{}"))
	r.Publish("root", "targets")
	copied, root := r.FS(), r.File("1.root.json")
	p := threeClocks(t, tuftest.Start.Add(time.Hour), rootTarget, func(p Policy) (*Repository, error) {
		return Open(copied, config(p, root))
	})
	if s := p.Status(); s.Age != tuftest.Year || s.Roles[0].Version != 2 {
		t.Errorf("status %+v", s)
	}
}
