// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

func tree(t testing.TB, dir string) *Tree {
	t.Helper()
	tr, err := OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

func TestTree(t *testing.T) {
	dir, s := t.TempDir(), signed()
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, s[0].Bundle)
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("a.tgz"), s[0].Artifact)
	write(t, at("a.tgz.sigstore.json"), s[0].Bundle)
	write(t, at("a/b/c"), s[1].Artifact)
	write(t, at("a/b/c.sigstore"), s[1].Bundle)
	write(t, at("a-"), s[3].Artifact)
	write(t, at("a-.sigstore.jsonl"), slices.Concat(s[3].Bundle, []byte("\n\n"), s[4].Bundle, []byte("\n{\n")))
	write(t, at("lone.sigstore.json"), s[5].Bundle)
	write(t, at("z/.sigstore.json"), s[5].Bundle)
	write(t, at("z/empty.sigstore"), []byte(" \n"))
	write(t, at("z/empty"), nil)
	write(t, at("folder/x"), nil)
	write(t, at("folder.sigstore/readme"), nil)
	write(t, at("y.sigstore.json"), s[6].Bundle)
	if err := os.Mkdir(at("y"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"in.sigstore": "a.tgz.sigstore.json", "in": "a.tgz", "out.sigstore": outside, "out2.sigstore": "../../" + filepath.Base(outside),
		"w.sigstore": "a", "loop.sigstore": "loop.sigstore",
	} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	want := `
		a/b/c.sigstore#1 ok
		a-.sigstore.jsonl#1 ok
		a-.sigstore.jsonl#2 signature.invalid
		a-.sigstore.jsonl#3 bundle.malformed
		a.tgz.sigstore.json#1 ok
		in.sigstore#1 ok
		lone.sigstore.json#1 input.artifact
		loop.sigstore#0 input.bundle
		out.sigstore#0 input.outside
		out2.sigstore#0 input.outside
		w.sigstore#0 input.bundle
		y.sigstore.json#1 input.artifact
		z/.sigstore.json#0 input.artifact
		z/empty.sigstore#1 bundle.empty
	`
	var got []Finding
	for _, page := range []int{1 << 16, 16} {
		tr := tree(t, dir)
		tr.page = page
		got, _ = findings(t, anyone(t, tr, nil))
		for i := range got {
			if got[i].Code == "artifact.mismatch" {
				got[i].Code = "signature.invalid" // which of the two depends on the bundle's hint
			}
		}
		expect(t, got, want)
	}
	if n := tree(t, dir).Count(); n != 12 {
		t.Errorf("%d bundle files", n)
	}
	if f := got[0]; f.Bundle != "a/b/c.sigstore" || f.Artifact != "a/b/c" || f.Signer != "https://example.test/1" || f.Issuer == "" ||
		f.Time == "" || f.ArtifactDigest == "" || f.BundleSHA256 != fmt.Sprintf("%x", sha256.Sum256(s[1].Bundle)) {
		t.Errorf("%+v", f)
	}
}

// A file beside a bundle is read, whatever it is called.
func TestTreeNamesLikeDigests(t *testing.T) {
	dir, s := t.TempDir(), signed()
	for i, content := range [][]byte{s[0].Artifact, []byte("tampered"), nil} {
		name := fmt.Sprintf("sha256:%x", sha256.Sum256(s[i].Artifact))
		if content != nil {
			write(t, filepath.Join(dir, fmt.Sprint(i), name), content)
		}
		write(t, filepath.Join(dir, fmt.Sprint(i), name+".sigstore.json"), s[i].Bundle)
	}
	for i, want := range []string{"ok", "", "input.artifact"} {
		got, _ := findings(t, anyone(t, tree(t, filepath.Join(dir, fmt.Sprint(i))), nil))
		if len(got) != 1 || got[0].Verified != (want == "ok") || !got[0].Verified && !strings.HasPrefix(got[0].Code, want) {
			t.Errorf("%d: want %s, got %+v", i, want, got)
		}
	}
}

