// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// Published weaknesses of other TUF clients, each by its identifier, which
// runs its test: go test -run Advisories/GHSA-846p. What needs a server and a
// cache is in package tufsync. Every test turns red when its guard goes.

type object = tuftest.Object

// guard cites the line that a test depends on, and fails once that line is
// not where it was, so that the citation cannot go stale.
func guard(t *testing.T, file, line string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil || strings.Count(string(source), line) != 1 {
		t.Errorf("%s does not say %q once: %v", file, line, err)
	}
}

func TestAdvisories(t *testing.T) {
	for id, test := range map[string]func(*testing.T){
		"GHSA-fcv2-xgw5-pqxf CVE-2026-24137 names of targets": targetNames,
		"GHSA-x3r5-q6mj-m485 names of targets as files":       fileNames,
		"GHSA-r56q-vv3c-6g9c names of delegated roles":        roleNames,
		"GHSA-jqc5-w2xx-5vq4 names of repositories":           fileNames, // tufsync.DirName is EscapeFile
		"GHSA-846p-jg2w-w324 CVE-2026-23991 malformed roles":  malformed,
		"GHSA-fphv-w9fq-2525 CVE-2026-23992 threshold":        thresholds,
		"GHSA-5q2r-92f9-4m49 repeated signatures":             repeatedSignatures,
		"GHSA-8m7c-8m39-rv4x repeated keys, delegated":        repeatedDelegatedKeys,
		"GHSA-3633-5h82-39pq one key under many names":        keyMaterial,
	} {
		t.Run(id, test)
	}
}

func targetNames(t *testing.T) {
	guard(t, "names.go", `if name == "." || len(name) > MaxTargetName || !fs.ValidPath(name) {`)
	guard(t, "names.go", `if name[i] < 0x20 || name[i] == 0x7f || name[i] == '\\' {`)
	guard(t, "delegate.go", `if err := CheckTargetName(name); err != nil {`)
	w := started(t, tuftest.New())
	for _, name := range []string{
		"../x", "..", "a/../../x", "/etc/passwd", "//host/share", "a//b", "a/", "./a", ".", "",
		"a\x00b", "a\x00/../../x", `..\x`, `C:\x`, `\\host\share\x`, "a\r\nb", "\x7f", "a/\xff",
	} {
		_, err := w.Find(name, func(string, string) error { t.Errorf("%q: searched for", name); return nil })
		if refuse.CodeOf(err) != "tuf.name" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// hostile are names that reach other files, devices or each other where they
// are taken for file names as they are.
var hostile = []string{
	"", ".", "..", "../x", "../../x", "/x", "//x", "a/../b", `..\x`, `a\b`, "C:", `C:\x`, "a:stream", "x\x00", "x\x00.json", "x\n",
	"CON", "con", "Con.json", "nul", "NUL", "nul.tar.gz", "aux", "prn", "COM1", "com1.x", "LPT9", "x.", "x..", "x ", ".x",
	"a", "A", "é", "É", "e\u0301", "ſ", "s", "S", "K", "\u212a", "%2e%2e%2f", "%2E%2E%2F", "..%2fx", "~", "$HOME", strings.Repeat("x", 300), strings.Repeat("X", 300),
}

func fileNames(t *testing.T) {
	guard(t, "names.go", "if stem, _, _ := strings.Cut(e, \".\"); stem == \"\" || device(stem) {")
	guard(t, "names.go", "return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'")
	guard(t, "names.go", `if strings.HasSuffix(e, ".") {`)
	seen := map[string]string{}
	for _, name := range hostile {
		e := EscapeFile(name)
		stem, _, _ := strings.Cut(e, ".")
		if e == "" || len(e) > maxFileName || strings.Trim(e, ".") != e || device(strings.ToLower(stem)) ||
			strings.IndexFunc(e, func(r rune) bool {
				return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_.%+", r)
			}) >= 0 {
			t.Errorf("%q becomes the file name %q", name, e)
		}
		if other, ok := seen[strings.ToLower(e)]; ok {
			t.Errorf("%q and %q share the file name %q where case is folded", other, name, e)
		}
		seen[strings.ToLower(e)] = name
	}
}

func roleNames(t *testing.T) {
	guard(t, "shape_roles.go", "return checkRoleName(g.name)")
	guard(t, "source.go", `if !strings.Contains(role, "/") {`)
	for _, name := range []string{"root", "timestamp", "snapshot", "targets", "", strings.Repeat("x", MaxRoleName+1)} {
		r := tuftest.New()
		r.DelegateBy("targets", "role", object{"name": name, "terminating": false, "paths": []any{"*"}})
		r.Publish("targets")
		if _, err := targets(r); refuse.CodeOf(err) != "tuf.name" {
			t.Errorf("a role called %q: %v", name, err)
		}
	}
	for _, name := range hostile {
		f := &opened{}
		_, _ = Dir{FS: f, Meta: "sets/1"}.Role(name, Want{Version: 1, Limit: 1})
		for _, file := range f.names {
			if !strings.HasPrefix(file, "sets/1/") || strings.Count(file, "/") != 2 {
				t.Errorf("the role %q is looked for at %q", name, file)
			}
		}
		if e := EscapeURL(name); strings.ContainsAny(e, "/\\?#\x00") {
			t.Errorf("the role %q is asked for at %q", name, e)
		}
	}
}

// thresholds below one are met by files that no one signed.
func thresholds(t *testing.T) {
	guard(t, "shape_roles.go", `if v, err = integer(d, -1<<31); err == nil && (v < 1 || v > MaxKeys) {`)
	for _, n := range []int{0, -1, -1 << 31} {
		for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
			r := tuftest.New()
			w := started(t, r)
			r.SetKeys(role, n, role)
			r.Publish("root")
			if _, err := w.Advance(r.File("2.root.json")); refuse.CodeOf(err) != "tuf.threshold" {
				t.Errorf("threshold %d of %s: %v", n, role, err)
			}
		}
		for _, d := range []object{
			{"keys": object{}, "roles": []any{object{"name": "x", "keyids": []any{}, "threshold": n, "terminating": false, "paths": []any{"*"}}}},
			{"keys": object{}, "succinct_roles": object{"keyids": []any{}, "threshold": n, "bit_length": 8, "name_prefix": "b"}},
		} {
			r := tuftest.New()
			r.Docs["targets"]["delegations"] = d
			r.Publish("targets")
			if _, err := targets(r); refuse.CodeOf(err) != "tuf.threshold" {
				t.Errorf("threshold %d of a delegation: %v", n, err)
			}
		}
	}
}

// malformed puts every wrong kind of value in every place of every role's
// metadata, with the signatures left alone and with good ones: no panic, and
// what a client cannot do without is missed before anything is verified.
func malformed(t *testing.T) {
	guard(t, "workflow.go", "return checkShape(kind, data)")
	wrong := []any{nil, object{}, []any{}, []any{nil}, object{"x": nil}, "", "x", 0, -1, 1.5, int64(1 << 53), true, deleted{}}
	for _, role := range []string{"root", "timestamp", "snapshot", "targets", "role"} {
		n := 0
		r := nested()
		var doc object
		if err := json.Unmarshal(r.File(r.Name(role)), &doc); err != nil {
			t.Fatal(err)
		}
		for _, place := range places(doc, nil) {
			for _, v := range wrong {
				bad := replaced(doc, place, v)
				unsigned, err := json.Marshal(bad)
				if err != nil {
					t.Fatal(err)
				}
				feed(t, r, role, place, v, unsigned)
				if signed, ok := bad.(object)["signed"].(object); ok && v != 1.5 { // which has no canonical form
					feed(t, r, role, place, v, tuftest.SignDoc(signed, role))
				}
				n++
			}
		}
		t.Logf("%s: %d malformed files", role, n)
	}
	for _, data := range []string{"", "null", "[]", "0", `""`, "{}", `{"signed":null,"signatures":null}`, `{"signed":[],"signatures":{}}`, strings.Repeat("[", 10_000)} {
		for _, role := range []string{"root", "timestamp", "snapshot", "targets", "role"} {
			if err := feed(t, nested(), role, nil, data, []byte(data)); refuse.CodeOf(err) != "tuf.malformed" {
				t.Errorf("%s, %.20q: %v", role, data, err)
			}
		}
	}
}

// deleted stands for a member that is not there.
type deleted struct{}

// places lists the paths to all values in a document.
func places(v any, at []any) (list [][]any) {
	next := func(k, v any) {
		p := append(slices.Clone(at), k)
		list = append(append(list, p), places(v, p)...)
	}
	switch v := v.(type) {
	case object:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			next(k, v[k])
		}
	case []any:
		for i := range v {
			next(i, v[i])
		}
	}
	return list
}

