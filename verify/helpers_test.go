// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"context"
	"iter"
	"os"
	"path/filepath"
	"testing"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/vectors"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// anyone is a policy that lacks nothing.
var anybody = verify.Policy{AnyIdentity: true}

var content = []byte(vectors.Content)

// told calls do with every story of testdata/virtual, by its path there.
func told(t *testing.T, do func(name string, c *vectors.Case)) {
	t.Helper()
	files, err := filepath.Glob("../testdata/virtual/*/*.txtar")
	if err != nil || len(files) < 200 {
		t.Fatalf("%d stories: %v", len(files), err)
	}
	for _, file := range files {
		c := story(t, file)
		name, err := filepath.Rel("../testdata/virtual", file)
		if err != nil {
			t.Fatal(err)
		}
		do(filepath.ToSlash(name), c)
	}
}

func story(t testing.TB, file string) *vectors.Case {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := vectors.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func world(t testing.TB, c virtual.Config) *virtual.World {
	t.Helper()
	w, err := virtual.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func rootOf(t testing.TB, w *virtual.World, changes ...func(*trustrootv1.TrustedRoot)) *trustroot.Root {
	t.Helper()
	data, err := w.TrustedRoot(changes...)
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func verifier(t testing.TB, root *trustroot.Root, p verify.Policy) *verify.Verifier {
	t.Helper()
	v, err := verify.New(verify.Config{Root: root, Policy: p})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signed returns the bundle of a request for the content of all stories.
func signed(t testing.TB, w *virtual.World, r virtual.Request) *bundle.Bundle {
	t.Helper()
	if r.Artifact == nil {
		r.Artifact = content
	}
	s, err := w.Sign(r)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, s.Bundle)
}

func parsed(t testing.TB, data []byte) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// judge verifies a bundle of the content of all stories.
func judge(t testing.TB, v *verify.Verifier, b *bundle.Bundle) (*verify.Result, error) {
	t.Helper()
	a, err := v.ReadArtifact(bytes.NewReader(content), b)
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(b, a)
}

// wantCode asserts how a verification ended, "" for well.
func wantCode(t testing.TB, what string, err error, want string) {
	t.Helper()
	if got := codes.Of(err); got != want || err != nil && got == "" {
		t.Errorf("%s: %q, want %q: %v", what, got, want, err)
	}
}

// every judges the jobs that name no verifier by v.
func every(ctx context.Context, v *verify.Verifier, jobs iter.Seq[verify.Job]) iter.Seq2[*verify.Result, error] {
	if jobs == nil {
		return verify.All(ctx, nil)
	}
	return verify.All(ctx, func(yield func(verify.Job) bool) {
		for job := range jobs {
			if job.Verifier == nil {
				job.Verifier = v
			}
			if !yield(job) {
				return
			}
		}
	})
}
