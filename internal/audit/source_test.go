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
		out.sigstore#0 input.bundle
		out2.sigstore#0 input.bundle
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
	write(t, filepath.Join(dir, "root.json"), rootJSON(t))
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(s[2].Artifact))
	lines := []string{
		`{"bundle":"sub/a.json","artifact":"sub/a","identity":"https://example.test/0","issuer":"https://token.actions.githubusercontent.com"}`,
		`{"bundle":"sub/a.json","artifact":"sub/a","identity":"https://example.test/1","issuer":"https://token.actions.githubusercontent.com"}`,
		`{"bundle":"sub/a.json","artifact":"sub/a","identity_regexp":"https://example.test/[0-9]","issuer":"https://issuer.test"}`,
		"",
		inline(s[2].Bundle, `"artifact":"`+digest+`","no_identity":true`),
		inline(s[2].Bundle, `"artifact":"`+digest+`","no_identity":true,"predicate_type":"https://example.test/q"`),
		inline(s[2].Bundle, `"no_artifact":true,"no_identity":true,"require":{"tsa":2}`),
		inline(s[2].Bundle, `"no_artifact":true,"no_identity":true,"require":{"tsa":0,"tlog":1,"sct":"1"},"trusted_root":"root.json"`),
		inline(s[2].Bundle, `"no_artifact":true,"no_identity":true,"instance":"public-good"`),
		inline(s[2].Bundle, `"no_artifact":true,"no_identity":true,"instance":"private"`),
		inline(s[2].Bundle, `"no_artifact":true,"no_identity":true,"trusted_root":"no.json"`),
		inline(s[2].Bundle, `"no_artifact":true,"no_identity":true,"trusted_root":"sub/a"`),
		inline(s[2].Bundle, `"no_artifact":true,"key":"no.pem"`),
		inline(s[2].Bundle, `"no_artifact":true,"key":"sub/a"`),
		inline(s[2].Bundle, `"no_artifact":true,"identity_regexp":"(","issuer":"none"`),
		inline(s[2].Bundle, `"no_artifact":true,"identity":"a","issuer":"b","ext":{"no":"such"}`),
		inline(s[2].Bundle, `"no_artifact":true`),
		inline(s[2].Bundle, `"no_identity":true`),
		inline(s[2].Bundle, `"no_identity":true,"artifact":"md5:00"`),
		inline(s[2].Bundle, `"no_identity":true,"artifact":"./md5:00"`),
		inline(s[2].Bundle, `"no_identity":true,"artifact":"sub"`),
		`{"bundle":"no.json","no_identity":true}`,
		`{"bundle":"sub","no_identity":true}`,
		`{"bundle":"sub/a","no_identity":true,"no_artifact":true}`,
		"not JSON",
		string(s[0].Bundle),
		"  " + string(s[2].Bundle) + " \r",
	}
	name := filepath.Join(dir, "list.jsonl")
	write(t, name, []byte(strings.Join(lines, "\n")))
	l, err := OpenList(name)
	if err != nil {
		t.Fatal(err)
	}
	l.label = "list"
	c := anyone(t, l, nil)
	c.Policy = verify.Policy{}
	got, sum := findings(t, c)
	expect(t, got, `
		list:1#1 ok
		list:2#1 identity.san
		list:3#1 identity.issuer
		list:5#1 ok
		list:6#1 statement.predicate_type
		list:7#1 timestamp.threshold
		list:8#1 ok
		list:9#1 tlog.unknown_log
		list:10#0 trust.instance
		list:11#0 input.policy
		list:12#0 trust.malformed
		list:13#0 input.policy
		list:14#0 policy.key
		list:15#0 policy.regexp
		list:16#0 policy.extension
		list:17#0 policy.empty
		list:18#0 input.artifact
		list:19#0 policy.artifact
		list:20#1 input.artifact
		list:21#1 input.artifact
		list:22#0 input.bundle
		list:23#0 input.bundle
		list:24#1 bundle.malformed
		list:25#0 input.line
		list:26#0 policy.empty
		list:27#0 policy.empty
	`)
	if sum.Findings != 26 || sum.Verified != 3 || sum.Refused != 23 || sum.Entries != l.Count() || sum.Codes[0].Count < sum.Codes[1].Count {
		t.Errorf("%+v", sum)
	}
}

func TestListManagedKey(t *testing.T) {
	dir := t.TempDir()
	s := signed()[0]
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s.Key.SPKI()}))
	write(t, filepath.Join(dir, "list"), []byte(inline(s.Bundle, `"artifact":"a","key":"key.pem"`)+"\n"))
	l, err := OpenList(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := findings(t, anyone(t, l, nil))
	if len(got) != 1 || got[0].Code != "input.artifact" {
		t.Errorf("%+v", got)
	}
	write(t, filepath.Join(dir, "a"), s.Artifact)
	if got, _ = findings(t, anyone(t, l, nil)); got[0].Code != "key.unexpected" {
		t.Errorf("%+v", got)
	}
}

func TestNPM(t *testing.T) {
	s := signed()
	attestation := func(b []byte) string { return fmt.Sprintf(`{"predicateType":"p","bundle":%s,"new":1}`, b) }
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
		{`{"attestations":{}}`, "list:1#1 input.line\n"},
		{`{"attestations":[{}]}`, "list:1#1 input.line\n"},
		{`{"attestations":[{"predicateType":1,"bundle":{}}]}`, "list:1#1 input.line\n"},
		{`{"attestations":[{"bundle":{}}]}`, "list:1#1 bundle.malformed\n"},
		{`{"attestations":[],"identity":"x"}`, "list:1#0 input.line\n"},
		{`{"attestations":[` + strings.Repeat(`{"bundle":{}},`, maxAttestations) + `{"bundle":{}}]}`, "list:1#1 input.line\n"},
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
