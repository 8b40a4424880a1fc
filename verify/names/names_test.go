// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify/names"
)

// Two names of one distribution, by PEP 427, 440, 503 and 625, and two that are
// of different ones.
func TestPythonEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a-1.0-py3-none-any.whl", "a-1.0-py3-none-any.whl", true},
		{"Foo_Bar-1.0-py3-none-any.whl", "foo_bar-1.0-py3-none-any.whl", true},
		{"Foo.Bar-1.0-py3-none-any.whl", "foo_bar-1.0-py3-none-any.whl", true},
		{"foo._bar-1.0-py3-none-any.whl", "foo_bar-1.0-py3-none-any.whl", true},
		{"a-4.0-py3-none-any.whl", "a-4.0.0-py3-none-any.whl", true},
		{"a-v4.0-py3-none-any.whl", "a-4-py3-none-any.whl", true},
		{"a-0.0-py3-none-any.whl", "a-0-py3-none-any.whl", true},
		{"a-0!1-py3-none-any.whl", "a-1-py3-none-any.whl", true},
		{"a-1!1-py3-none-any.whl", "a-1-py3-none-any.whl", false},
		{"a-1.0RC1-py3-none-any.whl", "a-1.0rc1-py3-none-any.whl", true},
		{"a-1.0c1-py3-none-any.whl", "a-1.0rc1-py3-none-any.whl", true},
		{"a-1.0.pre1-py3-none-any.whl", "a-1.0rc1-py3-none-any.whl", true},
		{"a-1.0preview_1-py3-none-any.whl", "a-1.0rc1-py3-none-any.whl", true},
		{"a-1.0.alpha.1-py3-none-any.whl", "a-1.0a1-py3-none-any.whl", true},
		{"a-1.0beta-py3-none-any.whl", "a-1.0b0-py3-none-any.whl", true},
		{"a-1.0a1-py3-none-any.whl", "a-1.0b1-py3-none-any.whl", false},
		{"a-1.0a1-py3-none-any.whl", "a-1.0-py3-none-any.whl", false},
		{"a-1.0.post-py3-none-any.whl", "a-1.0.post0-py3-none-any.whl", true},
		{"a-1.0rev2-py3-none-any.whl", "a-1.0.post2-py3-none-any.whl", true},
		{"a-1.0_r2-py3-none-any.whl", "a-1.0.post2-py3-none-any.whl", true},
		{"a-1.0.dev-py3-none-any.whl", "a-1.0_dev0-py3-none-any.whl", true},
		{"a-1.0.dev1-py3-none-any.whl", "a-1.0.dev01-py3-none-any.whl", true},
		{"a-1.0.dev1-py3-none-any.whl", "a-1.0.post1-py3-none-any.whl", false},
		{"a-1.0+ubuntu_1-py3-none-any.whl", "a-1.0+ubuntu.1-py3-none-any.whl", true},
		{"a-1.0+Ubuntu.01-py3-none-any.whl", "a-1.0+ubuntu.1-py3-none-any.whl", true},
		{"a-1.0+1-py3-none-any.whl", "a-1.0-py3-none-any.whl", false},
		{"a-1.0+1-py3-none-any.whl", "a-1.0+2-py3-none-any.whl", false},
		{"a-1.0+1.0-py3-none-any.whl", "a-1.0+1-py3-none-any.whl", false},
		{"a-1.10-py3-none-any.whl", "a-1.1-py3-none-any.whl", false},
		{"a-01.1-py3-none-any.whl", "a-1.01-py3-none-any.whl", true},
		{"a-1-py2.py3-none-any.whl", "a-1-py3.py2-none-any.whl", true},
		{"a-1-py3.py3-none-any.whl", "a-1-py3-none-any.whl", true},
		{"a-1-py2.py3-none-any.whl", "a-1-py3-none-any.whl", false},
		{"a-1-PY3-None-Any.whl", "a-1-py3-none-any.whl", true},
		{"a-1-cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "a-1-cp39-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", true},
		{"a-1-cp39-abi3-any.whl", "a-1-cp39-none-any.whl", false},
		{"a-1-1-py3-none-any.whl", "a-1-01-py3-none-any.whl", true},
		{"a-1-1-py3-none-any.whl", "a-1-py3-none-any.whl", false},
		{"a-1-0-py3-none-any.whl", "a-1-py3-none-any.whl", false},
		{"a-1-1a-py3-none-any.whl", "a-1-1A-py3-none-any.whl", false},
		{"a-1.tar.gz", "A-1.0.tar.gz", true},
		{"foo-bar-1.tar.gz", "foo_bar-1.tar.gz", true},
		{"a-1.tar.gz", "a-1.zip", true},
		{"a-1.tar.gz", "a-1-py3-none-any.whl", false},
		{"a-1.tar.gz", "b-1.tar.gz", false},
		{"ab-1.tar.gz", "a_b-1.tar.gz", false},
		{"é-1.tar.gz", "É-1.tar.gz", true},
		{"İ-1.tar.gz", "i-1.tar.gz", false},
		{"Σ-1.tar.gz", "σ-1.tar.gz", false},
	} {
		a, err := names.ParsePython(c.a)
		b, err2 := names.ParsePython(c.b)
		if err != nil || err2 != nil {
			t.Errorf("%s, %s: %v, %v", c.a, c.b, err, err2)
		} else if a.Equal(b) != c.want || b.Equal(a) != c.want || !a.Equal(a) {
			t.Errorf("%s and %s: %t, want %t", c.a, c.b, !c.want, c.want)
		}
	}
}