// Folders larger than a page come out as those that fit.
func TestTreePages(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range 333 {
		name := fmt.Sprintf("%x.sigstore", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		want = append(want, name)
		write(t, filepath.Join(dir, name), nil)
	}
	slices.Sort(want)
	for _, page := range []int{16, 100, 333, 334, 1000} {
		tr := tree(t, dir)
		tr.page = page
		var got []string
		for e := range tr.entries() {
			got = append(got, e.place)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %d names", page, len(got))
		}
	}
}

func TestTreeFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, strings.Repeat("d/", 300), "x.sigstore"), nil)
	got, _ := findings(t, anyone(t, tree(t, dir), nil))
	if len(got) != 1 || got[0].Code != "input.directory" {
		t.Errorf("%v", got)
	}
	if _, err := OpenTree(filepath.Join(dir, "no")); err == nil {
		t.Error("no error for a folder that is not there")
	}
	tr := tree(t, dir)
	if err := tr.walk("no", 0, func(e *entry) bool { return e.err == nil }); err {
		t.Error("no finding for a folder that cannot be read")
	}
}

// record returns a line of a list; the bundle stands in it.
func inline(bundle []byte, members string) string {
	return fmt.Sprintf(`{"bundle":%s,%s}`, bundle, members)
}

func TestListRecords(t *testing.T) {
	dir, s := t.TempDir(), signed()
	write(t, filepath.Join(dir, "sub/a"), s[0].Artifact)
	write(t, filepath.Join(dir, "sub/a.json"), s[0].Bundle)
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(s[2].Artifact))
	lines := []string{
		`{"bundle":"sub/a.json","artifact":"sub/a"}`,
		`{"bundle":"sub/a.json","artifact":"sub/a.json"}`,
		"",
		inline(s[2].Bundle, `"artifact":"`+digest+`"`),
		inline(s[2].Bundle, `"artifact":"md5:00"`),
		inline(s[2].Bundle, `"artifact":"./md5:00"`),
		inline(s[2].Bundle, `"artifact":"sub"`),
		`{"bundle":"sub/a.json"}`,
		`{"bundle":"no.json","artifact":"sub/a"}`,
		`{"bundle":"sub","artifact":"sub/a"}`,
		`{"bundle":"sub/a","artifact":"sub/a"}`,
		"not JSON",
		string(s[0].Bundle),
		"  " + string(s[2].Bundle) + " \r",
	}
	name := filepath.Join(dir, "list.jsonl")
	write(t, name, []byte(strings.Join(lines, "\n")))
	l := openList(t, name)
	got, sum := findings(t, anyone(t, l, nil))
	expect(t, got, `
		list:1#1 ok
		list:2#1 artifact.mismatch
		list:4#1 ok
		list:5#0 policy.artifact
		list:6#1 input.artifact
		list:7#1 input.artifact
		list:8#0 input.artifact
		list:9#0 input.bundle
		list:10#0 input.bundle
		list:11#1 bundle.malformed
		list:12#0 input.line
		list:13#0 input.artifact
		list:14#0 input.artifact
	`)
	if sum.Findings != 13 || sum.Verified != 2 || sum.Refused != 11 || sum.Entries != l.Count() || sum.Codes[0].Count < sum.Codes[1].Count {
		t.Errorf("%+v", sum)
	}
}

func openList(t testing.TB, name string) *List {
	t.Helper()
	l, err := OpenList(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.label = "list"
	return l
}

// What evidence says of its own judgement is a finding, and no one's
// signature is accepted for it: the operator accepts one signer, and each of
// these lines would have had another one accepted.
func TestEvidenceDoesNotJudge(t *testing.T) {
	dir, s := t.TempDir(), signed()
	write(t, filepath.Join(dir, "root.json"), rootJSON(t))
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s[2].Key.SPKI()}))
	digest := fmt.Sprintf(`"artifact":"sha256:%x"`, sha256.Sum256(s[2].Artifact))
	lines := []string{inline(s[2].Bundle, digest)}
	for _, member := range []string{
		`"no_identity":true`, `"identity":"https://example.test/2","issuer":"` + virtual.DefaultIssuer + `"`,
		`"identity_regexp":".*","issuer_regexp":".*"`, `"key":"key.pem"`, `"key":"missing.pem"`, `"trusted_root":"root.json"`, `"instance":"public-good"`,
		`"require":{"tlog":0,"sct":0,"tsa":0,"time":0}`, `"predicate_type":"https://example.test/p"`, `"no_artifact":true`, `"ext":{}`,
	} {
		lines = append(lines, inline(s[2].Bundle, digest+","+member))
	}
	lines = append(lines, `{"no_identity":true,`+string(s[2].Bundle[1:]))
	lines = append(lines, fmt.Sprintf(`{"attestations":[{"bundle":%s}],"no_identity":true}`, s[2].Bundle))
	write(t, filepath.Join(dir, "list"), []byte(strings.Join(lines, "\n")))
	for what, id := range map[string]string{"identity.san": "https://example.test/good", "": "https://example.test/2"} {
		c := anyone(t, openList(t, filepath.Join(dir, "list")), nil)
		c.Policy = verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(id), Issuer: verify.Exactly(virtual.DefaultIssuer)}}}
		got, sum := findings(t, c)
		if len(got) != len(lines) || got[0].Code != what || got[0].Verified != (what == "") {
			t.Fatalf("%d findings, the first %+v", len(got), got[0])
		}
		for _, f := range got[1:] {
			if f.Verified || f.Code != "input.judgement" || f.BundleSHA256 != "" {
				t.Errorf("%+v", f)
			}
		}
		if len(sum.TrustRoots) != 1 || sum.TrustRoots[0].Source != "test" || !strings.Contains(string(sum.Policy), id) {
			t.Errorf("judged by %+v, %s", sum.TrustRoots, sum.Policy)
		}
	}
}

