// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What no one signed does not pass in silence: it is counted, and a finding on
// wish.
func TestCoverage(t *testing.T) {
	dir, s := t.TempDir(), signed()
	elsewhere := t.TempDir()
	write(t, filepath.Join(elsewhere, "evil"), nil)
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("a.tgz"), s[0].Artifact)
	write(t, at("a.tgz.sigstore.json"), s[0].Bundle)
	write(t, at("b/b"), s[1].Artifact)
	write(t, at("b/b.sigstore"), s[1].Bundle)
	write(t, at("gone.tgz.sigstore.json"), s[2].Bundle)
	write(t, at("b/.sigstore"), s[2].Bundle)
	for _, name := range []string{"evil.tgz", "b/evil.tgz", ".hidden", "a.tgz.sig", "a.tgz.sigstore.json.bak", "b/c/d/evil", "z"} {
		write(t, at(name), []byte("evil"))
	}
	write(t, at("findings.jsonl"), nil)
	for link, to := range map[string]string{"linked": elsewhere, "evil": filepath.Join(elsewhere, "evil"), "loop": "loop", "dangling": "nothing", "within": "b", "file": "z"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	const unsigned, links, orphans = 8, 5, 2 // "file" is a link to a file within
	for _, page := range []int{1 << 16, 1} {
		for _, require := range []bool{false, true} {
			tr := tree(t, dir)
			tr.page, tr.RequireBundles = page, require
			tr.Except(at("findings.jsonl"), "", at("no such file"))
			var out bytes.Buffer
			sum, err := Run(context.Background(), anyone(t, tr, &out))
			if err != nil {
				t.Fatal(err)
			}
			if *sum.Coverage != (Coverage{unsigned, orphans, links}) {
				t.Errorf("%+v", *sum.Coverage)
			}
			codes := map[string]int{}
			for line := range strings.Lines(out.String()) {
				var f struct{ Code string }
				if err := json.Unmarshal([]byte(line), &f); err != nil {
					t.Fatal(err)
				}
				codes[f.Code]++
			}
			want := 0
			if require {
				want = 1
			}
			if codes["input.unsigned"] != unsigned*want || codes["input.link"] != links*want || codes["input.artifact"] != orphans {
				t.Errorf("require %t: %v", require, codes)
			}
			var text bytes.Buffer
			if err := sum.WriteText(&text); err != nil || !strings.Contains(text.String(), "not audited: 8 files without a bundle, 5 links not followed; 2 bundles without an artifact\n") {
				t.Errorf("%s, %v", text.String(), err)
			}
		}
	}
}
