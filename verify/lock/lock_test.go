// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify/codes"
	"github.com/sigbundle/sigbundle/verify/lock"
)

func sri(c byte) string {
	return "sha512-" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(c), 64)))
}

func hexOf(c byte) string { return strings.Repeat(fmt.Sprintf("%02x", c), 32) }

// read returns the entries in short: TITLE and what is known of it.
func read(text string) (format string, lines []string, err error) {
	f, err := lock.Parse([]byte(text))
	if err != nil {
		return "", nil, err
	}
	for e, err := range f.All() {
		if err != nil {
			return f.Format, lines, err
		}
		what := e.Skip
		switch {
		case what == "" && e.Err != nil:
			what = string(refuse.CodeOf(e.Err))
		case what == "":
			what = e.Digest.Algorithm + ":" + string(e.Digest.Value[:1])
		}
		if e.Err != nil && e.Digest.Algorithm != "" || e.Skip != "" && e.Err != nil {
			what = "several things"
		}
		lines = append(lines, e.Title()+" "+what)
	}
	return f.Format, lines, nil
}

// sample returns a file of testdata with A, B, … for digests.
func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for c := byte('A'); c <= 'H'; c++ {
		text = strings.ReplaceAll(text, "SRI"+string(c), sri(c))
		text = strings.ReplaceAll(text, "HEX"+string(c), hexOf(c))
	}
	return text
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		file, format string
		want         []string
	}{
		{"package-lock.v1.json", "package-lock", []string{"nested@2.0.0 sha512:B", "a@1.0.0 sha512:A", "@s/b@1.0.0-rc.1 sha512:C", "real@3.0.0 sha512:D", "old@1.0.0 artifact.not_comparable", "inside@1.0.0 bundled",
			"git@git+ssh://git@host.example/x.git#abc git", "tar@file:tar.tgz file", "bare@1.0.0 lock.no_digest"}},
		{"package-lock.v2.json", "package-lock", []string{"a@1.0.0 sha512:A", "@s/b@1.0.0-rc.1 sha512:C", "nested@2.0.0 sha512:B", "a@1.0.0 sha512:E"}},
		{"package-lock.v3.json", "package-lock", []string{"a@1.0.0 sha512:A", "@s/b@1.0.0-rc.1 sha512:C", "nested@2.0.0 sha512:B", "real@3.0.0 sha512:D", "old@1.0.0 artifact.not_comparable", "inside@1.0.0 bundled",
			"mine link", "@1.0.0 folder", "git@1.0.0 git", "tar@1.0.0 file", "bare@1.0.0 lock.no_digest", "two@1.0.0 sha512:F"}},
		{"pnpm-lock.yaml", "pnpm-lock", []string{"@s/b@1.0.0-rc.1 sha512:C", "a@1.0.0 sha512:A", "git@1.0.0 git", "mine@file:mine folder", "old@1.0.0 artifact.not_comparable", "bare@1.0.0 lock.no_digest", "empty@1.0.0 lock.no_digest", "tar@1.2.3 sha512:B"}},
		{"pnpm-lock.v6.yaml", "pnpm-lock", []string{"@s/b@1.0.0 sha512:C", "a@1.0.0 sha512:A"}},
		{"pnpm-lock.v5.yaml", "pnpm-lock", []string{"@s/b@1.0.0 sha512:C", "a@1.0.0 sha512:A"}},
		{"yarn.lock", "yarn", []string{"@s/b@1.0.0 sha512:C", "a@1.0.0 sha512:A", "real@3.0.0 sha512:D", "old@1.0.0 artifact.not_comparable", "git@1.0.0 git", "bare@1.0.0 lock.no_digest", "mine@0.0.0 folder"}},
		{"yarn.berry.lock", "yarn berry", []string{"@s/b@1.0.0 artifact.not_comparable", "mine@0.0.0-use.local folder", "git@1.0.0 git"}},
		{"bun.lock", "bun", []string{"@s/b@1.0.0 sha512:C", "a@1.0.0 sha512:A", "a@2.0.0 sha512:B", "git@github:o/git#abc git", "mine@workspace:packages/mine folder", "tar@file:tar.tgz file", "bare@1.0.0 lock.no_digest"}},
		{"pylock.toml", "pylock", []string{"a@1.0 artifact.not_comparable", "a@1.0 sha256:B", "b@2.0 sha256:C", "c@3 sha256:D", "git git", "mine folder", "weak@1 artifact.not_comparable", "none@1 lock.no_digest"}},
		{"requirements.txt", "requirements", []string{"a@1.0 sha256:A", "a@1.0 sha256:B", "foo-bar@2.0.post1 sha256:C", "weak@1 artifact.not_comparable", "bare@1 lock.no_digest", "open sha256:D", "url sha256:E", "git git"}},
		{"Gemfile.lock", "Gemfile.lock", []string{"a@1.0.0 sha256:A", "mine@0.1.0 folder", "nokogiri@1.16.0-arm64-darwin sha256:B", "nokogiri@1.16.0-x86_64-linux sha256:C", "weak@1.0 artifact.not_comparable", "git@1.0 git", "bare@1.0 lock.no_digest", "unlisted@1.0 lock.no_digest"}},
		{"go.sum", "go.sum", []string{"m.example/a@v1.0.0 artifact.not_comparable"}},
	} {
		format, got, err := read(sample(t, c.file))
		if err != nil || format != c.format || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s, %v\n got %q\nwant %q", c.file, format, err, got, c.want)
		}
	}
}

