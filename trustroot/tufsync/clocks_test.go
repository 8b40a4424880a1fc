// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// threeClocks refreshes from one repository, and proves the cache, before the
// metadata was issued, while it is in force, and a year after it has expired.
// Online nothing expired passes, and there is no falling back to the cache;
// offline the cache says as of when it is proved, and the policy decides.
func threeClocks(t *testing.T, c Config, fresh time.Time) {
	t.Helper()
	c.Now = fresh
	first, err := Refresh(context.Background(), c)
	must(t, err)
	until := first.Status().ValidUntil
	later := until.AddDate(1, 0, 0)
	for _, x := range []struct {
		name           string
		at             time.Time
		online, strict refuse.Code
		month          refuse.Code
		proved         time.Time
	}{
		{"before issuance", fresh.AddDate(-10, 0, 0), "", "tuf.age", "tuf.age", time.Time{}},
		{"inside validity", fresh, "", "", "", fresh},
		{"a year after expiry", later, "tuf.expired", "tuf.expired", "tuf.age", fresh},
	} {
		c.Now = fresh // each judged on the cache that the refresh in time left
		if _, err := Refresh(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		for age, code := range map[time.Duration]refuse.Code{0: x.strict, 30 * 24 * time.Hour: x.month, tufroot.AnyAge: ""} {
			repo, err := tufroot.OpenCache(os.DirFS(c.Dir), tufroot.Config{
				Roots: [][]byte{c.Root}, Policy: tufroot.Policy{At: x.at, MaxAge: age},
			})
			must(t, err)
			if got := refuse.CodeOf(repo.Judge()); got != code {
				t.Errorf("%s, at most %v: judged %q, want %q", x.name, age, got, code)
			}
			if s := repo.Status(); !s.ProvedAt.Equal(x.proved) || s.Expired != (x.strict == "tuf.expired") || s.Age != x.at.Sub(x.proved) {
				t.Errorf("%s: status %+v", x.name, s)
			}
		}
		c.Now = x.at
		if _, err := Refresh(context.Background(), c); refuse.CodeOf(err) != x.online {
			t.Errorf("%s: refreshed with %v, want %q", x.name, err, x.online)
		}
	}
}

func TestClocks(t *testing.T) {
	b := newBench(t)
	b.Expire("timestamp", tuftest.Start.Add(7*24*time.Hour))
	b.AddTarget("targets", "file", []byte("x"))
	b.Publish("root", "targets")
	threeClocks(t, b.cfg("file"), b.now)
}