func TestPythonMalformed(t *testing.T) {
	for _, name := range []string{
		"", ".whl", "-", "a", "a.whl", "a-1.whl", "a-1-py3.whl", "a-1-py3-none.whl", "a-1-1-1-py3-none-any.whl", "a-1-py3-none-any.WHL",
		"a-1-py3-none-any.egg", "a__b-1-py3-none-any.whl", "a+b-1-py3-none-any.whl", "-1-py3-none-any.whl", "a--py3-none-any.whl",
		"a-x-py3-none-any.whl", "a-1-x-py3-none-any.whl", "a-1-py3-none-.whl", "a-1-py3-none-any..whl", "a-1.0a1b1-py3-none-any.whl",
		"a-1.0rc1a1-py3-none-any.whl", "a-1.0+-py3-none-any.whl", "a-1.0+a..b-py3-none-any.whl", "a-1.0+é-py3-none-any.whl",
		"a-1..0-py3-none-any.whl", "a-1.0.-py3-none-any.whl", "a-!1-py3-none-any.whl", "a-1!-py3-none-any.whl", "a-1.0dev1dev2-py3-none-any.whl",
		"a-1.0post1post2-py3-none-any.whl", "a-1.0dev1a1-py3-none-any.whl", "a-١-py3-none-any.whl", "a-1.tar", "a-1.tgz", "a-1.tar.bz2",
		"a.tar.gz", "-1.tar.gz", "a-.tar.gz", "a- 1.tar.gz", "../a-1.tar.gz", "a/b-1.tar.gz", `a\b-1.tar.gz`, "a\n-1.tar.gz", "a\x00-1.tar.gz", "a\xff-1.tar.gz",
		strings.Repeat("a", names.MaxLength) + "-1.tar.gz",
	} {
		if p, err := names.ParsePython(name); refuse.CodeOf(err) != "filename.malformed" {
			t.Errorf("%q: %v, %v", name, p, err)
		}
	}
}