// What is said twice, or in a way that two readers understand differently, is
// refused as a whole.
func TestMalformed(t *testing.T) {
	entry := func(members string) string {
		return `{"lockfileVersion":3,"packages":{"node_modules/a":{` + members + `}}}`
	}
	good := `"version":"1.0.0","integrity":"` + sri('A') + `"`
	if _, got, err := read(entry(good)); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	yarn := "# yarn lockfile v1\n\n"
	block := "a@^1:\n  version \"1.0.0\"\n  integrity " + sri('A') + "\n"
	pnpm := "lockfileVersion: '9.0'\npackages:\n"
	pnpmEntry := "  a@1.0.0:\n    resolution: {integrity: " + sri('A') + "}\n"
	pylock := "lock-version = \"1.0\"\n"
	wheel := "[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{name = \"a-1-py3-none-any.whl\", hashes = {sha256 = \"" + hexOf('A') + "\"}}]\n"
	checks := "CHECKSUMS\n  a (1.0) sha256=" + hexOf('A') + "\n"
	for _, text := range []string{pnpm + pnpmEntry + "    x: [[{a: {b: [c, {d: e}]}}], {f: {resolution: {integrity: g}}}]\n", yarn + block, pnpm + pnpmEntry, pylock + wheel, checks} {
		if _, got, err := read(text); err != nil || len(got) != 1 {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, c := range []struct{ code, text string }{
		// JSON with a key twice, or in another case
		{"lock.malformed", entry(good + `,"integrity":"` + sri('B') + `"`)},
		{"lock.malformed", entry(good + `,"Integrity":"` + sri('B') + `"`)},
		{"lock.malformed", entry(good + `,"INTEGRITY":null`)},
		{"lock.malformed", entry(good + `,"Version":"2.0.0"`)},
		{"lock.malformed", entry(good + `,"Link":true`)},
		{"lock.malformed", entry(good + `,"inbundle":true`)},
		{"lock.malformed", entry(good + `,"Name":"b"`)},
		{"lock.malformed", entry(good + `,"\u0069ntegrity":"` + sri('B') + `"`)},
		{"lock.malformed", `{"lockfileVersion":3,"packages":{"node_modules/a":{` + good + `},"node_modules/a":{` + good + `}}}`},
		{"lock.malformed", `{"lockfileVersion":3,"packages":{},"packages":{}}`},
		{"lock.malformed", `{"lockfileVersion":3,"packages":{},"Packages":{}}`},
		{"lock.malformed", `{"lockfileVersion":1,"dependencies":{},"Dependencies":{}}`},
		{"lock.malformed", `{"lockfileVersion":1,"packages":{},"dependencies":{}}`},
		{"lock.malformed", `{"lockfileVersion":3,"LockfileVersion":1,"packages":{}}`},
		{"lock.malformed", entry(good) + "{}"},
		{"lock.malformed", entry(good + `,"link":"false"`)},
		{"lock.malformed", entry(`"version":"1.0.0","integrity":["` + sri('A') + `"]`)},
		{"lock.malformed", entry(`"version":1`)},
		{"lock.malformed", `{"lockfileVersion":3}`},
		{"lock.malformed", `{"lockfileVersion":3,"packages":` + strings.Repeat(`{"a":`, 200)},
		{"lock.malformed", `{"lockfileVersion":"3","packages":{}}`},
		{"lock.version", `{"lockfileVersion":4,"packages":{}}`},
		{"lock.version", `{"packages":{}}`},
		{"lock.version", `{"lockfileVersion":9,"workspaces":{},"packages":{}}`},
		// bun
		{"lock.malformed", `{"lockfileVersion":1,"workspaces":{},"packages":{"a":["a@1.0.0","",{},"` + sri('A') + `"],"a":["a@1.0.0","",{},"` + sri('A') + `"],}}`},
		{"lock.malformed", `{"lockfileVersion":1,"workspaces":{},"packages":{"a":[],}}`},
		{"lock.malformed", `{"lockfileVersion":1,"workspaces":{},"packages":{"a":[1,"a@1.0.0"]},"Packages":{}}`},
		{"lock.malformed", `{"lockfileVersion":1,"workspaces":{},"packages":{},,}`},
		{"lock.malformed", `{"lockfileVersion":1,"workspaces":{},"packages":{"a":["a@1","","","","","","","",""]}}`},
		// yarn
		{"lock.malformed", yarn + block + block},
		{"lock.malformed", yarn + block + "b@1, a@^1:\n  version \"1.0.0\"\n"},
		{"lock.malformed", yarn + block + "  integrity " + sri('B') + "\n"},
		{"lock.malformed", yarn + block + "  Integrity " + sri('B') + "\n"},
		{"lock.malformed", yarn + "a@^1, b@^1:\n  version \"1.0.0\"\n"},
		{"lock.malformed", yarn + "a@^1\n"},
		{"lock.malformed", yarn + "\"a@^1:\n"},
		{"lock.malformed", yarn + "a@^1 b:\n  version\n"},
		{"lock.malformed", yarn + "  version \"1\"\n"},
		{"lock.malformed", yarn + "a@^1:\n  version \"1\\\"\n"},
		{"lock.malformed", yarn + "a@^1:\n\tversion \"1\"\n"},
		// YAML that pnpm does not write
		{"lock.malformed", pnpm + pnpmEntry + pnpmEntry},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: {integrity: " + sri('A') + ", integrity: " + sri('B') + "}\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: {integrity: " + sri('A') + "}\n    resolution: {integrity: " + sri('B') + "}\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    Resolution: {integrity: " + sri('A') + "}\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: {Integrity: " + sri('A') + "}\n"},
		{"lock.malformed", pnpm + "  a@1.0.0: &x\n    resolution: {integrity: " + sri('A') + "}\n"},
		{"lock.malformed", pnpm + "  a@1.0.0: *x\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    <<: *x\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: !x {integrity: y}\n"},
		{"lock.malformed", pnpm + "  ? a@1.0.0\n  : x\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: {integrity: " + sri('A') + "\n"},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: {integrity: " + sri('A') + "} x\n"},
		{"lock.malformed", pnpm + "\ta@1.0.0: {}\n"},
		{"lock.malformed", pnpm + pnpmEntry + "---\n" + pnpm},
		{"lock.malformed", pnpm + pnpmEntry + "      x: y\n"},
		{"lock.malformed", pnpm + pnpmEntry + "   x: y\n"},
		{"lock.malformed", pnpm + "  - a\n" + pnpmEntry},
		{"lock.malformed", pnpm + "  a@1.0.0:\n    resolution: x: y\n"},
		{"lock.malformed", pnpm + strings.Repeat(" ", 3) + "a:\n" + strings.Repeat(" ", 4) + "b: {a: " + strings.Repeat("{a: ", 40) + "\n"},
		{"lock.malformed", pnpm + "  a@1.0.0: " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "\n"},
		{"lock.malformed", pnpm + nest(20) + "\n"},
		{"lock.malformed", pylock + "a = " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "\n"},
		{"lock.malformed", pylock + "a = " + strings.Repeat("{a = ", 20) + "1" + strings.Repeat("}", 20) + "\n"},
		{"lock.malformed", pnpm + "  a@1.0.0: [{a: b}\n"},
		{"lock.malformed", pnpm + "  a@1.0.0: {a: [[{b: {c: [d, {e: f}]}}]]\n"},
		{"lock.malformed", "packages:\n  a@1.0.0: {}\nlockfileVersion: '9.0'\n"},
		{"lock.version", "lockfileVersion: '12.0'\npackages:\n"},
		{"lock.version", "lockfileVersion:\npackages:\n"},
		// TOML
		{"lock.malformed", pylock + pylock},
		{"lock.malformed", pylock + wheel + "name = \"b\"\n"},
		{"lock.malformed", pylock + wheel + "Name = \"b\"\n"},
		{"lock.malformed", pylock + wheel + "wheels = []\n"},
		{"lock.malformed", pylock + wheel + "[packages]\n"},
		{"lock.malformed", pylock + strings.Replace(wheel, "hashes", "Hashes", 1)},
		{"lock.malformed", pylock + strings.Replace(wheel, "}}]", "}, hashes = {}}]", 1)},
		{"lock.malformed", pylock + strings.Replace(wheel, "}}]", "}}", 1)},
		{"lock.malformed", pylock + "[[Packages]]\n"},
		{"lock.malformed", pylock + "a = 1 b = 2\n"},
		{"lock.malformed", pylock + "a.b = 1\na = 2\n"},
		{"lock.malformed", pylock + "a = {b = 1}\na.c = 2\n"},
		{"lock.malformed", pylock + "a = " + strings.Repeat("[", 100) + "\n"},
		{"lock.malformed", pylock + strings.Repeat("a.", 100) + "a = 1\n"},
		{"lock.malformed", pylock + "a = \"\x01\"\n"},
		{"lock.malformed", pylock + "a = \"\\q\"\n"},
		{"lock.version", "lock-version = \"2.0\"\n"},
		// others
		{"lock.malformed", checks + "  a (1.0) sha256=" + hexOf('B') + "\n"},
		{"lock.malformed", checks + "  a 1.0 sha256=" + hexOf('B') + "\n"},
		{"lock.malformed", checks + "  b (1.0) " + hexOf('B') + "\n"},
		{"lock.malformed", "-r other.txt\na==1 --hash=sha256:" + hexOf('A') + "\n"},
		{"lock.malformed", "=== --hash=sha256:" + hexOf('A') + "\n"},
		{"lock.unknown", ""}, {"lock.unknown", "hello\n"}, {"lock.unknown", "[]"},
		{"lock.malformed", "\xff"}, {"lock.malformed", "{\x00}"}, {"lock.malformed", "{"},
	} {
		if _, got, err := read(c.text); string(refuse.CodeOf(err)) != c.code {
			t.Errorf("%.300q: %q, %v, want %s", c.text, got, err, c.code)
		}
	}
	if _, err := lock.Parse(make([]byte, lock.MaxSize+1)); refuse.CodeOf(err) != "lock.limit" {
		t.Error(err)
	}
}

// nest returns so many mappings of YAML within one another.
func nest(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i+2) + "a:\n")
	}
	return b.String()
}

