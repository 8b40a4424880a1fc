// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/internal/age"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuf"
)

// AnyAge as a Policy's MaxAge accepts trust however old.
const AnyAge time.Duration = -1

// Policy judges how old trust may be. The zero value refuses.
type Policy struct {
	// At is the time at which everything is judged. Zero is refused.
	At time.Time

	// MaxAge bounds [Status.Age]. Zero: nothing may have expired at At, and
	// the age does not matter. Positive: expired metadata is accepted up to
	// that age, and unexpired metadata beyond it is refused. AnyAge: expiry
	// is only reported.
	MaxAge time.Duration
}

func (p Policy) check() error {
	switch {
	case p.At.IsZero():
		return refuse.New("tuf.policy", "no time given at which trust is judged")
	case p.MaxAge < 0 && p.MaxAge != AnyAge:
		return refuse.New("tuf.policy", "a maximum age of %v", p.MaxAge)
	}
	return nil
}

// Judge refuses a status that the policy does not accept: tuf.expired if
// something has expired and nothing expired may be used, tuf.age if trust is
// older than allowed, or its age is bounded and unknown.
func (p Policy) Judge(s Status) error {
	if err := p.check(); err != nil {
		return err
	}
	if !s.At.Equal(p.At) {
		return refuse.New("tuf.policy", "the status is of another time than the policy")
	}
	switch {
	case p.MaxAge != AnyAge && s.Refreshed.After(s.At):
		return refuse.New("tuf.age", "time of judgement: %s, before the last refresh at %s, want a later time",
			s.At.Format(time.RFC3339), s.Refreshed.Format(time.RFC3339))
	case p.MaxAge > 0 && s.Age > p.MaxAge:
		return refuse.New("tuf.age", "trust was last known to be in force at %s, %s before the time of judgement, and at most %s is allowed",
			s.ProvedAt.Format(time.RFC3339), age.Text((s.Age + time.Minute - 1).Truncate(time.Minute)), age.Text(p.MaxAge))
	case p.MaxAge == 0 && s.Expired:
		for _, r := range s.Roles {
			if r.Expired {
				return refuse.New("tuf.expired", "the %q metadata, version %d, expired at %s", r.Name, r.Version, r.Expires.Format(time.RFC3339))
			}
		}
		return refuse.New("tuf.expired", "metadata has expired")
	}
	return nil
}

// RoleStatus is one proved metadata file.
type RoleStatus struct {
	Name    string
	Version int64
	Expires time.Time // from this instant on it is out of date
	Expired bool      // at Status.At
	SHA256  [sha256.Size]byte
}

// Status says how, and as of when, trust was proved.
type Status struct {
	Start  int64 // version of the trusted root with which the replay began
	Newest int64 // version of the newest trusted root given

	// Behind: the newest root given is not part of this repository, which is
	// older than that root or incomplete. It was replayed from Start.
	Behind bool

	// Roles are the newest root, timestamp, snapshot, targets, and for a
	// delegated target the roles between.
	Roles []RoleStatus

	At        time.Time // time of judgement
	Refreshed time.Time // when the copy was last found to be complete; zero: unknown

	// ValidUntil is when the first of the roles expires, which is before At,
	// or equal, if Expired.
	ValidUntil time.Time
	Expired    bool

	// ProvedAt is the latest time, not after At, at which all of it is known
	// to have been in force: the last refresh where there is one, else At
	// itself, or ValidUntil if that has passed. Age is At minus ProvedAt.
	// Where the last refresh was after At no such time is known: ProvedAt is
	// zero, and Age the longest there is.
	ProvedAt time.Time
	Age      time.Duration
}

func (s Status) clone() Status {
	s.Roles = slices.Clone(s.Roles)
	return s
}

// judgeAges fills in what depends on time.
func (s *Status) judgeAges(at, refreshed time.Time, files []tuf.File) {
	s.At, s.Refreshed, s.Roles, s.ValidUntil, s.Expired = at, refreshed, nil, time.Time{}, false
	for _, f := range files {
		s.Roles = append(s.Roles, RoleStatus{f.Role, f.Version, f.Expires, f.Expired(at), f.SHA256})
		s.Expired = s.Expired || f.Expired(at)
		if s.ValidUntil.IsZero() || f.Expires.Before(s.ValidUntil) {
			s.ValidUntil = f.Expires
		}
	}
	s.ProvedAt = at
	if s.Expired {
		s.ProvedAt = s.ValidUntil
	}
	switch {
	case refreshed.After(at):
		s.ProvedAt = time.Time{}
	case !refreshed.IsZero() && refreshed.Before(s.ProvedAt):
		s.ProvedAt = refreshed
	}
	s.Age = at.Sub(s.ProvedAt)
}