// replaced returns a copy of a document with one value replaced.
func replaced(doc any, at []any, by any) any {
	if len(at) == 0 {
		return by
	}
	switch doc := doc.(type) {
	case object:
		c, k := maps.Clone(doc), at[0].(string)
		if c[k] = replaced(doc[k], at[1:], by); c[k] == (deleted{}) {
			delete(c, k)
		}
		return c
	case []any:
		c, i := slices.Clone(doc), at[0].(int)
		if c[i] = replaced(doc[i], at[1:], by); c[i] == (deleted{}) {
			return slices.Delete(c, i, i+1)
		}
		return c
	}
	return doc
}

// feed hands a file to the workflow as a role's, when its turn comes, and
// goes on to the end; the repository is left as it was. No error of its own kind may come without a code.
func feed(t *testing.T, r *tuftest.Repo, role string, place []any, v any, data []byte) (err error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s with %v at %v: panic: %v", role, v, place, p)
		}
		if err != nil && refuse.CodeOf(err) == "" {
			t.Errorf("%s with %v at %v: no code: %v", role, v, place, err)
		}
	}()
	if role == "root" {
		_, _ = Start(bytes.Clone(data))
		_, err = started(t, r).Advance(data)
		return err
	}
	good := r.File(r.Name(role))
	r.SetFile(r.Name(role), data)
	defer r.SetFile(r.Name(role), good)
	w, err := targets(r)
	if err != nil {
		return err
	}
	for _, name := range []string{"dir/file", "other"} {
		_, findErr := w.Find(name, func(role, delegator string) error {
			want, err := w.WantRole(role)
			if err == nil {
				_, err = w.Targets(r.File(fmt.Sprintf("%d.%s.json", want.Version, role)), role, delegator)
			}
			return err
		})
		if name == "dir/file" {
			err = findErr
		}
	}
	return err
}
