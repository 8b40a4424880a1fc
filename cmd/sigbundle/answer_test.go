// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The schema has every member of the answers, and requires those that are
// always there.
func TestAnswersFitTheSchema(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Properties map[string]struct{ Const any }
			Required   []string
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]any{"verification": verification{}, "judged": judged{}, "lost": lostBundle{}, "refusal": verdict{}} {
		var all, always []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(answer)) {
			member, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.IsExported() {
				continue
			}
			if all = append(all, member); options == "" {
				always = append(always, member)
			}
		}
		slices.Sort(all)
		slices.Sort(always)
		def := schema.Defs[name]
		if got := slices.Sorted(maps.Keys(def.Properties)); !slices.Equal(got, all) {
			t.Errorf("%s has the members %q, and in the schema %q", name, all, got)
		}
		if got := slices.Sorted(slices.Values(def.Required)); !slices.Equal(got, always) {
			t.Errorf("%s always has %q, and in the schema %q", name, always, got)
		}
	}
	for name, want := range map[string]string{"verification": verificationSchema, "refusal": refusalSchema} {
		if got := schema.Defs[name].Properties["schema"].Const; got != want {
			t.Errorf("%s has the schema %q, and in the schema %q", name, want, got)
		}
	}
}

// Whatever is asked and however it ends, verify answers in one shape, and an
// answer without a verdict says why.
func TestOneShape(t *testing.T) {
	i := newImages(t)
	i.sign("sign", "--oci-layout", "img")
	missing := filepath.Join(i.dir, "missing")
	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"image":         {0, i.verify("--oci-layout", "img")},
		"no image":      {2, i.verify("--oci-layout", "img:v7")},
		"no layout":     {2, i.verify("--oci-layout", "nowhere")},
		"too few":       {1, i.verify("--oci-layout", "img", "--bundles", "2")},
		"no signer":     {2, []string{"verify", "a"}},
		"no file":       {2, i.verify(missing)},
		"no bundle":     {2, i.verify(i.digest)},
		"unknown flag":  {2, i.verify("a", "--nosuch")},
		"no artifact":   {2, i.verify()},
		"no trust root": {2, []string{"verify", i.digest, "--no-identity", "--trusted-root", missing}},
	} {
		var out, errs bytes.Buffer
		t.Chdir(i.dir)
		if code := run(append(c.args, "--format", "json"), nil, &out, &errs); code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, c.code, errs.String())
		}
		var v verification
		d := json.NewDecoder(&out)
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil {
			t.Errorf("%s: %v in %s", name, err, out.String())
			continue
		}
		if v.Schema != verificationSchema || v.Verified != (c.code == 0) || v.Verified != (v.Code == "") || v.Verified != (v.Message == "") || v.Bundles == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// An image opens with the verdict over all its bundles, and a red one stands
// for a refusal only.
func TestImageOpensWithItsVerdict(t *testing.T) {
	i := newImages(t)
	i.sign("sign", "--oci-layout", "img")
	if out := i.says(0, i.verify("--oci-layout", "img")); !strings.HasPrefix(out, "verified  img@") || strings.Contains(out, "refused") {
		t.Error(out)
	}
	lost := i.sign("attest", "--oci-layout", "img", "--predicate", "predicate.json", "--type", "spdx")
	if err := os.CopyFS(filepath.Join(i.dir, "origin"), os.DirFS(i.layout.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(i.layout.Path(lost)); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"verified": {"--oci-layout", "img"},
		"refused":  {"--oci-layout", "img", "--bundles", "all"},
		"refused ": {"--oci-layout", "img", "--mirror-of", "origin"},
	} {
		code := 0
		if want != "verified" {
			code = 1
		}
		if out := i.says(code, i.verify(args...)); !strings.HasPrefix(out, strings.TrimSpace(want)+"  img@"+i.digest+", all bundles: ") {
			t.Errorf("%q: %s", args, out)
		}
	}
}
