// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

func TestJudge(t *testing.T) {
	old := []RoleStatus{{Name: "root"}, {Name: "timestamp", Expired: true}}
	for _, c := range []struct {
		what  string
		p     Policy
		s     Status
		code  refuse.Code
		words string
	}{
		{"in force", Policy{At: at}, Status{At: at}, "", ""},
		{"of another time", Policy{At: at}, Status{At: at.Add(1)}, "tuf.policy", ""},
		{"expired", Policy{At: at}, Status{At: at, Expired: true, Roles: old}, "tuf.expired", `the "timestamp" metadata`},
		{"expired, and no role says so", Policy{At: at}, Status{At: at, Expired: true}, "tuf.expired", ""},
		{"in force and old, no age given", Policy{At: at}, Status{At: at, Age: time.Hour}, "", ""},
		{"as old as may be", Policy{At: at, MaxAge: time.Hour}, Status{At: at, Age: time.Hour, Expired: true}, "", ""},
		{"older", Policy{At: at, MaxAge: time.Hour}, Status{At: at, Age: time.Hour + 1}, "tuf.age", ""},
		{"in days", Policy{At: at, MaxAge: 2400 * time.Hour}, Status{At: at, Age: 4800*time.Hour + 1}, "tuf.age", "200d1m before the time of judgement, and at most 100d is"},
		{"the shortest age", Policy{At: at, MaxAge: 1}, Status{At: at, Age: 2}, "tuf.age", ""},
		{"no age known", Policy{At: at, MaxAge: 99 * tuftest.Year}, Status{At: at, Refreshed: at.Add(1)}, "tuf.age", "before the last refresh at 2026"},
		{"no age known, nothing expired", Policy{At: at}, Status{At: at, Refreshed: at.Add(1)}, "tuf.age", "before the last refresh"},
		{"refreshed now", Policy{At: at}, Status{At: at, Refreshed: at}, "", ""},
		{"no age known, any age", Policy{At: at, MaxAge: AnyAge}, Status{At: at, Refreshed: at.Add(1)}, "", ""},
		{"any age", Policy{At: at, MaxAge: AnyAge}, Status{At: at, Age: 99 * tuftest.Year, Expired: true}, "", ""},
		{"no such age", Policy{At: at, MaxAge: -2}, Status{At: at}, "tuf.policy", ""},
		{"no time", Policy{}, Status{}, "tuf.policy", ""},
	} {
		if err := c.p.Judge(c.s); refuse.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want %q", c.what, err, c.code)
		}
	}
}

func TestJudgeAges(t *testing.T) {
	hour := func(n int) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	files := func(hours ...int) (list []tuf.File) {
		for _, n := range hours {
			list = append(list, tuf.File{Role: "r", Version: 1, Expires: hour(n)})
		}
		return list
	}
	for what, c := range map[string]struct {
		files     []tuf.File
		refreshed time.Time
		until     time.Time
		proved    time.Time
		expired   bool
	}{
		"in force":                       {files(3, 1, 2), time.Time{}, hour(1), at, false},
		"expired":                        {files(3, -1, -2, -1), time.Time{}, hour(-2), hour(-2), true},
		"expires now":                    {files(3, 0), time.Time{}, at, at, true},
		"refreshed":                      {files(3, 1), hour(-1), hour(1), hour(-1), false},
		"refreshed now":                  {files(3, 1), at, hour(1), at, false},
		"refreshed later":                {files(3, 1), hour(1), hour(1), time.Time{}, false},
		"refreshed later, expired":       {files(3, -1), hour(1), hour(-1), time.Time{}, true},
		"expired since it was refreshed": {files(3, -1), hour(-2), hour(-1), hour(-2), true},
		"refreshed when it had expired":  {files(3, -2), hour(-1), hour(-2), hour(-2), true},
	} {
		s := Status{Roles: []RoleStatus{{Name: "before"}}, ValidUntil: hour(-99), Expired: true}
		s.judgeAges(at, c.refreshed, c.files)
		if !s.ValidUntil.Equal(c.until) || !s.ProvedAt.Equal(c.proved) || s.Expired != c.expired || s.Age != at.Sub(c.proved) ||
			len(s.Roles) != len(c.files) || s.Roles[0].Expired || s.Roles[len(s.Roles)-1].Expired == c.files[len(c.files)-1].Expires.After(at) {
			t.Errorf("%s: %+v", what, s)
		}
	}
}