func TestGem(t *testing.T) {
	for _, c := range []struct{ file, name, version, platform string }{
		{"a-1.gem", "a", "1", ""}, {"a-1.0.0.gem", "a", "1.0.0", ""}, {"a-1.0.pre1.gem", "a", "1.0.pre1", ""},
		{"aws-sdk-s3-1.2.3.gem", "aws-sdk-s3", "1.2.3", ""}, {"foo-2-1.0.gem", "foo-2", "1.0", ""}, {"a_b.c-1.gem", "a_b.c", "1", ""},
		{"nokogiri-1.16.0-x86_64-linux.gem", "nokogiri", "1.16.0", "x86_64-linux"}, {"nokogiri-1.16.0-java.gem", "nokogiri", "1.16.0", "java"},
		{"nokogiri-1.16.0-arm64-darwin-22.gem", "nokogiri", "1.16.0", "arm64-darwin-22"}, {"foo-2-1.0-java.gem", "foo-2", "1.0", "java"},
		{"Foo-1.gem", "Foo", "1", ""}, {"a-1.0-x64-mingw-ucrt.gem", "a", "1.0", "x64-mingw-ucrt"}, {"a-1.0b.gem", "a", "1.0b", ""},
		{"3d-1.gem", "3d", "1", ""}, {"a--1.gem", "a-", "1", ""}, {"a-b-10.20.30.gem", "a-b", "10.20.30", ""},
	} {
		g, err := names.ParseGem(c.file)
		if err != nil || g != (names.Gem{Name: c.name, Version: c.version, Platform: c.platform}) {
			t.Errorf("%s: %+v, %v", c.file, g, err)
			continue
		}
		if file, err := g.File(); err != nil || file != c.file {
			t.Errorf("%+v: %s, %v", g, file, err)
		}
	}
	for _, name := range []string{
		"", ".gem", "a", "a.gem", "-1.gem", "a-.gem", "a-x.gem", "a-1", "a-1.GEM", "a-1..2.gem", "a-.1.gem", "a-1-.gem", "a b-1.gem",
		"../a-1.gem", "a/b-1.gem", `a\b-1.gem`, "a\x00-1.gem", "é-1.gem", "..-1.gem", "a-1\n.gem", "a-1-é.gem", "a-1+1.gem", "a@b-1.gem", "a%2f-1.gem", strings.Repeat("a", 2000) + "-1.gem",
	} {
		if g, err := names.ParseGem(name); refuse.CodeOf(err) != "filename.malformed" {
			t.Errorf("%q: %+v, %v", name, g, err)
		}
	}
	if file, err := (names.Gem{Name: "a", Version: "1", Platform: "ruby"}).File(); err != nil || file != "a-1.gem" {
		t.Error(file, err)
	}
	for _, g := range []names.Gem{{}, {Name: "a"}, {Name: "a/b", Version: "1"}, {Name: "a", Version: "1", Platform: "2"}, {Name: strings.Repeat("a", 2000), Version: "1"}} {
		if file, err := g.File(); err == nil {
			t.Errorf("%+v: %s", g, file)
		}
	}
}

