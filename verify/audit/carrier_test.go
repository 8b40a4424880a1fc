// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/verify"
)

// What a carrier says about a bundle is held against the signed statement, in
// every form of a store, and whether or not the bundle verifies.
func TestCarrierClaims(t *testing.T) {
	s := signed()
	answer := func(claim string, b []byte) string {
		return fmt.Sprintf(`{"attestations":[{"predicateType":%q,"bundle":%s}]}`, claim, b)
	}
	const is, other = "https://example.test/p", "https://example.test/other"
	tampered := bytes.Replace(s[2].Bundle, []byte(`"sig":"ME`), []byte(`"sig":"MF`), 1)
	if bytes.Equal(tampered, s[2].Bundle) {
		t.Fatal("nothing was changed")
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(answer(other, s[2].Bundle)), "", " "); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{answer(is, s[2].Bundle), "list:1#1 ok\n"},
		{answer(other, s[2].Bundle), "list:1#1 carrier.claim\n"},
		{answer(strings.ToUpper(is), s[2].Bundle), "list:1#1 carrier.claim\n"},
		{answer(is+" ", s[2].Bundle), "list:1#1 carrier.claim\n"},
		{answer(is, s[0].Bundle), "list:1#1 carrier.claim\n"}, // it has no statement
		{answer(other, tampered), "list:1#1 carrier.claim\n"},
		{answer(is, []byte(`{}`)), "list:1#1 bundle.version\n"},
		{pretty.String(), "list:1#1 carrier.claim\n"},
		{`{"bundle":` + answer(other, s[2].Bundle) + `}`, "list:1#1 carrier.claim\n"},
		{`{"attestations":[{"predicateType":"` + other + `","bundle":{"bundle":` + string(s[2].Bundle) + `}}]}`, "list:1#1 bundle.malformed\n"},
		{answer(strings.Repeat("x", 1<<20), s[2].Bundle), "list:1#1 carrier.claim\n"},
	} {
		conf := anyone(t, listOf(c.text), nil)
		conf.NoArtifact = true
		got, _ := findings(t, conf)
		expect(t, got, c.want)
		if len(got[0].Message) > 4096 {
			t.Errorf("a message of %d bytes", len(got[0].Message))
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), s[2].Artifact)
	write(t, filepath.Join(dir, "a.sigstore.json"), []byte(answer(other, s[2].Bundle)))
	write(t, filepath.Join(dir, "b"), s[2].Artifact)
	write(t, filepath.Join(dir, "b.sigstore.jsonl"), []byte(answer(is, s[2].Bundle)+"\n"+answer(other, s[2].Bundle)))
	write(t, filepath.Join(dir, "c"), s[2].Artifact)
	write(t, filepath.Join(dir, "c.sigstore"), []byte(`[{"predicateType":"`+other+`","bundle":`+string(s[2].Bundle)+`}]`))
	got, sum := findings(t, anyone(t, tree(t, dir), nil))
	expect(t, got, `
		a.sigstore.json#1 carrier.claim
		b.sigstore.jsonl#1 ok
		b.sigstore.jsonl#2 carrier.claim
		c.sigstore#1 carrier.claim
		`)
	if sum.Verified != 1 || got[0].PredicateType != "" { // of a statement that was not judged
		t.Errorf("%+v, %+v", sum, got[0])
	}
	conf := anyone(t, listOf(answer(other, s[2].Bundle)), nil)
	conf.NoArtifact = true
	conf.Policy = verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly("x"), Issuer: verify.Exactly("y")}}}
	got, _ = findings(t, conf)
	expect(t, got, "list:1#1 carrier.claim\n")
}

// A document of more bundles than may be in one is a finding, and only one.
func TestCarrierCount(t *testing.T) {
	const many = carrier.MaxBundles + 1
	const most = 64
	answer := `{"attestations":[` + strings.Repeat(`{"bundle":{}},`, most-1) + `{"bundle":{}}]}`
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.sigstore.jsonl": strings.Repeat("{}\n", many),
		"b.sigstore.json":  "[" + strings.Repeat("{},", many-1) + "{}]",
		"c.sigstore":       `{"attestations":[` + strings.Repeat(`{},`, many-1) + `{}]}`,
		"d.sigstore.jsonl": strings.Repeat("{}\n \r\n\n", many),
		"e.sigstore.jsonl": strings.Repeat(answer+"\n", many/most+1),
		"f.sigstore.jsonl": strings.Repeat("x\n", 2) + strings.Repeat("{}\n", many),
		"g.sigstore.jsonl": strings.Repeat("{}\n", 3),
	} {
		write(t, filepath.Join(dir, name), []byte(text))
		write(t, filepath.Join(dir, strings.SplitN(name, ".", 2)[0]), nil)
	}
	got, _ := findings(t, anyone(t, tree(t, dir), nil))
	expect(t, got, `
		a.sigstore.jsonl#1 carrier.count
		b.sigstore.json#1 carrier.count
		c.sigstore#1 carrier.count
		d.sigstore.jsonl#1 carrier.count
		e.sigstore.jsonl#1 carrier.count
		f.sigstore.jsonl#1 bundle.malformed
		g.sigstore.jsonl#1 bundle.version
		g.sigstore.jsonl#2 bundle.version
		g.sigstore.jsonl#3 bundle.version
		`)
	write(t, filepath.Join(dir, "list"), []byte(`{"bundle":"a.sigstore.jsonl"}`+"\n"+`{"bundle":`+answer+`}`))
	conf := anyone(t, openList(t, filepath.Join(dir, "list")), nil)
	conf.NoArtifact = true
	got, _ = findings(t, conf)
	if len(got) != 1+most || got[1].Index != 1 || got[0].Code != "carrier.count" || got[1].Code != "bundle.version" {
		t.Errorf("%d findings, %+v", len(got), got[0])
	}
}

// A registry may accept smaller bundles than the greatest.
func TestMaxBundle(t *testing.T) {
	s := signed()
	size := len(s[0].Bundle)
	for _, c := range []struct {
		most int
		want string
	}{{0, "ok"}, {size, "ok"}, {size - 1, "bundle.limit"}, {1, "bundle.limit"}, {bundle.MaxSize, "ok"}} {
		conf := anyone(t, listOf(string(s[0].Bundle)), nil)
		conf.Policy, conf.NoArtifact, conf.MaxBundle = verify.Policy{AnyIdentity: true}, false, c.most
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a"), s[0].Artifact)
		write(t, filepath.Join(dir, "a.sigstore.json"), s[0].Bundle)
		conf.Source = tree(t, dir)
		got, _ := findings(t, conf)
		expect(t, got, "a.sigstore.json#1 "+c.want+"\n")
	}
	for _, most := range []int{-1, bundle.MaxSize + 1} {
		conf := anyone(t, listOf(), new(bytes.Buffer))
		conf.MaxBundle = most
		if _, err := Run(t.Context(), conf); err == nil {
			t.Errorf("a bound of %d accepted", most)
		}
	}
}
