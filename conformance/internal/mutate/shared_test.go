// SPDX-License-Identifier: Apache-2.0

//go:build unix

package mutate

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// report is all that a verdict says.
func (s *subject) report(v *verify.Verifier) []byte {
	a, err := s.artifactFor(s.parsed)
	if err != nil {
		return []byte(err.Error())
	}
	r, err := v.Verify(s.parsed, a)
	var refused *verify.Error
	if errors.As(err, &refused) {
		return refused.Report.MarshalIndent()
	}
	return r.Report.MarshalIndent()
}

// The verifier's clock, moved by 20 years either way, changes no verdict and
// no report: in the bubble it is the year 2000, and 45 years later.
func TestClockDecidesNothing(t *testing.T) {
	h := house(t)
	reports := func() (list [][]byte) {
		for _, s := range h.subjects {
			list = append(list, s.report(s.verifier))
			wrong := *s.Case
			wrong.Policy.Require.Times = 9
			refusing, err := s.under(s.root, wrong.Policy)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s.report(refusing.verifier))
		}
		return list
	}
	now := reports()
	synctest.Test(t, func(t *testing.T) {
		for _, year := range []int{2000, 2045} {
			time.Sleep(time.Until(time.Date(year, time.June, 1, 0, 0, 0, 0, time.UTC)))
			if time.Now().Year() != year {
				t.Fatalf("the clock did not move: %v", time.Now())
			}
			for i, r := range reports() {
				if !bytes.Equal(r, now[i]) {
					t.Errorf("%s: another report in %d", h.subjects[i/2].Name, year)
				}
			}
		}
	})
}

// One verifier for each trust root and policy, one bundle and one root for all
// serve 64 goroutines, and say what one says alone.
func TestShared(t *testing.T) {
	h := house(t)
	type judged struct {
		*subject
		v    *verify.Verifier
		want []byte
	}
	var all []judged
	for _, s := range h.subjects {
		v, err := verify.New(verify.Config{Root: s.root, Policy: s.Policy})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, judged{s, v, s.report(s.verifier)})
	}
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for j := range all {
				if x := all[(i+j)%len(all)]; j%16 == 0 && !bytes.Equal(x.report(x.v), x.want) {
					t.Errorf("%s: another report", x.Name)
				}
			}
		})
	}
	group.Wait()
}

// faulty changes the file under it after the first reading.
type faulty struct {
	io.Reader
	then func() error
}

func (f *faulty) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p[:min(len(p), 8)])
	if then := f.then; then != nil {
		f.then = nil
		if failed := then(); failed != nil {
			return n, failed
		}
	}
	return n, err
}

// A file that changes while it is being hashed is what was read of it: it
// verifies if that is the artifact, and not by what it was before or after.
func TestFileChangesUnderway(t *testing.T) {
	h := house(t)
	for _, s := range h.subjects[:8] {
		for _, f := range []struct {
			name, want string
			change     func(path string) error
		}{
			{"vanishes", "", os.Remove},
			{"shrinks", "artifact.mismatch", func(path string) error { return os.Truncate(path, 12) }},
			{"is emptied", "artifact.mismatch", func(path string) error { return os.Truncate(path, 0) }},
			{"grows", "artifact.mismatch", func(path string) error { return os.WriteFile(path, append(bytes.Clone(s.Artifact), 'x'), 0o600) }},
			{"is replaced by another", "", func(path string) error {
				if err := os.WriteFile(path+".new", []byte("another"), 0o600); err != nil {
					return err
				}
				return os.Rename(path+".new", path)
			}},
		} {
			path := filepath.Join(t.TempDir(), "artifact")
			if err := os.WriteFile(path, s.Artifact, 0o600); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			a, err := s.verifier.ReadArtifact(&faulty{file, func() error { return f.change(path) }}, s.parsed)
			if err == nil {
				_, err = s.verifier.Verify(s.parsed, a)
			}
			if got := codes.Of(err); got != f.want || (got == "") != (err == nil) {
				t.Errorf("%s: a file that %s: %v", s.Name, f.name, err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