func TestBottle(t *testing.T) {
	for _, c := range []struct{ file, name, version, tag, rebuild string }{
		{"jq--1.7.arm64_sonoma.bottle.tar.gz", "jq", "1.7", "arm64_sonoma", ""},
		{"jq--1.7.1_2.x86_64_linux.bottle.1.tar.gz", "jq", "1.7.1_2", "x86_64_linux", "1"},
		{"jq--1.7.all.bottle.12.tar.gz", "jq", "1.7", "all", "12"},
		{"python@3.12--3.12.1.ventura.bottle.tar.gz", "python@3.12", "3.12.1", "ventura", ""},
		{"gtk+3--3.24.big_sur.bottle.tar.gz", "gtk+3", "3.24", "big_sur", ""},
		{"a-b--1.0-rc1.sonoma.bottle.tar.gz", "a-b", "1.0-rc1", "sonoma", ""},
	} {
		b, err := names.ParseBottle(c.file)
		if want := (names.Bottle{Name: c.name, Version: c.version, Tag: c.tag, Rebuild: c.rebuild}); err != nil || b != want {
			t.Errorf("%s: %+v, %v", c.file, b, err)
		}
	}
	for _, name := range []string{
		"", "jq", "jq--1.7.tar.gz", "jq-1.7.sonoma.bottle.tar.gz", "jq--1.7.sonoma.bottle.zip", "jq--1.7.sonoma.bottle", "--1.7.sonoma.bottle.tar.gz",
		"jq--.sonoma.bottle.tar.gz", "jq--sonoma.bottle.tar.gz", "jq--1.7..bottle.tar.gz", "jq--1.7.SONOMA.bottle.tar.gz", "jq--1.7.so-noma.bottle.tar.gz",
		"jq--1.7.sonoma.bottle.0.tar.gz", "jq--1.7.sonoma.bottle.01.tar.gz", "jq--1.7.sonoma.bottle.x.tar.gz", "jq--1.7.sonoma.bottle.1.1.tar.gz",
		"../jq--1.7.sonoma.bottle.tar.gz", "a/jq--1.7.sonoma.bottle.tar.gz", ".jq--1.7.sonoma.bottle.tar.gz", "jq--1--7.sonoma.bottle.tar.gz", "jq--1.7%2f.sonoma.bottle.tar.gz", "jq--1.7.sonoma.bottle.tar.gz\n", "jq--1.7.sonoma.bottle..tar.gz",
	} {
		if b, err := names.ParseBottle(name); refuse.CodeOf(err) != "filename.malformed" {
			t.Errorf("%q: %+v, %v", name, b, err)
		}
	}
	for _, c := range []struct {
		file, subject string
		want          bool
	}{
		{"jq--1.7.sonoma.bottle.tar.gz", "jq--1.7.sonoma.bottle.tar.gz", true},
		{"jq--1.7.sonoma.bottle.tar.gz", "jq--1.7.ventura.bottle.tar.gz", false},
		{"jq--1.7.sonoma.bottle.tar.gz", "jq--1.7.all.bottle.tar.gz", false},
		{"jq--1.7.sonoma.bottle.1.tar.gz", "jq--1.7.sonoma.bottle.tar.gz", false},
		{"jq--1.2.all.bottle.tar.gz", "jq--1.2.sonoma.bottle.tar.gz", true},
		{"jq--1.2.all.bottle.tar.gz", "jq--1.2.sonoma.bottle.3.tar.gz", true},
		{"jq--1.2.all.bottle.tar.gz", "jq--1.24.sonoma.bottle.tar.gz", false},
		{"jq--1.2.all.bottle.tar.gz", "jq--1.2.1.sonoma.bottle.tar.gz", false},
		{"jq--1.2.all.bottle.tar.gz", "jqq--1.2.sonoma.bottle.tar.gz", false},
		{"jq--1.2.all.bottle.tar.gz", "JQ--1.2.sonoma.bottle.tar.gz", false},
		{"jq--1.2.all.bottle.tar.gz", "jq--1.2_1.sonoma.bottle.tar.gz", false},
	} {
		a, err := names.ParseBottle(c.file)
		b, err2 := names.ParseBottle(c.subject)
		if err != nil || err2 != nil || a.Equal(b) != c.want {
			t.Errorf("%s of %s: want %t; %v %v", c.file, c.subject, c.want, err, err2)
		}
	}
}

