// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
)

// world is shared: making one takes longer than most tests.
var world = sync.OnceValue(func() *virtual.World {
	w, err := virtual.New(virtual.Config{Seed: "audit"})
	if err != nil {
		panic(err)
	}
	return w
})

func rootJSON(t testing.TB) []byte {
	t.Helper()
	data, err := world().TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func trusted(t testing.TB) *trustroot.Root {
	t.Helper()
	root, err := trustroot.Parse(rootJSON(t))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// request is the i-th of a store: messages and statements, of all logs.
func request(i int) virtual.Request {
	r := virtual.Request{Artifact: fmt.Appendf(nil, "artifact %d", i), SAN: fmt.Sprintf("https://example.test/%d", i)}
	switch i % 3 {
	case 1:
		r.Evidence = virtual.RekorV2
	case 2:
		r.PredicateType = "https://example.test/p"
	}
	return r
}

// signed are the bundles and artifacts of the first few requests.
var signed = sync.OnceValue(func() []*virtual.Signed {
	var all []*virtual.Signed
	for s, err := range world().Stream(12, request) {
		if err != nil {
			panic(err)
		}
		all = append(all, s)
	}
	return all
})

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// anyone is an audit that accepts every signer.
func anyone(t testing.TB, src Source, out *bytes.Buffer) Config {
	return Config{Source: src, Roots: []Root{{trusted(t), "test"}}, Trust: tufroot.Policy{MaxAge: tufroot.AnyAge}, Policy: verify.Policy{AnyIdentity: true}, Out: out}
}

// findings runs an audit and returns its findings.
func findings(t testing.TB, c Config) ([]Finding, *Summary) {
	t.Helper()
	var out bytes.Buffer
	c.Out = &out
	sum, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return parseFindings(t, out.Bytes()), sum
}

func parseFindings(t testing.TB, data []byte) []Finding {
	t.Helper()
	var all []Finding
	for line := range bytes.Lines(data) {
		var f Finding
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&f); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if f.N != int64(len(all)+1) {
			t.Fatalf("finding %d has number %d", len(all)+1, f.N)
		}
		if f.Verified == (f.Code != "") || f.Verified == (f.Message != "") {
			t.Fatalf("a verdict and its contrary: %s", line)
		}
		all = append(all, f)
	}
	return all
}

// verdicts are findings in short: places and codes.
func verdicts(all []Finding) string {
	var b strings.Builder
	for _, f := range all {
		code := f.Code
		if f.Verified {
			code = "ok"
		}
		fmt.Fprintf(&b, "%s#%d %s\n", f.Source, f.Index, code)
	}
	return b.String()
}

func expect(t testing.TB, got []Finding, want string) {
	t.Helper()
	if v, want := verdicts(got), strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", ""); v != want {
		t.Errorf("got\n%swant\n%s", v, want)
		for _, f := range got {
			t.Logf("%d: %s", f.N, f.Message)
		}
	}
}

// listOf returns a list of lines.
func listOf(lines ...string) *List {
	return NewList("list", strings.NewReader(strings.Join(lines, "\n")+"\n"))
}

func TestRunNeeds(t *testing.T) {
	for _, c := range []Config{{}, {Source: listOf()}, {Source: listOf(), Roots: []Root{{trusted(t), ""}}, State: "state"}, {Source: listOf(), Roots: []Root{{trusted(t), ""}}},
		{Source: listOf(), Roots: []Root{{nil, "test"}}, Policy: verify.Policy{AnyIdentity: true}}} {
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("%+v accepted", c)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	c := anyone(t, listOf(strings.Repeat(`{"bundle":"missing"}`+"\n", 5000)), &out)
	c.Progress = func(n int64) {
		if n == 10 {
			cancel()
		}
	}
	sum, err := Run(ctx, c)
	if !errors.Is(err, context.Canceled) || sum.Findings < 10 || sum.Findings == 5000 {
		t.Errorf("%d findings, %v", sum.Findings, err)
	}
	parseFindings(t, out.Bytes())
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteError(t *testing.T) {
	c := anyone(t, listOf(strings.Repeat(string(signed()[0].Bundle)+"\n", 500)), nil)
	c.Out = full{}
	if _, err := Run(t.Context(), c); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}

// Of several trust roots the one that knows a bundle's authorities judges it,
// and the finding names that root. An audit under other roots does not continue
// this one.
func TestSeveralRoots(t *testing.T) {
	good, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	src := func() Source { return listOf(fmt.Sprintf(`{"bundle":%s}`, signed()[2].Bundle)) }
	for name, roots := range map[string][]Root{"last": {{good, "good"}, {trusted(t), "test"}}, "first": {{trusted(t), "test"}, {good, "good"}}} {
		dir := t.TempDir()
		c := anyone(t, src(), nil)
		c.Roots, c.NoArtifact, c.File, c.State = roots, true, filepath.Join(dir, "out"), filepath.Join(dir, "state")
		sum, err := Run(t.Context(), c)
		if err != nil || sum.Verified != 1 || len(sum.TrustRoots) != 2 {
			t.Fatalf("%s: %+v, %v", name, sum, err)
		}
		out, err := os.ReadFile(c.File)
		if err != nil || !bytes.Contains(out, []byte(`"trust_root":{"source":"test",`)) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		for what, others := range map[string][]Root{"one less": roots[:1], "other order": {roots[1], roots[0]}, "one more": {roots[0], roots[1], {good, "third"}}} {
			c := anyone(t, src(), nil)
			c.Roots, c.NoArtifact, c.File, c.State = others, true, filepath.Join(dir, "out"), filepath.Join(dir, "state")
			if _, err := Run(t.Context(), c); err == nil {
				t.Errorf("%s, %s: continued", name, what)
			}
		}
	}
}