// The paths of a list lead nowhere out of its folder, unless they may.
func TestListOutside(t *testing.T) {
	parent, s := t.TempDir(), signed()
	dir, out := filepath.Join(parent, "dir"), filepath.Join(parent, "out")
	write(t, filepath.Join(dir, "in/a"), s[0].Artifact)
	write(t, filepath.Join(dir, "in/a.json"), s[0].Bundle)
	write(t, filepath.Join(out, "a"), s[0].Artifact)
	write(t, filepath.Join(out, "a.json"), s[0].Bundle)
	for link, to := range map[string]string{
		"file": filepath.Join(out, "a.json"), "relative": "../out/a.json", "folder": out, "up": "..", "twice": "file", "within": "in/a.json",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	leave := []string{filepath.Join(out, "a.json"), "../out/a.json", "in/../../out/a.json", "file", "relative", "folder/a.json", "up/out/a.json", "twice"}
	for _, name := range leave {
		lines = append(lines, fmt.Sprintf(`{"bundle":%q,"artifact":"in/a"}`, name), fmt.Sprintf(`{"bundle":"in/a.json","artifact":%q}`, name))
	}
	lines = append(lines, `{"bundle":"within","artifact":"in/../in/a"}`, `{"bundle":"../nothing","artifact":"in/a"}`)
	write(t, filepath.Join(dir, "list"), []byte(strings.Join(lines, "\n")))
	got, _ := findings(t, anyone(t, openList(t, filepath.Join(dir, "list")), nil))
	for i, f := range got {
		if within := i == 2*len(leave); f.Verified != within || !within && f.Code != "input.outside" {
			t.Errorf("%s: %+v", lines[i], f)
		}
	}
	c := anyone(t, openList(t, filepath.Join(dir, "list")), nil)
	c.AllowOutside = true
	got, _ = findings(t, c)
	for i, f := range got[:2*len(leave)] {
		if f.Code == "input.outside" || f.Verified != (i%2 == 0) {
			t.Errorf("%s: %+v", lines[i], f)
		}
	}
	c.Source = tree(t, dir)
	if _, err := Run(t.Context(), c); err == nil {
		t.Error("a tree has no paths that lead out of it")
	}
	// Those of standard input begin in the working directory.
	t.Chdir(dir)
	got, _ = findings(t, anyone(t, listOf(`{"bundle":"in/a.json","artifact":"in/a"}`, `{"bundle":"../out/a.json","artifact":"in/a"}`), nil))
	expect(t, got, "list:1#1 ok\nlist:2#0 input.outside\n")
}

func TestNPM(t *testing.T) {
	s := signed()
	attestation := func(b []byte) string {
		return fmt.Sprintf(`{"predicateType":"https://example.test/p","bundle":%s,"new":1}`, b)
	}
	answer := fmt.Sprintf(`{"attestations":[%s,%s],"new":{}}`, attestation(s[2].Bundle), attestation(s[5].Bundle))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(answer), "", "  "); err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(s[2].Artifact))
	for _, c := range []struct{ text, want string }{
		{answer, "list:1#1 ok\nlist:1#2 ok\n"},
		{"\n" + pretty.String(), "list:2#1 ok\nlist:2#2 ok\n"},
		{`{"attestations":[]}`, "list:1#1 bundle.empty\n"},
		{`{"attestations":{}}`, "list:1#1 carrier.malformed\n"},
		{`{"attestations":[{}]}`, "list:1#1 carrier.unknown\n"},
		{`{"attestations":[{"predicateType":1,"bundle":{}}]}`, "list:1#1 carrier.malformed\n"},
		{`{"attestations":[{"bundle":{}}]}`, "list:1#1 bundle.malformed\n"},
		{`{"attestations":[],"identity":"x"}`, "list:1#0 input.judgement\n"},
		{`{"attestations":[` + strings.Repeat(`{"bundle":{}},`, carrier.MaxBundles) + `{"bundle":{}}]}`, "list:1#1 carrier.count\n"},
		{`{"bundle":` + answer + `,"artifact":"` + digest + `"}`, "list:1#1 ok\nlist:1#2 artifact.mismatch\n"},
	} {
		conf := anyone(t, listOf(c.text), nil)
		conf.NoArtifact = true
		got, _ := findings(t, conf)
		for i := range got {
			if strings.HasPrefix(got[i].Code, "bundle.") && got[i].Code != "bundle.empty" {
				got[i].Code = "bundle.malformed"
			}
		}
		if v := verdicts(got); v != c.want {
			t.Errorf("%.60s…: got %s want %s", c.text, v, c.want)
		}
	}
}