func TestPURL(t *testing.T) {
	for _, c := range []struct{ in, canonical, full, version string }{
		{"pkg:npm/%40scope/name@1.0.0", "pkg:npm/%40scope/name@1.0.0", "@scope/name", "1.0.0"},
		{"pkg:npm/@scope/name@1.0.0", "pkg:npm/%40scope/name@1.0.0", "@scope/name", "1.0.0"},
		{"pkg:npm/@scope/name", "pkg:npm/%40scope/name", "@scope/name", ""},
		{"pkg:npm/%40scope/name", "pkg:npm/%40scope/name", "@scope/name", ""},
		{"pkg:npm/sigstore@2.1.0", "pkg:npm/sigstore@2.1.0", "sigstore", "2.1.0"},
		{"pkg:npm/JSONStream@1", "pkg:npm/JSONStream@1", "JSONStream", "1"},
		{"pkg:npm/%66oo@1%2E0", "pkg:npm/foo@1.0", "foo", "1.0"},
		{"PKG:NPM/foo@1", "pkg:npm/foo@1", "foo", "1"},
		{"pkg://npm/foo@1", "pkg:npm/foo@1", "foo", "1"},
		{"pkg:///npm//foo@1", "pkg:npm/foo@1", "foo", "1"},
		{"pkg:npm/foo@1/", "pkg:npm/foo@1", "foo", "1"},
		{"pkg:npm/foo@1.0.0-rc.1%2Bbuild", "pkg:npm/foo@1.0.0-rc.1%2Bbuild", "foo", "1.0.0-rc.1+build"},
		{"pkg:npm/foo@1?repository_url=https://a.example/", "pkg:npm/foo@1?repository_url=https:%2F%2Fa.example%2F", "foo", "1"},
		{"pkg:pypi/Django@1", "pkg:pypi/django@1", "django", "1"},
		{"pkg:pypi/foo_bar@1", "pkg:pypi/foo-bar@1", "foo-bar", "1"},
		{"pkg:pypi/foo.-_bar@1", "pkg:pypi/foo-bar@1", "foo-bar", "1"},
		{"pkg:github/Package-URL/PURL-Spec@244F", "pkg:github/package-url/purl-spec@244F", "package-url/purl-spec", "244F"},
		{"pkg:oci/Debian@sha256:244fd47e?repository_url=a.example", "pkg:oci/debian@sha256:244fd47e?repository_url=a.example", "debian", "sha256:244fd47e"},
		{"pkg:oci/debian@sha256%3A244fd47e", "pkg:oci/debian@sha256:244fd47e", "debian", "sha256:244fd47e"},
		{"pkg:brew/homebrew/core/JQ@1.7", "pkg:brew/homebrew/core/jq@1.7", "homebrew/core/jq", "1.7"},
		{"pkg:huggingface/Org/Model@ABC", "pkg:huggingface/Org/Model@abc", "Org/Model", "abc"},
		{"pkg:maven/Org.A/B@1?type=jar&classifier=x", "pkg:maven/Org.A/B@1?classifier=x&type=jar", "Org.A/B", "1"},
		{"pkg:maven/g/a@1?classifier=&type=jar", "pkg:maven/g/a@1?type=jar", "g/a", "1"},
		{"pkg:maven/g/a@1?TYPE=jar", "pkg:maven/g/a@1?type=jar", "g/a", "1"},
		{"pkg:nuget/EnterpriseLibrary.Common@6.0", "pkg:nuget/EnterpriseLibrary.Common@6.0", "EnterpriseLibrary.Common", "6.0"},
		{"pkg:cargo/Rand@0.7.2", "pkg:cargo/Rand@0.7.2", "Rand", "0.7.2"},
		{"pkg:gem/ruby-advisory-db-check@0.12.4", "pkg:gem/ruby-advisory-db-check@0.12.4", "ruby-advisory-db-check", "0.12.4"},
		{"pkg:gem/jruby-launcher@1.1.2?platform=java", "pkg:gem/jruby-launcher@1.1.2?platform=java", "jruby-launcher", "1.1.2"},
		{"pkg:golang/google.golang.org/genproto@abc#googleapis/api", "pkg:golang/google.golang.org/genproto@abc#googleapis/api", "google.golang.org/genproto", "abc"},
		{"pkg:golang/x/y#/a//b/", "pkg:golang/x/y#a/b", "x/y", ""},
		{"pkg:deb/Debian/Curl@7.50.3-1?arch=i386&distro=jessie", "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie", "debian/curl", "7.50.3-1"},
		{"pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386", "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386", "fedora/curl", "7.50.3-1.fc25"},
		{"pkg:bitbucket/birkenfeld/Pygments-main@244fd", "pkg:bitbucket/birkenfeld/pygments-main@244fd", "birkenfeld/pygments-main", "244fd"},
		{"pkg:composer/Laravel/Laravel@5.5.0", "pkg:composer/laravel/laravel@5.5.0", "laravel/laravel", "5.5.0"},
		{"pkg:hex/Acme/Foo@1", "pkg:hex/acme/foo@1", "acme/foo", "1"},
		{"pkg:generic/a%40b@1", "pkg:generic/a%40b@1", "a@b", "1"},
		{"pkg:generic/a%20b@1", "pkg:generic/a%20b@1", "a b", "1"},
		{"pkg:generic/a+b@1", "pkg:generic/a%2Bb@1", "a+b", "1"},
		{"pkg:generic/a%2540b@1", "pkg:generic/a%2540b@1", "a%40b", "1"}, // decoded once
		{"pkg:generic/a@1%2F2", "pkg:generic/a@1%2F2", "a", "1/2"},
		{"pkg:generic/é@1", "pkg:generic/%C3%A9@1", "é", "1"},
		{"pkg:generic/a~b-c._d", "pkg:generic/a~b-c._d", "a~b-c._d", ""},
		{"pkg:swift/github.com/Alamofire/Alamofire@5.4.3", "pkg:swift/github.com/Alamofire/Alamofire@5.4.3", "github.com/Alamofire/Alamofire", "5.4.3"},
	} {
		p, err := names.ParsePURL(c.in)
		if err != nil || p.String() != c.canonical || p.FullName() != c.full || p.Version != c.version {
			t.Errorf("%s: %s, %q, %q, %v", c.in, p, p.FullName(), p.Version, err)
			continue
		}
		if q, err := names.ParsePURL(p.String()); err != nil || !q.Names(p) || q.String() != p.String() {
			t.Errorf("%s is not read back: %s, %v", p, q, err)
		}
	}
}

