// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify/names"
)

// FuzzNames holds every reader to these laws: it ends, it has a code for each
// refusal, a name equals itself, and what is written is read back the same.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"Foo_Bar-1.0.post1-1-py2.py3-none-any.whl", "a-1!1.0rc1.dev2+x.1.tar.gz", "nokogiri-1.16.0-x86_64-linux.gem",
		"jq--1.7.sonoma.bottle.1.tar.gz", "pkg:npm/%40a/b@1?c=d#e", "sha512-AAAA?x sha1-AAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		coded := func(err error) bool {
			if err != nil && refuse.CodeOf(err) == "" {
				t.Errorf("%q: no code: %v", s, err)
			}
			return err == nil
		}
		if p, err := names.ParsePython(s); coded(err) && !p.Equal(p) {
			t.Errorf("%q differs from itself", s)
		}
		if g, err := names.ParseGem(s); coded(err) {
			if file, err := g.File(); err != nil || g.Platform != "ruby" && file != s {
				t.Errorf("%q is written %q, %v", s, file, err)
			}
		}
		if b, err := names.ParseBottle(s); coded(err) && !b.Equal(b) {
			t.Errorf("%q differs from itself", s)
		}
		if p, err := names.ParsePURL(s); coded(err) {
			if q, err := names.ParsePURL(p.String()); err != nil || q.String() != p.String() || !q.Names(p) {
				t.Errorf("%q: %s is read back as %s, %v", s, p, q, err)
			}
		}
		_, err := names.ParseSRI(s)
		coded(err)
	})
}