func TestListReading(t *testing.T) {
	missing := `{"bundle":"missing"}`
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"\n \n\t\r\n", ""},
		{missing, "list:1#0 input.bundle\n"},
		{"\n\n" + missing + "\n\n" + missing, "list:3#0 input.bundle\nlist:5#0 input.bundle\n"},
		{"{\n" + missing + "\n", "list:1#0 input.line\nlist:2#0 input.bundle\n"},
		{"{\n" + missing + "\n\n[]", "list:1#0 input.line\nlist:2#0 input.bundle\nlist:4#0 input.line\n"},
		{"{\"bundle\":\n\"missing\"}\n", "list:1#0 input.bundle\n"},
		{strings.Repeat(" ", 1<<17) + missing + "\n" + missing, "list:1#0 input.bundle\nlist:2#0 input.bundle\n"},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			got, _ := findings(t, anyone(t, NewList("list", r), nil))
			if v := verdicts(got); v != c.want {
				t.Errorf("%.40q: got %s want %s", c.text, v, c.want)
			}
		}
	}
}

// A line too long is a finding, and the lines behind it are read.
func TestLongLine(t *testing.T) {
	ones := func(n int64) io.Reader { return io.LimitReader(repeated('1'), n) }
	next := "\n" + `{"bundle":"missing"}` + "\n"
	r := io.MultiReader(strings.NewReader(next[1:]), ones(maxLine+1), strings.NewReader(next), ones(maxLine-1), strings.NewReader(next))
	var sums [][sha256.Size]byte
	n := 0
	for e, err := range NewList("list", r).entries() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 && e.err == nil || n != 2 && e.err != nil {
			t.Errorf("line %d: %v", n, e.err)
		}
		sums = append(sums, e.sum)
	}
	h := sha256.New()
	io.Copy(h, io.MultiReader(ones(maxLine+1), strings.NewReader("\n")))
	if n != 5 || sums[1] != [sha256.Size]byte(h.Sum(nil)) {
		t.Errorf("%d lines", n)
	}
}

type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

func TestListErrors(t *testing.T) {
	c := anyone(t, NewList("list", io.MultiReader(strings.NewReader("{\"bundle\":\"missing\"}\n"), iotest.ErrReader(errFull))), new(bytes.Buffer))
	sum, err := Run(t.Context(), c)
	if !errors.Is(err, errFull) || sum.Findings != 1 {
		t.Errorf("%v, %+v", err, sum)
	}
	l := listOf(`{"bundle":"missing"}`)
	for range l.entries() {
	}
	if _, err := Run(t.Context(), anyone(t, l, new(bytes.Buffer))); !errors.Is(err, errReadOnce) {
		t.Errorf("a stream read twice: %v", err)
	}
	if _, err := OpenList(t.TempDir()); err == nil {
		t.Error("a folder is a list")
	}
	if _, err := OpenList(filepath.Join(t.TempDir(), "no")); err == nil {
		t.Error("a list that is not there")
	}
}