func TestPURLMalformed(t *testing.T) {
	for _, s := range []string{
		"", "pkg", "pkg:", "pkg:npm", "pkg:npm/", "pkg:npm/@1", "npm/foo@1", "pk:npm/foo", " pkg:npm/foo", "pkg:/foo", "pkg:1npm/foo", "pkg:n_pm/foo@1", "pkg:n%70m/foo",
		"pkg:npm/%", "pkg:npm/%4", "pkg:npm/%zz", "pkg:npm/a%2fb@1", "pkg:npm/%40a%2fb@1", "pkg:npm/%2e%2e/a@1", "pkg:npm/..@1", "pkg:npm/.@1", "pkg:npm/a%5cb", "pkg:npm/a%00@1", "pkg:npm/a@1%0a", "pkg:npm/a\x1b", "pkg:npm/%ff", "pkg:npm/\xff",
		"pkg:npm/scope/name@1", "pkg:npm/@/name@1", "pkg:npm/@a@b/name@1", "pkg:npm/@a/@b/c@1", "pkg:npm/@a/b/c@1", "pkg:npm/@a", "pkg:npm/%40a", "pkg:npm/foo@1@2", "pkg:generic/a@b/c@1", "pkg:generic/@a/c@1",
		"pkg:pypi/ns/a@1", "pkg:cargo/ns/a", "pkg:gem/ns/a", "pkg:nuget/ns/a", "pkg:oci/ns/a@sha256:00", "pkg:maven/a@1", "pkg:github/a@1",
		"pkg:npm/a?=b", "pkg:npm/a?b", "pkg:npm/a?a=1&a=2", "pkg:npm/a?a=1&A=2", "pkg:npm/a?1=2", "pkg:npm/a?a%62=1", "pkg:npm/a?a=1&", "pkg:npm/a?a=%zz", "pkg:npm/a?a=%0a", "pkg:npm/a?b=c?d",
		"pkg:npm/a#../b", "pkg:npm/a#b/./c", "pkg:npm/a#%2e", "pkg:npm/a#b%2fc", "pkg:npm/a#b#c", "pkg:npm/" + strings.Repeat("a", names.MaxPURL),
	} {
		if p, err := names.ParsePURL(s); refuse.CodeOf(err) != "purl.malformed" {
			t.Errorf("%q: %s, %v", s, p, err)
		}
	}
	for _, pair := range [][2]string{
		{"pkg:npm/JSONStream@1", "pkg:npm/jsonstream@1"}, {"pkg:npm/a@1", "pkg:npm/a@1.0"}, {"pkg:npm/a@1", "pkg:npm/a"}, {"pkg:npm/@a/b@1", "pkg:npm/b@1"},
		{"pkg:npm/@a/b@1", "pkg:npm/@A/b@1"}, {"pkg:npm/a@1", "pkg:pypi/a@1"}, {"pkg:cargo/A@1", "pkg:cargo/a@1"}, {"pkg:golang/X/y@1", "pkg:golang/x/y@1"},
	} {
		p, err := names.ParsePURL(pair[0])
		q, err2 := names.ParsePURL(pair[1])
		if err != nil || err2 != nil || p.Names(q) || q.Names(p) {
			t.Errorf("%s names %s; %v %v", p, q, err, err2)
		}
	}
}

