// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/conformance/vectors"
	"github.com/sigbundle/sigbundle/verify"
)

// Every passed check says what it proved, each fact by which key, or why by
// none; every other check says why it proved nothing.
func TestFacts(t *testing.T) {
	keyless := map[string]bool{"bundle, not authenticated": true, "caller's rule, not a key": true}
	told(t, func(name string, c *vectors.Case) {
		rep, err := c.Judge(true)
		if strings.HasSuffix(name, "_fail.txtar") != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if rep.Verified != (err == nil) {
			t.Errorf("%s: verified %v, error %v", name, rep.Verified, err)
		}
		for _, s := range rep.Checks {
			switch {
			case (s.Status == report.Passed) != (len(s.Facts) > 0):
				t.Errorf("%s: %s %s with %d facts", name, s.Check, s.Status, len(s.Facts))
			case (s.Status == report.Skipped || s.Status == report.Failed) != (s.Detail != ""):
				t.Errorf("%s: %s %s with the detail %q", name, s.Check, s.Status, s.Detail)
			case (s.Status == report.Failed) != (s.Code != ""):
				t.Errorf("%s: %s %s with the code %q", name, s.Check, s.Status, s.Code)
			}
			for _, f := range s.Facts {
				if f.What == "" || f.Rule == "" || f.By.Role == "" {
					t.Errorf("%s: %s: incomplete fact %+v", name, s.Check, f)
				}
				if (f.By.KeyID == report.Digest{}) != keyless[f.By.Role] {
					t.Errorf("%s: %s: no key, or an unexpected one: %+v", name, s.Check, f)
				}
			}
		}
		if err == nil && (rep.Code != "" || rep.Signer == nil) {
			t.Errorf("%s: verified, and yet %q by %v", name, rep.Code, rep.Signer)
		}
	})
}

// The verdict does not depend on whether it is to be explained, and without
// an explanation nothing runs after the first failure.
func TestExplainChangesNoVerdict(t *testing.T) {
	told(t, func(name string, c *vectors.Case) {
		long, err := c.Judge(true)
		short, shortErr := c.Judge(false)
		if long.Code != short.Code || long.Message != short.Message || (err == nil) != (shortErr == nil) {
			t.Errorf("%s: %q and %q", name, long.Code, short.Code)
		}
		failed := false
		for i, s := range short.Checks {
			if failed && s.Status != report.NotRun {
				t.Errorf("%s: %s %s after a failure", name, s.Check, s.Status)
			}
			failed = failed || s.Status == report.Failed
			if !failed && s.Status != long.Checks[i].Status {
				t.Errorf("%s: %s %s, explained %s", name, s.Check, s.Status, long.Checks[i].Status)
			}
		}
		var refused *verify.Error
		if errors.As(shortErr, &refused) && (refused.Code() != short.Code || refused.Error() != short.Message || short.Checks[refused.Check].Status != report.Failed) {
			t.Errorf("%s: error and report disagree: %v", name, refused)
		}
	})
}

var digest = sha256.Sum256(content)

func TestReportsAreIdentical(t *testing.T) {
	runs := 1000
	if testing.Short() {
		runs = 20
	}
	a, err := verify.ArtifactDigest("sha256", digest[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verified/one-sct-of-two-unknown", "identity/parts-of-two-identities_fail"} {
		c := story(t, "../testdata/virtual/"+name+".txtar")
		v, err := c.Verifier(true)
		if err != nil {
			t.Fatal(err)
		}
		b := parsed(t, c.Bundle)
		var first []byte
		for range runs / 2 {
			got := reportOf(v.Verify(b, a)).MarshalIndent()
			if first == nil {
				first = got
			}
			if !bytes.Equal(got, first) {
				t.Fatalf("%s: two reports on the same inputs", name)
			}
		}
	}
}

func reportOf(res *verify.Result, err error) *report.Report {
	var refused *verify.Error
	if errors.As(err, &refused) {
		return refused.Report
	}
	return res.Report
}

// One verifier, one bundle and one root serve any number of goroutines.
func TestShared(t *testing.T) {
	for _, name := range []string{"verified/rekor-v1-and-v2", "verified/managed-ECDSA-P-384-over-SHA-256", "verified/v03-envelope", "statement/another-artifact_fail"} {
		c := story(t, "../testdata/virtual/"+name+".txtar")
		v, err := c.Verifier(true)
		if err != nil {
			t.Fatal(err)
		}
		b := parsed(t, c.Bundle)
		want := reportOf(judge(t, v, b)).MarshalIndent()
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() {
				a, err := v.ReadArtifact(bytes.NewReader(content), b)
				if err != nil {
					t.Error(err)
					return
				}
				if got := reportOf(v.Verify(b, a)).MarshalIndent(); !bytes.Equal(got, want) {
					t.Errorf("%s: a report differs", name)
				}
			})
		}
		group.Wait()
	}
}

// No text of a bundle reaches a terminal as anything but text.
func TestTextIsEscaped(t *testing.T) {
	c := story(t, "../testdata/virtual/verified/v03-envelope.txtar")
	rep, err := c.Judge(true)
	if err != nil {
		t.Fatal(err)
	}
	const hostile = "\x1b[2Jgotcha\r\n\u202e"
	rep.Signer.Certificate.SAN, rep.Statement.PredicateType, rep.Statement.MatchedName = hostile, hostile, hostile
	rep.Notes = append(rep.Notes, report.Note{Detail: hostile})
	rep.Checks[0].Facts[0].What = hostile
	for _, verified := range []bool{true, false} {
		rep.Verified, rep.Message = verified, hostile
		var b strings.Builder
		if err := rep.WriteText(&b, report.TextStyle{Title: hostile, Explain: true}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.ContainsAny(got, "\x1b\r\u202e") || strings.Contains(got, "gotcha\n") {
			t.Errorf("unescaped: %q", got)
		}
	}
}

// A report is read back as it was written.
func TestReportReadBack(t *testing.T) {
	told(t, func(name string, c *vectors.Case) {
		rep, _ := c.Judge(true)
		written := rep.MarshalIndent()
		var read report.Report
		if err := json.Unmarshal(written, &read); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again := read.MarshalIndent(); !bytes.Equal(again, written) {
			t.Errorf("%s: read back as %s", name, again)
		}
	})
	for _, text := range []string{
		`{"checks":[{"check":"magic"}]}`, `{"checks":[{"status":"well"}]}`, `{"bundle":{"sha256":"sha256:00"}}`,
		`{"bundle":{"sha256":"` + strings.Repeat("0", 64) + `"}}`, `{"bundle":{"sha256":"sha256:` + strings.Repeat("x", 64) + `"}}`,
	} {
		if err := json.Unmarshal([]byte(text), new(report.Report)); err == nil {
			t.Errorf("read %s", text)
		}
	}
}