// A name that is a path, or no name at all, is never proved.
func TestNames(t *testing.T) {
	for _, key := range []string{
		"node_modules/..", "node_modules/../x", "node_modules/a/../b", "node_modules/./a", "node_modules//a", "/node_modules/a", "node_modules/.bin",
		`node_modules\\a`, "C:node_modules/a", "node_modules/a/b", "node_modules/@a", "node_modules/@/a", "node_modules/@a/b/c", "node_modules/@../a",
		"node_modules/a b", "node_modules/a%2fb", "node_modules/a@b", "node_modules/a?b", "node_modules/é", "node_modules/", "../node_modules/../a", "a/../node_modules/b",
		"node_modules/" + strings.Repeat("a", 300), "node_modules/a\\u0000", "node_modules/a\\n",
	} {
		text := `{"lockfileVersion":3,"packages":{"` + key + `":{"version":"1.0.0","integrity":"` + sri('A') + `"}}}`
		if _, got, err := read(text); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], " lock.name") {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
	for _, version := range []string{"", "..", "1/../2", "latest", "1 2", "^1.0.0", "1@2", `1\\2`} {
		text := `{"lockfileVersion":1,"dependencies":{"a":{"version":"` + version + `","integrity":"` + sri('A') + `"}}}`
		if _, got, err := read(text); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], " lock.name") {
			t.Errorf("%s: %q, %v", version, got, err)
		}
	}
	for _, file := range []string{"b-1-py3-none-any.whl", "a-2-py3-none-any.whl", "../a-1-py3-none-any.whl", "a-1.exe", "a-1.whl"} {
		text := "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{name = \"" + file + "\", hashes = {sha256 = \"" + hexOf('A') + "\"}}]\n"
		if _, got, err := read(text); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], " lock.name") {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
}