func TestSRI(t *testing.T) {
	sum := func(n int, c byte) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(c), n)))
	}
	s512, s384, s256, s1, m5 := "sha512-"+sum(64, 'a'), "sha384-"+sum(48, 'b'), "sha256-"+sum(32, 'c'), "sha1-"+sum(20, 'd'), "md5-"+sum(16, 'e')
	const bad, weak = "integrity.malformed", "artifact.not_comparable"
	for _, c := range []struct{ in, algorithm, code string }{
		{s512, "sha512", ""}, {s384, "sha384", ""}, {s256, "sha256", ""},
		{s256 + " " + s512, "sha512", ""}, {s512 + " " + s256, "sha512", ""}, {s1 + " " + s512, "sha512", ""}, {s512 + "\n" + s1, "sha512", ""},
		{s256 + " " + s384, "sha384", ""}, {s384 + "\t" + s256, "sha384", ""}, {s1 + " " + s256, "sha256", ""}, {m5 + " " + s256, "sha256", ""},
		{"  " + s512 + "  ", "sha512", ""}, {s512 + " " + s512, "sha512", ""}, {s512 + "?a=b", "sha512", ""}, {s512 + "?", "sha512", ""}, {s512 + "?a?b", "sha512", ""},
		{s512 + "?x " + s512 + "?y", "sha512", ""}, {"blake3-xyz " + s512, "sha512", ""}, {"sha999-" + sum(8, 'a') + " " + s256, "sha256", ""}, {"junk " + s256, "sha256", ""},
		{s1, "", weak}, {m5, "", weak}, {m5 + " " + s1, "", weak}, {s1 + "?a", "", weak}, {s1 + " sha3-xx", "", weak},
		{"", "", bad}, {" ", "", bad}, {"junk", "", bad}, {"sha512", "", bad}, {"sha512-", "", bad}, {"sha512-" + sum(63, 'a'), "", bad}, {"sha512-" + sum(65, 'a'), "", bad},
		{"sha256-" + sum(64, 'a'), "", bad}, {"SHA512-" + sum(64, 'a'), "", bad}, {"sha512-!!!", "", bad}, {strings.TrimRight(s512, "="), "", bad},
		{"sha512-" + base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 64))), "", bad}, {s512[:20] + "\r" + s512[20:], "", bad}, {s512 + "=", "", bad},
		{s512 + " sha512-" + sum(64, 'z'), "", bad}, {"sha512-" + sum(64, 'z') + "?x " + s512, "", bad}, {s256 + " sha512-junk", "", bad}, {"sha512-junk " + s256, "", bad},
		{s256 + " sha256-" + sum(32, 'z'), "", bad}, {strings.TrimSuffix(s512, "==") + "B==", "", bad}, {s512 + strings.Repeat(" ", 9000), "", bad}, {"sha512:" + strings.Repeat("a", 128), "", bad},
	} {
		d, err := names.ParseSRI(c.in)
		if d.Algorithm != c.algorithm || string(refuse.CodeOf(err)) != c.code || (err == nil) != (len(d.Value) > 0) {
			t.Errorf("%.60q: %s, %v, want %s %s", c.in, d.Algorithm, err, c.algorithm, c.code)
		}
	}
	// Weaker digests that contradict each other say nothing beside a stronger
	// one, wherever it stands.
	other := " sha256-" + sum(32, 'z') + " "
	for _, in := range []string{s256 + other + s512, s512 + " " + s256 + other, s256 + " " + s512 + other} {
		if d, err := names.ParseSRI(in); err != nil || d.Algorithm != "sha512" {
			t.Errorf("%s, %v", d.Algorithm, err)
		}
	}
}
