// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// batch returns a verifier and jobs of several outcomes in turn.
func batch(t testing.TB, n int) (*verify.Verifier, []verify.Job) {
	t.Helper()
	root, err := embedded.TrustedRoot("public-good")
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		t.Fatal(err)
	}
	const artifact = "../testdata/public/github_provenance_demo-0.0.0-py3-none-any.whl"
	data, err := os.ReadFile(artifact + ".sigstore.json")
	if err != nil {
		t.Fatal(err)
	}
	other, err := verify.ArtifactDigest("sha256", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	var jobs []verify.Job
	for i := range n {
		job := verify.Job{Bundle: data, Open: func() (io.ReadCloser, error) { return os.Open(artifact) }}
		switch i % 4 {
		case 1:
			job.Open, job.Artifact = nil, other
		case 2:
			job.Bundle = data[:len(data)-1-i]
		case 3:
			job.Open = func() (io.ReadCloser, error) { return nil, os.ErrNotExist }
		}
		jobs = append(jobs, job)
	}
	return v, jobs
}

// single is what a batch must agree with.
func single(v *verify.Verifier, job verify.Job) (*verify.Result, error) {
	b, err := bundle.Parse(job.Bundle)
	if err != nil {
		return nil, err
	}
	if job.Open != nil {
		r, err := job.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		if job.Artifact, err = v.ReadArtifact(r, b); err != nil {
			return nil, err
		}
	}
	return v.Verify(b, job.Artifact)
}

func TestAllEqualsSingle(t *testing.T) {
	v, jobs := batch(t, 40)
	i := 0
	for res, err := range every(t.Context(), v, slices.Values(jobs)) {
		want, wantErr := single(v, jobs[i])
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("job %d: %v, alone: %v", i, err, wantErr)
		}
		if err == nil && !bytes.Equal(res.Report.MarshalIndent(), want.Report.MarshalIndent()) {
			t.Fatalf("job %d: the reports differ", i)
		}
		i++
	}
	if i != len(jobs) {
		t.Errorf("%d results for %d jobs", i, len(jobs))
	}
}

// The verifier that is chosen judges the size of a bundle, and no other one.
func TestChosenJudgesSize(t *testing.T) {
	large, jobs := batch(t, 1)
	root, err := embedded.TrustedRoot("public-good")
	if err != nil {
		t.Fatal(err)
	}
	small, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}, MaxBundle: 1})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		first, chosen *verify.Verifier
		refused       bool
	}{
		"large chosen":       {small, large, false},
		"large chosen alone": {nil, large, false},
		"small chosen":       {large, small, true},
		"small chosen alone": {nil, small, true},
		"small":              {small, nil, true},
	} {
		job := jobs[0]
		job.Verifier = c.first
		if c.chosen != nil {
			job.Choose = func(*bundle.Bundle) *verify.Verifier { return c.chosen }
		}
		for _, err := range verify.All(t.Context(), slices.Values([]verify.Job{job})) {
			if refused := codes.Of(err) == "bundle.limit"; refused != c.refused {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestAllEndsEarly(t *testing.T) {
	v, jobs := batch(t, 400)
	i := 0
	for range every(t.Context(), v, slices.Values(jobs)) {
		if i++; i == 3 {
			break
		}
	}
	if i != 3 {
		t.Errorf("%d results after leaving at 3", i)
	}
}

func TestAllCancelled(t *testing.T) {
	v, jobs := batch(t, 400)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	i, last := 0, error(nil)
	for _, err := range every(ctx, v, slices.Values(jobs)) {
		if i++; i == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) || i > 399 {
		t.Errorf("%d results, the last %v", i, last)
	}
}

// VerifyJSON says what the three calls say that it stands for, and nothing
// without a verifier, a bundle or an artifact.
func TestVerifyJSON(t *testing.T) {
	w := world(t, virtual.Config{})
	made, err := w.Sign(virtual.Request{Artifact: []byte("artifact"), PredicateType: "https://example.test/p"})
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, rootOf(t, w), anybody)
	small, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: anybody, MaxBundle: 10})
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.VerifyJSON(made.Bundle, strings.NewReader("artifact"))
	if err != nil || !res.Report.Verified || res.Statement == nil || res.Statement.PredicateType != "https://example.test/p" {
		t.Errorf("%v, %v", res, err)
	}
	for _, c := range []struct {
		code     string
		v        *verify.Verifier
		bundle   []byte
		artifact io.Reader
	}{
		{"artifact.mismatch", v, made.Bundle, strings.NewReader("another")},
		{"artifact.missing", v, made.Bundle, nil},
		{"bundle.malformed", v, made.Bundle[1:], strings.NewReader("artifact")},
		{"bundle.limit", small, made.Bundle, strings.NewReader("artifact")},
		{"policy.root", nil, made.Bundle, strings.NewReader("artifact")},
		{"policy.root", new(verify.Verifier), made.Bundle, strings.NewReader("artifact")},
	} {
		res, err := c.v.VerifyJSON(c.bundle, c.artifact)
		wantCode(t, c.code, err, c.code)
		if res != nil {
			t.Errorf("%s: a result", c.code)
		}
	}
	broken := errors.New("broken")
	if _, err := v.VerifyJSON(made.Bundle, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v, want that of the reader", err)
	}
}