// Two digests of the strongest algorithm leave open which file is meant.
func TestTwoDigests(t *testing.T) {
	two := sri('A') + " " + sri('B')
	for _, text := range []string{
		`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","integrity":"` + two + `"}}}`,
		`{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","integrity":"` + two + `"}}}`,
		`{"lockfileVersion":1,"workspaces":{},"packages":{"a":["a@1.0.0","",{},"` + two + `"]}}`,
		"# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  integrity " + two + "\n",
		"lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: " + two + "}\n",
		"CHECKSUMS\n  a (1.0) sha256=" + hexOf('A') + ",sha256=" + hexOf('B') + "\n",
	} {
		if _, got, err := read(text); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], " integrity.malformed") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

// What an installer reads is read here, or refused: no line, option, entry or
// digest stays unseen.
func TestNothingIsHidden(t *testing.T) {
	good, evil := "good==1.0 --hash=sha256:"+hexOf('A'), "evil==1.0 --hash=sha256:"+hexOf('B')
	for _, text := range []string{
		good + " # c\u2028" + evil, good + " # c\r" + evil, good + " # c\f" + evil, good + " # c\u0085" + evil, good + " # c\v" + evil, good + " # c\x1c" + evil,
		good + " \\\n# c \\\n" + evil, "# c \\\n" + evil + "\n" + good,
		good + "\n-revil.txt", good + "\n--pre -r evil.txt", good + "\n--requiremen evil.txt", good + "\n--pre --requirement=evil.txt", good + "\n-e . -r evil.txt", good + "\n-cevil.txt",
		good + " --has=sha256:" + hexOf('B'), good + ` --ha""sh=sha256:` + hexOf('B'), good + " -r evil.txt", good + ` --hash="sha256:` + hexOf('B') + `"`, good + ` --hash\=sha256:` + hexOf('B'),
		good + " --config-settings=a=b", good + " --hash",
		evil + "\n--pre # \\\nCHECKSUMS\n    --pre # \\\n  good (1.0) sha256=" + hexOf('A'),
		"lockfileVersion: '9.0'\npackages:\n  # x\r  evil@1.0.0:\r    resolution: {integrity: " + sri('B') + "}\n",
		"lockfileVersion: '9.0'\nlock-version = \"1.0\"\n", "CHECKSUMS\n  a (1.0) sha256=" + hexOf('A') + "\nlockfileVersion: 1\n",
		"EXTRA\n  x\nCHECKSUMS\n  a (1.0) sha256=" + hexOf('A') + "\n",
	} {
		if _, got, err := read(text); codes.Of(err) != codes.LockMalformed {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	npm := func(members string) string {
		return `{"lockfileVersion":3,"packages":{"node_modules/evil":{"version":"1.0.0",` + members + `,"resolved":"https://r.example/evil-1.0.0.tgz","integrity":"` + sri('B') + `"}}}`
	}
	for text, want := range map[string]string{
		npm(`"inBundle":true`): "evil@1.0.0 sha512:B", npm(`"link":true`): "evil@1.0.0 sha512:B",
		good + "\nhttps://h.example/evil-1.0.tar.gz --hash=sha256:" + hexOf('B'):                                   "https://h.example/evil-1.0.tar.gz lock.name",
		"GIT\n  specs:\n    a (1.0)\nGEM\n  specs:\n    a (1.0)\nCHECKSUMS\n  a (1.0) sha256=" + hexOf('A') + "\n": "a@1.0 sha256:A",
		good + " --hash sha256:" + hexOf('B'):                                                                      "good@1.0 sha256:B",
		good + " \\\n  # c\n" + evil:                                                                               "evil@1.0 sha256:B",
		"CHECKSUMS\n  a (1.0) sha256=" + hexOf('A') + ",sha512=" + hexOf('B') + hexOf('B') + "\n":                  "a@1.0 artifact.not_comparable",
		"lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{name = \"a-1-py3-none-any.whl\", hashes = {sha256 = \"" + hexOf('A') + "\", blake2b = \"00\"}}]\n": "a@1 artifact.not_comparable",
	} {
		if _, got, err := read(text); err != nil || len(got) == 0 || got[len(got)-1] != want {
			t.Errorf("%q: %q, %v, want %s", text, got, err, want)
		}
	}
}

// FuzzParse: every reader ends, and every refusal has a code.
func FuzzParse(f *testing.F) {
	files, _ := os.ReadDir("testdata")
	for _, file := range files {
		if !file.IsDir() {
			f.Add(sample(f, file.Name()))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := lock.Parse([]byte(text))
		if err != nil {
			if refuse.CodeOf(err) == "" {
				t.Error(err)
			}
			return
		}
		for e, err := range p.All() {
			if err != nil && refuse.CodeOf(err) == "" || e.Err != nil && refuse.CodeOf(e.Err) == "" {
				t.Errorf("no code: %v, %v", err, e.Err)
			}
			if err == nil && e.Skip == "" && (e.Err == nil) != (len(e.Digest.Value) > 0) {
				t.Errorf("%q has a digest %x and an error %v", e.Title(), e.Digest.Value, e.Err)
			}
		}
	})
}
